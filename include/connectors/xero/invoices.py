"""Xero's sales invoices and credit notes, with what settles them.

An invoice lists its payments, a credit note the invoices it was used for and the refunds that paid it
back: so whoever loads a document finds everything that settled it, whatever its age.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from include.connectors.base import Normalized, Record
from include.connectors.xero import wire
from include.connectors.xero.allocations import allocation
from include.connectors.xero.wire import UnknownValue

FIELDS = (
    "Type", "InvoiceID", "InvoiceNumber", "CreditNoteID", "CreditNoteNumber", "Reference", "Date", "DateString",
    "DueDate", "DueDateString", "Status", "CurrencyCode", "CurrencyRate", "Total", "SubTotal", "TotalTax", "AmountDue",
    "RemainingCredit", "SentToContact", "ExpectedPaymentDate", "ExpectedPaymentDateString", "FullyPaidOnDate",
    "Payments", "Allocations", "UpdatedDateUTC",
)  # fmt: skip
STATUSES = {
    "DRAFT": "draft", "SUBMITTED": "pending_approval", "AUTHORISED": "open", "PAID": "paid", "VOIDED": "voided",
    "DELETED": "rejected",
}  # fmt: skip
LEDGER_STATUSES = ("open", "paid", "voided")
ZERO = Decimal(0)
INVOICE_PAGE = "/AccountsReceivable/View.aspx?InvoiceID="
NOTE_PAGE = "/AccountsReceivable/ViewCreditNote.aspx?creditNoteID="
WEB = "https://go.xero.com"

Row = dict[str, Any]


def essence(document: Record) -> Any:
    """Return what the mapping looks at."""
    return [*map(document.get, FIELDS), (document.get("Contact") or {}).get("ContactID")]


def invoice(record: Record, key: str, said: Normalized) -> None:
    """Add an invoice, its one installment and its payments.

    Raises:
        UnknownValue: the type or status is one that no mapping covers.
        ValueError, LookupError: a value is missing or not of its kind.
    """
    if record["Type"] != "ACCREC":
        raise UnknownValue("source_document_type")
    due, row = wire.amount(record["AmountDue"]), _document(record, key)
    row = _settled(row, record, due, "outstanding_amount")
    row |= {
        "number": wire.text(record.get("InvoiceNumber")),
        "purchase_order": wire.text(record.get("Reference")),
        "due_date": wire.day(record, "DueDate"),
        "expected_payment_date": wire.day(record, "ExpectedPaymentDate"),
        "source_url": link(record, INVOICE_PAGE, record["InvoiceID"]),
    }
    said.add("invoices", row)
    if row["status"] not in LEDGER_STATUSES:
        return
    said.add("installments", {
        "external_id": f"{key}:1", "invoice_external_id": key, "sequence": 1, "due_date": row["due_date"],
        "currency": row["currency"], "amount": row["gross_amount"], "outstanding_amount": row["outstanding_amount"],
        "is_derived": False, "parent_stream": "invoices", "parent_external_id": key,
    })  # fmt: skip
    for number, payment in enumerate(wire.rows(record, "Payments") if row["status"] != "voided" else (), start=1):
        if not is_gone(payment):
            said.add("allocations", allocation(
                "invoices", key, number, "payment", ("payment", f"Payment:{wire.identifier(payment['PaymentID'])}"),
                ("invoice", key),
                wire.amount(payment["Amount"]), row["currency"], wire.day(payment, "Date"),
            ))  # fmt: skip


def credit_note(record: Record, key: str, said: Normalized) -> None:
    """Add a credit note, what it was used for and what was paid back of it.

    Raises:
        UnknownValue: the type or status is one that no mapping covers.
        ValueError, LookupError: a value is missing or not of its kind.
    """
    if record["Type"] != "ACCRECCREDIT":
        raise UnknownValue("source_document_type")
    row = _settled(_document(record, key), record, wire.amount(record["RemainingCredit"]), "unapplied_amount")
    row |= {
        "number": wire.text(record.get("CreditNoteNumber")),
        "title": wire.text(record.get("Reference")),
        "due_date": wire.day(record, "DueDate"),
        "source_url": link(record, NOTE_PAGE, record["CreditNoteID"]),
    }
    said.add("credit_notes", row)
    if row["status"] in ("open", "paid"):
        for used in uses(record, key, "credit_notes", "credit", ("credit_note", key), row["currency"]):
            said.add("allocations", used)


def uses(record: Record, key: str, stream: str, kind: str, credit: tuple[str, str], currency: str | None) -> list[Row]:
    """Return what a credit was used for, and what was paid back of it."""
    used = [part for part in wire.rows(record, "Allocations") if not wire.flag(part.get("IsDeleted"))]
    rows = [
        allocation(
            stream, key, number, kind, credit, ("invoice", f"Invoice:{wire.identifier(part['Invoice']['InvoiceID'])}"),
            wire.amount(part["Amount"]), currency, wire.day(part, "Date"),
        )
        for number, part in enumerate(used, start=1)
    ]  # fmt: skip
    refunds = [part for part in wire.rows(record, "Payments") if not is_gone(part)]
    return rows + [
        allocation(
            stream, key, number, "refund", ("refund", f"Payment:{wire.identifier(part['PaymentID'])}"), credit,
            wire.amount(part["Amount"]), currency, wire.day(part, "Date"),
        )
        for number, part in enumerate(refunds, start=len(used) + 1)
    ]  # fmt: skip


def is_gone(payment: Mapping[str, Any]) -> bool:
    """Tell a payment that a document still lists and that was deleted; mostly none says how it stands.

    Raises:
        UnknownValue: it stands in a way that no mapping covers.
    """
    status = payment.get("Status")
    if status not in (None, "AUTHORISED", "PAID", "DELETED"):
        raise UnknownValue("allocations.status")
    return bool(status == "DELETED")


def exchange_rate(record: Record) -> Row:
    """Return the rate as it is stated, and what it says.

    Raises:
        ValueError: it is no number.
    """
    rate = wire.amount(record["CurrencyRate"]) if record.get("CurrencyRate") is not None else ZERO
    if not rate:
        return {}
    return {"exchange_rate": rate, "exchange_rate_basis": record["organisation"]["rate_basis"]}


def link(record: Record, page: str, identifier: str) -> str:
    """Return the address of a record in Xero, by way of its organisation where that has a short name."""
    code = record["organisation"]["short_code"]
    if not code:
        return f"{WEB}{page}{identifier}"
    return f"{WEB}/organisationlogin/default.aspx?shortcode={code}&redirecturl={page}{identifier}"


def _document(record: Record, key: str) -> Row:
    """Return what invoices and credit notes share, amounts as they are written."""
    status = STATUSES.get(record["Status"])
    if status is None:
        raise UnknownValue("status")
    day = wire.day(record, "Date")
    return {
        "external_id": key,
        "source_document_type": record["Type"],
        "customer_external_id": f"Contact:{wire.identifier(record['Contact']['ContactID'])}",
        "issue_date": day,
        "posting_date": day if status in LEDGER_STATUSES else None,
        "currency": wire.text(record["CurrencyCode"]),
        "gross_amount": wire.amount(record["Total"]),
        "net_amount": wire.amount(record["SubTotal"]),
        "tax_amount": wire.amount(record["TotalTax"]),
        "base_currency": record["organisation"]["base_currency"],
        **exchange_rate(record),
        "status": status,
        "source_status": record["Status"],
        "is_sent": wire.flag(record.get("SentToContact")),
        "source_updated_at": wire.moment(record.get("UpdatedDateUTC")),
    }


def _settled(row: Row, record: Record, rest: Decimal, name: str) -> Row:
    """Complete a document with its open rest and what follows from its status.

    Xero states no amounts in base currency, so only documents in that currency have them.
    """
    status = row["status"]
    if status == "paid" and rest:
        status = "open"
    gross = row["gross_amount"]
    if status == "voided":
        row |= {"gross_amount": ZERO, "net_amount": ZERO, "tax_amount": ZERO, "gross_before_void": gross}
    row |= {"status": status, name: rest if status == "open" else ZERO}
    if status == "paid":
        row["closed_on"] = wire.day(record, "FullyPaidOnDate")
    if row["currency"] == row["base_currency"] and status in LEDGER_STATUSES:
        row |= {"base_gross_amount": row["gross_amount"], "base_outstanding_amount": row[name]}
    return row
