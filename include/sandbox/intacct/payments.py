"""Payments (receipts, uses of credits, overpayments, advances) and the details that say what each settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.credits import BANK, method, refunds
from include.sandbox.intacct.documents import Form, changed_at, current, form, is_gone, settled, state
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.receipts import Receipt, receipts
from include.sandbox.intacct.source import Source, Values, numbered, stamps
from include.sandbox.records import Allocation, Document
from include.sandbox.truth import RECEIVABLE

BAD_DEBTS = ("6700", 67)


def payments(source: Source) -> Iterator[Row]:
    """Yield every payment; a use of a credit is one of zero."""
    for receipt in receipts(source):
        yield _receipt(source, receipt)
    if source.settings.credit_applications == "own_payment":
        for books, document, name, at, day in applications(source):
            yield _application(source, books, document, source.record("application", name), at, day)
    listed = {Form.OVERPAYMENT: "ro"} | ({Form.ADVANCE: "rr"} if source.settings.advances_among_payments else {})
    for books, document in source.company.documents():
        if (record_type := listed.get(form(document, source.settings))) and not is_gone(document):
            yield _credit(source, books, document, record_type)


def gateway_payments(source: Source) -> Iterator[Row]:
    """Yield the payments of the XML gateway, which knows manual deposits as receipts that settle nothing."""
    yield from payments(source)
    for books, document in source.company.documents():
        if form(document, source.settings) is Form.DEPOSIT and not is_gone(document):
            yield _credit(source, books, document, "rp")


def allocations(source: Source) -> Iterator[tuple[Books, Allocation]]:
    """Yield the uses of credits that still count."""
    for books in source.company.entities.values():
        for allocation in books.allocations.values():
            if not allocation.deleted and books.documents[allocation.invoice].kind in RECEIVABLE:
                yield books, allocation


def applications(source: Source) -> Iterator[tuple[Books, Document, str, datetime, date]]:
    """Yield the uses of credits: books, the credit, a name, when it was made, and its day."""
    for books, allocation in allocations(source):
        yield books, books.documents[allocation.credit], allocation.id, allocation.changed_at, allocation.applied_on
    for books, refund in refunds(source):
        yield books, books.documents[refund.document], refund.id, refund.created_at, refund.paid_on


def _receipt(source: Source, receipt: Receipt) -> Row:
    books, first = receipt.parts[0]
    document = books.documents[first.document]
    values, owner = source.whose(books, document.party, receipt.owner)
    values |= numbered(source.record(*receipt.name)) | stamps(receipt.created, receipt.changed)
    values |= _header(source, books, first.currency, first.rate, first.paid_on)
    values |= _totals(receipt.amount, receipt.base_amount, Decimal(0), Decimal(0))
    values |= {
        "recordType": "rp", "state": receipt.state, "paymentMethod": method(receipt.name[1]),
        "documentNumber": first.reference or None,
        "multiEntityPayment.key": source.record(*receipt.whole) if receipt.whole else None,
    }  # fmt: skip
    if first.account == "bad_debts":
        values |= {"undepositedGLAccount.id": BAD_DEBTS[0], "undepositedGLAccount.key": BAD_DEBTS[1]}
    else:
        values |= {
            "financialEntity.entityId": BANK[0], "financialEntity.entityType": "ba", "financialEntity.name": BANK[1],
            "financialEntity.currency": books.entity.currency,
        }  # fmt: skip
    return Row(values, owner)


def _application(source: Source, books: Books, credit: Document, key: int, at: datetime, day: date) -> Row:
    values, owner = source.whose(books, credit.party)
    values |= numbered(key) | stamps(at, None) | _header(source, books, credit.currency, credit.rate, day)
    values |= _totals(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
    return Row(values | {"recordType": "rp", "state": "complete"}, owner)


def _credit(source: Source, books: Books, document: Document, record_type: str) -> Row:
    """Return an overpayment or an advance as the list of payments has it."""
    name, created = current(books, document, source.settings)
    values, owner = source.whose(books, document.party)
    values |= numbered(source.record(*name)) | stamps(created, changed_at(books, document, source.settings))
    values |= _header(source, books, document.currency, document.rate, document.issued_on)
    paid, due = settled(books, document), document.outstanding
    base = [books.in_base(amount, document.rate) for amount in (document.gross, paid, due)]
    values |= _totals(document.gross, base[0], due, base[2])
    values |= {"txnCurrency.totalPaid": paid, "baseCurrency.totalPaid": base[1]}
    values |= {
        "recordType": record_type, "state": state(books, document, source.settings),
        "paymentMethod": method(document.id), "documentNumber": document.number,
        "financialEntity.entityId": BANK[0], "financialEntity.entityType": "ba", "financialEntity.name": BANK[1],
    }  # fmt: skip
    return Row(values, owner)


def _header(source: Source, books: Books, currency: str, rate: Decimal, day: date) -> Values:
    return {
        "paidDate": day, "baseCurrency.currency": books.entity.currency, "txnCurrency.currency": currency,
        "exchangeRate.date": day, "exchangeRate.typeId": "Intacct Daily Rate", "exchangeRate.rate": source.rate(rate),
        "bankReconciliationStatus": "uncleared",
    }  # fmt: skip


def _totals(amount: Decimal, base: Decimal, due: Decimal, base_due: Decimal) -> Values:
    said: Values = {}
    for side, total, rest in (("txnCurrency", amount, due), ("baseCurrency", base, base_due)):
        said |= {
            f"{side}.totalAmount": total, f"{side}.totalPaid": total - rest, f"{side}.totalDue": rest,
            f"{side}.totalSelected": Decimal(0),
        }  # fmt: skip
    return said
