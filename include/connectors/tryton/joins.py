"""What a page's records are with what was looked up for them; one that is not as Tryton sends it is marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.connectors.base import Record, Stream, digest
from include.connectors.tryton import customers, invoices, lines
from include.connectors.tryton.rpc import split

FIELDS = {"customers": customers.FIELDS, "invoices": invoices.FIELDS, "payments": lines.FIELDS}
BROKEN = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What a record may raise that lacks what it must have, or has it in another shape."""
Join = Callable[[Record], Record | None]
Shape = Mapping[str, "Shape"]


def decode(stream: Stream, body: bytes) -> list[Record]:
    """Return a page's records, each with what was looked up for it.

    A record that is `malformed` says so and is otherwise as it came, for normalize to reject.
    """
    base_currency, (records, *related) = split(body)
    join = _JOINS[stream.name](*related)
    joined = (_joined(record, join, SHAPES[stream.name]) for record in records)
    return [record | {"base_currency": base_currency} for record in joined if record is not None]


def record_key(stream: Stream, record: Record) -> str:
    """Return the record's key; one without id is known by a digest of which fields it has."""
    identifier = record.get("id") or f"?{digest(repr(sorted(record)).encode())}"
    return f"{stream.record_types[0]}:{identifier}"


def is_whole(row: Any, shape: Shape) -> bool:
    """Tell whether a record has every field that was asked for, nested ones in each record they hang on."""
    if not isinstance(row, dict) or not shape.keys() <= row.keys():
        return False
    nested = ((row[name], below) for name, below in shape.items() if below)
    return all(
        is_whole(one, below)
        for value, below in nested
        if value is not None
        for one in (value if isinstance(value, list) else [value])
    )


def shape_of(fields: tuple[str, ...]) -> Shape:
    """Return which keys an answer has: nested under a key that ends in a dot, and an id on every level."""
    shape: dict[str, Any] = {"id": {}}
    for field in fields:
        below = shape
        *path, name = field.split(".")
        for step in path:
            below = below.setdefault(f"{step}.", {"id": {}})
        below[name] = {}
    return shape


SHAPES = {stream: shape_of(fields) for stream, fields in FIELDS.items()}


def reconciliations(invoice: Any) -> set[int]:
    """Return the ids of what settles an invoice's own lines."""
    return {line["reconciliation."]["id"] for line in invoice["lines_to_pay."] if line["reconciliation."]}


def _joined(record: Record, join: Join, shape: Shape) -> Record | None:
    try:
        return join(record) if is_whole(record, shape) else record | {"malformed": True}
    except BROKEN:
        return record | {"malformed": True}


def _documents(on_invoices: list[Any], on_lines: list[Any]) -> Join:
    """Leave out parties that hold no document."""
    members = {row.get("party") for row in (*on_invoices, *on_lines)}
    return lambda party: party if party["id"] in members else None


def _settlements(group: list[Any]) -> Join:
    """Attach the day of the last settlement, and a write-off where it settles no other document.

    A reconciliation's own date is the latest due date in it, mostly one to come.
    """
    members: dict[int | None, list[Any]] = {}
    for line in group:
        members.setdefault(line.get("reconciliation"), []).append(line)

    def join(invoice: Record) -> Record:
        groups = [members[g] for g in sorted(reconciliations(invoice))]
        days = [line["move."]["date"] for lines in groups for line in lines]
        write_offs = [line for lines in groups for line in _write_offs_of(invoice, lines)]
        return invoice | {"settled_on": max(days, default=None), "write_offs": write_offs}

    return join


def _write_offs_of(invoice: Record, members: list[Any]) -> list[Any]:
    """Return a reconciliation's write-offs; none if a line that is not the document's own stands on its side."""
    own = {line["id"]: line for line in invoice["lines_to_pay."]}
    raises = sum(invoices.base_net(line) for line in own.values()) > 0
    write_offs = [line for line in members if line["move."]["journal."]["type"] == "write-off"]
    others = [line for line in members if line["id"] not in own and line not in write_offs]
    return [] if any((invoices.base_net(line) > 0) == raises for line in others) else write_offs


def _groups(group: list[Any], owners: list[Any]) -> Join:
    """Attach whose own line it is, the document it pays, and the lines it is reconciled with."""
    by_move = {m: owner for owner in owners for m in (owner["cancel_move"], *owner["additional_moves"]) if m}
    by_move |= {owner["move"]: owner for owner in owners if owner["move"]}  # a credit note's may cancel another
    by_id = {owner["id"]: owner for owner in owners}

    def owned(line: Any) -> Any:
        return line | {"owner": by_move.get(line["move."]["id"])}

    members: dict[int | None, list[Any]] = {}
    for line in group:
        members.setdefault(line.get("reconciliation"), []).append(line)

    def join(line: Record) -> Record:
        reconciliation = line["reconciliation."]
        return owned(line) | {
            "pays": by_id.get(line["invoice_payment"]),
            "group": [owned(member) for member in members[reconciliation["id"]]] if reconciliation else [],
        }

    return join


_JOINS: Mapping[str, Callable[..., Join]] = {
    "customers": _documents,
    "invoices": _settlements,
    "payments": _groups,
}
