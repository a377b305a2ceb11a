"""What this face can be told: the account, its features, a role's rights, and every rule that may be otherwise.

A comment "inferred" or "open" marks what no document of the vendor says; a connector must live with each value.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as mapped to an integration, a role and a user: `pem` is it, or its public key."""

    id: str
    client_id: str
    pem: str
    expires: float
    """When it ends, in seconds of the face's clock."""


@dataclass(frozen=True, slots=True)
class Token:
    """An integration's consumer and one user's token, for signed requests (OAuth 1.0a)."""

    consumer_key: str
    consumer_secret: str
    token_id: str
    token_secret: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How the face behaves. Times are in seconds."""

    account: str = "1234567_SB1"
    """As the realm spells it; host names have it in small letters with a hyphen."""
    certificates: tuple[Certificate, ...] = ()
    tokens: tuple[Token, ...] = ()
    clock: Callable[[], float] = time.time
    """Tokens and signatures live by it; dates of records live by the ledger's."""
    access_lifetime: int = 3600
    longest_assertion: int = 3600
    clock_leeway: int = 300
    behind_proxy: bool = False
    """Whether an assertion may name the token endpoint by another host than it was sent to."""
    assertion_error: str = "invalid_grant"  # inferred: the code with which a bad assertion is refused

    account_zone: str = "Europe/Berlin"
    data_centre_zone: str = "America/Los_Angeles"
    """In which SYSDATE tells the time."""
    date_format: Literal["M/D/YYYY", "DD/MM/YYYY", "D.M.YYYY", "YYYY-MM-DD"] = "M/D/YYYY"
    """How a date is shown to the user whose role asks."""

    concurrent_limit: int = 5
    concurrency_status: int = 0
    """429 or 400; 0 for both, in turns."""
    latency: float = 0
    """How long every data reply takes; without any, requests hardly ever overlap."""
    largest_page: int = 1000
    most_pages: int = 1000
    most_rows: int = 100_000
    total_above_cap: Literal["whole", "capped"] = "whole"  # open: what totalResults says then

    off: str = "transaction.subsidiary,customer.subsidiary"
    """Tables, or table.column, that this account does not have: features that are off, fields not exposed."""
    without: str = ""
    """Permissions that the role lacks, by the vendor's names, split by commas."""
    subsidiaries: str = ""
    """Ids of the subsidiaries to which the role is restricted; all if empty."""
    closed: str = ""
    """Ids of the subsidiaries that were made inactive: what they booked stays."""
    refused_record: Literal["not_found", "permission"] = "not_found"  # inferred: what a table without a right says
    removed_field: Literal["400", "500"] = "400"
    """With which status an unknown column is refused; a 500 names nothing."""

    payment_sign: int = 1  # open: of foreigntotal of a customer's payment
    refund_sign: int = -1  # inferred
    credit_rest_sign: int = 1  # inferred: of what is used and unused of a credit memo
    applications_stamp: Literal["invoice", "both", "link"] = "invoice"
    """What an application, or its end, stamps beside the link: the invoice, the credit too, or neither."""
    merge_stamps: bool = True  # inferred: whether transactions that move to another customer are stamped
    credit_as_previous: bool = False  # open: whether a credit memo's application is told from the credit memo
    journal_mainline: bool = True  # open: whether the first line of a journal is its main line
    void_amounts: Literal["zero", "kept"] = "zero"  # inferred
    payments_taken_back: Literal["mixed", "deleted", "voided"] = "mixed"
    """What becomes of a payment that was taken back."""
    submitted: Literal["pending", "rejected"] = "pending"
    """How an invoice stands that was handed in and not approved."""
    balances_count_credits: bool = True  # inferred: of a customer's balance in a subsidiary
    deleted_type: Literal["record", "label"] = "record"  # open: how deletedrecord names a type
    line_stamps: bool = True
    """False: as before 2023.1, transactionaccountingline.lastmodifieddate is never filled."""
    statement_charges: int = 12
    """Of so many invoices one is a statement charge; none for 0."""
    debit_journals: int = 0
    """Of so many invoices one is a journal entry that debits receivables instead; none for 0."""
    write_offs: Literal["Journal", "Check"] = "Journal"
    """Which transaction a write-off is: a journal entry, or one of a type that nobody expects on receivables."""
