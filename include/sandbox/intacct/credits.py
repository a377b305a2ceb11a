"""Adjustments (credit memos, and debit memos by which credits are paid back), advances and manual deposits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.company import Owner
from include.sandbox.intacct.documents import Form, changed_at, current, form, is_gone, settled, state
from include.sandbox.intacct.keys import dice
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.source import Source, Values, numbered, stamps
from include.sandbox.records import Document, Payment, State
from include.sandbox.truth import RECEIVABLE

METHODS = ("eft", "cash", "printedCheck", "creditCard")
BANK = ("BOA", "Bank of Aotearoa")


def adjustments(source: Source) -> Iterator[Row]:
    """Yield credit memos, whose amounts are negative, their reversals, and debit memos."""
    for books, document in source.company.documents():
        if form(document, source.settings) is Form.ADJUSTMENT and not is_gone(document):
            yield _credit_memo(source, books, document)
            if document.state is State.VOIDED:
                yield _reversal(source, books, document)
    for books, refund in refunds(source):
        yield _debit_memo(source, books, refund)


def refunds(source: Source) -> Iterator[tuple[Books, Payment]]:
    """Yield what was paid back to customers: of each a debit memo is made, which the credit settles."""
    for books in source.company.entities.values():
        for payment in books.payments.values():
            if payment.is_refund and not payment.deleted and books.documents[payment.document].kind in RECEIVABLE:
                yield books, payment


def _credit_memo(source: Source, books: Books, document: Document) -> Row:
    name, created = current(books, document, source.settings)
    values, owner = source.whose(books, document.party)
    values |= numbered(source.record(*name)) | stamps(created, changed_at(books, document, source.settings))
    values |= _memo(source, books, document.number, document.issued_on, document.currency, document.rate)
    values |= _totals(books, document.rate, -document.gross, -settled(books, document), -document.outstanding)
    values |= {
        "state": state(books, document, source.settings), "documentNumber": document.reference or None,
        "baseCurrency.paidDate": document.closed_on,
    }  # fmt: skip
    return Row(values, owner)


def _reversal(source: Source, books: Books, document: Document) -> Row:
    at = books.edited_at(document)
    values, owner = source.whose(books, document.party)
    values |= numbered(source.record("reversal", document.id)) | stamps(at, None)
    number = f"{document.number} - Reversed"
    values |= _memo(source, books, number, books.day(at), document.currency, document.rate)
    values |= _totals(books, document.rate, document.gross, Decimal(0), Decimal(0)) | {"state": "reversal"}
    return Row(values, owner)


def _debit_memo(source: Source, books: Books, refund: Payment) -> Row:
    """Return the debit memo of money paid back: always settled, by the credit that it takes from."""
    key = source.record("refund", refund.id)
    values, owner = source.whose(books, books.documents[refund.document].party)
    values |= numbered(key) | stamps(refund.created_at, refund.updated_at)
    rate = books.documents[refund.document].rate
    values |= _memo(source, books, f"RF-{key:05d}", refund.paid_on, refund.currency, rate)
    values |= _totals(books, rate, refund.amount, refund.amount, Decimal(0))
    values |= {"state": "paid", "documentNumber": refund.reference or None, "description": "Refund"}
    return Row(values | {"baseCurrency.paidDate": refund.paid_on}, owner)


def _memo(source: Source, books: Books, number: str, day: date, currency: str, rate: Decimal) -> Values:
    return {
        "txnType": "ra", "adjustmentNumber": number, "createdDate": day, "glPostingDate": day, "moduleKey": "4.AR",
        "baseCurrency.currency": books.entity.currency, "txnCurrency.currency": currency, "exchangeRate.date": day,
        "exchangeRate.typeId": "Intacct Daily Rate", "exchangeRate.rate": source.rate(rate),
    }  # fmt: skip


def _totals(books: Books, rate: Decimal, entered: Decimal, paid: Decimal, due: Decimal) -> Values:
    return {
        "txnCurrency.totalEntered": entered, "txnCurrency.totalPaid": paid, "txnCurrency.totalDue": due,
        "txnCurrency.totalSelected": Decimal(0), "baseCurrency.totalAmountEntered": books.in_base(entered, rate),
        "baseCurrency.totalPaid": books.in_base(paid, rate), "baseCurrency.totalDue": books.in_base(due, rate),
        "baseCurrency.totalSelected": Decimal(0),
    }  # fmt: skip


def advances(source: Source) -> Iterator[Row]:
    """Yield money that came before there was an invoice for it."""
    for books, document in source.company.documents():
        if form(document, source.settings) is Form.ADVANCE and not is_gone(document):
            yield _advance(source, books, document)


def _advance(source: Source, books: Books, document: Document) -> Row:
    values, owner = _received(source, books, document)
    paid = settled(books, document)
    prefix = "paymentInformation"
    values |= {
        "recordType": "rr", "state": state(books, document, source.settings), "advanceNumber": document.number,
        "referenceNumber": document.reference or None, f"{prefix}.paymentMethod": method(document.id),
        f"{prefix}.financialEntity.id": BANK[0], f"{prefix}.receiptDate": document.issued_on,
        f"{prefix}.paymentDate": document.issued_on, f"{prefix}.currency.baseCurrency": books.entity.currency,
        f"{prefix}.currency.txnCurrency": document.currency,
        f"{prefix}.currency.exchangeRateDate": document.issued_on,
        f"{prefix}.currency.exchangeRateTypeId": "Intacct Daily Rate",
        f"{prefix}.currency.exchangeRate": source.rate(document.rate),
        "totalEntered": books.in_base(document.gross, document.rate), "txnTotalEntered": document.gross,
        f"{prefix}.totalDue": books.in_base(document.outstanding, document.rate),
        f"{prefix}.totalTxnAmountDue": document.outstanding, f"{prefix}.totalSelected": Decimal(0),
        f"{prefix}.txnTotalSelected": Decimal(0), f"{prefix}.totalPaid": books.in_base(paid, document.rate),
        f"{prefix}.txnTotalPaid": paid, "isSystemGenerated": False,
    }  # fmt: skip
    return Row(values, owner)


def manual_deposits(source: Source) -> Iterator[Row]:
    """Yield money that somebody booked straight to the bank and a customer."""
    for books, document in source.company.documents():
        if form(document, source.settings) is not Form.DEPOSIT or is_gone(document):
            continue
        values, owner = _received(source, books, document)
        gross, paid = document.gross, settled(books, document)
        values |= {
            "recordType": "rp", "state": "confirmed", "documentNumber": document.reference or None,
            "depositId": f"{BANK[0]}-{document.number}", "financialEntity.id": BANK[0], "financialEntity.name": BANK[1],
            "currency.baseCurrency": books.entity.currency, "currency.txnCurrency": document.currency,
            "paymentInformation.paidDate": document.issued_on,
            "paymentInformation.totalAmountEntered": books.in_base(gross, document.rate),
            "paymentInformation.totalEntered": gross, "paymentInformation.txnTotalPaid": paid,
            "paymentInformation.totalPaid": books.in_base(paid, document.rate),
        }  # fmt: skip
        yield Row(values, owner)


def _received(source: Source, books: Books, document: Document) -> tuple[Values, Owner]:
    name, created = current(books, document, source.settings)
    values, owner = source.whose(books, document.party)
    changed: datetime = changed_at(books, document, source.settings)
    values |= numbered(source.record(*name)) | stamps(created, changed) | {"createdDate": document.issued_on}
    return values, owner


def method(record: str) -> str:
    """Return how a payment was made."""
    return METHODS[dice(record) % len(METHODS)]
