"""Record numbers: small numbers that a record keeps for good, of which every list has its own 1."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

Name = tuple[str, ...]
"""What identifies a record in the ledger."""


class Keys:
    """The numbers given out in one sequence, in the order in which records were first seen."""

    def __init__(self) -> None:
        self._given: dict[Name, int] = {}

    def number(self, records: Iterable[tuple[datetime, Name]]) -> None:
        """Give numbers to those records that have none, the oldest first."""
        new = [(at, name) for at, name in records if name not in self._given]
        for _, name in sorted(new):
            self.of(name)

    def of(self, name: Name) -> int:
        """Return the number of a record, the next free one if it has none yet."""
        return self._given.setdefault(name, len(self._given) + 1)

    def known(self, name: Name) -> int | None:
        """Return the number of a record that has one already."""
        return self._given.get(name)


def dice(record: str) -> int:
    """Return a number that follows from a record's id and from nothing else."""
    return int.from_bytes(hashlib.sha256(record.encode()).digest()[:4], "big")


def is_every(number: int, every: int) -> bool:
    """Whether this is one of every so many; never for 0."""
    return bool(every) and number % every == 0


class Numbers:
    """All sequences: `record` is that of every receivable document and payment, as in the vendor's database."""

    def __init__(self) -> None:
        self._sequences: dict[str, Keys] = {}

    def __getitem__(self, sequence: str) -> Keys:
        return self._sequences.setdefault(sequence, Keys())
