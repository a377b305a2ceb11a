"""What an accountant does in NetSuite, one change each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from include.sandbox.books import Books
from include.sandbox.invoicing import new_document, share
from include.sandbox.records import Document, Kind, Line, Party, State
from tests.survival.worlds import NothingToDo

PAGE_SIZE = 7
LATE = timedelta(minutes=4)
"""How long a script takes that stamps its records with the moment of its beginning: less than the overlap."""
CREDITS = (Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT)

T = TypeVar("T")


def create(books: Books, random: Random, at: datetime) -> str:
    """Enter an invoice, approved or not, or money that comes without one."""
    kind = random.choice((Kind.INVOICE, Kind.INVOICE, Kind.INVOICE, *CREDITS))
    state = State.DRAFT if kind is Kind.INVOICE and random.random() < 0.3 else State.POSTED
    return new_document(books, kind, _customer(books, random), at, state=state).number


def change(books: Books, random: Random, at: datetime) -> str:
    """Edit what is approved and unpaid: another price."""
    invoice = _untouched(books, random)
    line = Line(books.new_id(), "changed", Decimal(1), Decimal(77), Decimal(77), Decimal(0))
    invoice.lines, invoice.installments, invoice.net, invoice.tax = (line,), (), line.net, line.tax
    invoice.gross = invoice.outstanding = line.net
    books.touch(invoice, at)
    return invoice.number


def void(books: Books, random: Random, at: datetime) -> str:
    """Void an invoice that nothing settles."""
    invoice = _untouched(books, random)
    books.void(invoice, at)
    return invoice.number


def soft_delete(books: Books, random: Random, at: datetime) -> str:
    """Take a payment back, undo an application, or make a customer inactive."""
    payments = [p for p in books.payments.values() if not p.deleted]
    used = [a for a in books.allocations.values() if not a.deleted]
    match random.randrange(3):
        case 0:
            payment = _one(random, payments)
            books.delete_payment(payment, at)
            return payment.id
        case 1:
            allocation = _one(random, used)
            books.delete_allocation(allocation, at)
            return allocation.id
    party = _one(random, [p for p in books.parties.values() if not p.archived])
    books.archive(party, at)
    return party.number


def hard_delete(books: Books, random: Random, at: datetime) -> str:
    """Delete an invoice: one that waits for approval, or one that nothing settles."""
    drafts = [d for d in books.kinds(Kind.INVOICE) if d.state is State.DRAFT]
    invoice = random.choice(drafts) if drafts and random.random() < 0.5 else _untouched(books, random)
    _delete(books, invoice, at)
    return invoice.number


def restore(books: Books, random: Random, at: datetime) -> str:
    """Make a customer active again."""
    party = _one(random, [p for p in books.parties.values() if p.archived and not p.merged_into])
    party.archived = False
    books.touch(party, at)
    return party.number


def back_date(books: Books, random: Random, at: datetime) -> str:
    """Enter an invoice of two months ago now."""
    return _dated(books, random, at, -60)


def future_date(books: Books, random: Random, at: datetime) -> str:
    """Enter an invoice of next month."""
    return _dated(books, random, at, 30)


def burst(books: Books, random: Random, at: datetime) -> str:
    """An import: more than a page, all at one second."""
    made = [new_document(books, Kind.INVOICE, _customer(books, random), at) for _ in range(PAGE_SIZE + 2)]
    return made[-1].number


def child_only(books: Books, random: Random, at: datetime) -> str:
    """Pay, apply a credit, move a part-paid invoice's due date, which no stamp shows, or delete a contact."""
    owed = [i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and i.outstanding]
    credits = [d for d in books.kinds(*CREDITS) if d.state is State.POSTED and d.outstanding]
    match random.randrange(5):
        case 0:
            invoice = _one(random, [i for i in owed if i.due_on and i.outstanding < i.gross])
            books.change_due(invoice, (invoice.due_on or books.day(at)) + timedelta(days=9), at)
        case 1:
            pairs = [(c, i) for c in credits for i in owed if (c.party, c.currency) == (i.party, i.currency)]
            credit, invoice = _one(random, pairs)
            books.allocate(credit, invoice, min(credit.outstanding, invoice.outstanding), at)
        case 2:
            invoice = _moved(books, random, owed, at)
        case 3:
            party = _one(random, [p for p in books.parties.values() if p.people and not p.merged_into])
            party.people = party.people[:-1]
            books.version += 1
            return party.number
        case _:
            invoice = _one(random, owed)
            part = min(share(books, invoice.gross, invoice.currency), invoice.outstanding)
            books.pay(invoice, random.choice((part, invoice.outstanding)), at)
    return invoice.number


def reissue(books: Books, random: Random, at: datetime) -> str:
    """Delete an invoice and enter it again: the same number under a new id."""
    old = _untouched(books, random)
    _delete(books, old, at)
    again = new_document(
        books, Kind.INVOICE, books.parties[books.survivor(old.party)], at, gross=old.gross, currency=old.currency
    )
    again.number = old.number
    return again.number


def merge(books: Books, random: Random, at: datetime) -> str:
    """Make a customer one with another; NetSuite deletes the first."""
    parties = [p for p in books.parties.values() if not p.archived and not p.parent]
    party = _one(random, [p for p in parties if not any(c.parent == p.id for c in books.parties.values())])
    books.merge(party, _one(random, [p for p in parties if p is not party]), at)
    return party.number


def late_commit(books: Books, random: Random, at: datetime) -> str:
    """An invoice, or the payment of one, shows up now, stamped with the moment at which its script began."""
    began = at - LATE
    if random.random() < 0.5:
        return new_document(books, Kind.INVOICE, _customer(books, random), began).number
    owed = (i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and i.outstanding)
    invoice = _one(random, [i for i in owed if i.updated_at < began])
    books.pay(invoice, invoice.outstanding, began)
    return invoice.number


CHANGES: Mapping[str, Callable[[Books, Random, datetime], str]] = {
    "create": create, "change": change, "void": void, "soft_delete": soft_delete, "hard_delete": hard_delete,
    "restore": restore, "back_date": back_date, "future_date": future_date, "burst": burst, "child_only": child_only,
    "reissue": reissue, "merge": merge, "late_commit": late_commit,
}  # fmt: skip


def _moved(books: Books, random: Random, owed: list[Document], at: datetime) -> Document:
    """Apply a credit elsewhere: what it settled is open again, and it has no more rest than before."""
    used = [a for a in books.allocations.values() if not a.deleted and books.documents[a.credit].kind in CREDITS]
    pairs = [(a, i) for a in used for i in owed
             if (books.documents[a.credit].party, books.documents[a.credit].currency) == (i.party, i.currency)
             and i.id != a.invoice and i.outstanding >= a.amount]  # fmt: skip
    allocation, invoice = _one(random, pairs)
    books.delete_allocation(allocation, at)
    books.allocate(books.documents[allocation.credit], invoice, allocation.amount, at)
    return invoice


def _delete(books: Books, document: Document, at: datetime) -> None:
    document.state, document.outstanding = State.DELETED, Decimal(0)
    books.touch(document, at)


def _dated(books: Books, random: Random, at: datetime, days: int) -> str:
    made = new_document(books, Kind.INVOICE, _customer(books, random), at)
    made.issued_on += timedelta(days=days)
    return made.number


def _customer(books: Books, random: Random) -> Party:
    return _one(random, [p for p in books.parties.values() if not p.archived])


def _untouched(books: Books, random: Random) -> Document:
    posted = (i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and not books.is_touched(i))
    return _one(random, [i for i in posted if i.outstanding == i.gross])


def _one(random: Random, records: list[T]) -> T:
    if not records:
        raise NothingToDo
    return random.choice(records)
