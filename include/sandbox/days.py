"""One day's business: what may happen to receivables between one night and the next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from include.sandbox.books import Books
from include.sandbox.invoicing import new_document, share
from include.sandbox.parties import new_party
from include.sandbox.purchases import purchase
from include.sandbox.records import Document, Kind, Party, State

T = TypeVar("T")
DAY = timedelta(days=1)
BUSY = 400
"""So many invoices in the books bring one more invoice, and one more payment, a day."""


def day(books: Books, start: datetime) -> None:
    """Let everything happen once between `start` and a day later; each at a moment of its own."""
    clock = _moments(books, start)
    spoilt = books.spoilt()
    posted = [invoice for invoice in books.kinds(Kind.INVOICE) if invoice.id not in spoilt]
    some = 2 + len(posted) // BUSY
    _sales(books, some, clock)
    purchase(books, books.rng.choice(list(books.parties.values())), next(clock), (), 0)
    _payments(books, [i for i in posted if i.state is State.POSTED and i.outstanding], some, clock)
    _credits(books, clock)
    _corrections(books, posted, clock)
    _customers(books, clock)


def _moments(books: Books, start: datetime) -> Iterator[datetime]:
    """Yield moments, each after the one before, that never reach the next day."""
    at, left = start, DAY - timedelta(hours=1)
    while True:
        step = left * books.rng.uniform(0.001, 0.01)
        at, left = at + step, left - step
        yield at.replace(microsecond=at.microsecond // 1000 * 1000)


def _sales(books: Books, some: int, clock: Iterator[datetime]) -> None:
    """New invoices: to a customer, to a new one, to one who only ever sold to us; and a draft is approved."""
    parties = [party for party in books.parties.values() if not party.archived]
    drafts = [d for d in books.kinds(Kind.INVOICE) if d.state in (State.DRAFT, State.SUBMITTED)]
    for draft in _first(books, drafts):
        books.approve(draft, next(clock))
    for _ in range(some):
        new_document(books, Kind.INVOICE, books.rng.choice(parties), next(clock))
    new_document(books, Kind.INVOICE, new_party(books, next(clock)), next(clock))
    for supplier in _first(books, [party for party in parties if party.is_supplier and not party.is_customer]):
        new_document(books, Kind.INVOICE, supplier, next(clock))
    new_document(books, Kind.INVOICE, books.rng.choice(parties), next(clock), state=State.DRAFT)


def _payments(books: Books, open_invoices: list[Document], some: int, clock: Iterator[datetime]) -> None:
    """Whole payments, a part payment, one with too much, one ahead of its invoice."""
    debts = books.rng.sample(open_invoices, min(some + 2, len(open_invoices)))
    for number, invoice in enumerate(debts):
        match number:
            case 0:
                books.pay(invoice, min(share(books, invoice.gross, invoice.currency), invoice.outstanding), next(clock))
            case 1:
                at = next(clock)
                books.pay(invoice, invoice.outstanding, at)
                _received(books, Kind.OVERPAYMENT, invoice, at)
            case 2:
                ahead = _received(books, Kind.PREPAYMENT, invoice, next(clock))
                books.allocate(ahead, invoice, min(ahead.outstanding, invoice.outstanding), next(clock))
            case _:
                books.pay(invoice, invoice.outstanding, next(clock))
    spoilt = books.spoilt()
    living = [p for p in books.payments.values() if not p.deleted and not p.is_refund and p.document not in spoilt]
    for payment in _first(books, living[-200:]):
        books.delete_payment(payment, next(clock))


def _received(books: Books, kind: Kind, invoice: Document, at: datetime) -> Document:
    amount = share(books, invoice.gross, invoice.currency, 0.1, 0.4)
    return new_document(books, kind, books.parties[invoice.party], at, gross=amount, currency=invoice.currency)


def _credits(books: Books, clock: Iterator[datetime]) -> None:
    """A new credit note is used, a waiting credit is used, another one paid back, a use is undone."""
    owed = _owed(books)
    for invoice in _first(books, list(owed)):
        amount = min(share(books, invoice.gross, invoice.currency), invoice.outstanding)
        note = new_document(
            books, Kind.CREDIT_NOTE, books.parties[invoice.party], next(clock), gross=amount,
            currency=invoice.currency, original=invoice.id,
        )  # fmt: skip
        books.allocate(note, invoice, note.outstanding, next(clock))
    credits_ = [d for d in books.kinds(Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT) if d.outstanding]
    books.rng.shuffle(credits_)
    for credit, invoice in ((c, i) for c in credits_ for i in _owed(books) if _fit(c, i)):
        books.allocate(credit, invoice, min(credit.outstanding, invoice.outstanding), next(clock))
        break
    for credit in [credit for credit in credits_ if credit.outstanding][:1]:
        books.pay(credit, credit.outstanding, next(clock))
    spoilt = books.spoilt()
    for allocation in _first(
        books, [a for a in books.allocations.values() if not a.deleted and a.invoice not in spoilt][-100:]
    ):
        books.delete_allocation(allocation, next(clock))


def _corrections(books: Books, invoices: list[Document], clock: Iterator[datetime]) -> None:
    """An invoice is voided, a draft deleted, and due dates move, also where no stamp shows it."""
    untouched = [
        i for i in invoices if i.state is State.POSTED and i.outstanding == i.gross and not books.is_touched(i)
    ]
    for invoice in _first(books, untouched):
        books.void(invoice, next(clock))
    for draft in _first(books, [i for i in invoices if i.state is State.DRAFT]):
        books.void(draft, next(clock))
    part_paid = [i for i in invoices if i.due_on and 0 < i.outstanding < i.gross]
    for invoice in (*_first(books, part_paid), *_first(books, [i for i in untouched if i.due_on and i.outstanding])):
        assert invoice.due_on, "filtered above"
        books.change_due(invoice, invoice.due_on + timedelta(days=books.rng.randint(7, 40)), next(clock))


def _customers(books: Books, clock: Iterator[datetime]) -> None:
    """A customer is edited, one archived, one merged into another."""
    active = [party for party in books.parties.values() if _is_free(party)]
    if len(active) < 6:
        return
    edited, archived, merged, into = books.rng.sample(active, 4)
    edited.email, edited.mobile = f"billing@{edited.email.partition('@')[2] or 'new.example'}", "21 999 111"
    books.touch(edited, next(clock))
    books.archive(archived, next(clock))
    if _may_merge(merged, into):
        books.merge(merged, into, next(clock))


def _is_free(party: Party) -> bool:
    """Whether one entity alone may change a customer: one whom a group shares is nobody's own."""
    return party.is_customer and not (party.archived or party.shared or party.represents)


def _may_merge(party: Party, into: Party) -> bool:
    return party.parent != into.id and into.parent != party.id


def _owed(books: Books) -> Iterator[Document]:
    spoilt = books.spoilt()
    return (invoice for invoice in books.kinds(Kind.INVOICE) if invoice.outstanding and invoice.id not in spoilt)


def _fit(credit: Document, invoice: Document) -> bool:
    return credit.party == invoice.party and credit.currency == invoice.currency


def _first(books: Books, records: list[T]) -> list[T]:
    """Return one record by chance, or none if there is none."""
    return [books.rng.choice(records)] if records else []
