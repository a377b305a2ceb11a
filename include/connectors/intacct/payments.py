"""Payments and manual deposits, overpayments and advances, with what they settled; reversals as refunds.

A payment of nothing is how a credit is used: it is no row of its own. A payment that was reversed is voided, and so
is the record that reversed it: both cancel each other, and the documents are open again. A payment of the top level
that settles documents of several entities is, to each organization, the share that settles its documents; what
settles nobody's stays with the organization that owns the top level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.connectors.intacct import allocations, values
from include.connectors.intacct.objects import RATE_BASIS
from include.connectors.intacct.scope import SOURCES, is_of_top
from include.connectors.intacct.values import ZERO, UnknownValue
from include.connectors.normalized import Normalized, Record

KINDS: Mapping[str, str] = {"rp": "payment", "ro": "overpayment", "rr": "advance"}
STATUSES: Mapping[str, str] = {
    **dict.fromkeys(
        ("complete", "confirmed", "delivered", "posted", "selected", "partiallyPaid", "paid", "noValue", "approved"),
        "booked",
    ),
    **dict.fromkeys(("draft", "submitted", "pendingApproval", "partiallyApproved"), "pending"),
    **dict.fromkeys(("reversed", "reversal", "voided"), "voided"),
    "declined": "failed",
}


@dataclass(frozen=True, slots=True)
class Movement:
    """What the four lists say of one movement, amounts as stated."""

    kind: str
    total: Decimal
    rest: Decimal
    base_rest: Decimal | None
    currency: str
    base_currency: str | None
    rate: Decimal | None
    number: str | None
    instrument: str | None
    day: Any


def payment(record: Record, key: str, said: Normalized) -> None:
    """Add a payment or overpayment with what it settled, or the refund that a reversal is.

    Raises:
        UnknownValue: state or record type is one that no mapping covers.
        ValueError: a value is missing or not of its kind.
    """
    record_type = values.required(record, "recordType")
    if record_type not in ("rp", "ro"):
        raise UnknownValue("kind")
    movement = Movement(
        values.text(record, "kind") or KINDS[record_type],
        values.amount(record, "txnCurrency.totalAmount"),
        values.amount(record, "txnCurrency.totalDue"),
        values.optional_amount(record, "baseCurrency.totalDue"),
        values.required(record, "txnCurrency.currency"),
        values.text(record, "baseCurrency.currency"),
        values.rate(record, "exchangeRate.rate"),
        values.text(record, "documentNumber"),
        values.text(record, "paymentMethod"),
        values.day(record, "paidDate"),
    )
    _add("payments", record, key, movement, said)


def advance(record: Record, key: str, said: Normalized) -> None:
    """Add an advance with what it was used for.

    Raises:
        UnknownValue: its state is one that no mapping covers.
        ValueError: a value is missing or not of its kind.
    """
    told = "paymentInformation"
    movement = Movement(
        KINDS["rr"],
        values.amount(record, "txnTotalEntered"),
        values.amount(record, f"{told}.totalTxnAmountDue"),
        values.optional_amount(record, f"{told}.totalDue"),
        values.required(record, f"{told}.currency.txnCurrency"),
        values.text(record, f"{told}.currency.baseCurrency"),
        values.rate(record, f"{told}.currency.exchangeRate"),
        values.text(record, "referenceNumber"),
        values.text(record, f"{told}.paymentMethod"),
        values.day(record, f"{told}.paymentDate"),
    )
    _add("advances", record, key, movement, said)


def number(kind: str, key: str) -> str:
    """Return what people can tell a movement by where it has no number of its own."""
    return f"{kind} {key.partition(':')[2]}"


def _add(stream: str, record: Record, key: str, movement: Movement, said: Normalized) -> None:
    state = values.required(record, "state")
    if (status := STATUSES.get(state)) is None:
        raise UnknownValue("status")
    fields = SOURCES[stream]
    used = [*allocations.parts(record, fields)] if status == "booked" else []
    total, rest, is_share = movement.total, movement.rest, False
    if "targets" in record:
        own, used = used, [part for part in used if _is_ours(record, allocations.target(part[2]))]
        if not record["about"]["owns_top"]:
            total, rest = sum((amount for _, amount, _ in used), ZERO), ZERO
        else:
            total -= sum((amount for _, amount, _ in own), ZERO) - sum((amount for _, amount, _ in used), ZERO)
        is_share = total != movement.total
    if movement.total:
        is_reversal = state == "reversal"
        table, day = ("refunds", "refunded_on") if is_reversal else ("payments", "paid_on")
        said.add(table, _row(record, key, movement, status) | {
            "amount": abs(total),
            "unapplied_amount": abs(rest) if status == "booked" else ZERO,
            **({} if rest else {"base_unapplied_amount": ZERO}),
            "source_total_amount": abs(movement.total) if is_share else None,
            day: movement.day,
        })  # fmt: skip
    allocations.add(stream, key, "payment", used, said)


def _row(record: Record, key: str, movement: Movement, status: str) -> dict[str, Any]:
    about = record["about"]
    base = (
        about["base_currency"]
        if is_of_top(about["entity"], record)
        else movement.base_currency or about["base_currency"]
    )
    rate = movement.rate if movement.base_currency in (base, None) else None  # another entity's books state another
    return {
        "external_id": key,
        "kind": movement.kind,
        "customer_external_id": f"customer:{values.required(record, 'customer.key')}",
        "number": movement.number or number(movement.kind, key),
        "currency": movement.currency,
        "base_currency": base,
        "exchange_rate": rate,
        "exchange_rate_basis": record.get(RATE_BASIS, about["rate_basis"]) if rate else None,
        "base_unapplied_amount": _base_rest(movement) if status == "booked" else ZERO,
        "instrument": movement.instrument,
        "status": status,
        "on_receivable_account": True,
        **values.times(record),
    }


def _base_rest(movement: Movement) -> Decimal | None:
    return None if movement.base_rest is None else abs(movement.base_rest)


def _is_ours(record: Record, settled: str) -> bool:
    """Tell whether a document that a payment of the top level settles is this organization's."""
    entity, about = record["targets"].get(settled), record["about"]
    if settled not in record["targets"]:
        return False
    return entity == about["entity"] or (not entity and bool(about["owns_top"]))
