"""What was left of a document at the end of an earlier day, from the dates of what settled it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.records import Document, State


def rest(books: Books, document: Document, day: date) -> Decimal:
    """Return what the general ledger had open for a document at the end of a day; 0 before it was issued.

    What was voided or taken back since then is left out, as a report made today leaves it out.
    """
    if document.state is not State.POSTED or document.issued_on > day:
        return Decimal(0)
    return document.gross - settled(books, document, day)


def settled(books: Books, document: Document, day: date) -> Decimal:
    """Return what payments and allocations had settled of a document at the end of a day."""
    return paid(books, document, day) + allocated(books, document, day)


def paid(books: Books, document: Document, day: date) -> Decimal:
    """Return what payments had settled of a document at the end of a day."""
    payments = books.payments_of(document.id)
    return sum((p.amount for p in payments if not p.deleted and p.paid_on <= day), Decimal(0))


def allocated(books: Books, document: Document, day: date) -> Decimal:
    """Return what a document had given or received in allocations at the end of a day."""
    allocations = books.allocations_of(document.id)
    return sum((a.amount for a in allocations if not a.deleted and a.applied_on <= day), Decimal(0))
