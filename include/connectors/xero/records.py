"""Xero's records between a page and the mapping: where each stream's are listed, their keys, and when they changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from include import exact_json
from include.connectors.base import Item, Stream, digest
from include.connectors.normalized import Record
from include.connectors.xero import customers, invoices, payments, scope, slim, wire
from include.connectors.xero.scope import List

LISTS: Mapping[str, List] = {
    "customers": scope.CONTACTS,
    "invoices": scope.INVOICES,
    "credit_notes": scope.CREDIT_NOTES,
    "payments": scope.PAYMENTS,
    "overpayments": scope.OVERPAYMENTS,
    "prepayments": scope.PREPAYMENTS,
}
ESSENCE: Mapping[str, Callable[[Record], Any]] = {
    "customers": customers.essence,
    "invoices": invoices.essence,
    "credit_notes": invoices.essence,
    "payments": payments.essence,
    "overpayments": payments.essence,
    "prepayments": payments.essence,
}
"""What of a record the mapping looks at: the rest, such as a customer's address on an invoice, is no news of it."""
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def decode(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records, as far as they are read here, each with what its organisation says of itself."""
    return _kept(stream, slim.staged(LISTS[stream.name].name, body))


def whole(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records with everything Xero says of them."""
    return _kept(stream, exact_json.decode(body))


def _kept(stream: Stream, page: Any) -> list[Record]:
    rows, ours = page["reply"][LISTS[stream.name].name], {"organisation": page["organisation"]}
    kept = [rows[index] for index in page["kept"]]
    for row in kept:
        row.update(ours)
    return kept


def item(stream: Stream, row: Mapping[str, Any]) -> Item:
    """Return what extract must know of a record; one in another shape is known by all of it."""
    try:
        essence = ESSENCE[stream.name](row)
    except (AttributeError, TypeError):
        essence = row
    return Item(key(stream, row), digest(exact_json.encode(essence)), updated(row))


def key(stream: Stream, row: Mapping[str, Any]) -> str:
    """Return a record's external id, made of its digest where it has no id."""
    identifier = row.get(LISTS[stream.name].id_field)
    if not isinstance(identifier, str) or not identifier:
        as_it_came = {name: value for name, value in row.items() if name != "organisation"}
        identifier = f"?{digest(exact_json.encode(as_it_came))}"
    return f"{stream.record_types[0]}:{identifier}"


def ids(record_types: Sequence[str], keys: Iterable[str]) -> list[str]:
    """Return Xero's ids of these record keys, each once; what is no key of those types names nothing."""
    found = (key.partition(":") for key in keys)
    return sorted({i for record_type, _, i in found if record_type in record_types and GUID.fullmatch(i)})


def updated(row: Mapping[str, Any]) -> datetime | None:
    """Return when the record changed, UTC; None where that cannot be read."""
    try:
        at = wire.moment(row.get("UpdatedDateUTC"))
    except (ValueError, OverflowError):
        return None
    return at.astimezone(UTC) if at else None
