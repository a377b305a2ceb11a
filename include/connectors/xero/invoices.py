"""Xero's sales invoices and credit notes, with what settles them.

An invoice lists its payments, a credit note the invoices it was used for and the refunds that paid it
back: so whoever loads a document finds everything that settled it, whatever its age.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import compress
from typing import Any

from include.connectors.normalized import Columns, Normalized, Record
from include.connectors.xero import allocations, values, wire
from include.connectors.xero.allocations import Part
from include.connectors.xero.wire import UnknownValue

_FIELDS = (
    "Type", "Reference", "Date", "DateString", "DueDate", "DueDateString", "Status", "CurrencyCode", "CurrencyRate",
    "Total", "SubTotal", "TotalTax", "SentToContact", "FullyPaidOnDate", "Payments", "UpdatedDateUTC",
)  # fmt: skip
INVOICE_FIELDS = (
    *_FIELDS, "InvoiceID", "InvoiceNumber", "AmountDue", "ExpectedPaymentDate", "ExpectedPaymentDateString",
)  # fmt: skip
CREDIT_NOTE_FIELDS = (*_FIELDS, "CreditNoteID", "CreditNoteNumber", "RemainingCredit", "Allocations")
STATUSES = {
    "DRAFT": "draft", "SUBMITTED": "pending_approval", "AUTHORISED": "open", "PAID": "paid", "VOIDED": "voided",
    "DELETED": "rejected",
}  # fmt: skip
LEDGER_STATUSES = ("open", "paid", "voided")
SETTLED = ("open", "paid", "booked")
"""Of documents and credits whose parts count."""
ZERO = Decimal(0)
INVOICE_PAGE = "/AccountsReceivable/View.aspx?InvoiceID="
NOTE_PAGE = "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID="
WEB = "https://go.xero.com"

Records = Sequence[Record]


def essences(documents: Records, fields: Sequence[str]) -> Iterable[Any]:
    """Return what the mapping looks at of each document: these fields, and whose it is."""
    contacts = [(document.get("Contact") or {}).get("ContactID") for document in documents]
    return zip(*(values.every(documents, name) for name in fields), contacts, strict=True)


def invoices(records: Records, keys: Sequence[str], said: Normalized) -> None:
    """Add invoices, the one installment of each, and their payments.

    Raises:
        UnknownValue: a type or status is one that no mapping covers.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    _require_type(records, "ACCREC")
    rests = values.amounts([record["AmountDue"] for record in records])
    documents = _documents(records, keys, rests, "outstanding_amount") | {
        "number": values.texts(values.every(records, "InvoiceNumber")),
        "purchase_order": values.texts(values.every(records, "Reference")),
        "due_date": values.days(records, "DueDate"),
        "expected_payment_date": values.days(records, "ExpectedPaymentDate"),
        "source_url": _links(records, INVOICE_PAGE, "InvoiceID"),
    }
    said.extend("invoices", documents)
    said.extend("installments", _installments(documents))
    paid = [part for part in _parts(records, "Payments", documents) if not is_gone(part.row)]
    by, of = ("payment", allocations.payments(paid)), ("invoice", allocations.parents(paid))
    said.extend("allocations", allocations.allocations("invoices", "payment", paid, by, of))


def credit_notes(records: Records, keys: Sequence[str], said: Normalized) -> None:
    """Add credit notes, what they were used for and what was paid back of them.

    Raises:
        UnknownValue: a type or status is one that no mapping covers.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    _require_type(records, "ACCRECCREDIT")
    rests = values.amounts([record["RemainingCredit"] for record in records])
    documents = _documents(records, keys, rests, "unapplied_amount") | {
        "number": values.texts(values.every(records, "CreditNoteNumber")),
        "title": values.texts(values.every(records, "Reference")),
        "due_date": values.days(records, "DueDate"),
        "source_url": _links(records, NOTE_PAGE, "CreditNoteID"),
    }
    said.extend("credit_notes", documents)
    add_uses(records, documents, "credit_notes", "credit", "credit_note", said)


def add_uses(records: Records, credits: Columns, stream: str, kind: str, credit: str, said: Normalized) -> None:
    """Add what credits were used for, and what was paid back of them.

    Args:
        credits: their rows; those that are open, paid or booked can have been used.
        kind, credit: of the allocations, and what they call a credit.

    Raises:
        UnknownValue: a payment stands in a way that no mapping covers.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    used = _parts(records, "Allocations", credits, lambda row: bool(wire.flag(row.get("IsDeleted"))))
    of, to = (credit, allocations.parents(used)), ("invoice", allocations.invoices(used))
    said.extend("allocations", allocations.allocations(stream, kind, used, of, to))
    counts = Counter(allocations.parents(used))
    refunds = [
        part._replace(ordinal=counts[part.parent] + part.ordinal)
        for part in _parts(records, "Payments", credits, is_gone)
    ]
    by, of = ("refund", allocations.payments(refunds)), (credit, allocations.parents(refunds))
    said.extend("allocations", allocations.allocations(stream, "refund", refunds, by, of))


def is_gone(payment: Mapping[str, Any]) -> bool:
    """Tell a payment that a document still lists and that was deleted; mostly none says how it stands.

    Raises:
        UnknownValue: it stands in a way that no mapping covers.
    """
    status = payment.get("Status")
    if status not in (None, "AUTHORISED", "PAID", "DELETED"):
        raise UnknownValue("allocations.status")
    return bool(status == "DELETED")


def about(records: Records, name: str) -> list[Any]:
    """Return what each record's organisation says under this name."""
    return [record["organisation"][name] for record in records]


def exchange_rates(records: Records) -> Columns:
    """Return the rates as they are stated, and what they say.

    Raises:
        ValueError: one is no number.
    """
    stated = [ZERO if rate is None else rate for rate in values.every(records, "CurrencyRate")]
    rates = [rate or None for rate in values.amounts(stated)]
    bases = [basis if rate else None for rate, basis in zip(rates, about(records, "rate_basis"), strict=True)]
    return {"exchange_rate": rates, "exchange_rate_basis": bases}


def customer_keys(ids: list[Any]) -> list[str]:
    """Return the keys of the contacts with these ids.

    Raises:
        ValueError: one is no id.
    """
    return [f"Contact:{identifier}" for identifier in values.identifiers(ids)]


def _require_type(records: Records, wanted: str) -> None:
    if any(record["Type"] != wanted for record in records):
        raise UnknownValue("source_document_type")


def _documents(records: Records, keys: Sequence[str], rests: Sequence[Decimal], rest: str) -> Columns:
    """Return what invoices and credit notes share, amounts as they are written.

    Args:
        rests: what is open, in the column `rest`.
    """
    written = [record["Status"] for record in records]
    stated = [STATUSES.get(status) for status in written]
    if None in stated:
        raise UnknownValue("status")
    # Whoever says that it is paid, and states a rest, is believed the rest.
    statuses = ["open" if s == "paid" and left else s for s, left in zip(stated, rests, strict=True)]
    is_ledger, is_void = [status in LEDGER_STATUSES for status in statuses], [s == "voided" for s in statuses]
    days = values.days(records, "Date")
    amounts = {
        name: values.amounts([record[field] for record in records])
        for name, field in (("gross_amount", "Total"), ("net_amount", "SubTotal"), ("tax_amount", "TotalTax"))
    }
    gross, void = amounts["gross_amount"], amounts
    if True in is_void:
        void = {name: [ZERO if v else a for a, v in zip(amounts[name], is_void, strict=True)] for name in amounts}
    columns = {
        "external_id": list(keys),
        "source_document_type": [record["Type"] for record in records],
        "customer_external_id": customer_keys([record["Contact"]["ContactID"] for record in records]),
        "issue_date": days,
        "posting_date": _where(is_ledger, days),
        "currency": values.texts([record["CurrencyCode"] for record in records]),
        **void,
        "gross_before_void": _where(is_void, gross),
        "base_currency": about(records, "base_currency"),
        **exchange_rates(records),
        "status": statuses,
        "source_status": written,
        rest: [left if status == "open" else ZERO for status, left in zip(statuses, rests, strict=True)],
        "closed_on": values.days(records, "FullyPaidOnDate", [status == "paid" for status in statuses]),
        "is_sent": values.flags(values.every(records, "SentToContact")),
        "source_updated_at": values.moments(values.every(records, "UpdatedDateUTC")),
    }
    # Xero states no amounts in base currency, so only documents in that currency have them.
    pairs = zip(columns["currency"], columns["base_currency"], is_ledger, strict=True)
    is_base = [is_posted and currency == base for currency, base, is_posted in pairs]
    return columns | {
        "base_gross_amount": _where(is_base, columns["gross_amount"]),
        "base_outstanding_amount": _where(is_base, columns[rest]),
    }


def _installments(invoices: Columns) -> Columns:
    """Return the one installment of each invoice of the ledger."""
    posted = [status in LEDGER_STATUSES for status in invoices["status"]]

    def of(name: str) -> list[Any]:
        return invoices[name] if all(posted) else list(compress(invoices[name], posted))

    keys = of("external_id")
    count = len(keys)
    return {
        "external_id": [f"{key}:1" for key in keys],
        "invoice_external_id": keys,
        "sequence": [1] * count,
        "due_date": of("due_date"),
        "currency": of("currency"),
        "amount": of("gross_amount"),
        "outstanding_amount": of("outstanding_amount"),
        "is_derived": [False] * count,
        "parent_stream": ["invoices"] * count,
        "parent_external_id": keys,
    }


def _parts(
    records: Records, name: str, documents: Columns, is_left_out: Callable[[Record], bool] = lambda row: False
) -> list[Part]:
    """Return what those documents list under a name that can be settled, numbered without what is left out."""
    is_used = [status in SETTLED for status in documents["status"]]
    listed = values.lists([record.get(name) if used else None for record, used in zip(records, is_used, strict=True)])
    return [
        Part(row, key, number, currency)
        for key, currency, rows in zip(documents["external_id"], documents["currency"], listed, strict=True)
        for number, row in enumerate((row for row in rows if not is_left_out(row)), start=1)
    ]


def _where(conditions: Sequence[bool], column: list[Any]) -> list[Any]:
    """Return the values for which a condition holds, None elsewhere."""
    return [value if holds else None for holds, value in zip(conditions, column, strict=True)]


def _links(records: Records, page: str, identifier: str) -> list[str]:
    codes = about(records, "short_code")
    return [f"{_address(code, page)}{record[identifier]}" for record, code in zip(records, codes, strict=True)]


@cache
def _address(code: str, page: str) -> str:
    """Return how the address of a record in Xero begins: by way of its organisation where that has a short name."""
    return f"{WEB}/organisationlogin/default.aspx?shortcode={code}&redirecturl={page}" if code else f"{WEB}{page}"
