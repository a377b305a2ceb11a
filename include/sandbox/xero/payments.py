"""Payments as this vendor shows them: money in for an invoice, out for a bill, and refunds of credits."""

from __future__ import annotations

from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.records import Document, Kind, Payment
from include.sandbox.xero import accounts
from include.sandbox.xero.documents import shown_rate
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import Shape, day, moment, plain, updated

TYPES = {
    Kind.INVOICE: "ACCRECPAYMENT", Kind.BILL: "ACCPAYPAYMENT", Kind.CREDIT_NOTE: "ARCREDITPAYMENT",
    Kind.OVERPAYMENT: "AROVERPAYMENTPAYMENT", Kind.PREPAYMENT: "ARPREPAYMENTPAYMENT",
    Kind.SUPPLIER_CREDIT: "APCREDITPAYMENT", Kind.SUPPLIER_PREPAYMENT: "APPREPAYMENTPAYMENT",
}  # fmt: skip
PAID = {
    Kind.INVOICE: "ACCREC", Kind.BILL: "ACCPAY", Kind.CREDIT_NOTE: "ACCRECCREDIT",
    Kind.OVERPAYMENT: "AROVERPAYMENT", Kind.PREPAYMENT: "ARPREPAYMENT", Kind.SUPPLIER_CREDIT: "ACCPAYCREDIT",
    Kind.SUPPLIER_PREPAYMENT: "APPREPAYMENT",
}  # fmt: skip
"""What a payment calls the document it settles; beyond invoices and credit notes inferred."""


def status(payment: Payment) -> str:
    """Return the vendor's word for whether the payment still counts."""
    return "DELETED" if payment.deleted else "AUTHORISED"


def payment(books: Books, record: Payment, settings: Settings, contact: Shape) -> Shape:
    """Return a payment with the document it settles; in every list alike."""
    document = books.documents[record.document]
    together = {"BatchPaymentID": record.batch, "BatchPayment": _within(books, record.batch)} if record.batch else {}
    return together | {
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


def batch(books: Books, key: str) -> Shape:
    """Return a bank transfer that settled several documents."""
    payments = books.batches[key]
    living = [payment for payment in payments if not payment.deleted]
    total = sum((payment.amount for payment in living), Decimal(0))
    return {
        "BatchPaymentID": key, "Account": accounts.reference(books, payments[0].account),
        "Date": day(payments[0].paid_on), "Type": "RECBATCH", "Status": "AUTHORISED" if living else "DELETED",
        "TotalAmount": plain(total), "UpdatedDateUTC": moment(max(p.updated_at for p in payments)),
    }  # fmt: skip


def _within(books: Books, key: str) -> Shape:
    """Return a bank transfer as each of its payments shows it: there its total is text."""
    shape = batch(books, key)
    return shape | {"TotalAmount": str(shape["TotalAmount"])}


def parts(books: Books, key: str) -> list[Shape]:
    """Return the payments of a bank transfer, as it lists them."""
    return [
        {"PaymentID": p.id, "Amount": plain(p.amount), "Invoice": {"InvoiceID": p.document}} for p in books.batches[key]
    ]
