"""What becomes of an invoice: each story is what customers and accountants really do with one.

A story gets an invoice just posted and the days on which its chapters happen, in order, all before
`now`; chapters that would lie later do not happen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.invoicing import new_document, round_to, share, split
from include.sandbox.records import Document, Kind, State

Story = Callable[[Books, Document, Sequence[datetime]], None]


def stays_open(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Nobody pays; some promise to."""
    if books.rng.random() < 0.2:
        invoice.expected_on = books.day(days[-1]) + timedelta(days=14)


def paid(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Paid in full; in a foreign currency at another day's rate, so that the bank sees a difference."""
    rate = round(invoice.rate * Decimal("1.0125"), 6) if invoice.currency != books.entity.currency else None
    books.pay(invoice, invoice.outstanding, days[0], rate=rate)


def paid_together(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """One bank transfer for this invoice and the next."""
    other = new_document(books, Kind.INVOICE, books.parties[invoice.party], days[0], currency=invoice.currency)
    batch = books.new_id()
    for each in (invoice, other):
        books.pay(each, each.outstanding, days[1], batch=batch)


def paid_in_parts(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Two part payments, the second of them perhaps still to come."""
    books.pay(invoice, share(books, invoice.outstanding, invoice.currency), days[0])
    if invoice.outstanding and books.rng.random() < 0.5:
        books.pay(invoice, invoice.outstanding, days[1])


def in_installments(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Due in three parts, of which the first is paid."""
    split(invoice, 3)
    books.pay(invoice, invoice.installments[0].amount or invoice.outstanding, days[0])


def credited(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A credit note takes a part of the debt; what is left of the note, if anything, waits."""
    amount = share(books, invoice.gross, invoice.currency)
    note = _credit(books, Kind.CREDIT_NOTE, invoice, amount, days[0], reference=f"Return {invoice.number}")
    books.allocate(note, invoice, share(books, amount, invoice.currency, 0.5, 1.6), days[1])
    if books.rng.random() < 0.5:
        books.pay(invoice, invoice.outstanding, days[2])


def credited_and_refunded(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """The debt is paid, then a part is credited and paid back."""
    books.pay(invoice, invoice.outstanding, days[0])
    amount = share(books, invoice.gross, invoice.currency)
    note = _credit(books, Kind.CREDIT_NOTE, invoice, amount, days[1], reference=f"Damaged {invoice.number}")
    books.pay(note, share(books, amount, invoice.currency, 0.5, 1.6), days[2])


def overpaid(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Paid with something on top, which waits."""
    books.pay(invoice, invoice.outstanding, days[0])
    _credit(books, Kind.OVERPAYMENT, invoice, share(books, invoice.gross, invoice.currency, 0.05, 0.3), days[0])


def overpaid_and_refunded(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Paid with something on top, a part of which goes back."""
    books.pay(invoice, invoice.outstanding, days[0])
    extra = share(books, invoice.gross, invoice.currency, 0.05, 0.3)
    over = _credit(books, Kind.OVERPAYMENT, invoice, extra, days[0])
    books.pay(over, share(books, over.gross, over.currency), days[1])


def overpaid_and_used(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Paid with something on top, which settles a part of the next invoice."""
    books.pay(invoice, invoice.outstanding, days[0])
    extra = share(books, invoice.gross, invoice.currency, 0.05, 0.3)
    over = _credit(books, Kind.OVERPAYMENT, invoice, extra, days[0])
    other = new_document(books, Kind.INVOICE, books.parties[invoice.party], days[1], currency=invoice.currency)
    books.allocate(over, other, min(over.outstanding, other.outstanding), days[2])


def paid_ahead(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A prepayment settles a part of it; the rest of the prepayment waits."""
    ahead = _credit(books, Kind.PREPAYMENT, invoice, share(books, invoice.gross, invoice.currency), days[0])
    books.allocate(ahead, invoice, share(books, ahead.gross, ahead.currency), days[1])


def paid_ahead_and_refunded(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A prepayment settles a part of it; the rest of the prepayment goes back."""
    ahead = _credit(books, Kind.PREPAYMENT, invoice, share(books, invoice.gross, invoice.currency), days[0])
    books.allocate(ahead, invoice, share(books, ahead.gross, ahead.currency), days[1])
    if ahead.outstanding:
        books.pay(ahead, ahead.outstanding, days[2])


def ended_by_a_note(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A bad debt, ended by a credit note."""
    note = _credit(books, Kind.CREDIT_NOTE, invoice, invoice.outstanding, days[2], reference="Write-off bad debt")
    books.allocate(note, invoice, note.outstanding, days[2])


def ended_by_a_payment(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A bad debt, ended by a payment that no bank ever saw."""
    books.pay(invoice, invoice.outstanding, days[2], account="bad_debts", reference="Write-off")


def payment_bounced(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Paid, and the payment taken back."""
    books.delete_payment(books.pay(invoice, invoice.outstanding, days[0]), days[1])


def allocation_undone(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A credit note is used for the wrong invoice, and taken back."""
    note = _credit(books, Kind.CREDIT_NOTE, invoice, share(books, invoice.gross, invoice.currency), days[0])
    books.delete_allocation(books.allocate(note, invoice, note.outstanding, days[0]), days[1])


def note_withdrawn(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """A credit note made by mistake, and a second one that never leaves its draft."""
    books.void(
        _credit(books, Kind.CREDIT_NOTE, invoice, share(books, invoice.gross, invoice.currency), days[0]), days[1]
    )
    party, amount = books.parties[invoice.party], share(books, invoice.gross, invoice.currency)
    new_document(books, Kind.CREDIT_NOTE, party, days[1], gross=amount, currency=invoice.currency, state=State.DRAFT)


def voided(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Made by mistake."""
    books.void(invoice, days[0])


def renegotiated(books: Books, invoice: Document, days: Sequence[datetime]) -> None:
    """Part paid, then given more time, which no change date shows."""
    books.pay(invoice, share(books, invoice.gross, invoice.currency), days[0])
    if invoice.due_on:
        books.change_due(invoice, invoice.due_on + timedelta(days=21), days[1])


def _credit(
    books: Books, kind: Kind, invoice: Document, amount: Decimal, at: datetime, reference: str = ""
) -> Document:
    party = books.parties[invoice.party]
    amount = round_to(amount, invoice.currency)
    original = invoice.id if kind is Kind.CREDIT_NOTE else ""
    return new_document(
        books, kind, party, at, gross=amount, currency=invoice.currency, reference=reference, original=original
    )


STORIES: dict[Story, int] = {  # with how many of a hundred invoices have it, when all their chapters are past
    paid: 56, paid_together: 2, stays_open: 7, paid_in_parts: 6, in_installments: 2, renegotiated: 3,
    credited: 5, credited_and_refunded: 2, overpaid: 2, overpaid_and_refunded: 1, overpaid_and_used: 1,
    paid_ahead: 2, paid_ahead_and_refunded: 1, ended_by_a_note: 1, ended_by_a_payment: 1, voided: 4,
    payment_bounced: 2, allocation_undone: 1, note_withdrawn: 1,
}  # fmt: skip
