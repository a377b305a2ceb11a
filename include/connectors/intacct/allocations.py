"""What payments and credits were used for, as payment details say, written as allocations of whoever was used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from include.connectors.intacct import values
from include.connectors.normalized import Normalized

GONE = ("reversed", "reversal", "voided")
"""States of a payment whose details no longer count."""
AMOUNTS: Mapping[str, tuple[str, str]] = {
    "arPayment.key": ("payment", "paymentAmount"),
    "arPostedOverPayment.key": ("payment", "postedOverPaymentAmount"),
    "arAdvance.key": ("payment", "postedAdvanceAmount"),
    "postedAdvance.key": ("payment", "postedAdvanceAmount"),
    "arAdjustment.key": ("credit", "adjustmentAmount"),
    "negativeInvoice.key": ("credit", "negativeInvoiceAmount"),
    "inlineTxn.key": ("credit", "inlineAmount"),
}
"""How a detail names what is used → kind of the allocation, and where the amount stands."""

Row = Mapping[str, Any]
Part = tuple[str, Decimal, Row]
"""Field by which a detail names the record, amount, the detail."""


def parts(record: Row, fields: Sequence[str], is_ours: Callable[[str], bool] = lambda target: True) -> Iterator[Part]:
    """Yield what of a record was used, as far as it still counts and goes to documents that are ours.

    Raises:
        ValueError: an amount is none, or a use names nothing that it settles.
    """
    for detail in record.get("details") or ():
        if detail.get("header") in GONE:
            continue
        for field in fields:
            if detail.get(field) != record["key"]:
                continue
            amount = values.optional_amount(detail, f"txnCurrency.{AMOUNTS[field][1]}") or Decimal(0)
            if amount and (settled := target(detail)) and settled != f"invoice:{record['key']}" and is_ours(settled):
                yield field, amount, detail


def target(detail: Row) -> str:
    """Return the document that a detail settles: an invoice, or a debit memo."""
    if key := values.text(detail, "arInvoice.key"):
        return f"invoice:{key}"
    if key := values.text(detail, "positiveAdjustment.key"):
        return f"adjustment:{key}"
    raise ValueError("a payment detail settles nothing")


def add(stream: str, key: str, source_type: str, used: Sequence[Part], said: Normalized) -> None:
    """Add the allocations of one payment or credit."""
    for field, amount, detail in used:
        kind, _ = AMOUNTS[field]
        settled, currency = target(detail), values.text(detail, "txnCurrency.currency")
        number = values.required(detail, "key")
        said.add("allocations", {
            "external_id": f"{key}/{source_type}:{key}/invoice:{settled}/{number}",
            "kind": kind,
            "source_type": source_type,
            "source_external_id": key,
            "source_amount": amount,
            "source_currency": currency,
            "target_type": "invoice",
            "target_external_id": settled,
            "target_amount": amount,
            "target_currency": currency,
            "applied_on": values.day(detail, "paymentDate"),
            "is_derived": False,
            "parent_stream": stream,
            "parent_external_id": key,
            **values.times(detail),
        })  # fmt: skip
