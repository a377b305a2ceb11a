"""Makes documents: invoices and credits with lines that add up, in the currency's own decimals."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from include.money import exponent
from include.sandbox.books import Books
from include.sandbox.places import GOODS, rate
from include.sandbox.records import Document, Installment, Kind, Line, Party, State

PREFIXES = {
    Kind.INVOICE: "INV", Kind.CREDIT_NOTE: "CN", Kind.OVERPAYMENT: "OP", Kind.PREPAYMENT: "PP", Kind.BILL: "BILL",
    Kind.SUPPLIER_CREDIT: "SC", Kind.SUPPLIER_PREPAYMENT: "SP",
}  # fmt: skip


MONEY = (Kind.OVERPAYMENT, Kind.PREPAYMENT, Kind.SUPPLIER_PREPAYMENT)
"""Money that came or went before there was an invoice for it; it has no tax."""


def new_document(
    books: Books, kind: Kind, party: Party, at: datetime, *, gross: Decimal | None = None,
    currency: str = "", state: State = State.POSTED, reference: str = "", original: str = "",
) -> Document:  # fmt: skip
    """Enter a document with the next number of its kind.

    Args:
        gross: the amount with tax; without it, one to four lines are made up.
        currency: the party's own if not given.
        original: the id of the invoice that a credit note was made from.
    """
    currency = currency or party.currency
    lines = _lines(books, currency) if gross is None else (_one_line(books, kind, currency, gross),)
    net, tax = sum((line.net for line in lines), Decimal(0)), sum((line.tax for line in lines), Decimal(0))
    books.numbers[kind] += 1
    day = books.day(at)
    posted = state is State.POSTED
    return books.add(
        Document(
            id=books.new_id(), kind=kind, number=f"{PREFIXES[kind]}-{books.numbers[kind]:05d}", party=party.id,
            issued_on=day, due_on=day + timedelta(days=party.terms) if kind in (Kind.INVOICE, Kind.BILL) else None,
            currency=currency, rate=rate(currency, books.entity.currency, day), net=net, tax=tax, gross=net + tax,
            outstanding=net + tax if posted else Decimal(0), state=state, created_at=at, updated_at=at,
            reference=reference or (f"PO {books.rng.randint(1000, 9999)}" if books.rng.random() < 0.4 else ""),
            lines=lines, sent=posted and books.rng.random() < 0.85, original=original,
        )
    )  # fmt: skip


def split(document: Document, parts: int) -> None:
    """Let the invoice be due in equal parts, a month apart; the last takes what does not divide."""
    assert document.due_on, "an invoice that is due in parts is due"
    part = round_to(document.gross / parts, document.currency)
    amounts = [part] * (parts - 1) + [document.gross - part * (parts - 1)]
    document.installments = tuple(
        Installment(document.due_on - timedelta(days=30 * (parts - 1 - n)), amount) for n, amount in enumerate(amounts)
    )


def round_to(amount: Decimal, currency: str) -> Decimal:
    """Return the amount rounded half even to what the currency has."""
    return amount.quantize(Decimal(1).scaleb(-(exponent(currency) or 0)))


def share(books: Books, amount: Decimal, currency: str, low: float = 0.2, high: float = 0.8) -> Decimal:
    """Return a part of an amount: above zero and, if the amount has room for it, below the whole."""
    unit = Decimal(1).scaleb(-(exponent(currency) or 0))
    part = round_to(amount * Decimal(f"{books.rng.uniform(low, high):.4f}"), currency)
    return min(max(part, unit), max(amount - unit, unit))


def _lines(books: Books, currency: str) -> tuple[Line, ...]:
    rng, digits = books.rng, exponent(currency) or 0
    low, high = (500, 90_000) if digits == 0 else (5 * 10**digits, 900 * 10**digits)
    lines = []
    for _ in range(rng.choice((1, 1, 2, 4))):
        quantity, price = rng.randint(1, 12), Decimal(rng.randint(low, high)).scaleb(-digits)
        net = price * quantity
        tax = round_to(net * books.entity.tax, currency) if rng.random() < 0.8 else Decimal(0).scaleb(-digits)
        lines.append(Line(books.new_id(), rng.choice(GOODS), Decimal(quantity), price, net, tax))
    return tuple(lines)


def _one_line(books: Books, kind: Kind, currency: str, gross: Decimal) -> Line:
    """Return the only line of a document whose gross is given."""
    untaxed = kind in MONEY
    net = gross if untaxed else round_to(gross / (1 + books.entity.tax), currency)
    return Line(books.new_id(), f"{kind.replace('_', ' ')}", Decimal(1), net, net, gross - net)
