"""Payments as this vendor shows them: money in for an invoice, out for a bill, and refunds of credits."""

from __future__ import annotations

from include.sandbox.books import Books
from include.sandbox.records import Document, Kind, Payment
from include.sandbox.xero import accounts
from include.sandbox.xero.documents import shown_rate
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import Shape, day, plain, updated

TYPES = {
    Kind.INVOICE: "ACCRECPAYMENT", Kind.BILL: "ACCPAYPAYMENT", Kind.CREDIT_NOTE: "ARCREDITPAYMENT",
    Kind.OVERPAYMENT: "AROVERPAYMENTPAYMENT", Kind.PREPAYMENT: "ARPREPAYMENTPAYMENT",
}  # fmt: skip
PAID = {
    Kind.INVOICE: "ACCREC", Kind.BILL: "ACCPAY", Kind.CREDIT_NOTE: "ACCRECCREDIT",
    Kind.OVERPAYMENT: "AROVERPAYMENT", Kind.PREPAYMENT: "ARPREPAYMENT",
}  # fmt: skip
"""What a payment calls the document it settles; beyond invoices and credit notes inferred."""


def status(payment: Payment) -> str:
    """Return the vendor's word for whether the payment still counts."""
    return "DELETED" if payment.deleted else "AUTHORISED"


def payment(books: Books, record: Payment, settings: Settings, contact: Shape) -> Shape:
    """Return a payment with the document it settles; in every list alike."""
    document = books.documents[record.document]
    batch = {"BatchPaymentID": record.batch, "BatchPayment": _batch(record)} if record.batch else {}
    return batch | {
        "PaymentID": record.id, "Date": day(record.paid_on), "BankAmount": plain(record.bank_amount),
        "Amount": plain(record.amount), "Reference": record.reference,
        "CurrencyRate": shown_rate(record.rate, settings), "PaymentType": TYPES[document.kind],
        "Status": status(record), **updated(record.updated_at), "HasAccount": True, "IsReconciled": False,
        "Account": accounts.reference(books, record.account), "Invoice": _document(document, contact),
        "HasValidationErrors": False,
    }  # fmt: skip


def _document(document: Document, contact: Shape) -> Shape:
    return {
        "Type": PAID[document.kind], "InvoiceID": document.id, "InvoiceNumber": document.number, "Payments": [],
        "CreditNotes": [], "Prepayments": [], "Overpayments": [], "HasErrors": False, "IsDiscounted": False,
        "Contact": contact, "LineItems": [], "CurrencyCode": document.currency,
    }  # fmt: skip


def _batch(record: Payment) -> Shape:
    return {
        "BatchPaymentID": record.batch, "Date": day(record.paid_on), "Type": "RECBATCH", "Status": status(record),
        "TotalAmount": str(plain(record.amount)),
    }  # fmt: skip
