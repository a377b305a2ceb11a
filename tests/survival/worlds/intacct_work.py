"""What an accountant does in the books of a Sage Intacct company."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar

from include.sandbox.books import Books
from include.sandbox.invoicing import new_document, share
from include.sandbox.records import Document, Kind, Line, Party, Person, State
from tests.survival.worlds import NothingToDo

Change = Callable[[Books, Random, datetime], object]
LATE = timedelta(hours=2)
"""So late a list shows a change: less than the overlap."""
PAGE_SIZE = 15
CREDITS = (Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT)

T = TypeVar("T")


def fill(books: Books, now: datetime) -> None:
    """Enter what a small ledger may lack: some of every credit, so that each list has several pages."""
    parties = [p for p in books.parties.values() if not p.archived]
    for number, kind in enumerate(CREDITS * 4):
        new_document(books, kind, parties[number % len(parties)], now - timedelta(days=20 + number))


def create(books: Books, random: Random, at: datetime) -> None:
    """Enter an invoice, a draft or a credit."""
    kind = random.choice((Kind.INVOICE, Kind.INVOICE, *CREDITS))
    state = State.DRAFT if kind is Kind.INVOICE and random.random() < 0.4 else State.POSTED
    new_document(books, kind, _customer(books, random), at, state=state)


def change(books: Books, random: Random, at: datetime) -> None:
    """Edit an unpaid invoice: order entry deletes it and makes it anew."""
    invoice = _untouched(books, random)
    line = Line(books.new_id(), "changed", Decimal(1), Decimal(77), Decimal(77), Decimal(0))
    invoice.lines, invoice.installments, invoice.net, invoice.tax = (line,), (), line.net, line.tax
    invoice.gross = invoice.outstanding = line.net
    books.touch(invoice, at)


def void(books: Books, random: Random, at: datetime) -> None:
    """Reverse an invoice or a credit."""
    untouched = [d for d in books.kinds(Kind.CREDIT_NOTE) if d.outstanding and d.outstanding == d.gross]
    books.void(_one(random, [_untouched(books, random), *untouched[:1]]), at)


def soft_delete(books: Books, random: Random, at: datetime) -> None:
    """Reverse a payment, take the use of a credit back, or set a customer inactive."""
    match random.randrange(3):
        case 0:
            books.delete_payment(_one(random, [p for p in books.payments.values() if not p.deleted]), at)
        case 1:
            books.delete_allocation(_one(random, [a for a in books.allocations.values() if not a.deleted]), at)
        case _:
            books.archive(_one(random, [p for p in books.parties.values() if not p.archived]), at)


def hard_delete(books: Books, random: Random, at: datetime) -> None:
    """Delete a draft, of which nothing stays but a line in the audit trail."""
    books.void(_one(random, [d for d in books.kinds(Kind.INVOICE) if d.state is State.DRAFT]), at)


def restore(books: Books, random: Random, at: datetime) -> None:
    """Set a customer active again."""
    party = _one(random, [p for p in books.parties.values() if p.archived])
    party.archived = False
    books.touch(party, at)


def back_date(books: Books, random: Random, at: datetime) -> None:
    """Enter an invoice of two months ago now."""
    new_document(books, Kind.INVOICE, _customer(books, random), at).issued_on -= timedelta(days=60)


def future_date(books: Books, random: Random, at: datetime) -> None:
    """Enter an invoice of next month."""
    new_document(books, Kind.INVOICE, _customer(books, random), at).issued_on += timedelta(days=30)


def burst(books: Books, random: Random, at: datetime) -> None:
    """An import: more than a page, all at one moment."""
    for _ in range(PAGE_SIZE + 2):
        new_document(books, Kind.INVOICE, _customer(books, random), at)


def child_only(books: Books, random: Random, at: datetime) -> None:
    """Pay, use a credit, move a due date, or change a contact list, which stamps nothing."""
    owed = [i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and i.outstanding]
    match random.randrange(4):
        case 0:
            _list_contacts(books, random)
        case 1:
            held = [d for d in books.kinds(*CREDITS) if d.outstanding]
            pairs = [(c, i) for c in held for i in owed if (c.party, c.currency) == (i.party, i.currency)]
            credit, invoice = _one(random, pairs)
            books.allocate(credit, invoice, min(credit.outstanding, invoice.outstanding), at)
        case 2:
            part_paid = [i for i in owed if i.due_on and i.outstanding < i.gross]
            invoice = _one(random, part_paid)
            assert invoice.due_on
            books.change_due(invoice, invoice.due_on + timedelta(days=9), at)
        case _:
            invoice = _one(random, owed)
            part = min(share(books, invoice.gross, invoice.currency), invoice.outstanding)
            books.pay(invoice, random.choice((part, invoice.outstanding)), at)


def reissue(books: Books, random: Random, at: datetime) -> None:
    """Reverse an invoice and enter it again: the same number under a new key."""
    old = _untouched(books, random)
    books.void(old, at)
    party = books.parties[old.party]
    new_document(books, Kind.INVOICE, party, at, gross=old.gross, currency=old.currency).number = old.number


def late_commit(books: Books, random: Random, at: datetime) -> None:
    """An invoice, or the payment of one, shows up now, stamped with the moment two hours ago at which it was made."""
    began = at - LATE
    if random.random() < 0.5:
        new_document(books, Kind.INVOICE, _customer(books, random), began)
        return
    owed = [i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and i.outstanding]
    invoice = _one(random, [i for i in owed if i.updated_at < began])
    books.pay(invoice, invoice.outstanding, began)


CHANGES: Mapping[str, Change] = {
    made.__name__: made
    for made in (
        create, change, void, soft_delete, hard_delete, restore, back_date, future_date, burst, child_only, reissue,
        late_commit,
    )
}  # fmt: skip


def _list_contacts(books: Books, random: Random) -> None:
    """Put somebody on a customer's contact list, or take the last one off who has no other role."""
    party = _one(random, [p for p in books.parties.values() if not p.archived])
    if party.people and not (party.people[-1].is_main or party.people[-1].gets_mail) and random.random() < 0.6:
        party.people.pop()
    else:
        number = len(party.people)
        party.people.append(Person(f"Kim{number}", "Listed", f"kim{number}@people.example", gets_mail=False))
    books.version += 1


def _customer(books: Books, random: Random) -> Party:
    return _one(random, [p for p in books.parties.values() if not p.archived])


def _untouched(books: Books, random: Random) -> Document:
    posted = (i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and not books.is_touched(i))
    return _one(random, [i for i in posted if i.outstanding == i.gross])


def _one(random: Random, records: Sequence[T]) -> T:
    if not records:
        raise NothingToDo
    return random.choice(records)
