"""Invoices, bills, credit notes, over- and prepayments as this vendor shows them."""

from __future__ import annotations

from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.invoicing import MONEY
from include.sandbox.records import Allocation, Document, Kind, State
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import Shape, dated, day, plain, updated

TYPES = {
    Kind.INVOICE: "ACCREC", Kind.BILL: "ACCPAY", Kind.CREDIT_NOTE: "ACCRECCREDIT",
    Kind.OVERPAYMENT: "RECEIVE-OVERPAYMENT", Kind.PREPAYMENT: "RECEIVE-PREPAYMENT",
    Kind.SUPPLIER_CREDIT: "ACCPAYCREDIT", Kind.SUPPLIER_PREPAYMENT: "SPEND-PREPAYMENT",
}  # fmt: skip
ID_FIELDS = {
    Kind.CREDIT_NOTE: "CreditNoteID", Kind.OVERPAYMENT: "OverpaymentID", Kind.PREPAYMENT: "PrepaymentID",
    Kind.SUPPLIER_CREDIT: "CreditNoteID", Kind.SUPPLIER_PREPAYMENT: "PrepaymentID",
}  # fmt: skip
STATUSES = {
    State.DRAFT: "DRAFT", State.SUBMITTED: "SUBMITTED", State.POSTED: "AUTHORISED", State.VOIDED: "VOIDED",
    State.DELETED: "DELETED",
}  # fmt: skip
NOTES = (Kind.CREDIT_NOTE, Kind.SUPPLIER_CREDIT)
NOT_YET = (State.DRAFT, State.SUBMITTED)


def status(document: Document) -> str:
    """Return the vendor's word for how far the document came."""
    return "PAID" if document.is_paid else STATUSES[document.state]


def amount_due(document: Document, settings: Settings) -> Decimal:
    """Return what an invoice says is due, or a credit is left; a draft already says its total."""
    if document.state in NOT_YET and settings.draft_amount_due == "total":
        return document.gross
    return document.outstanding


def amount_paid(books: Books, document: Document) -> Decimal:
    """Return the sum of an invoice's payments."""
    return sum((p.amount for p in books.payments_of(document.id) if not p.deleted), Decimal(0))


def shown_rate(rate: Decimal, settings: Settings) -> Decimal:
    """Return the exchange rate in the vendor's direction."""
    return rate if settings.rate_basis == "document_per_base" else round(1 / rate, 6)


def invoice(
    books: Books, document: Document, settings: Settings, contact: Shape, *, lines: bool, nested: bool
) -> Shape:
    """Return an invoice or a bill.

    Args:
        contact: the contact as it is shown within.
        lines: with its line items, as only a page and a single record have them.
        nested: with what settled it, which a summary lacks.
    """
    shape = {
        "Type": TYPES[document.kind], "InvoiceID": document.id, "InvoiceNumber": document.number,
        "Reference": document.reference,
    } | (_settled(books, document, settings) if nested else {}) | {
        "AmountDue": plain(amount_due(document, settings)), "AmountPaid": plain(amount_paid(books, document)),
        "AmountCredited": plain(_credited(books, document)), "SentToContact": document.sent,
        "CurrencyRate": shown_rate(document.rate, settings), "HasErrors": False, "IsDiscounted": False,
        "HasAttachments": False, "Contact": contact, **_dates(document, settings), "Status": status(document),
        **_amounts(document, lines), **updated(document.updated_at), "CurrencyCode": document.currency,
    }  # fmt: skip
    return shape | (_paid_on(document)) | dated_if("ExpectedPaymentDate", document)


def credit(books: Books, document: Document, settings: Settings, contact: Shape, *, lines: bool) -> Shape:
    """Return a credit note, an overpayment or a prepayment."""
    allocations = books.allocations_of(document.id)
    if settings.deleted_allocations == "hidden":
        allocations = [allocation for allocation in allocations if not allocation.deleted]
    applied = sum((a.amount for a in books.allocations_of(document.id) if not a.deleted), Decimal(0))
    number = {"CreditNoteNumber": document.number, "SentToContact": document.sent}
    if document.kind not in NOTES:
        number = {}
    return {
        ID_FIELDS[document.kind]: document.id, **number, "ID": document.id, "Type": TYPES[document.kind],
        "Reference": document.reference, "RemainingCredit": plain(amount_due(document, settings)),
        "Allocations": [_allocation(books, allocation) for allocation in allocations],
        "Payments": _payments(books, document, settings), "AppliedAmount": plain(applied),
        "CurrencyRate": shown_rate(document.rate, settings), "HasAttachments": False, "Contact": contact,
        **dated("Date", document.issued_on), "Status": status(document), **_amounts(document, lines),
        **updated(document.updated_at), "CurrencyCode": document.currency,
    } | (_paid_on(document) if document.kind in NOTES else {})  # fmt: skip


def dated_if(name: str, document: Document) -> Shape:
    """Return the date on which payment is expected, when somebody promised one."""
    return (
        {name: day(document.expected_on), f"{name}String": f"{document.expected_on}T00:00:00"}
        if document.expected_on
        else {}
    )


def _dates(document: Document, settings: Settings) -> Shape:
    return dated("Date", document.issued_on) | dated("DueDate", document.due_on, settings.zero_dates)


def _paid_on(document: Document) -> Shape:
    return {"FullyPaidOnDate": day(document.closed_on)} if document.is_paid and document.closed_on else {}


def _amounts(document: Document, lines: bool) -> Shape:
    untaxed = document.kind in MONEY
    return {
        "LineAmountTypes": "NoTax" if untaxed else "Exclusive",
        "LineItems": [
            {
                "LineItemID": line.id, "Description": line.description, "Quantity": line.quantity,
                "UnitAmount": plain(line.unit_price), "LineAmount": plain(line.net), "TaxAmount": plain(line.tax),
                "TaxType": "OUTPUT" if line.tax else "NONE", "AccountCode": "200", "Tracking": [],
            }
            for line in (document.lines if lines else ())
        ],
        "SubTotal": plain(document.net), "TotalTax": plain(document.tax), "Total": plain(document.gross),
    }  # fmt: skip


def _credited(books: Books, document: Document) -> Decimal:
    return sum((a.amount for a in books.allocations_of(document.id) if not a.deleted), Decimal(0))


def _settled(books: Books, document: Document, settings: Settings) -> Shape:
    """Return what settled an invoice, by the vendor's four lists."""
    found: Shape = {"Payments": _payments(books, document, settings)}
    living = [allocation for allocation in books.allocations_of(document.id) if not allocation.deleted]
    for field in dict.fromkeys(ID_FIELDS.values()):
        used = [(books.documents[a.credit], a) for a in living]
        credits_ = [(source, a) for source, a in used if ID_FIELDS[source.kind] == field]
        found[f"{field.removesuffix('ID')}s"] = [
            {field: source.id, "ID": source.id, "AppliedAmount": plain(allocation.amount),
             "CurrencyRate": shown_rate(source.rate, settings), **dated("Date", source.issued_on),
             "Total": plain(source.gross), "LineItems": [], "HasErrors": False}
            | ({"CreditNoteNumber": source.number} if source.kind in NOTES else {})
            for source, allocation in credits_
        ]  # fmt: skip
    return found


def _payments(books: Books, document: Document, settings: Settings) -> list[Shape]:
    return [
        {
            "PaymentID": payment.id, "Date": day(payment.paid_on), "Amount": plain(payment.amount),
            "Reference": payment.reference, "CurrencyRate": shown_rate(payment.rate, settings),
            "HasAccount": False, "HasValidationErrors": False,
        } | ({"BatchPaymentID": payment.batch} if payment.batch else {})
        for payment in books.payments_of(document.id)
        if not payment.deleted
    ]  # fmt: skip


def _allocation(books: Books, allocation: Allocation) -> Shape:
    return {
        "AllocationID": allocation.id, "Amount": plain(allocation.amount), "Date": day(allocation.applied_on),
        "Invoice": {
            "InvoiceID": allocation.invoice, "InvoiceNumber": books.documents[allocation.invoice].number,
            "Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [], "HasErrors": False,
            "IsDiscounted": False, "LineItems": [],
        },
        "IsDeleted": allocation.deleted,
    }  # fmt: skip
