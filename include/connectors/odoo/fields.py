"""Which fields are asked for, and of which kind each is; which of the optional ones there are, the database says.

Required is what the mapping cannot do without. Versions differ in the rest: `internal_type` of an account became
`account_type` in 16, `exclude_from_invoice_tab` of a line gave way to the `display_type` payment_term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What the values of a field are; every kind but FLAG, MANY and AMOUNT may be empty, which is `false`."""

    ONE = "one"  # [id, name]
    MANY = "many"  # ids
    TEXT = "text"
    FLAG = "flag"
    DAY = "day"  # YYYY-MM-DD
    MOMENT = "moment"  # YYYY-MM-DD HH:MM:SS, UTC
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Model:
    """One of Odoo's models: field → kind."""

    name: str
    required: Mapping[str, Kind]
    optional: Mapping[str, Kind] = field(default_factory=dict)

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """All fields that are ever asked for."""
        return {**self.required, **self.optional}


def _all(kind: Kind, names: str) -> dict[str, Kind]:
    return dict.fromkeys(names.split(), kind)


STAMPS = _all(Kind.MOMENT, "create_date write_date")
PARTNER = Model(
    "res.partner",
    {**STAMPS, **_all(Kind.TEXT, "name"), **_all(Kind.FLAG, "active is_company"),
     **_all(Kind.ONE, "parent_id commercial_partner_id")},
    {**_all(Kind.TEXT, "type email phone mobile function lang ref vat company_registry street street2 city zip"),
     **_all(Kind.ONE, "state_id country_id user_id property_payment_term_id"),
     **_all(Kind.MANY, "category_id ref_company_ids")},
)  # fmt: skip
COMPANY = Model(
    "res.company",
    {**_all(Kind.TEXT, "name"), **_all(Kind.ONE, "currency_id partner_id"), **_all(Kind.MOMENT, "create_date")},
    {**_all(Kind.ONE, "currency_exchange_journal_id account_opening_move_id"), **_all(Kind.FLAG, "active")},
)
MOVE = Model(
    "account.move",
    {**STAMPS, **_all(Kind.TEXT, "move_type state name payment_state"),
     **_all(Kind.ONE, "commercial_partner_id currency_id journal_id"),
     **_all(Kind.DAY, "date invoice_date invoice_date_due"),
     **_all(Kind.AMOUNT, "amount_total amount_untaxed amount_tax amount_residual")},
    {**_all(Kind.TEXT, "ref payment_reference invoice_origin"),
     **_all(Kind.ONE, "invoice_payment_term_id reversed_entry_id"),
     **_all(Kind.FLAG, "is_move_sent posted_before"), **_all(Kind.AMOUNT, "invoice_currency_rate")},
)  # fmt: skip
ENTRY = Model("account.move", {**_all(Kind.TEXT, "move_type state"), **_all(Kind.ONE, "journal_id")})
"""What is looked up of the entry that a line stands in."""
LINE = Model(
    "account.move.line",
    {**STAMPS, **_all(Kind.ONE, "move_id partner_id currency_id"), **_all(Kind.DAY, "date date_maturity"),
     **_all(Kind.AMOUNT, "balance amount_currency amount_residual amount_residual_currency"),
     **_all(Kind.FLAG, "reconciled"), **_all(Kind.MANY, "matched_debit_ids matched_credit_ids"),
     **_all(Kind.TEXT, "parent_state move_name")},
    {**_all(Kind.ONE, "payment_id"), **_all(Kind.FLAG, "exclude_from_invoice_tab blocked"),
     **_all(Kind.TEXT, "display_type")},
)  # fmt: skip
PARTIAL = Model(
    "account.partial.reconcile",
    {**_all(Kind.ONE, "debit_move_id credit_move_id debit_currency_id credit_currency_id"),
     **_all(Kind.AMOUNT, "amount debit_amount_currency credit_amount_currency"), **_all(Kind.DAY, "max_date")},
)  # fmt: skip
PAYMENT = Model("account.payment", {**_all(Kind.AMOUNT, "amount"), **_all(Kind.ONE, "currency_id")})
JOURNAL = Model("account.journal", _all(Kind.TEXT, "type name"))
BELONGING = Model("res.partner", _all(Kind.ONE, "commercial_partner_id"))
"""What is looked up of a partner of whom only the customer behind it matters."""
BALANCE = Model("res.partner", {**_all(Kind.ONE, "commercial_partner_id"), **_all(Kind.AMOUNT, "credit")})
"""What Odoo keeps of a partner's debt, in the current company."""
ACCOUNT = Model("account.account", {}, _all(Kind.TEXT, "account_type internal_type"))
USER = Model("res.users", _all(Kind.TEXT, "name"), _all(Kind.TEXT, "email"))
TAG = Model("res.partner.category", _all(Kind.TEXT, "name"))
COUNTRY = Model("res.country", _all(Kind.TEXT, "code"))
NEEDED = (PARTNER, BALANCE, COMPANY, MOVE, LINE, PARTIAL, PAYMENT, JOURNAL, ACCOUNT, USER, TAG, COUNTRY)
CUSTOM_TYPES = {
    "char": Kind.TEXT, "text": Kind.TEXT, "selection": Kind.TEXT, "boolean": Kind.FLAG, "date": Kind.DAY,
    "datetime": Kind.MOMENT, "integer": Kind.AMOUNT, "float": Kind.AMOUNT, "monetary": Kind.AMOUNT,
    "many2one": Kind.ONE,
}  # fmt: skip
"""Type of a custom field → its kind; fields of other types (files, lists of records) are left out."""


def custom(types: Mapping[str, str]) -> dict[str, Kind]:
    """Return the fields that Odoo's users made themselves: Odoo wants their names to begin with `x_`."""
    return {name: CUSTOM_TYPES[kind] for name, kind in sorted(types.items())
            if name.startswith("x_") and kind in CUSTOM_TYPES}  # fmt: skip


def receivable(types: Mapping[str, str]) -> list[list[str]]:
    """Return the domain, on lines, of receivable accounts.

    Args:
        types: field → type of `account.account`.
    """
    if "account_type" in types:
        return [["account_id.account_type", "=", "asset_receivable"]]
    return [["account_id.internal_type", "=", "receivable"]]


def due_lines(types: Mapping[str, str]) -> list[list[object]]:
    """Return the domain of the lines that say when an invoice is due, not what it is for.

    Args:
        types: field → type of `account.move.line`.
    """
    if "exclude_from_invoice_tab" in types:
        return [["exclude_from_invoice_tab", "=", True]]
    return [["display_type", "=", "payment_term"]]
