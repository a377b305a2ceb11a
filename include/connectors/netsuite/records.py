"""Records between a page and the mapping: a transaction or customer with what was looked up for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from include import exact_json
from include.connectors.base import Item, Stream, digest
from include.connectors.netsuite import values
from include.connectors.netsuite.scope import TYPES
from include.connectors.normalized import Record

CUSTOMER = "customer"
PARTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "customers": (("contacts", "company"), ("addresses", "nkey")),
    "invoices": (("lines", "transaction"), ("taxes", "transaction")),
    "credit_notes": (("lines", "transaction"), ("taxes", "transaction"), ("links", "")),
    "payments": (("lines", "transaction"), ("links", "")),
}
"""Stream → what is looked up for its records, and the column that says for which; a link has two ends."""
_STAMPS = ("lastmodifieddate", "linelastmodifieddate", "previouslastmodifieddate", "nextlastmodifieddate")

Rows = Sequence[Mapping[str, Any]]


def decode(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records, each with what was looked up for it and what its account says of itself."""
    page = exact_json.decode(body)
    rows = [page["records"]["items"][index] for index in page["kept"]]
    parts = {name: [row for reply in page[name] for row in reply["items"]] for name, _ in PARTS[stream.name]}
    return joined(stream, rows, parts, page["about"])


def joined(stream: Stream, rows: Rows, parts: Mapping[str, Rows], about: Mapping[str, Any]) -> list[Record]:
    """Return the rows, each with its own part of what was looked up for all."""
    found = {name: _by(parts[name], *((column,) if column else ("previousdoc", "nextdoc")))
             for name, column in PARTS[stream.name]}  # fmt: skip
    records = []
    for row in rows:
        record = {**row, "about": about}
        for name, by in found.items():
            mine = row.get("defaultbillingaddress" if name == "addresses" else "id")
            record[name] = by.get(str(mine), [])
        records.append(record)
    return records


def items(stream: Stream, records: Sequence[Record], zone: ZoneInfo) -> list[Item]:
    """Return what extract must know of records; when the other end of a link changed is no news of this one."""
    digests = map(digest, exact_json.encode_each([_essence(record) for record in records]))
    stamps = (updated_at(stream, record, zone) for record in records)
    return list(map(Item, (key_of(stream, record) for record in records), digests, stamps))


def key_of(stream: Stream, record: Record) -> str:
    """Return a record's external id, made of its digest where it has none."""
    kind = CUSTOMER if stream.name == "customers" else record.get("type")
    known = (CUSTOMER,) if stream.name == "customers" else TYPES[stream.name]
    identifier = str(record.get("id") or "")
    if kind in known and identifier.isascii() and identifier.isdigit():
        return f"{kind}:{identifier}"
    return f"{stream.record_types[0]}:?{digest(exact_json.encode(_essence(record)))}"


def updated_at(stream: Stream, record: Record, zone: ZoneInfo) -> datetime | None:
    """Return when a record changed, or anything that was looked up for it; UTC, None where that cannot be read."""
    related = [row for name, _ in PARTS[stream.name] for row in record.get(name) or ()]
    stamps = [record.get("lastmodifieddate"), *(row.get(name) for row in related for name in _STAMPS)]
    return values.latest(stamps, zone)


def ids(record_types: Sequence[str], keys: Iterable[str]) -> list[int]:
    """Return NetSuite's ids of these keys, each once; a line's key names its transaction, any other nothing."""
    found = (key.split(":") for key in keys)
    return sorted(
        {int(p[1]) for p in found if len(p) > 1 and p[0] in record_types and p[1].isascii() and p[1].isdigit()}
    )


def _essence(record: Record) -> dict[str, Any]:
    return {name: _unstamped(value) for name, value in record.items() if name != "about"}


def _unstamped(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{n: v for n, v in row.items() if n not in _STAMPS} if isinstance(row, dict) else row
            for row in value]  # fmt: skip


def _by(rows: Rows, *columns: str) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        for key in {str(row.get(column)) for column in columns}:
            found[key].append(row)
    return found
