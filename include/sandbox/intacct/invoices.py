"""AR invoices: those entered by hand, those from order entry, negative ones, and what reversed them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.company import Owner
from include.sandbox.intacct.documents import (
    Form,
    changed_at,
    current,
    form,
    is_order_entry,
    is_selected,
    settled,
    state,
)
from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.people import contact_id, term_id
from include.sandbox.intacct.source import Source, Values, numbered, stamps
from include.sandbox.records import Document, Kind

VERSIONS = 10_000
"""By so much the numbers of contact versions are higher than those of their contacts."""
FORMS = (Form.INVOICE, Form.NEGATIVE_INVOICE)


def invoices(source: Source) -> Iterator[Row]:
    """Yield every invoice and every reversal of one; what was deleted is gone."""
    for books, document in source.company.documents():
        if form(document, source.settings) in FORMS and document.state != "deleted":
            yield _invoice(source, books, document)
            if document.state == "voided":
                yield _reversal(source, books, document)


def _invoice(source: Source, books: Books, document: Document) -> Row:
    settings = source.settings
    sign = 1 if form(document, settings) is Form.INVOICE else -1
    name, created = current(books, document, settings)
    values, owner = _common(source, books, document, source.record(*name))
    values |= _amounts(books, document, sign, is_selected(document, settings))
    values |= stamps(created, changed_at(books, document, settings)) | {"state": state(books, document, settings)}
    return Row(values, owner)


def _reversal(source: Source, books: Books, document: Document) -> Row:
    """Return the record by which an invoice was reversed: its amounts with the other sign, nothing due."""
    sign = -1 if form(document, source.settings) is Form.INVOICE else 1
    values, owner = _common(source, books, document, source.record("reversal", document.id))
    at = books.edited_at(document)
    values |= _amounts(books, document, sign, selected=False) | stamps(at, None)
    day = books.day(at)
    return Row(
        values
        | {
            "state": "reversal", "invoiceNumber": f"{document.number} - Reversed", "invoiceDate": day, "dueDate": day,
            "invoiceSummary.glPostingDate": day, "isSystemGeneratedDocument": True,
        },
        owner,
    )  # fmt: skip


def _common(source: Source, books: Books, document: Document, key: int) -> tuple[Values, Owner]:
    settings, entity = source.settings, books.entity
    values, owner = source.whose(books, document.party)
    ordered = is_order_entry(document, settings)
    due = document.due_on or (document.issued_on if document.kind is Kind.CREDIT_NOTE else None)
    late = (due - books.day(source.now)).days if due else None
    party = source.company.customer(books, document.party)
    contact: Values = {}
    if party:
        version = VERSIONS + source.numbers["contact"].of((party.id, "default"))
        for role in ("payTo", "returnTo"):
            contact |= {f"contacts.{role}.id": contact_id(source, party), f"contacts.{role}.key": version}
    values |= numbered(key) | contact | {
        "recordType": "ri", "invoiceNumber": document.number or None, "referenceNumber": document.reference or None,
        "salesDocument.key": key if ordered else None,
        "salesDocument.id": f"Sales Invoice-{document.number}" if ordered else None,
        "term.key": source.numbers["term"].of((term_id(party.terms),)) if party else None,
        "invoiceDate": document.issued_on, "dueDate": due,
        "invoiceSummary.id": f"Invoices: {document.issued_on:%Y/%m/%d} Batch",
        "invoiceSummary.key": int(f"{document.issued_on:%Y%m%d}"), "invoiceSummary.glPostingDate": document.issued_on,
        "currency.baseCurrency": entity.currency, "currency.txnCurrency": document.currency,
        "currency.exchangeRate.date": document.issued_on, "currency.exchangeRate.typeId": "Intacct Daily Rate",
        "currency.exchangeRate.rate": source.rate(document.rate),
        "moduleKey": "orderEntry" if ordered else "accountsReceivable",
        "isSystemGeneratedDocument": False, "dueInDays": late, "dunningCount": 0,
    }  # fmt: skip
    return values, owner


def _amounts(books: Books, document: Document, sign: int, selected: bool) -> Values:
    due, paid = document.outstanding * sign, settled(books, document) * sign
    chosen = due if selected else Decimal(0)
    said: Values = {"paymentInformation.fullyPaidDate": document.closed_on}
    for side, of in (("Base", lambda amount: books.in_base(amount, document.rate)), ("Txn", lambda amount: amount)):
        said |= {
            f"total{side}Amount": of(document.gross * sign),
            f"total{side}AmountDue": of(due),
            f"paymentInformation.total{side}AmountPaid": of(paid),
            f"paymentInformation.total{side}AmountSelectedForPayment": of(chosen),
        }
    return said
