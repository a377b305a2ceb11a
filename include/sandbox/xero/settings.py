"""What this face can be told: the app, the limits, and every rule that is inferred and may be otherwise.

A comment "inferred" marks what no document of the vendor says; a connector must live with each value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

READ = "accounting.{}.read"
SCOPES = MappingProxyType(
    {
        "Contacts": READ.format("contacts"),
        "Invoices": READ.format("invoices"),
        "CreditNotes": READ.format("invoices"),  # inferred
        "Payments": READ.format("payments"),
        "BatchPayments": READ.format("payments"),  # inferred
        "Overpayments": READ.format("payments"),  # inferred
        "Prepayments": READ.format("payments"),  # inferred
        "Organisation": READ.format("settings"),
        "Currencies": READ.format("settings"),
        "Accounts": READ.format("settings"),
        "TrialBalance": READ.format("reports.trialbalance"),
        "AgedReceivablesByContact": READ.format("reports.aged"),
    }
)
"""The scope that each list or report needs."""


@dataclass(frozen=True, slots=True)
class App:
    """An app as registered with the vendor.

    `is_custom` is a custom connection: client_credentials, one organisation, no tenant header needed.
    `is_new` was made on or after 2 March 2026: granular scopes only. No `redirects`: any loopback address.
    """

    client_id: str
    client_secret: str
    is_new: bool = True
    is_custom: bool = False
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """How the face behaves. Times are in seconds."""

    apps: tuple[App, ...] = ()
    clock: Callable[[], float] = time.time
    """Tokens and limits live by it; dates of records live by the ledger's."""

    access_lifetime: int = 1800
    refresh_lifetime: int = 60 * 86_400
    refresh_grace: int = 1800
    code_lifetime: int = 300

    concurrent_limit: int = 5
    minute_limit: int = 60
    minute: float = 60
    day_limit: int = 5000
    app_minute_limit: int = 10_000
    latency: float = 0
    """How long every data reply takes; without any, requests hardly ever overlap."""

    page_size: int = 100
    largest_page: int = 1000
    oversized_page: Literal["refuse", "clamp"] = "refuse"  # inferred
    past_the_end: Literal["empty", "last"] = "empty"  # inferred
    longest_url: int = 2083  # about 52 ids
    url_too_long: int = 414  # inferred
    high_volume: bool = True
    """Only optimised columns in `where` and `order`, as for an organisation with many records."""
    modified_since: Literal["after", "from"] = "after"  # inferred: whether the very second counts

    scopes: Mapping[str, str] = field(default_factory=lambda: SCOPES)
    missing_scope: Literal[401, 403] = 401
    refused_scope: str = "invalid_scope"  # inferred: the error's code
    problem_case: Literal["title", "lower"] = "title"

    rate_basis: Literal["document_per_base", "base_per_document"] = "document_per_base"  # inferred
    balances_count_credits: bool = True  # inferred
    trial_balance: Literal["document_rate", "todays_rate"] = "document_rate"  # open
    draft_amount_due: Literal["total", "zero"] = "total"  # inferred
    merged_documents: Literal["stay", "move"] = "stay"  # inferred: with which contact they are shown
    deleted_allocations: Literal["shown", "hidden"] = "shown"  # inferred
    aged_currency: Literal["base", "document"] = "base"  # inferred: of the rows of aged receivables
    zero_dates: bool = False
    """Whether a date that is not known is shown as `/Date(0+0000)/` instead of being left out."""
