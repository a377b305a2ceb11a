"""Invoices, AR's own and order entry's, and adjustments: what they are in the model follows from sign and state.

A negative invoice and a credit memo are credit notes, a debit memo is an invoice. A reversed document is voided; the
record that reversed it is a voided document of the other kind. All amounts of credit notes are positive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.connectors.intacct import allocations, values
from include.connectors.intacct.scope import SOURCES
from include.connectors.intacct.values import ZERO, UnknownValue
from include.connectors.normalized import Normalized, Record

OPEN = ("posted", "selected", "partiallyPaid", "paid", "noValue")
"""States of a document that counts; whether it is open or paid, its rest says."""
VOID = ("reversed", "reversal")


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names a list has what invoices and adjustments share."""

    total: str
    rest: str
    base_rest: str
    currency: str
    base_currency: str
    rate: str
    number: str
    issued: str
    posted: str
    closed: str


INVOICE = Names(
    "totalTxnAmount", "totalTxnAmountDue", "totalBaseAmountDue", "currency.txnCurrency", "currency.baseCurrency",
    "currency.exchangeRate.rate", "invoiceNumber", "invoiceDate", "invoiceSummary.glPostingDate",
    "paymentInformation.fullyPaidDate",
)  # fmt: skip
ADJUSTMENT = Names(
    "txnCurrency.totalEntered", "txnCurrency.totalDue", "baseCurrency.totalDue", "txnCurrency.currency",
    "baseCurrency.currency", "exchangeRate.rate", "adjustmentNumber", "createdDate", "glPostingDate",
    "baseCurrency.paidDate",
)  # fmt: skip


def invoice(record: Record, key: str, said: Normalized) -> None:
    """Add an invoice, or the credit note that a negative one is.

    Raises:
        UnknownValue: state or record type is one that no mapping covers.
        ValueError: a value is missing or not of its kind.
    """
    if values.text(record, "recordType") not in ("ri", None):
        raise UnknownValue("source_document_type")
    document = _document(record, key, INVOICE) | {
        "purchase_order": values.text(record, "referenceNumber"),
        "title": values.text(record, "description"),
        "payment_terms": values.text(record, "term.id"),
        "due_date": values.day(record, "dueDate"),
    }
    base = values.optional_amount(record, "totalBaseAmount")
    document["base_gross_amount"] = _counted(document, None if base is None else abs(base))
    _add("invoices", "invoice", record, key, document, said)


def adjustment(record: Record, key: str, said: Normalized) -> None:
    """Add the credit note that a credit memo is, or the invoice that a debit memo is, due at once.

    Raises:
        UnknownValue: state or record type is one that no mapping covers.
        ValueError: a value is missing or not of its kind.
    """
    if values.text(record, "txnType") not in ("ra", None):
        raise UnknownValue("source_document_type")
    document = _document(record, key, ADJUSTMENT) | {
        "title": values.text(record, "description") or values.text(record, "documentNumber"),
        "due_date": values.day(record, "createdDate"),
    }
    _add("adjustments", "adjustment", record, key, document, said)


def is_credit(record: Mapping[str, Any], names: Names) -> bool:
    """Tell a credit note: a negative document, or what reversed a positive one, which is negative, too."""
    return values.amount(record, names.total) < 0


def kind_of(record: Mapping[str, Any], is_invoice: bool) -> str:
    """Return what people call such a document."""
    names = INVOICE if is_invoice else ADJUSTMENT
    credit, is_reversal = is_credit(record, names), record.get("state") == "reversal"
    if is_reversal:
        return f"reversal of {'an invoice' if is_invoice else 'an adjustment'}"
    if not is_invoice:
        return "credit memo" if credit else "debit memo"
    origin = "order-entry" if record.get("moduleKey") == "orderEntry" else "AR"
    return f"negative {origin} invoice" if credit else f"{origin} invoice"


def _document(record: Record, key: str, names: Names) -> dict[str, Any]:
    state, total, rest = values.required(record, "state"), *_amounts(record, names)
    status = _status(state, rest)
    is_ledger, is_void = status in ("open", "paid", "voided"), status == "voided"
    about = record["about"]
    stated = values.rate(record, names.rate)
    base_rest = values.optional_amount(record, names.base_rest)
    document: dict[str, Any] = {
        "external_id": key,
        "source_document_type": kind_of(record, names is INVOICE),
        "customer_external_id": f"customer:{values.required(record, 'customer.key')}",
        "number": values.text(record, names.number),
        "issue_date": values.day(record, names.issued),
        "posting_date": values.day(record, names.posted) if is_ledger else None,
        "currency": values.required(record, names.currency),
        "gross_amount": ZERO if is_void else total,
        "gross_before_void": total if is_void else None,
        "base_currency": values.text(record, names.base_currency) or about["base_currency"],
        "exchange_rate": stated,
        "exchange_rate_basis": about["rate_basis"] if stated else None,
        "status": status,
        "source_status": state,
        "closed_on": values.day(record, names.closed) if status == "paid" else None,
        "rest": rest if status == "open" else ZERO,
        **values.times(record),
    }
    document["base_outstanding_amount"] = _counted(document, None if base_rest is None else abs(base_rest))
    return document


def _amounts(record: Record, names: Names) -> tuple[Decimal, Decimal]:
    """Return total and rest, both positive.

    Raises:
        ValueError: one is none, or they have different signs.
    """
    total, rest = values.amount(record, names.total), values.amount(record, names.rest)
    if total * rest < 0:
        raise ValueError("total and rest have different signs")
    return abs(total), abs(rest)


def _status(state: str, rest: Decimal) -> str:
    if state == "draft":
        return "draft"
    if state in VOID:
        return "voided"
    if state not in OPEN:
        raise UnknownValue("status")
    return "open" if rest else "paid"


def _counted(document: Mapping[str, Any], amount: Decimal | None) -> Decimal | None:
    """Return an amount in base currency of what counts, 0 of what is void, None of a draft."""
    if document["status"] == "voided":
        return ZERO
    return amount if document["status"] in ("open", "paid") else None


def _add(stream: str, record_type: str, record: Record, key: str, document: dict[str, Any], said: Normalized) -> None:
    names = INVOICE if record_type == "invoice" else ADJUSTMENT
    rest = document.pop("rest")
    if is_credit(record, names):
        said.add("credit_notes", document | {"unapplied_amount": rest})
        if document["status"] in ("open", "paid"):
            used = [*allocations.parts(record, SOURCES[stream])]
            allocations.add(stream, key, "credit_note", used, said)
        return
    said.add("invoices", document | {"outstanding_amount": rest})
    if document["status"] in ("open", "paid", "voided"):
        said.add("installments", {
            "external_id": f"{key}:1",
            "invoice_external_id": key,
            "sequence": 1,
            "due_date": document["due_date"],
            "currency": document["currency"],
            "amount": document["gross_amount"],
            "outstanding_amount": rest,
            "is_derived": False,
            "parent_stream": stream,
            "parent_external_id": key,
        })  # fmt: skip
