"""Purchases: what suppliers bill, credit and are paid ahead. Nobody collects it, but it shares lists with what is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.sandbox.books import Books
from include.sandbox.invoicing import new_document, share
from include.sandbox.records import Kind, Party


def purchase(books: Books, supplier: Party, at: datetime, chapters: Sequence[datetime], number: int) -> None:
    """Enter a bill, and of every four one credited, one paid ahead and two paid, if there is time for it.

    Args:
        chapters: the moments of what follows, or none.
        number: how many bills there were before.
    """
    bill = new_document(books, Kind.BILL, supplier, at)
    if not chapters:
        return
    match number % 4:
        case 0:
            amount = share(books, bill.gross, bill.currency)
            credit = new_document(
                books, Kind.SUPPLIER_CREDIT, supplier, chapters[0], gross=amount, currency=bill.currency
            )
            books.allocate(credit, bill, share(books, amount, bill.currency), chapters[1])
            books.pay(credit, credit.outstanding, chapters[2])
        case 1:
            amount = share(books, bill.gross, bill.currency)
            ahead = new_document(
                books, Kind.SUPPLIER_PREPAYMENT, supplier, chapters[0], gross=amount, currency=bill.currency
            )
            books.allocate(ahead, bill, share(books, amount, bill.currency), chapters[1])
        case _:
            books.pay(bill, bill.gross, chapters[0])
