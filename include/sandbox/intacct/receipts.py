"""The payment records that the vendor makes of the ledger's: for several documents, over entities, reversals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.company import TOP
from include.sandbox.intacct.keys import Name
from include.sandbox.intacct.source import Source
from include.sandbox.records import Payment
from include.sandbox.truth import RECEIVABLE

Part = tuple[Books, Payment]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One payment record: what it settles are its `parts`, whose details it lists unless it is a `summary`."""

    name: Name
    owner: str
    parts: tuple[Part, ...]
    created: datetime
    state: str = "complete"
    changed: datetime | None = None
    whole: Name | None = None
    """Of a share in a payment over several entities: that payment."""
    summary: bool = False

    @property
    def sign(self) -> int:
        """1, or -1 of a reversal."""
        return -1 if self.state == "reversal" else 1

    @property
    def amount(self) -> Decimal:
        """What came in, in the currency of the documents."""
        return self.sign * sum((payment.amount for _, payment in self.parts), Decimal(0))

    @property
    def base_amount(self) -> Decimal:
        """What came in at the bank, in base currency; of several entities their sum."""
        return self.sign * sum((payment.bank_amount for _, payment in self.parts), Decimal(0))


def receipts(source: Source) -> Iterator[Receipt]:
    """Yield every payment record that customers' money made."""
    transfers: dict[str, list[Part]] = {}
    for books in source.company.entities.values():
        for payment in books.payments.values():
            if not payment.is_refund and books.documents[payment.document].kind in RECEIVABLE:
                transfers.setdefault(payment.batch or payment.id, []).append((books, payment))
    for transfer, parts in transfers.items():
        whole = Receipt(("payment", transfer), TOP, tuple(parts), parts[0][1].created_at)
        books_of = {books.entity.id: books for books, _ in parts}
        if len(books_of) == 1:
            yield from _lived_through(replace(whole, owner=_owner(source, parts[0])))
        elif source.settings.multi_entity_payment == "whole":
            yield from _lived_through(whole)
        else:
            yield from _shares(source, whole)


def _shares(source: Source, whole: Receipt) -> Iterator[Receipt]:
    """Yield each entity's share of a payment, and the payment itself if it is listed."""
    if source.settings.multi_entity_payment == "shares_and_whole":
        gone = all(payment.deleted for _, payment in whole.parts)
        changed = max(payment.updated_at for _, payment in whole.parts)
        yield replace(whole, summary=True, state="reversed" if gone else "complete", changed=changed)
    owners = dict.fromkeys(_owner(source, part) for part in whole.parts)
    for owner in owners:
        parts = tuple(part for part in whole.parts if _owner(source, part) == owner)
        name = (*whole.name, owner)
        yield from _lived_through(replace(whole, name=name, owner=owner, parts=parts, whole=whole.name))


def _lived_through(receipt: Receipt) -> Iterator[Receipt]:
    """Yield a payment, or what became of it when it or a part was taken back.

    The vendor reverses a payment in whole; what still counts of it is entered again.
    """
    back = [payment.updated_at for _, payment in receipt.parts if payment.deleted]
    if not back:
        yield receipt
        return
    yield replace(receipt, state="reversed", changed=min(back))
    yield replace(receipt, name=(*receipt.name, "reversal"), state="reversal", created=min(back))
    for part in receipt.parts:
        if not part[1].deleted:
            yield replace(receipt, name=("payment", part[1].id, "again"), parts=(part,), created=min(back))


def _owner(source: Source, part: Part) -> str:
    books, payment = part
    return source.company.owner(books, books.documents[payment.document].party)
