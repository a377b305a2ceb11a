"""The general ledger in base currency: what each account of this face amounts to at the end of a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from include.sandbox import history
from include.sandbox.books import Books
from include.sandbox.invoicing import MONEY
from include.sandbox.places import PER_EURO, rate
from include.sandbox.records import PURCHASES, Document, Kind, State
from include.sandbox.xero.accounts import ACCOUNTS
from include.sandbox.xero.settings import Settings

DEBITS = (Kind.INVOICE, Kind.SUPPLIER_CREDIT, Kind.SUPPLIER_PREPAYMENT)
"""What stands on the debit side of its control account."""


def trial_balance(books: Books, day: date, settings: Settings) -> dict[str, Decimal]:
    """Return every account's balance, debits positive; together they are zero."""
    amounts = dict.fromkeys(ACCOUNTS, Decimal(0))
    for document in books.documents.values():
        if document.state is State.POSTED and document.issued_on <= day:
            _post(books, document, day, settings, amounts)
    for payment in books.payments.values():
        if not payment.deleted and payment.paid_on <= day:
            kind = books.documents[payment.document].kind
            amounts[payment.account] += payment.bank_amount if kind in DEBITS else -payment.bank_amount
    amounts["currency_gains"] = -sum(amounts.values(), Decimal(0))  # what rates and rounding made of it all
    return amounts


def _post(books: Books, document: Document, day: date, settings: Settings, amounts: dict[str, Decimal]) -> None:
    """Add a document: what is left of it on the control account, its net and tax or its money on the other side."""
    rest = books.in_base(history.rest(books, document, day), _rate(books, document, day, settings))
    net, tax = (books.in_base(amount, document.rate) for amount in (document.net, document.tax))
    control = "payable" if document.kind in PURCHASES else "receivable"
    sign = 1 if document.kind in DEBITS else -1
    amounts[control] += rest * sign
    if document.kind in MONEY:
        amounts["bank"] -= net * sign
        return
    amounts["sales"] -= net * sign
    amounts["tax"] -= tax * sign


def _rate(books: Books, document: Document, day: date, settings: Settings) -> Decimal:
    if settings.trial_balance == "document_rate" or document.currency not in PER_EURO:
        return document.rate
    return rate(document.currency, books.entity.currency, day)
