"""What was deleted for good: the rows of deletedrecord. An application that was taken back is in none of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from include.sandbox.books import Books
from include.sandbox.netsuite import names
from include.sandbox.netsuite.entries import type_of
from include.sandbox.netsuite.rows import Frame, Row
from include.sandbox.netsuite.settlements import groups, is_deleted, type_of_payment
from include.sandbox.records import Allocation, Kind, State


def transactions(books: Books, frame: Frame) -> Iterator[Row]:
    """Yield the transactions that were deleted."""
    for document in books.documents.values():
        if document.state is State.DELETED:
            yield _row(type_of(document, frame.settings), frame.id(document.id), document.updated_at, frame)
    for key, parts in groups(books).items():
        if is_deleted(parts, key, frame.settings):
            at = max(part.updated_at for part in parts)
            yield _row(type_of_payment(books, parts[0], frame.settings), frame.id(key), at, frame)
    for allocation in uses_of_deposits(books):
        if allocation.deleted:
            yield _row("DepAppl", frame.id(allocation.id), allocation.changed_at, frame)


def merged(books: Books, frame: Frame) -> Iterator[Row]:
    """Yield the customers and suppliers that became others: the vendor deletes them."""
    for party in books.parties.values():
        if party.merged_into:
            kinds = [kind for kind, is_one in (("customer", party.is_customer or not party.is_supplier),
                                               ("vendor", party.is_supplier)) if is_one]  # fmt: skip
            for kind in kinds:
                yield _tombstone(
                    kind, kind.title(), frame.entity(party.id), names.DELETED[kind], party.updated_at, frame
                )


def uses_of_deposits(books: Books) -> Iterator[Allocation]:
    """Yield the allocations that this vendor makes a transaction of."""
    for allocation in books.allocations.values():
        if books.documents[allocation.credit].kind is Kind.PREPAYMENT:
            yield allocation


def _row(kind: str, number: int, at: datetime, frame: Frame) -> Row:
    label, record = names.TYPES[kind]
    return _tombstone(record, label, number, names.DELETED["transaction"], at, frame)


def _tombstone(record: str, label: str, number: int, type_id: int, at: datetime, frame: Frame) -> Row:
    return {
        "name": f"{label} #{number}", "recordid": number, "recordtypeid": type_id, "scriptid": record,
        "type": record if frame.settings.deleted_type == "record" else label, "deleteddate": frame.moment(at),
        "deletedby": frame.numbering.of("entity", "rep/0"), "context": "UIF", "iscustomlist": False,
        "iscustomrecord": False, "iscustomtransaction": False,
    }  # fmt: skip
