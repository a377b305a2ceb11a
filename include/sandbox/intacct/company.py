"""The ledger as one company: its entities, the top level, and who owns which customer and which document."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from include.sandbox.books import Books
from include.sandbox.intacct.keys import is_every
from include.sandbox.intacct.settings import Settings
from include.sandbox.ledger import Ledger
from include.sandbox.parties import SUPPLIERS
from include.sandbox.records import Document, Party
from include.sandbox.truth import RECEIVABLE

TOP = ""
"""The owner of what belongs to no entity."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a record, and which entities may see it: all of them if `seen_by` is None."""

    entity: str = TOP
    seen_by: frozenset[str] | None = None


class Company:
    """Names and owners; it holds no record of its own."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self.entities = {f"E{100 * number}": books for number, books in enumerate(ledger.books.values(), 1)}
        self.closed: set[str] = set()
        self._id_of = {books.entity.id: entity for entity, books in self.entities.items()}
        self._homes: dict[str, Books] = {}

    @property
    def version(self) -> tuple[object, ...]:
        """What everything that the company shows follows from."""
        return self.ledger.version, self.ledger.now, frozenset(self.closed)

    def close(self, entity: str) -> None:
        """Make an entity inactive; nobody can enter it any more."""
        self.closed.add(entity)

    def entity_of(self, books: Books) -> str:
        """Return the id of the entity whose books these are."""
        return self._id_of[books.entity.id]

    def documents(self) -> Iterator[tuple[Books, Document]]:
        """Yield every receivable document, whatever its state."""
        for books in self.entities.values():
            for document in books.kinds(*RECEIVABLE):
                yield books, document

    def customers(self) -> Iterator[tuple[Books, Party]]:
        """Yield every customer once, with the books in which it was first entered."""
        for books in self.entities.values():
            billed = {document.party for document in books.kinds(*RECEIVABLE)}
            for party in books.parties.values():
                born_supplier = int(party.number[1:]) % SUPPLIERS == 0
                if party.shared in ("", party.id) and (party.id in billed or not born_supplier):
                    yield books, party

    def home(self, party: Party) -> Books:
        """Return the books in which a customer was first entered, whichever entity bills it."""
        key = party.shared or party.id
        if key not in self._homes:
            self._homes[key] = next(books for books in self.entities.values() if key in books.parties)
        return self._homes[key]

    def customer(self, books: Books, party: str) -> Party | None:
        """Return the one customer that a party of these books is; None if there is no such party."""
        if not (found := books.parties.get(party)):
            return None
        return self.home(found).parties[found.shared or found.id]

    def customer_id(self, party: Party) -> str:
        """Return the number of a customer, unique in the company."""
        place = list(self.entities.values()).index(self.home(party))
        return party.number if place == 0 else f"{party.number}-{place + 1}"

    def owner(self, books: Books, party: str) -> str:
        """Return the entity that owns what these books hold of a party: no entity if it is billed at the top level."""
        found = books.parties.get(party)
        return TOP if found and self._is_top(books, found) else self.entity_of(books)

    def owner_of_customer(self, party: Party) -> Owner:
        """Return who owns a customer: an entity alone, or the company, which may keep it from entities."""
        if party.shared or party.represents:
            return Owner()
        home, number = self.home(party), int(party.number[1:])
        if self._is_top(home, party):
            return Owner(seen_by=frozenset())
        entity = self.entity_of(home)
        if is_every(number, self.settings.private_every):
            return Owner(entity)
        if is_every(number, self.settings.restricted_every):
            return Owner(seen_by=frozenset({entity}))
        return Owner()

    def _is_top(self, books: Books, party: Party) -> bool:
        first = next(itertools.islice(self.entities.values(), 1))
        number = int(party.number[1:])
        return books is first and not party.shared and is_every(number, self.settings.top_level_every)
