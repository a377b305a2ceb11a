"""Tryton's customer invoices as invoices, credit notes and installments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from include.connectors.normalized import Normalized, Record, Reject

LINE_FIELDS = ("debit", "credit", "amount_second_currency", "second_currency.code", "reconciliation.date")
FIELDS = (
    "number", "reference", "description", "state", "party", "currency.code", "invoice_date", "accounting_date",
    "payment_term.name", "total_amount", "untaxed_amount", "tax_amount", "amount_to_pay",
    "create_date", "write_date", "cancel_move.origin", "cancel_move.date", "origin_invoices.total_amount",
    "lines_to_pay.maturity_date", "lines_to_pay.party", "lines_to_pay.invoice_payment",
    *(f"lines_to_pay.{name}" for name in LINE_FIELDS),
    *(f"payment_lines.{name}" for name in LINE_FIELDS),
)  # fmt: skip
STATUSES = {"draft": "draft", "validated": "draft", "posted": "open", "paid": "paid", "cancelled": "voided"}
LEDGER_STATUSES = ("open", "paid", "voided")
ZERO = Decimal(0)


def base_net(line: Record) -> Decimal:
    """Return what a line adds to the customer's debt, in company currency."""
    net: Decimal = line["debit"] - line["credit"]
    return net


def net(line: Record, currency: str) -> Decimal:
    """Return what a line adds to the customer's debt, in the document's currency."""
    second = line.get("second_currency.") or {}
    if second.get("code") == currency and line.get("amount_second_currency") is not None:
        amount: Decimal = line["amount_second_currency"]
        return amount
    return base_net(line)


def is_credited(invoice: Record) -> bool:
    """Tell an invoice that Tryton calls cancelled, but which a credit note's move settles: the ledger holds both."""
    origin = str((invoice.get("cancel_move.") or {}).get("origin") or "")
    return invoice.get("state") == "cancelled" and origin.startswith("account.invoice,")


def is_open(line: Record) -> bool:
    """Tell a due line that waits: neither reconciled nor used, as a payment, on another document."""
    return not line.get("reconciliation.") and not line.get("invoice_payment")


def owing(party: int | None, lines: list[Record]) -> int | None:
    """Return who owes: the one to whom all that is open (or all of it) was delegated, else the invoice's party."""
    due = [line for line in lines if is_open(line)] or lines
    parties = {line["party"] for line in due if line.get("party")}
    return parties.pop() if len(parties) == 1 else party


def _status(invoice: Record) -> str | None:
    """Return our status; cancelling a draft that was never posted rejects it."""
    status = STATUSES.get(invoice.get("state") or "")
    if status == "voided" and is_credited(invoice):
        return "paid"
    return "rejected" if status == "voided" and not invoice.get("number") else status


def normalize(invoice: Record, base: str, said: Normalized, web: str) -> None:
    """Add one invoice with its installments, or one credit note; what cannot be mapped gives a reject.

    Args:
        web: the address in Tryton's web client below which documents stand by id.
    """
    key = f"account.invoice:{invoice['id']}"
    status = _status(invoice)
    total = invoice.get("total_amount")
    if status is None or not isinstance(total, Decimal) or not total.is_finite():
        said.rejects.append(_reject(invoice, key, "unknown_value" if status is None else "impossible_amount"))
        return
    sign = -1 if total < 0 else 1
    is_invoice = sign == 1
    parts = due_lines(invoice, status)
    voided = status == "voided"
    due = [] if voided else parts
    rest = ZERO if status != "open" else sign * (invoice["amount_to_pay"] - _used(invoice))
    installments = _installments(invoice, due, key, rest) if is_invoice and status in LEDGER_STATUSES else []
    party = owing(invoice.get("party"), parts)
    row = {
        "external_id": key,
        "source_document_type": "account.invoice",
        "customer_external_id": f"party.party:{party}" if party else None,
        "number": invoice.get("number"),
        "title": invoice.get("description"),
        "purchase_order": invoice.get("reference"),
        "issue_date": invoice.get("invoice_date"),
        "posting_date": invoice.get("accounting_date")
        or (invoice.get("invoice_date") if status in LEDGER_STATUSES else None),
        "due_date": _due_date(parts, installments),
        "payment_terms": (invoice.get("payment_term.") or {}).get("name"),
        "currency": (invoice.get("currency.") or {}).get("code"),
        "gross_amount": ZERO if voided else sign * total,
        "net_amount": ZERO if voided else sign * invoice["untaxed_amount"],
        "tax_amount": ZERO if voided else sign * invoice["tax_amount"],
        "outstanding_amount" if is_invoice else "unapplied_amount": rest,
        "base_currency": base,
        "base_gross_amount": sign * sum(map(base_net, due), ZERO) if status in LEDGER_STATUSES else None,
        "base_outstanding_amount": sign * _base_rest(invoice, parts) if status == "open" else ZERO,
        "status": status,
        "source_status": invoice["state"],
        "written_off_amount": _written_off(invoice, base, sign) or None,
        "closed_on": invoice.get("settled_on") if status == "paid" else None,
        "voided_on": (invoice.get("cancel_move.") or {}).get("date") if voided else None,
        "gross_before_void": sign * total if voided else None,
        "original_document_external_id": None if is_invoice else _original(invoice),
        "source_url": f"{web}/{invoice['id']}",
        "source_created_at": invoice.get("create_date"),
        "source_updated_at": invoice.get("write_date") or invoice.get("create_date"),
    }
    said.add("invoices" if is_invoice else "credit_notes", row)
    for installment in installments:
        said.add("installments", installment)


def _original(note: Record) -> str | None:
    """Return the invoice that a credit note corrects, where it corrects one only."""
    origins = note.get("origin_invoices.") or []
    return f"account.invoice:{origins[0]['id']}" if len(origins) == 1 and origins[0]["total_amount"] >= 0 else None


def _used(invoice: Record) -> Decimal:
    """Return what of the document is already a payment of another one, in the document's currency.

    A credit note's line may stand among the payments of an invoice. Tryton takes it off the invoice's
    amount to pay and leaves it in the note's own, so that it would count twice.
    """
    currency = (invoice.get("currency.") or {}).get("code") or ""
    lines = [line for line in invoice.get("lines_to_pay.") or [] if not line.get("reconciliation.")]
    return sum((net(line, currency) for line in lines if not is_open(line)), ZERO)


def due_lines(invoice: Record, status: str) -> list[Record]:
    """Return the lines that are due, without pairs that cancel each other inside this invoice.

    Rescheduling (and cancelling) reconciles an invoice's own lines with one another.
    """
    groups: dict[int, Decimal] = {}
    for line in (lines := invoice.get("lines_to_pay.") or []):
        if line.get("reconciliation."):
            group = line["reconciliation."]["id"]
            groups[group] = groups.get(group, ZERO) + base_net(line)
    kept = [
        line
        for line in lines
        if not line.get("reconciliation.") or groups[line["reconciliation."]["id"]] or status == "voided"
    ]
    return sorted(kept, key=lambda line: (line.get("maturity_date") or date.max, line["id"]))


def _installments(invoice: Record, parts: list[Record], key: str, open_rest: Decimal) -> list[dict[str, Any]]:
    """One row per due line; payments not yet reconciled reduce the earliest due first, an excess the last."""
    currency = invoice["currency."]["code"]
    waiting = [p for p in invoice.get("payment_lines.") or [] if not p.get("reconciliation.")]
    paid = -sum((net(p, currency) for p in waiting), ZERO)
    rows = []
    for sequence, part in enumerate(parts, start=1):
        amount = net(part, currency)
        rest = amount if is_open(part) else ZERO
        used = min(paid, rest) if rest > 0 else ZERO
        paid -= used
        rows.append(
            {
                "external_id": f"account.move.line:{part['id']}",
                "invoice_external_id": key,
                "sequence": sequence,
                "due_date": part.get("maturity_date"),
                "currency": currency,
                "amount": amount,
                "outstanding_amount": rest - used,
                "is_derived": bool(waiting) and len(parts) > 1,
                "parent_stream": "invoices",
                "parent_external_id": key,
            }
        )
    if len(rows) == 1 and invoice["state"] == "posted":
        rows[0] |= {"amount": invoice["total_amount"], "outstanding_amount": open_rest}
    elif rows:
        rows[-1]["outstanding_amount"] -= paid
    return rows or [_nothing_due(invoice, key)]


def _nothing_due(invoice: Record, key: str) -> dict[str, Any]:
    """The one installment of an invoice over nothing, or of a voided one: due when it last was, amount 0."""
    lines = invoice.get("lines_to_pay.") or []
    return {
        "external_id": f"{key}:1",
        "invoice_external_id": key,
        "sequence": 1,
        "due_date": max((d for line in lines if (d := line.get("maturity_date"))), default=invoice.get("invoice_date")),
        "currency": invoice["currency."]["code"],
        "amount": ZERO,
        "outstanding_amount": ZERO,
        "is_derived": False,
        "parent_stream": "invoices",
        "parent_external_id": key,
    }


def _due_date(parts: list[Record], installments: list[dict[str, Any]]) -> date | None:
    """Return the earliest unpaid due date, else the last one; None when an unpaid part has none."""
    dues = [(row["due_date"], bool(row["outstanding_amount"])) for row in installments]
    dues = dues or [(part.get("maturity_date"), is_open(part)) for part in parts]
    unpaid = [due for due, is_unpaid in dues if is_unpaid]
    if unpaid:
        return None if None in unpaid else min(unpaid)
    return max((due for due, _ in dues if due), default=None)


def _base_rest(invoice: Record, parts: list[Record]) -> Decimal:
    """Return the open rest in company currency: open due lines plus payments not yet reconciled."""
    lines = [*parts, *(invoice.get("payment_lines.") or [])]
    return sum((base_net(line) for line in lines if is_open(line)), ZERO)


def _written_off(invoice: Record, base: str, sign: int) -> Decimal:
    """Return what write-offs took off the document; an exchange difference, without second currency, took nothing."""
    currency = (invoice.get("currency.") or {}).get("code") or ""
    lines = [x for x in invoice.get("write_offs") or [] if currency == base or x.get("second_currency.")]
    return max(ZERO, -sign * sum((net(line, currency) for line in lines), ZERO))


def _reject(invoice: Record, key: str, reason: str) -> Reject:
    rest = invoice.get("amount_to_pay")
    return Reject(
        key=key,
        table="invoices",
        reason=reason,
        message="the state is one that no mapping covers" if reason == "unknown_value" else "the total is no amount",
        is_open=invoice.get("state") not in ("paid", "cancelled"),
        column="status" if reason == "unknown_value" else "gross_amount",
        number=invoice.get("number") or "",
        customer=f"party.party:{invoice.get('party')}",
        currency=(invoice.get("currency.") or {}).get("code") or "",
        amount=rest if isinstance(rest, Decimal) and rest.is_finite() else None,
    )
