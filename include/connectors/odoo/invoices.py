"""Odoo's customer invoices, receipts and credit notes as invoices, credit notes and installments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from include.connectors.normalized import Normalized, Record, Reject
from include.connectors.odoo.scope import DOCUMENT_TYPES, NOTE_TYPES
from include.connectors.odoo.values import exact, number

STATES = ("draft", "posted", "cancel")
PAYMENT_STATES = (
    None, "not_paid", "in_payment", "paid", "partial", "reversed", "blocked", "invoicing_legacy",
)  # fmt: skip
LEDGER_STATUSES = ("open", "paid", "voided")
ZERO = Decimal(0)


class UnknownValue(ValueError):
    """A value of a closed list that no mapping covers; the column says of which."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def normalize(move: Record, said: Normalized) -> None:
    """Add one invoice with its installments, or one credit note.

    Raises:
        UnknownValue: a type or state that no mapping covers.
        ValueError, LookupError: the due lines are not what the document is over.
    """
    if move["move_type"] not in DOCUMENT_TYPES:
        raise UnknownValue("source_document_type")
    key, currency = f"account.move:{move['id']}", move["currency_id"].name
    total = exact(move["amount_total"], currency)
    is_note = (move["move_type"] in NOTE_TYPES) != (total < 0)  # only a draft can be negative
    raises = -1 if is_note else 1
    status = _status(move)
    due = sorted(move["due"], key=lambda line: (line["date_maturity"] or date.max, line["id"]))
    gross, rest = abs(total), _rest(move, currency, status)
    parts = _parts(due, key, currency, raises) if status in ("open", "paid") else []
    if parts and (sum(part["amount"] for part in parts) != gross
                  or sum(part["outstanding_amount"] for part in parts) != rest):  # fmt: skip
        raise UnknownValue("gross_amount")
    if not parts and status in LEDGER_STATUSES:
        if status != "voided" and gross:
            raise UnknownValue("gross_amount")
        parts = [_nothing_due(move, key, currency)]
    base = move["base"]
    row = _row(move, key, currency, status, is_note=is_note) | {
        "due_date": _due_date(parts) or move["invoice_date_due"],
        "gross_amount": ZERO if status == "voided" else gross,
        "net_amount": ZERO if status == "voided" else _part(move, "amount_untaxed", currency, total),
        "tax_amount": ZERO if status == "voided" else _part(move, "amount_tax", currency, total),
        "unapplied_amount" if is_note else "outstanding_amount": rest,
        "base_gross_amount": raises * _sum(due, "balance", base) if status in LEDGER_STATUSES[:2] else None,
        "base_outstanding_amount": raises * _sum(due, "amount_residual", base) if status == "open" else ZERO,
        "gross_before_void": gross if status == "voided" else None,
        "original_document_external_id": _original(move) if is_note else None,
    }
    said.add("credit_notes" if is_note else "invoices", row)
    for part in parts if not is_note else ():
        said.add("installments", part)


def _row(move: Record, key: str, currency: str, status: str, *, is_note: bool) -> dict[str, Any]:
    """Return what invoices and credit notes have alike; a note's reference says what it reverses, and why."""
    is_foreign = currency != move["base"] and move.get("invoice_currency_rate")
    return {
        "external_id": key,
        "source_document_type": move["move_type"],
        "customer_external_id": f"res.partner:{move['customer']}" if move["customer"] else None,
        "number": number(move["name"]),
        "title": move.get("ref") if is_note else move.get("invoice_origin"),
        "purchase_order": None if is_note else move.get("ref"),
        "issue_date": move["invoice_date"],
        "posting_date": move["date"] if status in LEDGER_STATUSES else None,
        "payment_terms": term.name if (term := move.get("invoice_payment_term_id")) else None,
        "currency": currency,
        "base_currency": move["base"],
        "exchange_rate": move["invoice_currency_rate"] if is_foreign else None,
        "exchange_rate_basis": "document_per_base" if is_foreign else None,
        "status": status,
        "source_status": "/".join(filter(None, (move["state"], move["payment_state"]))),
        "is_sent": move.get("is_move_sent"),
        "is_disputed": move["payment_state"] == "blocked" or any(line.get("blocked") for line in move["due"]),
        "pending_amount": exact(move["amount_residual"], currency) if _is_announced(move, status) else None,
        "closed_on": _closed_on(move) if status == "paid" else None,
        "source_url": move["web"].format(id=move["id"]),
        "custom_fields": move["custom"] or None,
        "source_created_at": move["create_date"],
        "source_updated_at": move["write_date"],
    }


def _status(move: Record) -> str:
    """Return our status; cancelling a draft that was never posted rejects it.

    Paid is what has no rest: `in_payment` may have its whole rest, since from version 18 on a payment need not have
    an entry.
    """
    if move["state"] not in STATES:
        raise UnknownValue("status")
    if move["payment_state"] not in PAYMENT_STATES:
        raise UnknownValue("source_status")
    if move["state"] == "draft":
        return "draft"
    if move["state"] == "cancel":
        was_posted = move.get("posted_before", True) and number(move["name"]) and move["invoice_date"]
        return "voided" if was_posted else "rejected"
    return "open" if move["amount_residual"] or _sum(move["due"], "amount_residual", move["base"]) else "paid"


def _is_announced(move: Record, status: str) -> bool:
    """Tell a document that Odoo calls in payment, or paid, while its rest is still there."""
    return status == "open" and move["payment_state"] in ("in_payment", "paid")


def _rest(move: Record, currency: str, status: str) -> Decimal:
    return exact(move["amount_residual"], currency) if status == "open" else ZERO


def _part(move: Record, name: str, currency: str, total: Decimal) -> Decimal:
    return (-1 if total < 0 else 1) * exact(move[name], currency)


def _sum(lines: list[Record], name: str, currency: str) -> Decimal:
    return sum((exact(line[name], currency) for line in lines), ZERO)


def _parts(due: list[Record], key: str, currency: str, raises: int) -> list[dict[str, Any]]:
    """One row per due line, each with the rest that Odoo keeps for it."""
    return [
        {
            "external_id": f"account.move.line:{line['id']}",
            "invoice_external_id": key,
            "sequence": sequence,
            "due_date": line["date_maturity"],
            "currency": currency,
            "amount": raises * exact(line["amount_currency"], currency),
            "outstanding_amount": raises * exact(line["amount_residual_currency"], currency),
            "is_derived": False,
            "parent_stream": "invoices",
            "parent_external_id": key,
        }
        for sequence, line in enumerate(due, start=1)
    ]


def _nothing_due(move: Record, key: str, currency: str) -> dict[str, Any]:
    """The one installment of an invoice over nothing, or of a voided one: due when it last was, amount 0."""
    return {
        "external_id": f"{key}:1",
        "invoice_external_id": key,
        "sequence": 1,
        "due_date": move["invoice_date_due"] or move["invoice_date"],
        "currency": currency,
        "amount": ZERO,
        "outstanding_amount": ZERO,
        "is_derived": False,
        "parent_stream": "invoices",
        "parent_external_id": key,
    }


def _due_date(parts: list[dict[str, Any]]) -> date | None:
    """Return the earliest unpaid due date, else the last one; None when an unpaid part has none."""
    unpaid = [part["due_date"] for part in parts if part["outstanding_amount"]]
    if unpaid:
        return None if None in unpaid else min(unpaid)
    return max((part["due_date"] for part in parts if part["due_date"]), default=None)


def _closed_on(move: Record) -> date | None:
    """Return the day of the last matching; what was over nothing was closed when it was made."""
    days: list[date] = [
        partial["max_date"] for line in move["due"] for partial in line["partials"] if partial["max_date"]
    ]
    made: date | None = move["invoice_date"]
    return max(days) if days else made


def _original(note: Record) -> str | None:
    """Return the invoice that a credit note was made to reverse."""
    entry = note.get("reversed_entry_id")
    return f"account.move:{entry.id}" if entry else None


def reject(move: Record, key: str, column: str) -> Reject:
    """Say of a document what keeps it out, with what a person needs to find it."""
    customer, currency = move.get("customer"), move.get("currency_id")
    code = currency.name if currency else ""
    return Reject(
        key=key,
        table="invoices",
        reason="impossible_amount" if column == "gross_amount" else "unknown_value",
        message="the due lines do not add up to the document" if column == "gross_amount"
        else f"{column} has a value that no mapping covers",
        is_open=move["state"] != "cancel" and bool(move["amount_residual"] or move["state"] != "posted"),
        column=column,
        number=number(move["name"]) or "",
        customer=f"res.partner:{customer}" if customer else "",
        currency=code,
        amount=exact(move["amount_residual"], code) if code else None,
    )  # fmt: skip
