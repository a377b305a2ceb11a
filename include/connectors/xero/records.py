"""Xero's records between a page and the mapping: where each stream's are listed, their keys, and when they changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from include import exact_json
from include.connectors.base import Item, Stream, digest
from include.connectors.normalized import Record
from include.connectors.xero import customers, documented, invoices, payments, scope, slim, values
from include.connectors.xero.documented import Documented
from include.connectors.xero.scope import List

LISTS: Mapping[str, List] = {
    "customers": scope.CONTACTS,
    "invoices": scope.INVOICES,
    "credit_notes": scope.CREDIT_NOTES,
    "payments": scope.PAYMENTS,
    "overpayments": scope.OVERPAYMENTS,
    "prepayments": scope.PREPAYMENTS,
}
ESSENCE: Mapping[str, Callable[[Sequence[Record]], Iterable[Any]]] = {
    "customers": customers.essences,
    "invoices": partial(invoices.essences, fields=invoices.INVOICE_FIELDS),
    "credit_notes": partial(invoices.essences, fields=invoices.CREDIT_NOTE_FIELDS),
    "payments": payments.essences,
    "overpayments": payments.essences,
    "prepayments": payments.essences,
}
"""What of records the mapping looks at: the rest, such as a customer's address on an invoice, is no news of them."""
SLIM = frozenset(stream for stream, listed in LISTS.items() if listed.name in slim.IDENTIFIERS)
"""Streams of which `decode` leaves out what the mapping never reads."""
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def decode(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records, as far as they are read here, each with what its organisation says of itself."""
    name = LISTS[stream.name].name
    if stream.name not in SLIM:
        return whole(stream, body)
    page = documented.staged(stream, name, body)
    return Documented(_kept(stream, page)) if page else _kept(stream, slim.staged(name, body))


def whole(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records with everything Xero says of them."""
    return _kept(stream, exact_json.decode(body))


def _kept(stream: Stream, page: Any) -> list[Record]:
    rows, ours = page["reply"][LISTS[stream.name].name], {"organisation": page["organisation"]}
    kept = [rows[index] for index in page["kept"]]
    for row in kept:
        row.update(ours)
    return kept


def items(stream: Stream, rows: Sequence[Mapping[str, Any]]) -> list[Item]:
    """Return what extract must know of records; one in another shape is known by all of it."""
    try:
        essences = list(ESSENCE[stream.name](rows))
    except (AttributeError, TypeError):
        if len(rows) > 1:
            return [items(stream, [row])[0] for row in rows]
        essences = list(rows)
    digests = map(digest, exact_json.encode_each(essences))
    return list(map(Item, keys(stream, rows), digests, updates(rows)))


def keys(stream: Stream, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the records' external ids, made of its digest where one has no id."""
    name, prefix = LISTS[stream.name].id_field, f"{stream.record_types[0]}:"
    return [
        prefix + (found if isinstance(found := row.get(name), str) and found else f"?{_digest_of_all(row)}")
        for row in rows
    ]


def _digest_of_all(row: Mapping[str, Any]) -> str:
    as_it_came = {name: value for name, value in row.items() if name != "organisation"}
    return digest(exact_json.encode(as_it_came))


def ids(record_types: Sequence[str], keys: Iterable[str]) -> list[str]:
    """Return Xero's ids of these record keys, each once; what is no key of those types names nothing."""
    found = (key.partition(":") for key in keys)
    return sorted({i for record_type, _, i in found if record_type in record_types and GUID.fullmatch(i)})


def updates(rows: Sequence[Mapping[str, Any]]) -> list[datetime | None]:
    """Return when each record changed, UTC; None where that cannot be read."""
    try:
        return values.moments(values.every(rows, "UpdatedDateUTC"))
    except (ValueError, OverflowError):
        return [updates([row])[0] for row in rows] if len(rows) > 1 else [None]
