"""Xero's payments of sales invoices, refunds of credits, over- and prepayments.

The amount of a payment is in the currency of the document it settles. `BankAmount` is what the bank
account saw in its own currency: the difference is a gain or loss of the bank's side and none of what the
customer owes, so it is not read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from include.connectors.base import Normalized, Record
from include.connectors.xero import wire
from include.connectors.xero.invoices import exchange_rate, uses
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


def essence(record: Record) -> Any:
    """Return what the mapping looks at."""
    paid = _paid(record)
    contact = (record.get("Contact") or paid.get("Contact") or {}).get("ContactID")
    return {name: record.get(name) for name in FIELDS} | {"Contact": contact, "Currency": paid.get("CurrencyCode")}


def payment(record: Record, key: str, said: Normalized) -> None:
    """Add a payment of an invoice or a refund of a credit; the document lists what it settles.

    Raises:
        UnknownValue: the type or status is one that no mapping covers.
        ValueError, LookupError: a value is missing or not of its kind.
    """
    kind = record["PaymentType"]
    if kind != "ACCRECPAYMENT" and kind not in REFUNDS:
        raise UnknownValue("kind")
    paid, is_refund = _paid(record), kind in REFUNDS
    account = wire.part(record, "Account")
    said.add("refunds" if is_refund else "payments", {
        "external_id": key,
        "kind": "payment",
        "customer_external_id": f"Contact:{wire.identifier(paid['Contact']['ContactID'])}",
        "currency": wire.text(paid["CurrencyCode"]),
        "amount": wire.amount(record["Amount"]),
        "unapplied_amount": ZERO,
        "base_currency": record["organisation"]["base_currency"],
        **exchange_rate(record),
        "base_unapplied_amount": ZERO,
        "refunded_on" if is_refund else "paid_on": wire.day(record, "Date"),
        "instrument": wire.text(account.get("Code")),
        "status": _status(record),
        "on_receivable_account": True,
        "source_updated_at": wire.moment(record.get("UpdatedDateUTC")),
    })  # fmt: skip


def credit(record: Record, key: str, said: Normalized, stream: str) -> None:
    """Add an over- or prepayment, what it was used for and what was paid back of it.

    Raises:
        UnknownValue: the type or status is one that no mapping covers.
        ValueError, LookupError: a value is missing or not of its kind.
    """
    kind, status = KINDS.get(record["Type"]), _status(record)
    if kind is None:
        raise UnknownValue("kind")
    own = record["organisation"]
    currency, total = wire.text(record["CurrencyCode"]), wire.amount(record["Total"])
    rest = wire.amount(record["RemainingCredit"]) if status == "booked" else ZERO
    said.add("payments", {
        "external_id": key,
        "kind": kind,
        "customer_external_id": f"Contact:{wire.identifier(record['Contact']['ContactID'])}",
        "number": short_number(kind, key),
        "currency": currency,
        "amount": total,
        "unapplied_amount": rest,
        "base_currency": own["base_currency"],
        **exchange_rate(record),
        "base_unapplied_amount": rest if currency == own["base_currency"] or not rest else None,
        "paid_on": wire.day(record, "Date"),
        "status": status,
        "on_receivable_account": kind == "overpayment" or bool(own["prepayments_on_receivables"]),
        "source_updated_at": wire.moment(record.get("UpdatedDateUTC")),
    })  # fmt: skip
    if status == "booked":
        for used in uses(record, key, stream, "payment", ("payment", key), currency):
            said.add("allocations", used)


def short_number(kind: str, key: str) -> str:
    """Return what people can tell an over- or prepayment by: Xero numbers none, and references may hold names."""
    return f"{kind} {key.partition(':')[2][:8]}"


def _status(record: Record) -> str:
    status = STATUSES.get(record["Status"])
    if status is None:
        raise UnknownValue("status")
    return status


def _paid(record: Record) -> Any:
    """Return the document that a payment settles, under whatever name; an empty one where it names none."""
    return next((record[name] for name in PAID if record.get(name)), {})
