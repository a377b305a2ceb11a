"""Tryton's receivable lines as payments, refunds and allocations.

A receivable line is an invoice's own (its allocations hang on it, nothing else), a write-off, money
or a journal. A write-off (or exchange difference) that was un-reconciled stays in the ledger and settles
nothing: it is a journal then. Allocations are listed by the line that is used: payment, credit note, refund, write-off.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from include.connectors.normalized import Normalized, Record, Reject
from include.connectors.tryton.invoices import base_net, is_credited, net
from include.connectors.tryton.settlement import Share, Side, rounded, settle
from include.connectors.tryton.shapes import UnknownValue

FIELDS = (
    "party", "debit", "credit", "amount_second_currency", "second_currency.code", "reconciliation.date",
    "invoice_payment", "description", "create_date", "write_date",
    "move.number", "move.origin", "move.date", "move.state", "move.journal.type", "move.journal.name",
    "move.create_date", "move.write_date",
)  # fmt: skip
OWNING_FIELDS = ("move", "additional_moves", "cancel_move")
OWNER_FIELDS = (
    *OWNING_FIELDS, "cancel_move.origin", "state", "total_amount", "currency.code",
    "lines_to_pay.debit", "lines_to_pay.credit",
)  # fmt: skip
MONEY_JOURNALS = ("cash", "bank", "statement")
OPENING_JOURNALS = ("situation", "opening")
OTHER_JOURNALS = ("general", "revenue", "expense", "write-off", "asset", "stock", "commission", "deposit")
STATUSES = {"posted": "booked", "draft": "pending"}
SOURCE_TYPES = {"payment": "payment", "credit_note": "credit"}
ZERO = Decimal(0)
End = tuple[str | None, str | None, Decimal | None, str | None]
"""One end of an allocation: type, key, amount, currency."""
END = ("type", "external_id", "amount", "currency")
NOTHING: End = (None, None, None, None)


def normalize(line: Record, base: str, said: Normalized) -> None:
    """Add what one line is and what it settles; a line without a customer gives a reject.

    Raises:
        UnknownValue: the entry's state or its journal's type is one that no mapping covers.
        ValueError, TypeError: an amount is no number.
    """
    if not base_net(line).is_finite():
        raise ValueError("the amount is not finite")
    key = f"account.move.line:{line['id']}"
    role = _role(line)
    if role in ("payment", "refund"):
        if not line.get("party"):
            said.rejects.append(_reject(line, key, base))
            return
        said.add("payments" if role == "payment" else "refunds", _movement(line, key, role, base))
    for allocation in _allocations(line, key, role, base):
        said.add("allocations", allocation)


def _role(line: Record) -> str:
    """Return invoice, credit_note, void, write_off, payment or refund."""
    if owner := line.get("owner"):
        if _is_void(owner):
            return "void"
        return "credit_note" if owner["total_amount"] < 0 else "invoice"
    if line["move."]["journal."]["type"] == "write-off" and line.get("reconciliation."):
        return "write_off"
    return "payment" if base_net(line) < 0 else "refund"


def _is_void(owner: Record) -> bool:
    return owner["state"] == "cancelled" and not is_credited(owner)


def _currency(line: Record, base: str) -> str:
    return (line.get("second_currency.") or {}).get("code") or base


def _movement(line: Record, key: str, role: str, base: str) -> dict[str, Any]:
    currency = _currency(line, base)
    amount = abs(net(line, currency))
    is_used = bool(line.get("reconciliation.") or line.get("invoice_payment"))
    journal = line["move."]["journal."]
    status = STATUSES.get(line["move."]["state"])
    if status is None:
        raise UnknownValue("status")
    if journal["type"] not in (*MONEY_JOURNALS, *OPENING_JOURNALS, *OTHER_JOURNALS):
        raise UnknownValue("kind")
    kind = "journal"
    if journal["type"] in MONEY_JOURNALS or line.get("invoice_payment"):
        kind = "payment"
    elif journal["type"] in OPENING_JOURNALS:
        kind = "opening_balance"
    return {
        "external_id": key,
        "kind": kind,
        "customer_external_id": f"party.party:{line['party']}",
        "number": line["move."].get("number"),
        "currency": currency,
        "amount": amount,
        "unapplied_amount": ZERO if is_used else amount,
        "base_currency": base,
        "base_unapplied_amount": ZERO if is_used else abs(base_net(line)),
        "paid_on" if role == "payment" else "refunded_on": line["move."].get("date"),
        "instrument": journal.get("name"),
        "status": status,
        "on_receivable_account": True,
        "source_created_at": line.get("create_date"),
        "source_updated_at": line.get("write_date") or line.get("create_date"),
    }


def _allocations(line: Record, key: str, role: str, base: str) -> list[dict[str, Any]]:
    if line.get("reconciliation."):
        shares = settle([_side(member, base) for member in _members(line)])
        mine = [share for share in shares if _lister(share).line == line["id"] and not _levels_write_offs(share)]
        return [_row(share, key, n) for n, share in enumerate(mine, start=1)]
    if role != "void" and line.get("invoice_payment"):
        return [_partial(line, key, role, base)]
    return []


def _members(line: Record) -> list[Record]:
    """Return a reconciliation's lines, an invoice's own ones as one, pairs that cancel each other left out.

    Where all else is in one second currency, a write-off journal's line without it is an exchange
    difference: it levels company currency and settles nothing in the documents' own.
    """
    members: dict[str, Record] = {}
    in_second = all(m.get("second_currency.") for m in line["group"] if _role(m) != "write_off")
    for member in sorted(line["group"], key=lambda m: int(m["id"])):
        owner = member.get("owner")
        if owner and _is_void(owner):
            continue
        if in_second and _role(member) == "write_off" and not member.get("second_currency."):
            continue
        name = f"invoice {owner['id']}" if owner else f"line {member['id']}"
        if name in members:
            before = members[name]
            members[name] = before | {
                column: before[column] + member[column]
                for column in ("debit", "credit", "amount_second_currency")
                if before.get(column) is not None and member.get(column) is not None
            }
        else:
            members[name] = member
    return [member for member in members.values() if base_net(member)]


def _side(line: Record, base: str) -> Side:
    role = _role(line)
    owner = line.get("owner")
    currency = _currency(line, base)
    return Side(
        kind=role,
        key=f"account.invoice:{owner['id']}" if owner else f"account.move.line:{line['id']}",
        line=line["id"],
        on=line["move."]["date"],
        currency=currency,
        amount=net(line, currency),
        base=base_net(line),
        pays=f"account.invoice:{line['invoice_payment']}" if line.get("invoice_payment") and not owner else "",
    )


def _lister(share: Share) -> Side:
    """Return the side whose line lists the allocation: the one that is used up by it."""
    if share.debit.kind == "refund" and share.credit.kind != "write_off":
        return share.debit
    if share.debit.kind == "write_off":
        return share.debit
    return share.credit


def _levels_write_offs(share: Share) -> bool:
    """A write-off that was cancelled and the entry that cancels it settle nothing but each other."""
    return share.debit.kind == share.credit.kind == "write_off"


def _row(share: Share, parent: str, ordinal: int) -> dict[str, Any]:
    """Say one share as an allocation: the lister is the source, write-offs have none."""
    source = _lister(share)
    target = share.credit if source is share.debit else share.debit
    source_amount = share.debit_amount if source is share.debit else share.credit_amount
    target_amount = share.credit_amount if source is share.debit else share.debit_amount
    is_write_off = source.kind == "write_off"
    kind = "write_off" if is_write_off else "refund" if source.kind == "refund" else SOURCE_TYPES[source.kind]
    return _allocation(
        parent, ordinal, kind,
        NOTHING if is_write_off else (source.kind, source.key, source_amount, source.currency),
        (target.kind, target.key, target_amount, target.currency),
        max(share.debit.on, share.credit.on), is_derived=share.is_derived,
    )  # fmt: skip


def _partial(line: Record, key: str, role: str, base: str) -> dict[str, Any]:
    """What names the document it pays and is not reconciled yet is used as a whole."""
    document = line["pays"]
    currency, wanted = _currency(line, base), document["currency."]["code"]
    amount = abs(net(line, currency))
    in_base = sum((base_net(part) for part in document["lines_to_pay."]), ZERO)
    there = amount
    if currency != wanted and in_base:
        there = rounded(abs(base_net(line)) * abs(document["total_amount"]) / abs(in_base), wanted)
    used_key = f"account.invoice:{line['owner']['id']}" if line.get("owner") else key
    document_type = "invoice" if document["total_amount"] >= 0 else "credit_note"
    used = (role, used_key, amount, currency)
    paid = (document_type, f"account.invoice:{document['id']}", there, wanted)
    source, target = (paid, used) if role == "invoice" else (used, paid)
    kind = role if role in ("payment", "refund") else "credit"
    return _allocation(key, 1, kind, source, target, line["move."]["date"], is_derived=currency != wanted)


def _allocation(
    parent: str, ordinal: int, kind: str, source: End, target: End, on: Any, *, is_derived: bool
) -> dict[str, Any]:
    names = f"{source[0] or 'none'}:{source[1] or '-'}/{target[0]}:{target[1]}"
    return {
        "external_id": f"{parent}/{names}/{ordinal}",
        "kind": kind,
        **dict(zip((f"source_{part}" for part in END), source, strict=True)),
        **dict(zip((f"target_{part}" for part in END), target, strict=True)),
        "applied_on": on,
        "is_derived": is_derived,
        "parent_stream": "payments",
        "parent_external_id": parent,
    }


def _reject(line: Record, key: str, base: str) -> Reject:
    return Reject(
        key=key,
        table="payments" if base_net(line) < 0 else "refunds",
        reason="missing_value",
        message="a line on a receivable account names no customer",
        is_open=not line.get("reconciliation."),
        column="customer_external_id",
        number=line["move."].get("number") or "",
        currency=_currency(line, base),
        amount=net(line, _currency(line, base)),
    )
