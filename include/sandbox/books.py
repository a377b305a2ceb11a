"""The books of one entity, and everything that an accountant can do in them.

Every change stamps what a vendor would stamp: the document that a payment settles, both ends of an
allocation, but not a party whose balance changed, nor a part-paid document whose due date moved.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from include.money import exponent
from include.sandbox.records import PURCHASES, Allocation, Document, Kind, Party, Payment, State


@dataclass(frozen=True, slots=True)
class Entity:
    """A company that keeps books: `timezone` is an IANA name, `tax` the usual rate of its sales tax."""

    id: str
    name: str
    country: str
    currency: str
    timezone: str
    tax: Decimal
    created_at: datetime


@dataclass
class Books:
    """One entity's records by id, in the order in which they were made."""

    entity: Entity
    rng: random.Random
    parties: dict[str, Party] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    allocations: dict[str, Allocation] = field(default_factory=dict)
    version: int = 0
    """Counts every change."""
    numbers: dict[Kind, int] = field(default_factory=lambda: defaultdict(int))
    defects: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids of the records that a planted defect spoilt, by the defect's name."""

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.entity.timezone)
        self._payments_of: dict[str, list[Payment]] = defaultdict(list)
        self._allocations_of: dict[str, list[Allocation]] = defaultdict(list)
        self.batches: dict[str, list[Payment]] = defaultdict(list)
        """The payments of every bank transfer that settled more than one document."""
        self._edited: dict[str, datetime] = {}
        self.edits: dict[str, list[datetime]] = defaultdict(list)
        """When somebody changed what a document says while nothing settled it, by the document's id."""

    def new_id(self) -> str:
        """Return the next id, a random one that the seed decides."""
        digits = f"{self.rng.getrandbits(128):032x}"  # written out: uuid.UUID takes four times as long
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def day(self, at: datetime) -> date:
        """Return the entity's own day at a moment."""
        return at.astimezone(self.zone).date()

    def kinds(self, *kinds: Kind) -> Iterator[Document]:
        """Yield the documents of these kinds."""
        return (document for document in self.documents.values() if document.kind in kinds)

    def payments_of(self, document: str) -> list[Payment]:
        """Return the payments of a document, deleted ones too."""
        return self._payments_of.get(document, [])

    def allocations_of(self, document: str) -> list[Allocation]:
        """Return the allocations that a document gave or received, deleted ones too."""
        return self._allocations_of.get(document, [])

    def spoilt(self) -> set[str]:
        """Return the ids of all records that have a planted defect; business goes on without them."""
        return {key for ids in self.defects.values() for key in ids}

    def survivor(self, party: str) -> str:
        """Return the id of the party that this one became; its own if it was never merged."""
        while party in self.parties and (into := self.parties[party].merged_into):
            party = into
        return party

    def edited_at(self, record: Party | Document) -> datetime:
        """Return when a record itself was last changed, whatever settled it since."""
        return self._edited.get(record.id, record.created_at)

    def is_touched(self, document: Document) -> bool:
        """Return whether something still settles a part of the document."""
        return any(not p.deleted for p in self.payments_of(document.id)) or any(
            not a.deleted for a in self.allocations_of(document.id)
        )

    # -- what an accountant does

    def add_party(self, party: Party) -> Party:
        """Enter a party."""
        self.version += 1
        self.parties[party.id] = party
        return party

    def add(self, document: Document) -> Document:
        """Enter a document; the party becomes a customer or supplier without being stamped."""
        self.version += 1
        self.documents[document.id] = document
        if party := self.parties.get(document.party):
            if document.kind in PURCHASES:
                party.is_supplier = True
            elif document.kind is Kind.INVOICE:
                party.is_customer = True
        return document

    def approve(self, document: Document, at: datetime) -> None:
        """Post a draft."""
        document.state, document.outstanding = State.POSTED, document.gross
        self._stamp(document, at)

    def void(self, document: Document, at: datetime) -> None:
        """Void a posted document, which nothing settles, or delete a draft."""
        if self.is_touched(document):
            raise ValueError("what is part paid cannot be voided")
        document.state = State.VOIDED if document.state is State.POSTED else State.DELETED
        document.outstanding = Decimal(0)
        self._stamp(document, at)

    def pay(
        self, document: Document, amount: Decimal, at: datetime, *, account: str = "bank", batch: str = "",
        reference: str = "", rate: Decimal | None = None,
    ) -> Payment:  # fmt: skip
        """Settle a part of a document with money: a receipt for an invoice, a refund for a credit."""
        rate = rate or document.rate
        payment = Payment(
            id=self.new_id(), document=document.id, amount=amount, currency=document.currency, rate=rate,
            bank_amount=self.in_base(amount, rate), paid_on=self.day(at), created_at=at, updated_at=at,
            is_refund=document.kind not in (Kind.INVOICE, Kind.BILL), account=account, reference=reference, batch=batch,
        )  # fmt: skip
        self.payments[payment.id] = payment
        self._payments_of[document.id].append(payment)
        if batch:
            self.batches[batch].append(payment)
        self._settle(document, amount, at)
        return payment

    def delete_payment(self, payment: Payment, at: datetime) -> None:
        """Take a payment back: it stays, marked deleted, and its document is open again."""
        payment.deleted, payment.updated_at = True, at
        self._settle(self.documents[payment.document], -payment.amount, at)

    def allocate(self, credit: Document, invoice: Document, amount: Decimal, at: datetime) -> Allocation:
        """Use a part of a credit's rest for an invoice."""
        allocation = Allocation(self.new_id(), credit.id, invoice.id, amount, self.day(at), at)
        self.allocations[allocation.id] = allocation
        for document in (credit, invoice):
            self._allocations_of[document.id].append(allocation)
            self._settle(document, amount, at)
        return allocation

    def delete_allocation(self, allocation: Allocation, at: datetime) -> None:
        """Take an allocation back: it stays, marked deleted."""
        allocation.deleted, allocation.changed_at = True, at
        for document in (allocation.credit, allocation.invoice):
            self._settle(self.documents[document], -allocation.amount, at)

    def change_due(self, document: Document, due_on: date, at: datetime) -> None:
        """Move a due date; on a part-paid document nothing is stamped, which is a vendor's blind spot."""
        document.due_on = due_on
        self.version += 1
        if not self.is_touched(document):
            self.touch(document, at)

    def archive(self, party: Party, at: datetime) -> None:
        """Put a party away; what it owes stays owed."""
        party.archived = True
        self.touch(party, at)

    def merge(self, party: Party, into: Party, at: datetime) -> None:
        """Make a party one with another; it stays, archived, and says what it became."""
        party.merged_into, into.is_customer = into.id, into.is_customer or party.is_customer
        into.is_supplier = into.is_supplier or party.is_supplier
        self.archive(party, at)
        self.touch(into, at)

    def touch(self, record: Party | Document, at: datetime) -> None:
        """Stamp a record that was edited."""
        if isinstance(record, Document) and record.state is State.POSTED and not self.is_touched(record):
            self.edits[record.id].append(at)
        self._stamp(record, at)

    def in_base(self, amount: Decimal, rate: Decimal) -> Decimal:
        """Return an amount in the entity's base currency, rounded half even to its minor unit."""
        return (amount / rate).quantize(Decimal(1).scaleb(-(exponent(self.entity.currency) or 0)))

    def _settle(self, document: Document, amount: Decimal, at: datetime) -> None:
        document.outstanding -= amount
        if not 0 <= document.outstanding <= document.gross:
            raise ValueError(f"{document.kind} {document.number} would have {document.outstanding} left")
        document.closed_on = None if document.outstanding else self.day(at)
        self._stamp(document, at, edited=False)

    def _stamp(self, record: Party | Document, at: datetime, *, edited: bool = True) -> None:
        self.version += 1
        record.updated_at = at
        if edited:
            self._edited[record.id] = at
