"""Payment details: which invoice or debit memo a payment or a credit settles, and by how much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.company import Owner
from include.sandbox.intacct.credits import refunds
from include.sandbox.intacct.documents import Form, current, form
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.payments import allocations
from include.sandbox.intacct.receipts import Receipt, receipts
from include.sandbox.intacct.source import Source, Values, numbered, stamps
from include.sandbox.records import Document

CREDITS = {  # how a detail names a credit, and its amount
    Form.ADJUSTMENT: ("arAdjustment", "adjustmentAmount"), Form.ADVANCE: ("arAdvance", "postedAdvanceAmount"),
    Form.NEGATIVE_INVOICE: ("negativeInvoice", "negativeInvoiceAmount"),
    Form.OVERPAYMENT: ("arPostedOverPayment", "postedOverPaymentAmount"),
    Form.DEPOSIT: ("arPostedOverPayment", "postedOverPaymentAmount"),
}  # fmt: skip


def payment_details(source: Source) -> Iterator[Row]:
    """Yield what settles invoices by money, by credits, and credits by debit memos."""
    for receipt in receipts(source):
        taken_back = receipt.state != "complete" and source.settings.reversed_details == "hidden"
        if not receipt.summary and not taken_back:
            yield from _of_receipt(source, receipt)
    for books, allocation in allocations(source):
        credit, invoice = books.documents[allocation.credit], books.documents[allocation.invoice]
        target: Values = {"arInvoice.key": _key(source, books, invoice)}
        values, owner = _use(source, books, credit, allocation.id, allocation.amount, allocation.changed_at)
        yield Row(values | target | _dated(allocation.applied_on), owner)
    for books, refund in refunds(source):
        credit = books.documents[refund.document]
        target = {"positiveAdjustment.key": source.record("refund", refund.id)}
        values, owner = _use(source, books, credit, refund.id, refund.amount, refund.created_at)
        yield Row(values | target | _dated(refund.paid_on), owner)


def _of_receipt(source: Source, receipt: Receipt) -> Iterator[Row]:
    payment_key = source.record(*receipt.name)
    for books, payment in receipt.parts:
        invoice = books.documents[payment.document]
        _, owner = source.whose(books, invoice.party)
        values: Values = numbered(source.numbers["detail"].of((*receipt.name, payment.id)))
        values |= stamps(receipt.created, receipt.changed) | _dated(payment.paid_on) | {
            "arPayment.key": payment_key, "arInvoice.key": _key(source, books, invoice),
            "txnCurrency.currency": payment.currency, "baseCurrency.currency": books.entity.currency,
            "txnCurrency.paymentAmount": receipt.sign * payment.amount,
            "baseCurrency.paymentAmount": receipt.sign * payment.bank_amount,
        }  # fmt: skip
        yield Row(values, owner)


def _use(
    source: Source, books: Books, credit: Document, name: str, amount: Decimal, at: datetime
) -> tuple[Values, Owner]:
    """Return what a detail says of the credit that it uses."""
    _, owner = source.whose(books, credit.party)
    reference, field = CREDITS[form(credit, source.settings)]
    if reference == "arAdvance":
        reference = source.settings.advance_reference
    own = source.settings.credit_applications == "own_payment"
    values: Values = numbered(source.numbers["detail"].of(("application", name))) | stamps(at, None)
    return values | {
        f"{reference}.key": _key(source, books, credit),
        "arPayment.key": source.record("application", name) if own else None,
        "txnCurrency.currency": credit.currency, "baseCurrency.currency": books.entity.currency,
        f"txnCurrency.{field}": amount, f"baseCurrency.{field}": books.in_base(amount, credit.rate),
    }, owner  # fmt: skip


def _key(source: Source, books: Books, document: Document) -> int:
    return source.record(*current(books, document, source.settings)[0])


def _dated(day: date) -> Values:
    return {"paymentDate": day}
