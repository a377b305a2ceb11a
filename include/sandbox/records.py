"""What stands in the books: parties, documents, payments and allocations, as no vendor in particular has them.

Amounts are positive `Decimal`s in the currency beside them, times aware UTC, days the entity's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    OVERPAYMENT = "overpayment"
    PREPAYMENT = "prepayment"
    BILL = "bill"
    SUPPLIER_CREDIT = "supplier_credit"
    SUPPLIER_PREPAYMENT = "supplier_prepayment"


PURCHASES = (Kind.BILL, Kind.SUPPLIER_CREDIT, Kind.SUPPLIER_PREPAYMENT)
"""What is owed to suppliers: beside receivables, but in the same lists of many a vendor."""


class State(StrEnum):
    """How far a document came; paid is what is posted and has nothing left."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    POSTED = "posted"
    VOIDED = "voided"
    DELETED = "deleted"


@dataclass(slots=True)
class Person:
    """Someone who works for a party."""

    first_name: str
    last_name: str
    email: str
    gets_mail: bool = True
    is_main: bool = False


@dataclass(slots=True)
class Address:
    """Where a party is; `country` as people write it."""

    line1: str
    city: str
    postal_code: str
    region: str
    country: str


@dataclass(slots=True)
class Party:
    """A customer, a supplier, or both.

    `parent` is the id of the party above, `merged_into` of the one it became. `terms` are days until due.
    """

    id: str
    number: str
    name: str
    legal_name: str
    currency: str
    address: Address
    created_at: datetime
    updated_at: datetime
    email: str = ""
    people: list[Person] = field(default_factory=list)
    mobile: str = ""
    office_phone: str = ""
    vat_number: str = ""
    registration_number: str = ""
    terms: int = 30
    parent: str = ""
    merged_into: str = ""
    archived: bool = False
    is_customer: bool = False
    is_supplier: bool = False
    shared: str = ""
    """Of a customer whom several entities of a group bill: the id of the party that all of them are."""
    represents: str = ""
    """Of a customer that is an entity of the group itself: the entity's id."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document: net and tax are its own share of the document's."""

    id: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Installment:
    """A part of an invoice with a due date of its own."""

    due_on: date
    amount: Decimal


@dataclass(slots=True)
class Document:
    """An invoice, or something that reduces invoices and may have a rest of its own.

    `outstanding` is what is still to be paid, or of a credit what is still to be used; 0 unless posted.
    `rate` is units of `currency` per unit of the entity's base currency, six decimals.
    """

    id: str
    kind: Kind
    number: str
    party: str
    issued_on: date
    due_on: date | None
    currency: str
    rate: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    outstanding: Decimal
    state: State
    created_at: datetime
    updated_at: datetime
    reference: str = ""
    lines: tuple[Line, ...] = ()
    installments: tuple[Installment, ...] = ()
    sent: bool = False
    expected_on: date | None = None
    closed_on: date | None = None
    original: str = ""
    """Of a credit note: the id of the invoice it was made from, if any."""

    @property
    def is_paid(self) -> bool:
        """Whether it is posted and nothing is left of it."""
        return self.state is State.POSTED and not self.outstanding


@dataclass(slots=True)
class Payment:
    """Money that settles one document: in for an invoice, out again for a credit (a refund).

    Payments of one bank transfer share `batch`. `bank_amount` is in the currency of the bank account,
    the base currency; `account` is "bank" or "bad_debts" (a write-off booked as a payment).
    """

    id: str
    document: str
    amount: Decimal
    currency: str
    rate: Decimal
    bank_amount: Decimal
    paid_on: date
    created_at: datetime
    updated_at: datetime
    is_refund: bool = False
    account: str = "bank"
    reference: str = ""
    batch: str = ""
    deleted: bool = False


@dataclass(slots=True)
class Allocation:
    """A part of a credit's rest, used for an invoice of the same currency; `changed_at` is when, or when undone."""

    id: str
    credit: str
    invoice: str
    amount: Decimal
    applied_on: date
    changed_at: datetime
    deleted: bool = False
