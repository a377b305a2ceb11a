"""The lists of this face: for each its records, the columns that may be asked, and the fields it can be ordered by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from include.sandbox.books import Books
from include.sandbox.records import Document, Kind, Party, Payment
from include.sandbox.xero import documents, payments
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.where import Column

Columns = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class List:
    """One list: `optimised` columns may always be asked, `other` ones only by a small organisation.

    `filters` are parameters that name wanted values, separated by commas, of a column.
    """

    name: str
    records: Callable[[Books], Iterable[Any]]
    optimised: Callable[[Books, Settings], Columns]
    id_field: str
    other: Callable[[Books, Settings], Columns] = lambda books, settings: {}
    filters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    order: tuple[str, ...] = ("UpdatedDateUTC", "Date")
    is_paged: bool = True


def _documents(id_field: str) -> Callable[[Books, Settings], Columns]:
    def columns(books: Books, settings: Settings) -> Columns:
        def contact(document: Document) -> Party | None:
            return books.parties.get(shown_party(books, document.party, settings))

        return {
            id_field.lower(): lambda d: d.id, "status": documents.status, "type": lambda d: documents.TYPES[d.kind],
            "date": lambda d: d.issued_on, "duedate": lambda d: d.due_on, "reference": lambda d: d.reference,
            "amountdue": lambda d: documents.amount_due(d, settings),
            "amountpaid": lambda d: documents.amount_paid(books, d),
            "contact.contactid": lambda d: shown_party(books, d.party, settings),
            "contact.name": lambda d: found.name if (found := contact(d)) else None,
            "contact.contactnumber": lambda d: found.number if (found := contact(d)) else None,
            "contact.emailaddress": lambda d: found.email if (found := contact(d)) else None,
        }  # fmt: skip

    return columns


def _other_of_documents(books: Books, settings: Settings) -> Columns:
    return {
        "invoicenumber": lambda d: d.number, "creditnotenumber": lambda d: d.number, "total": lambda d: d.gross,
        "currencycode": lambda d: d.currency, "remainingcredit": lambda d: d.outstanding,
        "senttocontact": lambda d: d.sent,
    }  # fmt: skip


def _contacts(books: Books, settings: Settings) -> Columns:
    return {
        "contactid": lambda p: p.id, "contactstatus": lambda p: "ARCHIVED" if p.archived else "ACTIVE",
        "name": lambda p: p.name, "emailaddress": lambda p: p.email, "accountnumber": lambda p: p.number,
    }  # fmt: skip


def _other_of_contacts(books: Books, settings: Settings) -> Columns:
    return {"iscustomer": lambda p: p.is_customer, "issupplier": lambda p: p.is_supplier}


def _payments(books: Books, settings: Settings) -> Columns:
    return {
        "paymentid": lambda p: p.id, "status": payments.status, "date": lambda p: p.paid_on,
        "reference": lambda p: p.reference, "paymenttype": lambda p: payments.TYPES[books.documents[p.document].kind],
        "invoice.invoiceid": lambda p: p.document,
        "invoice.contact.contactid": lambda p: shown_party(books, books.documents[p.document].party, settings),
    }  # fmt: skip


def _other_of_payments(books: Books, settings: Settings) -> Columns:
    return {"amount": lambda p: p.amount}


def shown_party(books: Books, party: str, settings: Settings) -> str:
    """Return the id of the contact with which a document is shown."""
    return books.survivor(party) if settings.merged_documents == "move" else party


def record_day(record: Document | Payment) -> Any:
    """Return the day that the vendor calls a record's Date."""
    return record.paid_on if isinstance(record, Payment) else record.issued_on


def _of(*kinds: Kind) -> Callable[[Books], Iterable[Document]]:
    return lambda books: books.kinds(*kinds)


def _credits(name: str, *kinds: Kind) -> List:
    id_field = f"{name.removesuffix('s')}ID"
    return List(name, _of(*kinds), _documents(id_field), id_field, _other_of_documents)


LISTS: Mapping[str, List] = {
    found.name.lower(): found
    for found in (
        List(
            "Contacts", lambda books: books.parties.values(), _contacts, "ContactID", _other_of_contacts,
            filters={"IDs": "contactid"}, order=("UpdatedDateUTC", "Name"),
        ),
        List(
            "Invoices", _of(Kind.INVOICE, Kind.BILL), _documents("InvoiceID"), "InvoiceID", _other_of_documents,
            filters={
                "IDs": "invoiceid", "ContactIDs": "contact.contactid", "Statuses": "status",
                "InvoiceNumbers": "invoicenumber",
            },
        ),
        _credits("CreditNotes", Kind.CREDIT_NOTE, Kind.SUPPLIER_CREDIT),
        List("Payments", lambda books: books.payments.values(), _payments, "PaymentID", _other_of_payments),
        _credits("Overpayments", Kind.OVERPAYMENT),
        _credits("Prepayments", Kind.PREPAYMENT, Kind.SUPPLIER_PREPAYMENT),
    )
}  # fmt: skip
