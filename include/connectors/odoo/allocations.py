"""Odoo's partial reconciliations as allocations: each names both lines and the amount in either's currency.

An allocation is listed by the line that is used: payment, credit note, refund, exchange difference. A payment that was
registered with a write-off has one receivable line for both; once that line is used up, the two are told apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from include import money
from include.connectors.normalized import Record
from include.connectors.odoo.values import exact

KINDS = {"payment": "payment", "credit_note": "credit", "refund": "refund", "invoice": "transfer"}
DOCUMENTS = ("invoice", "credit_note")
END = ("type", "external_id", "amount", "currency")
ZERO = Decimal(0)
Role = Callable[[Record], str]
End = tuple[str | None, str | None, Decimal | None, str | None]
"""One end of an allocation: type, key, amount, currency."""
NOTHING: End = (None, None, None, None)


def allocations(line: Record, key: str, role_of: Role) -> list[dict[str, Any]]:
    """Return what the line was used for, oldest matching first."""
    left = written_off(line, role_of)
    found: list[tuple[list[tuple[str, End, End]], Any, bool]] = []
    listed = _listed(line, role_of)
    for partial in reversed(listed):  # what a payment wrote off is the last of it that was used
        used, target = _ends(partial, line, role_of)
        share = min(left, used[2] or ZERO)
        left -= share
        found.append((_parts(used, target, share), partial["max_date"], bool(share) and len(listed) > 1))
    seen: Counter[str] = Counter()
    return [
        _row(key, kind, source, target, day, is_derived=is_derived, seen=seen)
        for parts, day, is_derived in reversed(found)
        for kind, source, target in parts
    ]


def written_off(line: Record, role_of: Role) -> Decimal:
    """Return by how much a used-up line is more than the payment that it stands for; what is not used up is whole."""
    payment, currency = line["payment"], line["currency_id"].name
    if not payment or not line["reconciled"] or not payment["currency_id"] or payment["currency_id"].name != currency:
        return ZERO
    gap = abs(exact(line["amount_currency"], currency)) - exact(payment["amount"], currency)
    used = sum((_ends(partial, line, role_of)[0][2] or ZERO for partial in _listed(line, role_of)), ZERO)
    return gap if ZERO < gap <= used else ZERO


def _listed(line: Record, role_of: Role) -> list[Record]:
    """Return the matchings that this line lists: those in which it is the one that is used."""
    return [partial for partial in line["matched"] if _lister(partial, role_of) == line["id"]]


def _lister(partial: Record, role_of: Role) -> int | None:
    """Return the line that is used; None where two exchange differences level each other."""
    debit, credit = partial["debit"], partial["credit"]
    roles = (role_of(debit), role_of(credit))
    if roles == ("difference", "difference"):
        return None
    if roles[1] == "difference" or roles[0] not in ("difference", "refund"):
        identifier: int = credit["id"]
        return identifier
    return int(debit["id"])


def _ends(partial: Record, line: Record, role_of: Role) -> tuple[End, End]:
    """Return the line's end and the other one."""
    ends: dict[str, End] = {}
    for side in ("debit", "credit"):
        at = partial[side]
        role, currency = role_of(at), partial[f"{side}_currency_id"].name
        identifier = f"account.move:{at['move_id'].id}" if role in DOCUMENTS else f"account.move.line:{at['id']}"
        amount = exact(partial[f"{side}_amount_currency"], currency)
        ends[side] = (role, identifier, amount, currency)
    mine, other = ("debit", "credit") if partial["debit"]["id"] == line["id"] else ("credit", "debit")
    return ends[mine], ends[other]


def _parts(used: End, target: End, share: Decimal) -> list[tuple[str, End, End]]:
    """Return kind, source and target: what was used, and what of it was written off; nothing where nobody moved."""
    if used[0] == "difference":
        return [("exchange_difference", NOTHING, target)] if target[2] else []
    if not used[2] and not target[2]:
        return []
    kind = KINDS[str(used[0])]
    if not share:
        return [(kind, used, target)]
    there = _proportion(target, share, used[2] or ZERO)
    write_off: tuple[str, End, End] = ("write_off", NOTHING, (*target[:2], there, target[3]))
    rest = (used[2] or ZERO) - share
    if not rest:
        return [write_off]
    return [(kind, (*used[:2], rest, used[3]), (*target[:2], (target[2] or ZERO) - there, target[3])), write_off]


def _proportion(target: End, share: Decimal, whole: Decimal) -> Decimal:
    """Return the share in the target's currency, half even."""
    amount = (target[2] or ZERO) * share / whole
    return amount.quantize(Decimal(1).scaleb(-(money.exponent(str(target[3])) or 0)), ROUND_HALF_EVEN)


def _row(
    parent: str, kind: str, source: End, target: End, on: Any, *, is_derived: bool, seen: Counter[str]
) -> dict[str, Any]:
    names = f"{source[0] or 'none'}:{source[1] or '-'}/{target[0]}:{target[1]}"
    seen[names] += 1
    return {
        "external_id": f"{parent}/{names}/{seen[names]}",
        "kind": kind,
        **dict(zip((f"source_{part}" for part in END), source, strict=True)),
        **dict(zip((f"target_{part}" for part in END), target, strict=True)),
        "applied_on": on,
        "is_derived": is_derived,
        "parent_stream": "payments",
        "parent_external_id": parent,
    }
