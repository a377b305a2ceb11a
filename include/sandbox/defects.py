"""Defects on purpose: records spoilt in a way that the gate, or a warning before it, must catch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from include.money import exponent
from include.sandbox.books import Books
from include.sandbox.invoicing import new_document
from include.sandbox.records import Document, Kind, Party, Person

Spoil = Callable[[Books, datetime], Iterator[Document | Party]]


@dataclass(frozen=True, slots=True)
class Defect:
    """How to spoil records, and whether the gate stays shut for it by default."""

    spoil: Spoil
    is_critical: bool


def plant(books: Books, name: str, at: datetime) -> list[str]:
    """Plant a defect by its name, and return the ids of the records that have it.

    Raises:
        KeyError: there is no such defect.
        ValueError: the books are too small to hold it.
    """
    spoilt = list(DEFECTS[name].spoil(books, at))
    if not spoilt:
        raise ValueError(f"these books have no record in which {name} could be planted")
    for record in spoilt:
        books.touch(record, max(at, record.updated_at))
    ids = [record.id for record in spoilt]
    books.defects[name] += ids
    return ids


def _open(books: Books) -> list[Document]:
    """Return open invoices that no defect has spoilt yet, the oldest first."""
    spoilt = books.spoilt()
    return [i for i in books.kinds(Kind.INVOICE) if i.outstanding and i.due_on and i.id not in spoilt]


def _missing_due_date(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in _open(books)[:2]:
        invoice.due_on, invoice.installments = None, ()
        yield invoice


def _duplicate_number(books: Books, at: datetime) -> Iterator[Document]:
    """Two open invoices of one customer and year, the oldest there are."""
    first: dict[tuple[str, int], Document] = {}
    for invoice in _open(books):
        twin = first.setdefault((invoice.party, invoice.issued_on.year), invoice)
        if twin is not invoice:
            invoice.number = twin.number
            yield from (twin, invoice)
            return


def _unknown_currency(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in [i for i in _open(books) if not books.is_touched(i)][:1]:
        invoice.currency = "QQQ"
        yield invoice


def _missing_customer(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in _open(books)[:1]:
        invoice.party = books.new_id()
        yield invoice


def _amounts_do_not_add_up(books: Books, at: datetime) -> Iterator[Document]:
    """The rest is one minor unit more than amount less payments: what an ERP's lost rounding looks like."""
    for invoice in [i for i in _open(books) if books.is_touched(i)][:1]:
        invoice.outstanding += Decimal(1).scaleb(-(exponent(invoice.currency) or 0))
        yield invoice


def _lines_do_not_add_up(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in _open(books)[:1]:
        invoice.net += Decimal(1)
        yield invoice


def _outstanding_above_gross(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in [i for i in _open(books) if not books.is_touched(i)][:1]:
        invoice.outstanding = invoice.gross * 2
        yield invoice


def _impossible_amount(books: Books, at: datetime) -> Iterator[Document]:
    """Finer than the currency has decimals, in the books' own currency, whose totals then say how much it is."""
    whole = [i for i in _open(books) if not books.is_touched(i) and i.currency == books.entity.currency]
    for invoice in whole[:1]:
        invoice.gross += Decimal("0.00001")
        yield invoice


def _overdue(books: Books, at: datetime) -> list[Party]:
    today = books.day(at)
    late = {i.party: None for i in _open(books) if i.due_on and i.due_on < today}
    return [books.parties[key] for key in late if key in books.parties]


def _missing_email(books: Books, at: datetime) -> Iterator[Party]:
    """Half of the customers who are late cannot be written to."""
    late = _overdue(books, at)
    for party in late[: (len(late) + 1) // 2]:
        party.email = ""
        for person in party.people:
            person.email = ""
        yield party


def _several_main_contacts(books: Books, at: datetime) -> Iterator[Party]:
    for party in [party for party in books.parties.values() if party.is_customer and not party.archived][:2]:
        domain = f"{party.number.lower()}.example"
        party.people = [Person("Main", str(n), f"main.{n}@{domain}", is_main=True) for n in (1, 2)]
        yield party


def _due_before_issue(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in _open(books)[:2]:
        invoice.due_on = invoice.issued_on - timedelta(days=3)
        yield invoice


def _missing_number(books: Books, at: datetime) -> Iterator[Document]:
    for invoice in _open(books)[:1]:
        invoice.number = ""
        yield invoice


def _future_stamp(books: Books, at: datetime) -> Iterator[Document]:
    """A clock that went wrong: issued and changed next year."""
    for party in [party for party in books.parties.values() if party.is_customer][:1]:
        yield new_document(books, Kind.INVOICE, party, at + timedelta(days=400))


DEFECTS = {
    "missing_due_date": Defect(_missing_due_date, is_critical=True),
    "duplicate_number": Defect(_duplicate_number, is_critical=True),
    "unknown_currency": Defect(_unknown_currency, is_critical=True),
    "missing_customer": Defect(_missing_customer, is_critical=True),
    "amounts_do_not_add_up": Defect(_amounts_do_not_add_up, is_critical=True),
    "impossible_amount": Defect(_impossible_amount, is_critical=True),
    "outstanding_above_gross": Defect(_outstanding_above_gross, is_critical=True),
    "lines_do_not_add_up": Defect(_lines_do_not_add_up, is_critical=False),
    "missing_email": Defect(_missing_email, is_critical=False),
    "several_main_contacts": Defect(_several_main_contacts, is_critical=False),
    "due_before_issue": Defect(_due_before_issue, is_critical=False),
    "missing_number": Defect(_missing_number, is_critical=False),
    "future_stamp": Defect(_future_stamp, is_critical=False),
}
