"""Records between a page and the mapping: what was looked up for them joined, their keys, and when they changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from include import exact_json
from include.connectors.base import Item, Stream, digest
from include.connectors.intacct import gateway
from include.connectors.intacct.objects import (
    ADJUSTMENT,
    CATEGORY,
    CONTACT,
    CREATED,
    DEPOSIT,
    DETAIL,
    INVOICE,
    MODIFIED,
    PAYMENT,
    ROLES,
    Object,
)
from include.connectors.intacct.rest import Rest
from include.connectors.intacct.scope import OBJECTS, SOURCES, is_of_top
from include.connectors.intacct.transport import Row
from include.connectors.intacct.written import Writing

JOINED: Mapping[str, Object] = {
    "contacts": CONTACT, "categories": CATEGORY, "details": DETAIL, "headers": PAYMENT, "invoices": INVOICE,
    "adjustments": ADJUSTMENT,
}  # fmt: skip
"""What is looked up for a page: contacts of customers, what records were used for, by which payments, and whose that
is."""


@dataclass
class Looked:
    """What was looked up for a page.

    Args:
        ids: customer's id → key, where documents name their customer by id only.
        parents: those of customers' parents that the organization sees: a shared customer may belong below one that
            is another entity's own.
        rows: name in `JOINED` → records.
        raws: the same as they came.
        split: payments of the top level of which every entity has a share of its own; those count, not the whole.
    """

    ids: dict[str, str] = field(default_factory=dict)
    parents: list[str] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    raws: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    split: set[str] = field(default_factory=set)

    def add(self, name: str, rows: Sequence[Row], raw: bytes) -> None:
        """Add a reply."""
        self.rows[name] += rows
        self.raws[name].append(raw)


def body(about: Mapping[str, Any], raw: bytes, looked: Looked, kept: Sequence[int]) -> bytes:
    """Return a page: the reply as it came, what was looked up besides, and which of its records are kept."""
    is_text = about["facts"]["transport"] == "gateway"
    head = json.dumps({"about": about, "kept": list(kept), "ids": looked.ids, "parents": looked.parents}).encode()[:-1]
    joined = (
        b"%s: [%s]" % (json.dumps(name).encode(), b", ".join(_staged(raw, is_text) for raw in raws))
        for name, raws in looked.raws.items()
    )
    return b'%s, "joined": {%s}, "reply": %s}' % (head, b", ".join(joined), _staged(raw, is_text))


def decode(stream: Stream, staged: bytes) -> list[dict[str, Any]]:
    """Return a page's records, each with what was looked up for it and what its organization is."""
    said = exact_json.decode(staged)
    about = said["about"]
    looked = Looked(said["ids"], said["parents"])
    for name, replies in said["joined"].items():
        looked.rows[name] = [row for reply in replies for row in _rows(JOINED[name], reply, about["facts"])]
    object = next(each for each in (OBJECTS[stream.name], DEPOSIT) if each.name == about["object"])
    rows = _rows(object, said["reply"], about["facts"])
    return assemble(stream, about, [rows[index] for index in said["kept"]], looked)


def assemble(stream: Stream, about: Mapping[str, Any], rows: Iterable[Row], looked: Looked) -> list[dict[str, Any]]:
    """Join records with what was looked up for them."""
    contacts = {row.get("id"): row for row in looked.rows["contacts"]}
    categories = _grouped(looked.rows["categories"], ("customer.key",))
    states = {row.get("key"): row.get("state") for row in looked.rows["headers"]}
    details = [
        {**row, "header": states.get(row.get("arPayment.key"))}
        for row in sorted(looked.rows["details"], key=lambda row: _order(row.get("key")))
    ]
    used = _grouped(details, SOURCES.get(stream.name, ()))
    found = []
    for row in rows:
        record = {**row, "about": about}
        if stream.name == "customers":
            record["parent.key"] = parent if (parent := row.get("parent.key")) in looked.parents else None
            record["contacts"] = [*_contacts(row, contacts, categories.get(row.get("key"), ()))]
        else:
            record["customer.key"] = row.get("customer.key") or looked.ids.get(str(row.get("customer.id")))
            record["details"] = used.get(row.get("key"), [])
        if stream.name == "payments" and is_of_top(about["entity"], row):
            record["targets"] = _targets(record["details"], looked)
        found.append(record)
    return found


def items(stream: Stream, records: Sequence[Mapping[str, Any]]) -> tuple[Item, ...]:
    """Return what extract must know of records."""
    essences = ({name: value for name, value in record.items() if name != "about"} for record in records)
    digests = map(digest, exact_json.encode_each(essences))
    return tuple(
        Item(key(stream, record), each, changed(record)) for record, each in zip(records, digests, strict=True)
    )


def key(stream: Stream, record: Mapping[str, Any]) -> str:
    """Return a record's external id, made of its digest where it has no key."""
    own = record.get("key")
    if isinstance(own, str) and own.isascii() and own.isdigit():
        return f"{stream.record_types[0]}:{own}"
    essence = {name: value for name, value in record.items() if name != "about"}
    return f"{stream.record_types[0]}:?{digest(exact_json.encode(essence))}"


def numbers(record_types: Sequence[str], external_ids: Iterable[str]) -> list[str]:
    """Return the numbers in these external ids, each once, ascending; what is no key of those types names nothing."""
    found = {number for each in external_ids for kind, _, number in [each.partition(":")]
             if kind in record_types and number.isascii() and number.isdigit()}  # fmt: skip
    return sorted(found, key=int)


def changed(record: Mapping[str, Any]) -> datetime | None:
    """Return when a record, a use or a contact of it last changed; when it was made, where it never did."""
    parts = (*(record.get("details") or ()), *(record.get("contacts") or ()))
    stamps = [_stamp(record), *map(_stamp, parts)]
    return max((stamp for stamp in stamps if stamp), default=None)


def stamp(record: Row) -> datetime | None:
    """Return when a record itself last changed."""
    return _stamp(record)


def _stamp(record: Row) -> datetime | None:
    written = record.get(MODIFIED) or record.get(CREATED)
    try:
        at = datetime.fromisoformat(written) if isinstance(written, str) else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def _contacts(customer: Row, known: Mapping[Any, Row], categories: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield each contact that a customer names once, with every role it has there."""
    roles: dict[str, list[str]] = defaultdict(list)
    for role in ROLES:
        if name := customer.get(f"contacts.{role}.id"):
            roles[name].append(role)
    for category in categories:
        if name := category.get("contact.id"):
            roles[name].append(f"category {category.get('categoryName') or ''}".strip())
    for name, held in roles.items():
        if name in known:
            yield {**known[name], "roles": sorted(held)}


def _targets(details: Iterable[Row], looked: Looked) -> dict[str, str | None]:
    """Return which documents a payment of the top level settles, and the entity of each."""
    entities = {
        f"{kind}:{row.get('key')}": row.get("entity.id")
        for name, kind in (("invoices", "invoice"), ("adjustments", "adjustment"))
        for row in looked.rows[name]
    }
    named = (
        f"{kind}:{detail[field]}"
        for detail in details
        for field, kind in (("arInvoice.key", "invoice"), ("positiveAdjustment.key", "adjustment"))
        if detail.get(field)
    )
    return {each: entities[each] for each in named if each in entities}


def _grouped(rows: Iterable[Row], fields: Sequence[str]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        for named in {row.get(name) for name in fields} - {None}:
            found[named].append(row)
    return found


def _order(number: Any) -> int:
    return int(number) if isinstance(number, str) and number.isdigit() else 0


def _staged(raw: bytes, is_text: bool) -> bytes:
    return json.dumps(raw.decode()).encode() if is_text else raw


def _rows(object: Object, reply: Any, facts: Mapping[str, Any]) -> list[Row]:
    if facts["transport"] == "gateway":
        return gateway.rows(object, reply.encode(), Writing(**facts["writing"]))
    return Rest.of_reply(object, reply)
