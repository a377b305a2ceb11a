"""What a record of one of the lists is in figures: its type in people's words, its table, its due date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from include.connectors.intacct import documents, payments, values
from include.connectors.intacct.conditions import Condition, Is, both, either, is_in
from include.connectors.intacct.scope import DATE, REST
from include.connectors.intacct.transport import Row


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names a list has what a figure says."""

    currency: str
    number: str
    base_rest: str
    kind: str = ""


ROWS: Mapping[str, Names] = {
    "invoices": Names("currency.txnCurrency", "invoiceNumber", "totalBaseAmountDue"),
    "adjustments": Names("txnCurrency.currency", "adjustmentNumber", "baseCurrency.totalDue"),
    "payments": Names("txnCurrency.currency", "documentNumber", "baseCurrency.totalDue"),
    "advances": Names(
        "paymentInformation.currency.txnCurrency", "referenceNumber", "paymentInformation.totalDue", "advance"
    ),
}


def kind_of(name: str, row: Row) -> str:
    """Return the document type in people's words, or Sage Intacct's own code of one that no mapping knows."""
    if name == "invoices":
        return documents.kind_of(row, is_invoice=True) if is_known(name, row) else f"invoice {row.get('recordType')}"
    if name == "adjustments":
        return documents.kind_of(row, is_invoice=False) if is_known(name, row) else f"adjustment {row.get('txnType')}"
    if row.get("kind"):
        return f"manual {row['kind']}"
    if name == "payments":
        return payments.KINDS.get(str(row.get("recordType")), f"payment {row.get('recordType')}")
    return "advance"


def is_known(name: str, row: Row) -> bool:
    """Tell whether a mapping covers the record's type."""
    match name:
        case "invoices":
            return row.get("recordType") in ("ri", None)
        case "adjustments":
            return row.get("txnType") in ("ra", None)
        case "payments":
            return row.get("recordType") in payments.KINDS
    return True


def due_date(name: str, row: Row) -> date | None:
    """Return when an invoice or a debit memo is due."""
    if name == "invoices" and not documents.is_credit(row, documents.INVOICE):
        return values.day(row, "dueDate")
    if name == "adjustments" and not documents.is_credit(row, documents.ADJUSTMENT):
        return values.day(row, "createdDate")
    return None


def counted(name: str, history_from: date) -> Condition | None:
    """Return what holds for records that count: dated from the day on, open, or unfinished documents."""
    if name not in REST:
        return None
    parts: list[Condition] = [Is(DATE[name], "$gte", history_from.isoformat()), Is(REST[name], "$ne", 0)]
    if name in ("invoices", "adjustments"):
        parts.append(Is("state", "$eq", "draft"))
    return either(*parts)


def tables(name: str) -> Mapping[str, Condition | None]:
    """Return which table has which records of a list."""
    match name:
        case "invoices":
            return {"invoices": Is("totalTxnAmount", "$gte", 0), "credit_notes": Is("totalTxnAmount", "$lt", 0)}
        case "adjustments":
            total = "txnCurrency.totalEntered"
            return {"invoices": Is(total, "$gte", 0), "credit_notes": Is(total, "$lt", 0)}
        case "payments":
            is_some = Is("txnCurrency.totalAmount", "$ne", 0)
            is_back = is_in("state", ("reversal",))
            return {"payments": both(is_some, Is("state", "$ne", "reversal")), "refunds": both(is_some, is_back)}
    return {"payments": None}


def table_of(name: str, row: Row) -> str | None:
    """Return the table that has a record; None for a payment of nothing, which is none."""
    if name in ("invoices", "adjustments"):
        names = documents.INVOICE if name == "invoices" else documents.ADJUSTMENT
        return "credit_notes" if documents.is_credit(row, names) else "invoices"
    if name == "payments":
        if not values.amount(row, "txnCurrency.totalAmount"):
            return None
        return "refunds" if row.get("state") == "reversal" else "payments"
    return "payments"
