"""What the sample system's answers look like, and what is none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from include.connectors.normalized import Record
from include.errors import SourceUnavailable
from tests.conformance.sample_rows import at, place


def listed(said: Any, name: str, kind: type) -> list[Any]:
    """Return the list under this name of an answer.

    Raises:
        SourceUnavailable: the answer has none, or one of other things.
    """
    found = said.get(name) if isinstance(said, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, kind) for one in found):
        raise nonsense()
    return found


def page(said: Any, after: str | None) -> tuple[list[Record], str | None]:
    """Return a page's records and after which one the next page begins; None where nothing came.

    Raises:
        SourceUnavailable: it is no page, or none that comes after the one before.
    """
    rows = listed(said, "rws", dict)
    if not rows:
        if said.get("nxt") is not None:
            raise nonsense()
        return [], None
    places = [found for row in rows if (found := place(row))]
    if not places or (after and max(places) <= _place_of(after)):
        raise nonsense()
    kind, number = max(places)
    return rows, f"{kind}:{number}"


def changed_at(row: Record) -> datetime | None:
    """Return when a record changed, None if it does not say."""
    try:
        return at(row.get("mod") or row.get("made"))
    except (TypeError, ValueError):
        return None


def nonsense() -> SourceUnavailable:
    """Return the error of an answer that the sample system does not give."""
    return SourceUnavailable("the answer is not one that the system gives", next_step="check what answers at the host")


def _place_of(name: str) -> tuple[str, int]:
    kind, _, number = name.partition(":")
    return kind, int(number)
