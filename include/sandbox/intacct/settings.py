"""What this face can be told: who may come in, the limits, and every rule that is inferred and may be otherwise.

A comment "inferred" marks what no document of the vendor says; a connector must live with each value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class App:
    """An application that may use the REST API, and the sender that may use the XML gateway."""

    client_id: str
    client_secret: str
    sender_id: str
    sender_password: str


@dataclass(frozen=True, slots=True)
class User:
    """The company's user for web services; `denied` are objects (REST names) that its role may not read."""

    id: str = "reader"
    password: str = ""
    denied: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    """The only entities that it may enter; all of them and the top level if empty."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the face behaves. Times are in seconds."""

    app: App | None = None
    user: User = User()
    company: str = "acme"
    sender_is_authorised: bool = True
    clock: Callable[[], float] = time.time
    """Tokens, sessions and limits live by it; dates of records live by the ledger's."""

    # -- getting in
    access_lifetime: int = 43_200
    refresh_lifetime: int = 180 * 86_400  # inferred
    refresh_rotates: bool = True  # inferred
    expired_token: Literal[400, 401] = 401  # both are seen: one client looks for 400 with "Invalid token"
    session_lifetime: float = HOUR
    endpoint: Literal["strict", "any"] = "strict"
    """Whether a session answers only at the address that came with it, or at the first one, too."""

    # -- limits: the lowest tier
    app_at_once: int = 6
    company_at_once: int = 8
    minute_limit: int = 600
    """Soft: what is beyond is counted, and answered."""
    hour_limit: int = 20_000
    refused_by: Literal[429, 503] = 429
    gateway_limit: Literal["status", "text"] = "status"
    """Whether the XML gateway refuses by a status, or within a reply of status 200."""
    latency: float = 0

    # -- pages
    page_size: int = 100
    largest_page: int = 4000  # documents and clients say 4000, 2000 or 1000
    largest_gateway_page: int = 2000
    oversized_page: Literal["refuse", "clamp"] = "refuse"  # inferred
    unordered: Literal["steady", "each_page_another"] = "steady"
    largest_request: int = 1_000_000
    """Bytes of a body."""

    # -- what is seen when
    lag: float = 0
    """So much later a search by a moment finds what was created or changed: eventual consistency."""
    audit_lag: float = 2 * HOUR
    audit_history: Literal["allowed", "forbidden", "forbidden_without_errorno"] = "allowed"
    never_modified: Literal["created", "null"] = "created"  # inferred, of REST; the gateway says null
    payment_stamps_invoice: bool = True  # open
    error_shape: Literal["seen", "plain", "nested"] = "seen"
    """Which of the two shapes of an error REST uses: where each was seen, or one of them always."""

    # -- the API's user
    date_format: str = "/mdY"
    gmt_offset: str = "-05:00"
    clock_hours: Literal["24", "12"] = "24"

    # -- the company
    top_level_every: int = 9
    """Of the first entity's customers every so manieth is billed at the top level; none if 0."""
    private_every: int = 4
    """… of an entity's own customers belongs to that entity alone; none if 0."""
    restricted_every: int = 5
    """… is shared with named entities only; none if 0."""
    top_level_documents_in_entities: bool = False  # inferred: whether an entity sees them
    root_entity_listed: bool = False  # inferred
    order_entry_of_ten: int = 9
    """Of ten invoices so many come from order entry."""
    negative_invoice_every: int = 3
    """… credit note is a negative invoice instead of an adjustment; none if 0."""
    manual_deposit_every: int = 3
    """… overpayment is a manual deposit; none if 0."""
    promised_invoices: Literal["selected", "posted"] = "selected"
    rate_basis: Literal["base_per_document", "document_per_base"] = "base_per_document"  # inferred
    advances_among_payments: bool = True  # inferred: with record type rr and the same key
    credit_applications: Literal["own_payment", "no_payment"] = "own_payment"  # inferred
    """Whether the use of a credit has a payment of zero as its header."""
    reversed_details: Literal["shown", "hidden"] = "shown"  # inferred
    advance_reference: Literal["arAdvance", "postedAdvance"] = "arAdvance"  # inferred
    multi_entity_payment: Literal["shares_and_whole", "shares", "whole"] = "shares_and_whole"  # inferred
    """A payment over several entities: a record for each that names the whole, the whole itself, or both."""
    customer_balance: Literal["base", "document"] = "base"  # inferred: what totalDue adds up
    customer_balance_scope: Literal["entity", "company"] = "entity"  # inferred
    aging_currency: Literal["base", "document"] = "base"  # inferred
    aging_counts_credits: bool = True  # inferred
    amounts_in_xml: Literal["short", "full"] = "short"
    """Whether the gateway writes 205375 or 205375.00."""
