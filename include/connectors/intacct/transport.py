"""What the two transports have in common: a query and its reply, in one shape of record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from include.connectors.intacct.conditions import Condition
from include.connectors.intacct.objects import Object

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
    """

    rows: Sequence[Row]
    raw: bytes
    at: datetime
    total: int
    is_last: bool


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
