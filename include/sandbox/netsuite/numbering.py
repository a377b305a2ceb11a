"""Internal ids: numbers of each record type, given once, in the order in which records were made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime


class Numbering:
    """The ids given so far. Equal numbers of different types are different records, as in any account."""

    def __init__(self) -> None:
        self._given: dict[str, dict[str, int]] = defaultdict(dict)

    def give(self, kind: str, made: Iterable[tuple[datetime, str]]) -> None:
        """Give ids to records that have none, the oldest first; those that have one keep it."""
        given = self._given[kind]
        for _, key in sorted({(at, key) for at, key in made if key not in given}):
            given.setdefault(key, len(given) + 1)

    def of(self, kind: str, key: str) -> int:
        """Return a record's id; one that was never seen gets the next."""
        given = self._given[kind]
        return given.setdefault(key, len(given) + 1)

    def keys(self, kind: str) -> list[str]:
        """Return what has an id of a type, by id."""
        return list(self._given[kind])
