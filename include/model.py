"""The receivables model: the one typed definition that tables, frames and docs/model.md come from.

Meaning and rules of every column: shared notes `receivables.md`. Money is an integer in minor
units of the currency column named beside it; timestamps are UTC; dates are the organization's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

VERSION = 1
"""Part of the evidence: a change of the model asks for a fresh run."""


class Kind(StrEnum):
    """How a column is stored and checked."""

    TEXT = "text"
    KEY = "key"  # an external_id, `<record type>:<id>[:<line>]`
    CHOICE = "choice"
    CURRENCY = "currency"  # ISO 4217 alphabetic code
    COUNTRY = "country"  # ISO 3166-1 alpha-2 code
    MONEY = "money"  # integer, minor units of `currency`
    DECIMAL = "decimal"  # exact, stored as text where the database has no exact type
    INTEGER = "integer"
    FLAG = "flag"
    DATE = "date"
    TIMESTAMP = "timestamp"  # UTC, microseconds
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its kind, what it means, and what normalize must hold it to."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    choices: tuple[str, ...] = ()
    currency: str = ""  # MONEY: the column that names its currency
    refers_to: str = ""  # KEY: the table it points at, or the column that names that table
    tracked: bool = False  # its changes are kept in record_changes


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the model; `child` tables are replaced as a set with the record that lists them."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    child: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name, bookkeeping columns included; KeyError if unknown."""
        return next(c for c in (*KEYS, *self.all_columns) if c.name == name)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Every column a connector may fill, in table order (keys and bookkeeping excluded)."""
        return (*self.columns, *(PARENT if self.child else ()), *SOURCE_TIMES)


def _text(name: str, doc: str, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, doc, required=required)


def _key(name: str, refers_to: str, doc: str, required: bool = False, tracked: bool = False) -> Column:
    return Column(name, Kind.KEY, doc, required=required, refers_to=refers_to, tracked=tracked)


def _choice(name: str, choices: tuple[str, ...], doc: str, required: bool = False) -> Column:
    return Column(name, Kind.CHOICE, doc, required=required, choices=choices, tracked=name == "status")


def _money(name: str, doc: str, currency: str = "currency", required: bool = False) -> Column:
    return Column(name, Kind.MONEY, doc, required=required, currency=currency, tracked=True)


def _date(name: str, doc: str) -> Column:
    return Column(name, Kind.DATE, doc, tracked=True)


def _flag(name: str, doc: str, required: bool = False) -> Column:
    return Column(name, Kind.FLAG, doc, required=required)


RECORD_ID = _text("record_id", "uuid5 of organization, table and first external_id; inherited by a survivor")
SUPERSEDED = Column("superseded_by_external_id", Kind.KEY, "the row that took this one's place in the source")
CURRENCY = Column("currency", Kind.CURRENCY, "ISO 4217 code of the amounts", required=True, tracked=True)
CUSTOM_FIELDS = Column("custom_fields", Kind.JSON, "fields of the source's users, by name")

KEYS = (
    Column("organization_id", Kind.TEXT, "the organization; part of every key", required=True),
    Column("external_id", Kind.KEY, "the source's record type and id, `<record type>:<id>[:<line>]`", required=True),
)
PARENT = (
    Column("parent_stream", Kind.TEXT, "stream that lists this row", required=True),
    Column("parent_external_id", Kind.KEY, "record in which the source lists this row", required=True),
)
SOURCE_TIMES = (
    Column("source_created_at", Kind.TIMESTAMP, "when the source made it"),
    Column("source_updated_at", Kind.TIMESTAMP, "when the source last changed it"),
)
BOOKKEEPING = (
    Column("first_seen_at", Kind.TIMESTAMP, "first load that brought it; not compared", required=True),
    Column("synced_at", Kind.TIMESTAMP, "last load that changed it; not compared", required=True),
    Column("deleted_at", Kind.TIMESTAMP, "when it was found gone from the source"),
    Column("run_id", Kind.TEXT, "run that last changed it; not compared", required=True),
)
UNCOMPARED = ("first_seen_at", "synced_at", "run_id")
"""Two rows are the same when every other column is."""

EXCLUSIONS = ("inactive", "intercompany", "by_rule", "by_person")
DOCUMENT_STATUSES = ("draft", "pending_approval", "open", "paid", "written_off", "voided", "rejected")
LEDGER_STATUSES = ("open", "paid", "written_off", "voided")
PAYMENT_KINDS = ("payment", "overpayment", "prepayment", "deposit", "advance", "journal", "opening_balance")
PAYMENT_STATUSES = ("pending", "booked", "failed", "voided")
ALLOCATION_KINDS = (
    "payment",
    "credit",
    "refund",
    "discount",
    "write_off",
    "withholding",
    "rounding",
    "exchange_difference",
    "transfer",
)
ALLOCATED_TYPES = {"invoice": "invoices", "payment": "payments", "credit_note": "credit_notes", "refund": "refunds"}
"""What source_type and target_type of an allocation may say, and the table each points at."""

CUSTOMERS = Table(
    "customers",
    "Who owes: every customer with a document in range, also inactive, archived or intercompany ones.",
    (
        RECORD_ID,
        _text("number", "the customer number people use"),
        _text("name", "display name"),
        _text("legal_name", "registered name"),
        _key("parent_external_id", "customers", "parent in the hierarchy, as the source has it"),
        _key("root_external_id", "customers", "top of the flattened hierarchy (two levels); recomputed at load"),
        Column("currency", Kind.CURRENCY, "the customer's default currency"),
        _text("vat_number", "tax identification"),
        _text("registration_number", "company registration"),
        _text("address_line1", "street"),
        _text("address_line2", "more of the street"),
        _text("address_city", "city"),
        _text("address_postal_code", "postal code"),
        _text("address_region", "state or region"),
        Column("address_country", Kind.COUNTRY, "ISO 3166-1 alpha-2"),
        _text("language", "language code of correspondence"),
        _text("category", "the source's classification"),
        _text("payment_terms", "default terms, by name"),
        _flag("credit_on_hold", "the source stops deliveries"),
        _flag("is_active", "false when archived in the source", required=True),
        _flag("in_collections", "handed to a collection agency"),
        _choice("exclusion_reason", EXCLUSIONS, "why collections leave it out; recomputed at load"),
        _text("account_owner_external_id", "who looks after the customer"),
        _text("account_owner_name", "the owner's name"),
        _text("account_owner_email", "the owner's address"),
        CUSTOM_FIELDS,
        SUPERSEDED,
        _flag("is_intercompany", "the source says it belongs to the same group"),
    ),
)

CONTACTS = Table(
    "contacts",
    "People and mailboxes to write to; replaced as a set with their customer.",
    (
        RECORD_ID,
        _key("customer_external_id", "customers", "whose contact", required=True),
        _text("first_name", "given name"),
        _text("last_name", "family name, or the whole name where the source has one field"),
        _text("email", "address as the source has it"),
        _flag("email_is_valid", "the address could receive mail, by its form; null without an address"),
        _text("phone", "telephone as the source has it"),
        _text("position", "role"),
        _text("language", "language code"),
        _flag("is_main", "first address for reminders", required=True),
        _flag("is_active", "false when archived", required=True),
        _flag("is_effective", "false while another source replaces it; recomputed at load"),
        _text("source", "system the contact comes from", required=True),
    ),
    child=True,
)


EXCHANGE_RATE = (
    Column("exchange_rate", Kind.DECIMAL, "as the source states it"),
    _choice("exchange_rate_basis", ("base_per_document", "document_per_base"), "what the rate multiplies"),
)


def _document_columns(balance: Column) -> tuple[Column, ...]:
    """What invoices and credit notes share; only the name of the open amount differs."""
    return (
        RECORD_ID,
        _text("source_document_type", "the source's own document type", required=True),
        _key("customer_external_id", "customers", "who owes or is owed", required=True, tracked=True),
        _text("number", "document number; drafts may lack it"),
        _text("title", "subject"),
        _text("purchase_order", "the customer's reference"),
        _date("issue_date", "date on the document"),
        _date("posting_date", "date in the ledger"),
        _date("due_date", "earliest unpaid installment, else the last one"),
        _text("payment_terms", "terms by name"),
        CURRENCY,
        _money("gross_amount", "total with tax", required=True),
        _money("net_amount", "total without tax"),
        _money("tax_amount", "tax"),
        balance,
        Column("base_currency", Kind.CURRENCY, "the organization's ledger currency"),
        *EXCHANGE_RATE,
        _money("base_gross_amount", "gross in base currency, as the source states it", "base_currency"),
        _money("base_outstanding_amount", "open rest in base currency, a sum of stated amounts", "base_currency"),
        _choice("status", DOCUMENT_STATUSES, "where the document stands; due and overdue are computed", required=True),
        _text("source_status", "status in the source's own word", required=True),
        _flag("is_sent", "sent to the customer; null = unknown"),
        _flag("is_disputed", "the customer contests it"),
        _date("expected_payment_date", "promise to pay"),
        _money("written_off_amount", "given up"),
        _money("pending_amount", "announced, not booked"),
        _date("closed_on", "when nothing was left"),
        _date("voided_on", "when it was voided"),
        _money("gross_before_void", "gross before the void; a voided row has 0 elsewhere"),
        _key("original_document_external_id", "invoices", "credit note: the invoice it corrects"),
        SUPERSEDED,
        _text("source_url", "link into the source"),
        CUSTOM_FIELDS,
    )


INVOICES = Table(
    "invoices",
    "What customers owe, one row per document (or receivable line) of the source.",
    _document_columns(_money("outstanding_amount", "open rest as the ERP reports it", required=True)),
)
CREDIT_NOTES = Table(
    "credit_notes",
    "What customers are owed; amounts are positive.",
    _document_columns(_money("unapplied_amount", "rest not yet used, as the ERP reports it", required=True)),
)
INSTALLMENTS = Table(
    "installments",
    "Due dates of an invoice; due, overdue and aging come from here only.",
    (
        _key("invoice_external_id", "invoices", "the invoice", required=True),
        Column("sequence", Kind.INTEGER, "1 for the earliest", required=True),
        _date("due_date", "when this part is due"),
        CURRENCY,
        _money("amount", "this part", required=True),
        _money("outstanding_amount", "open rest of this part", required=True),
        _flag("is_derived", "the split of payments over parts is ours, earliest first", required=True),
    ),
    child=True,
)


def _movement_columns(date_name: str) -> tuple[Column, ...]:
    """What payments and refunds share."""
    return (
        RECORD_ID,
        _choice("kind", PAYMENT_KINDS, "what moved the balance", required=True),
        _key("customer_external_id", "customers", "whose balance moved", required=True, tracked=True),
        _text("number", "the source's number for it"),
        CURRENCY,
        _money("amount", "this receivable line", required=True),
        _money("unapplied_amount", "rest not yet used", required=True),
        _money("source_total_amount", "whole source document, where a line is only a share of it"),
        Column("base_currency", Kind.CURRENCY, "the organization's ledger currency"),
        *EXCHANGE_RATE,
        _money("base_unapplied_amount", "unused rest in base currency, a sum of stated amounts", "base_currency"),
        _date(date_name, "value date"),
        _text("instrument", "means of payment in the source's word"),
        _choice("status", PAYMENT_STATUSES, "only booked moves a debt", required=True),
        _flag("on_receivable_account", "false for deposits kept on a liability account", required=True),
    )


PAYMENTS = Table(
    "payments",
    "What reduces a debt and is no document: money, journals, opening balances.",
    _movement_columns("paid_on"),
)
REFUNDS = Table(
    "refunds",
    "What raises a balance and is no invoice: money paid back, debit journals.",
    _movement_columns("refunded_on"),
)

ALLOCATIONS = Table(
    "allocations",
    "Which movement reduced which document; target_amount is positive when it reduces the target.",
    (
        _choice("kind", ALLOCATION_KINDS, "why the target moved", required=True),
        _choice("source_type", tuple(ALLOCATED_TYPES), "null where only the target moves"),
        _key("source_external_id", "source_type", "payment, credit note or refund that is used"),
        _money("source_amount", "taken from the source", "source_currency"),
        Column("source_currency", Kind.CURRENCY, "ISO 4217 code of source_amount"),
        _choice("target_type", tuple(ALLOCATED_TYPES), "what is reduced", required=True),
        _key("target_external_id", "target_type", "document or movement that is reduced", required=True),
        _money("target_amount", "taken off the target; negative raises it", "target_currency", required=True),
        Column("target_currency", Kind.CURRENCY, "ISO 4217 code of target_amount", required=True),
        _date("applied_on", "when"),
        _flag("is_derived", "the split is ours because the source only groups", required=True),
    ),
    child=True,
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (CUSTOMERS, CONTACTS, INVOICES, CREDIT_NOTES, INSTALLMENTS, PAYMENTS, REFUNDS, ALLOCATIONS)
}
RECOMPUTED = {
    "customers": ("root_external_id", "exclusion_reason"),
    "contacts": ("is_effective",),
}
"""Columns that depend on other rows: written by the load transaction, never by a connector."""
