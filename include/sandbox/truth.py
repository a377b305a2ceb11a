"""The truth: what the books of an entity amount to, computed from their records and never from a stored rest."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.records import PURCHASES, Document, Kind, Payment, State

RECEIVABLE = (Kind.INVOICE, Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT)


@dataclass(frozen=True, slots=True)
class Balance:
    """What one document says in the end; `party` is the survivor where customers were merged."""

    kind: Kind
    number: str
    party: str
    currency: str
    state: State
    gross: Decimal
    outstanding: Decimal
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Link:
    """One part of a document that something settles; `source` is a payment's or a credit's id.

    A refund's target is the credit that it pays back.
    """

    kind: str
    source: str
    target: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that a warehouse must agree with, to the minor unit."""

    entity: str
    currency: str
    documents: dict[str, Balance]
    """Every receivable document ever made, by id; drafts and voided ones have nothing outstanding."""
    links: tuple[Link, ...]
    """Deleted payments and allocations are none."""
    parties: dict[tuple[str, str], Decimal]
    """By party and currency: invoices less credits not used."""
    totals: dict[str, Decimal]
    """The same by currency."""
    owed: dict[str, Decimal]
    """By currency: invoices alone."""
    base_total: Decimal
    """The totals in base currency, each document at its own rate, rounded one by one."""
    counts: dict[str, int]
    """How many records of each kind and state, as `invoice/posted`, `payment`, `payment/deleted`, `customer`."""


def of(books: Books) -> Truth:
    """Compute the truth of these books."""
    links = tuple(_links(books))
    settled: dict[str, Decimal] = defaultdict(Decimal)
    for link in links:
        settled[link.target] += link.amount
        if link.kind == "allocation":
            settled[link.source] += link.amount
    documents = {d.id: _balance(books, d, settled[d.id]) for d in books.kinds(*RECEIVABLE)}
    parties: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    owed: dict[str, Decimal] = defaultdict(Decimal)
    base = Decimal(0)
    for key, balance in documents.items():
        signed = balance.outstanding if balance.kind is Kind.INVOICE else -balance.outstanding
        parties[balance.party, balance.currency] += signed
        totals[balance.currency] += signed
        if balance.kind is Kind.INVOICE:
            owed[balance.currency] += signed
        base += books.in_base(signed, books.documents[key].rate)
    entity = books.entity
    return Truth(
        entity.id, entity.currency, documents, links, dict(parties), dict(totals), dict(owed), base, _counts(books)
    )


def _links(books: Books) -> list[Link]:
    paid = [
        Link(_kind(payment), payment.id, payment.document, payment.amount)
        for payment in books.payments.values()
        if not payment.deleted and books.documents[payment.document].kind in RECEIVABLE
    ]
    return paid + [
        Link("allocation", allocation.credit, allocation.invoice, allocation.amount)
        for allocation in books.allocations.values()
        if not allocation.deleted and books.documents[allocation.invoice].kind in RECEIVABLE
    ]


def _kind(payment: Payment) -> str:
    if payment.account == "bad_debts":
        return "write_off"
    return "refund" if payment.is_refund else "payment"


def _balance(books: Books, document: Document, settled: Decimal) -> Balance:
    outstanding = document.gross - settled if document.state is State.POSTED else Decimal(0)
    return Balance(
        document.kind, document.number, books.survivor(document.party), document.currency, document.state,
        document.gross, outstanding, document.due_on,
    )  # fmt: skip


def _counts(books: Books) -> dict[str, int]:
    counts = Counter(f"{document.kind}/{document.state}" for document in books.documents.values())
    for payment in books.payments.values():
        kind = "refund" if payment.is_refund else "payment"
        if books.documents[payment.document].kind in PURCHASES:
            kind = "purchase_payment"
        counts[kind + ("/deleted" if payment.deleted else "")] += 1
    for allocation in books.allocations.values():
        kind = "allocation" if books.documents[allocation.invoice].kind in RECEIVABLE else "purchase_allocation"
        counts[kind + ("/deleted" if allocation.deleted else "")] += 1
    counts.update("customer" for party in books.parties.values() if party.is_customer)
    counts.update("party" for _ in books.parties)
    return dict(counts)
