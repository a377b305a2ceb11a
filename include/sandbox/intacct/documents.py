"""What receivable documents are in this company, under which numbers, and in which state."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from include.sandbox.books import Books
from include.sandbox.intacct.keys import Name, dice, is_every
from include.sandbox.intacct.settings import Settings
from include.sandbox.records import Document, Kind, State


class Form(StrEnum):
    """The record that the vendor makes of a document."""

    INVOICE = "invoice"
    NEGATIVE_INVOICE = "negative invoice"
    ADJUSTMENT = "adjustment"
    ADVANCE = "advance"
    OVERPAYMENT = "overpayment"
    DEPOSIT = "manual deposit"


def form(document: Document, settings: Settings) -> Form:
    """Return what the vendor makes of a document, which never changes."""
    chance = dice(document.id)
    match document.kind:
        case Kind.INVOICE:
            return Form.INVOICE
        case Kind.CREDIT_NOTE:
            return Form.NEGATIVE_INVOICE if is_every(chance, settings.negative_invoice_every) else Form.ADJUSTMENT
        case Kind.PREPAYMENT:
            return Form.ADVANCE
        case Kind.OVERPAYMENT:
            return Form.DEPOSIT if is_every(chance, settings.manual_deposit_every) else Form.OVERPAYMENT
    raise ValueError(f"{document.kind} is no receivable")


def is_order_entry(document: Document, settings: Settings) -> bool:
    """Whether an invoice comes from order entry, which deletes and re-creates it whenever it is edited."""
    return document.kind is Kind.INVOICE and dice(document.id) % 10 < settings.order_entry_of_ten


def revisions(books: Books, document: Document, settings: Settings) -> list[datetime]:
    """Return the moments at which order entry re-created an invoice under a new number."""
    return books.edits.get(document.id, []) if is_order_entry(document, settings) else []


def record_name(document: Document, revision: int) -> Name:
    """Return what identifies a document as it was re-created so many times."""
    return ("document", document.id, str(revision))


def current(books: Books, document: Document, settings: Settings) -> tuple[Name, datetime]:
    """Return what identifies the record that the document is now, and when that was created."""
    edits = revisions(books, document, settings)
    return record_name(document, len(edits)), edits[-1] if edits else document.created_at


def changed_at(books: Books, document: Document, settings: Settings) -> datetime:
    """Return when a document last changed, in the vendor's sense: what settles it may or may not count."""
    return document.updated_at if settings.payment_stamps_invoice else books.edited_at(document)


def settled(books: Books, document: Document) -> Decimal:
    """Return what payments and allocations have settled of a document."""
    paid = sum((p.amount for p in books.payments_of(document.id) if not p.deleted), Decimal(0))
    return paid + sum((a.amount for a in books.allocations_of(document.id) if not a.deleted), Decimal(0))


def state(books: Books, document: Document, settings: Settings) -> str:
    """Return the vendor's word for how far a document came."""
    if document.state in (State.DRAFT, State.SUBMITTED):
        return "draft"
    if document.state is State.VOIDED:
        return "reversed"
    if not document.outstanding:
        return "paid"
    if is_selected(document, settings):
        return "selected"
    return "partiallyPaid" if settled(books, document) else "posted"


def is_selected(document: Document, settings: Settings) -> bool:
    """Whether the rest of an invoice was chosen to be paid, as one is whose payment somebody promised."""
    return bool(document.expected_on and document.outstanding and settings.promised_invoices == "selected")


def is_gone(document: Document) -> bool:
    """Whether a document was deleted for good, as a draft is."""
    return document.state is State.DELETED
