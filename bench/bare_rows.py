"""What the bare script makes of a page: rows as COPY takes them, for two layouts of tables.

`one_table` is the least anybody could do: twelve columns of an invoice below its key. `same_rows` fills
the warehouse's own tables, with the columns that Greenlight fills from an invoice, and their indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

import msgspec

NULL = r"\N"
STATUSES = {
    "DRAFT": "draft", "SUBMITTED": "pending_approval", "AUTHORISED": "open", "PAID": "paid", "VOIDED": "voided",
    "DELETED": "rejected",
}  # fmt: skip
POSTED = ("open", "paid", "voided")
LINK = "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID="


class Payment(msgspec.Struct):
    """A payment as an invoice lists it."""

    PaymentID: str
    Amount: Decimal
    Date: str


class Contact(msgspec.Struct):
    """The customer, of whom only the id counts."""

    ContactID: str


class Invoice(msgspec.Struct):
    """The fields of an invoice that are loaded."""

    InvoiceID: str
    Type: str
    Status: str
    Contact: Contact
    CurrencyCode: str
    Total: Decimal
    SubTotal: Decimal
    TotalTax: Decimal
    AmountDue: Decimal
    DateString: str
    UpdatedDateUTC: str
    CurrencyRate: Decimal
    InvoiceNumber: str = ""
    Reference: str = ""
    DueDateString: str = NULL
    FullyPaidOnDate: str = ""
    SentToContact: bool = False
    Payments: list[Payment] = []


class Page(msgspec.Struct):
    """A page of the list."""

    Invoices: list[Invoice]


DECODER = msgspec.json.Decoder(Page)


def decode(body: bytes) -> list[Invoice]:
    """Return a page's invoices."""
    return DECODER.decode(body).Invoices


@dataclass(frozen=True, slots=True)
class Target:
    """A table, the columns that are filled, and how rows are made of invoices."""

    name: str
    columns: str
    rows: Callable[[Sequence[Invoice]], Iterator[tuple[str, ...]]]
    key: str = "organization_id, external_id"
    definition: str = ""

    def text(self, invoices: Sequence[Invoice]) -> bytes:
        """Return the rows in COPY's text form."""
        return "".join(["\t".join(row) + "\n" for row in self.rows(invoices)]).encode()

    @property
    def upsert(self) -> str:
        """Return the statement that takes the rows over, the later version of a key in place of the earlier."""
        changed = [name for name in self.columns.split(", ") if name not in self.key and name != "first_seen_at"]
        return (
            f"INSERT INTO {self.name} ({self.columns}) SELECT {self.columns} FROM new_{self.name} "  # noqa: S608
            f"ON CONFLICT ({self.key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changed)}"
        )


Layout = Sequence[Target]


def _one_table(invoices: Sequence[Invoice]) -> Iterator[tuple[str, ...]]:
    return (
        (
            i.InvoiceID, i.Type, _text(i.InvoiceNumber), i.Contact.ContactID, i.Status, i.DateString, i.DueDateString,
            i.CurrencyCode, str(i.Total), str(i.TotalTax), str(i.AmountDue), _moment(i.UpdatedDateUTC),
        )
        for i in invoices
    )  # fmt: skip


def _invoices(invoices: Sequence[Invoice]) -> Iterator[tuple[str, ...]]:
    now, decimals = str(datetime.now(UTC)), _DECIMALS
    for i in invoices:
        status, digits = STATUSES[i.Status], decimals.get(i.CurrencyCode, 2)
        posted, total = i.DateString if status in POSTED else NULL, _minor(i.Total, digits)
        due = _minor(i.AmountDue, digits) if status == "open" else "0"
        gross, net, tax, before = (
            ("0", "0", "0", total)
            if status == "voided"
            else (total, _minor(i.SubTotal, digits), _minor(i.TotalTax, digits), NULL)
        )
        yield (
            "bench", f"Invoice:{i.InvoiceID}", str(uuid5(NAMESPACE_URL, i.InvoiceID)), i.Type,
            f"Contact:{i.Contact.ContactID}", _text(i.InvoiceNumber), _text(i.Reference) or NULL, i.DateString, posted,
            i.DueDateString, i.CurrencyCode, gross, net, tax, due, str(i.CurrencyRate), "document_per_base",
            status, i.Status, "t" if i.SentToContact else "f", _day(i.FullyPaidOnDate), before,
            f"{LINK}{i.InvoiceID}", _moment(i.UpdatedDateUTC), now, now, "bare",
        )  # fmt: skip


def _installments(invoices: Sequence[Invoice]) -> Iterator[tuple[str, ...]]:
    now = str(datetime.now(UTC))
    for i in invoices:
        if (status := STATUSES[i.Status]) in POSTED:
            key, digits = f"Invoice:{i.InvoiceID}", _DECIMALS.get(i.CurrencyCode, 2)
            yield (
                "bench", f"{key}:1", key, "1", i.DueDateString, i.CurrencyCode,
                "0" if status == "voided" else _minor(i.Total, digits),
                _minor(i.AmountDue, digits) if status == "open" else "0", "f", "invoices", key, now, now, "bare",
            )  # fmt: skip


def _allocations(invoices: Sequence[Invoice]) -> Iterator[tuple[str, ...]]:
    now = str(datetime.now(UTC))
    for i in invoices:
        if STATUSES[i.Status] not in ("open", "paid"):
            continue
        key, digits = f"Invoice:{i.InvoiceID}", _DECIMALS.get(i.CurrencyCode, 2)
        for number, payment in enumerate(i.Payments, start=1):
            source, amount = f"Payment:{payment.PaymentID}", _minor(payment.Amount, digits)
            yield (
                "bench", f"{key}/payment:{source}/invoice:{key}/{number}", "payment", "payment", source, amount,
                i.CurrencyCode, "invoice", key, amount, i.CurrencyCode, _day(payment.Date), "f", "invoices", key, now,
                now, "bare",
            )  # fmt: skip


_DECIMALS = {"JPY": 0, "KWD": 3, "BHD": 3}


def _minor(amount: Decimal, digits: int) -> str:
    return str(int(amount.scaleb(digits)))


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _moment(written: str) -> str:
    return str(datetime.fromtimestamp(int(written[6:19]) / 1000, UTC))


def _day(written: str) -> str:
    return str(datetime.fromtimestamp(int(written[6:19]) / 1000, UTC).date()) if written else NULL


_TIMES = "first_seen_at, synced_at, run_id"
LAYOUTS: dict[str, Layout] = {
    "one_table": (
        Target(
            "bare_invoices",
            "id, type, number, customer, status, issued_on, due_on, currency, total, tax, due, updated_at",
            _one_table,
            key="id",
            definition="CREATE TABLE IF NOT EXISTS bare_invoices (id text PRIMARY KEY, type text, number text, "
            "customer text, status text, issued_on date, due_on date, currency text, total numeric, tax numeric, "
            "due numeric, updated_at timestamptz)",
        ),
    ),
    "same_rows": (
        Target(
            "invoices",
            "organization_id, external_id, record_id, source_document_type, customer_external_id, number, "
            "purchase_order, issue_date, posting_date, due_date, currency, gross_amount, net_amount, tax_amount, "
            "outstanding_amount, exchange_rate, exchange_rate_basis, status, source_status, is_sent, closed_on, "
            f"gross_before_void, source_url, source_updated_at, {_TIMES}",
            _invoices,
        ),
        Target(
            "installments",
            "organization_id, external_id, invoice_external_id, sequence, due_date, currency, amount, "
            f"outstanding_amount, is_derived, parent_stream, parent_external_id, {_TIMES}",
            _installments,
        ),
        Target(
            "allocations",
            "organization_id, external_id, kind, source_type, source_external_id, source_amount, source_currency, "
            "target_type, target_external_id, target_amount, target_currency, applied_on, is_derived, "
            f"parent_stream, parent_external_id, {_TIMES}",
            _allocations,
        ),
    ),
}
