"""Xero's payments of sales invoices, refunds of credits, over- and prepayments.

The amount of a payment is in the currency of the document it settles. `BankAmount` is what the bank
account saw in its own currency: the difference is a gain or loss of the bank's side and none of what the
customer owes, so it is not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from include.connectors.normalized import Columns, Normalized, Record
from include.connectors.xero import values, wire
from include.connectors.xero.invoices import about, add_uses, customer_keys, exchange_rates
from include.connectors.xero.wire import UnknownValue

FIELDS = (
    "PaymentID", "OverpaymentID", "PrepaymentID", "Type", "PaymentType", "Status", "Date", "DateString", "Amount",
    "Total", "RemainingCredit", "CurrencyCode", "CurrencyRate", "Account", "Allocations", "Payments", "UpdatedDateUTC",
)  # fmt: skip
REFUNDS = ("ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT")
PAID = ("Invoice", "CreditNote", "Overpayment", "Prepayment")
"""Where a payment may name its document; Xero's replies use Invoice for credit notes too."""
KINDS = {
    "RECEIVE-OVERPAYMENT": "overpayment", "AROVERPAYMENT": "overpayment", "RECEIVE-PREPAYMENT": "prepayment",
    "ARPREPAYMENT": "prepayment",
}  # fmt: skip
STATUSES = {"AUTHORISED": "booked", "PAID": "booked", "VOIDED": "voided", "DELETED": "voided"}
ZERO = Decimal(0)


def essences(records: Sequence[Record]) -> Iterable[Any]:
    """Return what the mapping looks at of each payment or credit."""
    return map(_essence, records)


def _essence(record: Record) -> Any:
    paid = _paid(record)
    contact = (record.get("Contact") or paid.get("Contact") or {}).get("ContactID")
    return {name: record.get(name) for name in FIELDS} | {"Contact": contact, "Currency": paid.get("CurrencyCode")}


def payments(records: Sequence[Record], keys: Sequence[str], said: Normalized) -> None:
    """Add payments of invoices and refunds of credits; the documents list what they settle.

    Raises:
        UnknownValue: a type or status is one that no mapping covers.
        ValueError, LookupError, TypeError, AttributeError: a value is missing or not of its kind.
    """
    kinds = [record["PaymentType"] for record in records]
    if any(kind != "ACCRECPAYMENT" and kind not in REFUNDS for kind in kinds):
        raise UnknownValue("kind")
    for table, day, is_refund in (("payments", "paid_on", False), ("refunds", "refunded_on", True)):
        mine = [index for index, kind in enumerate(kinds) if (kind in REFUNDS) is is_refund]
        _add_movements(table, day, [records[index] for index in mine], [keys[index] for index in mine], said)


def credits(records: Sequence[Record], keys: Sequence[str], said: Normalized, stream: str) -> None:
    """Add over- or prepayments, what they were used for and what was paid back of them.

    Raises:
        UnknownValue: a type or status is one that no mapping covers.
        ValueError, LookupError, TypeError: a value is missing or not of its kind.
    """
    kinds, statuses = [KINDS.get(record["Type"]) for record in records], _statuses(records)
    if None in kinds:
        raise UnknownValue("kind")
    currencies = values.texts([record["CurrencyCode"] for record in records])
    is_booked = [status == "booked" for status in statuses]
    rests = values.amounts([r["RemainingCredit"] if b else ZERO for r, b in zip(records, is_booked, strict=True)])
    bases = about(records, "base_currency")
    rows: Columns = {
        "external_id": list(keys),
        "kind": kinds,
        "customer_external_id": customer_keys([record["Contact"]["ContactID"] for record in records]),
        "number": [short_number(kind, key) for kind, key in zip(kinds, keys, strict=True)],
        "currency": currencies,
        "amount": values.amounts([record["Total"] for record in records]),
        "unapplied_amount": rests,
        "base_currency": bases,
        **exchange_rates(records),
        "base_unapplied_amount": [
            rest if currency == base or not rest else None
            for rest, currency, base in zip(rests, currencies, bases, strict=True)
        ],
        "paid_on": values.days(records, "Date"),
        "status": statuses,
        "on_receivable_account": [
            kind == "overpayment" or bool(said_so)
            for kind, said_so in zip(kinds, about(records, "prepayments_on_receivables"), strict=True)
        ],
        "source_updated_at": values.moments(values.every(records, "UpdatedDateUTC")),
    }
    said.extend("payments", rows)
    add_uses(records, rows, stream, "payment", "payment", said)


def short_number(kind: str | None, key: str) -> str:
    """Return what people can tell an over- or prepayment by: Xero numbers none, and references may hold names."""
    return f"{kind} {key.partition(':')[2][:8]}"


def _add_movements(table: str, day: str, records: Sequence[Record], keys: Sequence[str], said: Normalized) -> None:
    """Add payments or refunds, which differ in what the column of their day is called."""
    paid, count = [_paid(record) for record in records], len(records)
    accounts = [wire.part(record, "Account") for record in records]
    said.extend(table, {
        "external_id": list(keys),
        "kind": ["payment"] * count,
        "customer_external_id": customer_keys([document["Contact"]["ContactID"] for document in paid]),
        "currency": values.texts([document["CurrencyCode"] for document in paid]),
        "amount": values.amounts([record["Amount"] for record in records]),
        "unapplied_amount": [ZERO] * count,
        "base_currency": about(records, "base_currency"),
        **exchange_rates(records),
        "base_unapplied_amount": [ZERO] * count,
        day: values.days(records, "Date"),
        "instrument": values.texts(values.every(accounts, "Code")),
        "status": _statuses(records),
        "on_receivable_account": [True] * count,
        "source_updated_at": values.moments(values.every(records, "UpdatedDateUTC")),
    })  # fmt: skip


def _statuses(records: Sequence[Record]) -> list[str | None]:
    statuses = [STATUSES.get(record["Status"]) for record in records]
    if None in statuses:
        raise UnknownValue("status")
    return statuses


def _paid(record: Record) -> Any:
    """Return the document that a payment settles, under whatever name; an empty one where it names none."""
    return next((record[name] for name in PAID if record.get(name)), {})
