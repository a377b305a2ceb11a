"""A staged page: the responses it took as they came, with what must be known to read them again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from include import exact_json
from include.connectors.base import digest
from include.connectors.odoo.fields import Kind
from include.connectors.odoo.values import parse
from include.connectors.odoo.wire import Reply

BROKEN = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError)
"""What a record may raise that lacks what it must have, or has it in another shape."""


@dataclass(frozen=True, slots=True)
class About:
    """What is true for a company's every page.

    Args:
        base: currency of the books.
        difference_journal: id of the journal of exchange differences, 0 where there is none.
        opening_move: id of the opening entry, 0 where there is none.
        journals: journal's id, as text → its type.
        web: the address in Odoo's web client, with `{id}` where a document's stands.
    """

    base: str
    company: int
    difference_journal: int
    opening_move: int
    journals: Mapping[str, str]
    web: str


@dataclass(frozen=True, slots=True)
class Part:
    """One response of a page, by what was asked for: field → kind; nothing for rows that are counted groups."""

    reply: Reply
    kinds: Mapping[str, Kind]


def join(about: About, parts: Sequence[Part]) -> bytes:
    """Return the body of a page."""
    head = {"about": asdict(about), "asked": [part.kinds for part in parts]}
    bodies = b",".join(part.reply.body for part in parts)
    return json.dumps(head).encode()[:-1] + b',"responses":[' + bodies + b"]}"


@dataclass(frozen=True, slots=True)
class Answers:
    """A page's responses, decoded."""

    about: About
    responses: tuple[list[Any], ...]
    asked: tuple[Mapping[str, Kind], ...]

    def records(self, number: int) -> dict[int, dict[str, Any] | None]:
        """Return id → record of a response; None stands for a record that is not as asked for."""
        kinds = self.asked[number]
        return {row["id"]: _whole(row, kinds) for row in self.responses[number] if type(row.get("id")) is int}


def split(body: bytes) -> Answers:
    """Return what a page's body holds; the legacy protocol wraps each result."""
    page = exact_json.decode(body)
    results = (said["result"] if isinstance(said, dict) else said for said in page["responses"])
    asked = ({name: Kind(kind) for name, kind in kinds.items()} for kinds in page["asked"])
    return Answers(About(**page["about"]), tuple(results), tuple(asked))


def sound(found: Mapping[int, dict[str, Any] | None], identifier: int) -> dict[str, Any]:
    """Return a record that was looked up.

    Raises:
        LookupError: it did not come, or not as asked for.
    """
    record = found[identifier]
    if record is None:
        raise LookupError(identifier)
    return record


def without_id(row: Mapping[str, Any]) -> str:
    """Return what stands in the key of a record without an id: a digest of which fields it has."""
    return f"?{digest(repr(sorted(row)).encode())}"


def _whole(row: Any, kinds: Mapping[str, Kind]) -> dict[str, Any] | None:
    try:
        return parse(row, kinds)
    except BROKEN:
        return None
