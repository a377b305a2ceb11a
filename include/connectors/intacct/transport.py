"""What the two transports have in common: a query and its reply, in one shape of record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from include.connectors.intacct.conditions import Condition, Is, both
from include.connectors.intacct.objects import Object
from include.connectors.paging import MOST_PAGES
from include.errors import SourceUnavailable

Row = Mapping[str, Any]
"""A record, flat, under REST's dotted names (objects.py)."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Args:
        entity: whose sign-in level it is asked on; "" = the top level.
        order: fields, all ascending.
        fields: of the object; None for all of them.
    """

    object: Object
    entity: str = ""
    condition: Condition | None = None
    order: tuple[str, ...] = ("key",)
    size: int = 0
    fields: tuple[str, ...] | None = None
    start: int = 0

    @property
    def wanted(self) -> tuple[str, ...]:
        """The fields that are asked for."""
        return tuple(self.object.fields) if self.fields is None else self.fields


@dataclass(frozen=True, slots=True)
class Reply:
    """One page of records.

    Args:
        raw: the body as it came.
        at: the system's clock, UTC.
        total: how many records fulfil the condition.
        is_last: nothing follows, as the reply says.
        size: how many were asked for.
    """

    rows: Sequence[Row]
    raw: bytes
    at: datetime
    total: int
    is_last: bool
    size: int = 0


class Transport(Protocol):
    """REST or the XML gateway, signed in to one company."""

    @property
    def request_count(self) -> int:
        """HTTP requests made so far, those for tokens and sessions included."""

    def query(self, query: Query) -> Reply:
        """Ask for one page; an object that the transport does not have gives none.

        Raises:
            MissingRights: the user may not read the object.
            ConfigurationError: company, user, entity or sender is refused.
            SourceUnavailable: wait, or the answer is none.
        """

    def facts(self) -> Mapping[str, Any]:
        """Return what `rows` must know to read a staged reply without asking."""

    def has(self, object: Object) -> bool:
        """Tell whether the transport has this object."""

    def aging(self, entity: str) -> Mapping[str, Any] | None:
        """Return customer id → what is owed by the aging report (`Decimal`); None where there is no such report."""


def page(transport: Transport, query: Query) -> Reply:
    """Ask for a page; only one that is not full is believed to be the last.

    Raises:
        SourceUnavailable: it lacks a part of what it counts.
    """
    reply = transport.query(query)
    is_whole = len(reply.rows) == reply.total - query.start if reply.is_last else bool(reply.rows)
    if not is_whole:
        held = f"{len(reply.rows)} records and counts {reply.total}"
        raise circle(f"a page of {query.object.name} holds {held}")
    return replace(reply, is_last=reply.is_last and not 0 < reply.size <= len(reply.rows))


def replies(transport: Transport, query: Query) -> Iterator[Reply]:
    """Yield every page of what a query is for, in the order of the key, each from the last one's place on."""
    key = ""
    for _ in range(MOST_PAGES):
        reply = page(transport, replace(query, condition=both(query.condition, Is("key", "$gt", key) if key else None)))
        yield reply
        if reply.is_last:
            return
        key = str(reply.rows[-1].get("key"))
    raise circle(f"{query.object.name} have no end")


def every(transport: Transport, query: Query) -> Iterator[Row]:
    """Yield every record that a query is for."""
    for reply in replies(transport, query):
        yield from reply.rows


def circle(what: str) -> SourceUnavailable:
    """Return the error of a list that cannot be followed."""
    return SourceUnavailable(what, next_step="the task retries; if it stays so, file a bug")
