"""The ledger: the books of a few entities under one clock, made from a seed and advanced day by day."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from include.sandbox import days, defects, generation, group, truth
from include.sandbox.books import Books

NOW = datetime(2026, 6, 30, 18, tzinfo=UTC)


class Ledger:
    """Books of several entities; the same arguments give the same records, to the last byte.

    A server reads it from another thread: hold `lock` while changing or reading more than one thing.
    """

    def __init__(
        self, *, seed: int = 7, entities: int = 1, invoices: int = 200, customers: int = 0, months: int = 24,
        now: datetime = NOW, shared: int = 0, first: int = 0,
    ) -> None:  # fmt: skip
        """`invoices` and `customers` (0: an eighth of them) count per entity, over the `months` before `now`.

        Of the first entity's customers so many are `shared`: the second entity bills them, too. `first` is the
        place of the first entity among those that the sandbox knows.
        """
        self.seed = seed
        self.now = now.astimezone(UTC)
        self.lock = threading.RLock()
        self.books: dict[str, Books] = {}
        for number in range(first, first + entities):
            books = generation.generate(seed, number, invoices, customers, months, self.now)
            self.books[books.entity.id] = books
        if shared:
            group.share(self.entity(0), self.entity(1), shared, self.now)

    @property
    def version(self) -> int:
        """Counts every change in any of the books."""
        return sum(books.version for books in self.books.values())

    def entity(self, number: int) -> Books:
        """Return the books of the entity with this number, from 0."""
        return list(self.books.values())[number]

    def advance(self, count: int = 1) -> None:
        """Let days pass: business goes on in every entity, and the clock is that much later."""
        with self.lock:
            for _ in range(count):
                for books in self.books.values():
                    days.day(books, self.now)
                self.now += days.DAY

    def plant(self, entity: int, *names: str) -> None:
        """Plant defects, all known ones if none is named, in the books of one entity."""
        with self.lock:
            for name in names or tuple(defects.DEFECTS):
                defects.plant(self.entity(entity), name, self.now)

    def truth(self, entity: int = 0) -> truth.Truth:
        """Return what the books of an entity amount to."""
        with self.lock:
            return truth.of(self.entity(entity))
