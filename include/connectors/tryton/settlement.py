"""Who paid what inside one reconciliation, where Tryton only says which lines belong together.

A reconciliation's lines add up to zero in company currency. What a payment line names itself
(`invoice_payment`) is settled first, the rest oldest first by (date, id). Amounts are split in the
lines' common currency where they have one, else by company currency, the last share of every line
taking what rounding left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from include import money

ZERO = Decimal(0)


@dataclass(slots=True)
class Side:
    """One document or movement of a reconciliation, with what it adds to the debt (negative: takes off).

    Args:
        kind: invoice, credit_note, payment, refund or write_off.
        key: external id of the document or movement.
        line: id of the move line that allocations hang on.
        pays: key of the invoice that a payment line names itself.
    """

    kind: str
    key: str
    line: int
    on: date
    currency: str
    amount: Decimal
    base: Decimal
    pays: str = ""
    left: Decimal = field(default=ZERO, init=False)
    unsaid: Decimal = field(default=ZERO, init=False)


@dataclass(frozen=True, slots=True)
class Share:
    """So much of the credit side settles so much of the debit side, each in its own currency, positive."""

    debit: Side
    credit: Side
    debit_amount: Decimal
    credit_amount: Decimal
    is_derived: bool


def settle(sides: Sequence[Side]) -> list[Share]:
    """Pair the debit sides of a reconciliation with its credit sides until nothing is left.

    A side of 0 in its own currency is an exchange difference: it settles nothing there.
    """
    ordered = sorted((side for side in sides if side.amount), key=lambda side: (side.on, side.line))
    in_common = len({side.currency for side in ordered}) == 1 and sum(side.amount for side in ordered) == 0
    for side in ordered:
        side.left = abs(side.amount if in_common else side.base)
        side.unsaid = abs(side.amount)
    debits = [side for side in ordered if side.amount > 0]
    credits = [side for side in ordered if side.amount < 0]
    is_ambiguous = len(debits) > 1 and len(credits) > 1
    named = [(d, c, False) for c in credits if c.pays for d in debits if d.key == c.pays]
    oldest_first = [(d, c, is_ambiguous) for d in debits for c in credits]
    taken = [(d, c, part, derived) for d, c, derived in named + oldest_first if (part := _take(d, c))]
    last = {id(side): n for n, (d, c, *_) in enumerate(taken) for side in (d, c)}
    shares = []
    for n, (debit, credit, part, derived) in enumerate(taken):
        of_debit = part if in_common else _proportional(debit, part, last[id(debit)] == n)
        of_credit = part if in_common else _proportional(credit, part, last[id(credit)] == n)
        shares.append(Share(debit, credit, of_debit, of_credit, derived))
    return shares


def _take(debit: Side, credit: Side) -> Decimal:
    part = min(debit.left, credit.left)
    debit.left -= part
    credit.left -= part
    return part


def _proportional(side: Side, part: Decimal, is_last: bool) -> Decimal:
    """Return a share of company currency in the side's own; the last one takes what is not said yet."""
    said = side.unsaid
    if not is_last:
        said = min(side.unsaid, rounded(part * abs(side.amount) / abs(side.base), side.currency))
    side.unsaid -= said
    return said


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount with the decimals its currency has, two where ISO 4217 does not know it."""
    digits = money.exponent(currency)
    return amount.quantize(Decimal(1).scaleb(-(2 if digits is None else digits)))
