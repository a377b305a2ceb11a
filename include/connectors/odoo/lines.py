"""Odoo's receivable lines as payments, refunds and allocations.

A receivable line is a document's own (its allocations hang on it, nothing else), an exchange difference, money or a
journal. An exchange difference that was un-reconciled settles nothing and stands for itself, as a journal.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from include.connectors.normalized import Normalized, Record, Reject
from include.connectors.odoo.allocations import allocations, written_off
from include.connectors.odoo.invoices import UnknownValue
from include.connectors.odoo.scope import DOCUMENT_TYPES, NOTE_TYPES
from include.connectors.odoo.values import exact, number

MONEY_JOURNALS = ("bank", "cash", "credit")
STATUSES = {"posted": "booked", "draft": "pending", "cancel": "voided"}
ZERO = Decimal(0)


def normalize(line: Record, said: Normalized) -> None:
    """Add what one line is and what it settles; a line without a customer gives a reject.

    Raises:
        UnknownValue: the entry's state is one that no mapping covers.
    """
    key, role = f"account.move.line:{line['id']}", role_of(line)
    if role in ("payment", "refund"):
        if line["customer"] is None:
            said.rejects.append(_nobodys(line, key, role))
            return
        said.add("payments" if role == "payment" else "refunds", _movement(line, key, role))
    for allocation in allocations(line, key, role_of):
        said.add("allocations", allocation)


def role_of(line: Record) -> str:
    """Return invoice, credit_note, difference, payment, refund, or nothing for a line over nothing."""
    kind = line["entry"]["move_type"]
    if kind in DOCUMENT_TYPES and is_due(line):
        return "credit_note" if kind in NOTE_TYPES else "invoice"
    if line["reconciled"] and line["is_of_differences"]:
        return "difference"
    amount = line["balance"] or line["amount_currency"]
    return "payment" if amount < 0 else "refund" if amount > 0 else "nothing"


def is_due(line: Record) -> bool:
    """Tell a document's line that says when it is due, in whichever word this version has for it."""
    if "exclude_from_invoice_tab" in line:
        return bool(line["exclude_from_invoice_tab"])
    return bool(line.get("display_type") == "payment_term")


def _movement(line: Record, key: str, role: str) -> dict[str, Any]:
    currency, base = line["currency_id"].name, line["base"]
    whole = abs(exact(line["amount_currency"], currency))
    status = STATUSES.get(line["parent_state"])
    if status is None:
        raise UnknownValue("status")
    is_open = status != "voided"
    money = _paid(line, currency)
    amount = whole - written_off(line, role_of)
    return {
        "external_id": key,
        "kind": _kind(line),
        "customer_external_id": f"res.partner:{line['customer']}",
        "number": number(line["move_name"]),
        "currency": currency,
        "amount": amount,
        "unapplied_amount": abs(exact(line["amount_residual_currency"], currency)) if is_open else ZERO,
        "source_total_amount": money if money is not None and money != amount else None,
        "base_currency": base,
        "base_unapplied_amount": abs(exact(line["amount_residual"], base)) if is_open else ZERO,
        "paid_on" if role == "payment" else "refunded_on": line["date"],
        "instrument": line["entry"]["journal_id"].name or None,
        "status": status,
        "on_receivable_account": True,
        "source_created_at": line["create_date"],
        "source_updated_at": line["write_date"],
    }


def _kind(line: Record) -> str:
    if line["payment"] or line["journal_type"] in MONEY_JOURNALS:
        return "payment"
    return "opening_balance" if line["is_opening"] else "journal"


def _paid(line: Record, currency: str) -> Decimal | None:
    """Return what the payment itself is over, where it is in the line's currency."""
    payment = line["payment"]
    if not payment or not payment["currency_id"] or payment["currency_id"].name != currency:
        return None
    return exact(payment["amount"], currency)


def _nobodys(line: Record, key: str, role: str) -> Reject:
    currency = line["currency_id"].name
    return Reject(
        key=key,
        table="payments" if role == "payment" else "refunds",
        reason="missing_value",
        message="a line on a receivable account names no customer",
        is_open=not line["reconciled"] and line["parent_state"] == "posted",
        column="customer_external_id",
        number=number(line["move_name"]) or "",
        currency=currency,
        amount=exact(line["amount_residual_currency"], currency),
    )
