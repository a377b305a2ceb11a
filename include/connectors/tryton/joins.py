"""What a page's records are with what was looked up for them; one that is not as Tryton sends it is marked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.connectors.base import Stream, digest
from include.connectors.normalized import Record
from include.connectors.tryton import customers, invoices, lines
from include.connectors.tryton.rpc import split
from include.connectors.tryton.shapes import Shape, is_whole, shape_of

FIELDS = {"customers": customers.FIELDS, "invoices": invoices.FIELDS, "payments": lines.FIELDS}
BROKEN = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What a record may raise that lacks what it must have, or has it in another shape."""
Join = Callable[[Record], Record | None]
SETTLING_FIELDS = (*invoices.LINE_FIELDS, "reconciliation", "move.date", "move.journal.type")
GROUP_FIELDS = (*lines.FIELDS, "reconciliation")
"""What is looked up of the lines of a reconciliation, for an invoice and for a line."""


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


SHAPES = {stream: shape_of(fields) for stream, fields in FIELDS.items()}
SETTLING = shape_of(SETTLING_FIELDS)
GROUPED, OWNER = shape_of(GROUP_FIELDS), shape_of(lines.OWNER_FIELDS)


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
    members = {party for row in (*on_invoices, *on_lines) if isinstance(party := row.get("party"), int)}
    return lambda party: party if party["id"] in members else None


def _settlements(group: list[Any]) -> Join:
    """Attach the day of the last settlement, and a write-off where it settles no other document.

    A reconciliation's own date is the latest due date in it, mostly one to come.
    """
    members = _members(group, SETTLING)

    def join(invoice: Record) -> Record:
        groups = [_sound(members[g]) for g in sorted(reconciliations(invoice))]
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
    members = _members(group, GROUPED)

    def sound(owner: Any) -> Any:
        if owner is not None and not is_whole(owner, OWNER):
            raise ValueError("a document that the line belongs to is not as asked for")
        return owner

    def owned(line: Any) -> Any:
        return line | {"owner": sound(by_move.get(line["move."]["id"]))}

    def join(line: Record) -> Record:
        reconciliation = line["reconciliation."]
        return owned(line) | {
            "pays": sound(by_id.get(line["invoice_payment"])),
            "group": [owned(member) for member in _sound(members[reconciliation["id"]])] if reconciliation else [],
        }

    return join


def _members(group: list[Any], shape: Shape) -> dict[int, list[Any]]:
    """Return reconciliation → its lines; None stands for one that is not as asked for."""
    members: dict[int, list[Any]] = {}
    for line in group:
        if isinstance(reconciliation := line.get("reconciliation"), int):
            members.setdefault(reconciliation, []).append(line if is_whole(line, shape) else None)
    return members


def _sound(members: list[Any]) -> list[Any]:
    """Return a reconciliation's lines.

    Raises:
        ValueError: one is not as asked for, so nobody knows what settled what.
    """
    if None in members:
        raise ValueError("a line of the reconciliation is not as asked for")
    return members


_JOINS: Mapping[str, Callable[..., Join]] = {
    "customers": _documents,
    "invoices": _settlements,
    "payments": _groups,
}
