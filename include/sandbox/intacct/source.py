"""What all rows are made from: the company, its settings, its numbers and the clock; and what many rows share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from include.sandbox.books import Books
from include.sandbox.intacct.catalogue import CREATED, MODIFIED
from include.sandbox.intacct.company import TOP, Company, Owner
from include.sandbox.intacct.keys import Numbers
from include.sandbox.intacct.objects import Value
from include.sandbox.intacct.settings import Settings

Values = dict[str, Value]
USER_KEY = 1


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that a row follows from."""

    company: Company
    settings: Settings
    numbers: Numbers
    now: datetime

    def record(self, *name: str) -> int:
        """Return the number of a document or a payment."""
        return self.numbers["record"].of(name)

    def entity_key(self, entity: str) -> int | None:
        """Return the number of an entity; the top level has none."""
        return None if entity == TOP else self.numbers["entity"].of((entity,))

    def customer_key(self, books: Books, party: str) -> int:
        """Return the number of a party's customer; of one that does not exist, a number that no customer has."""
        found = self.company.customer(books, party)
        return self.numbers["customer"].of((found.id,)) if found else 900_000 + int(party[:4], 16)

    def whose(self, books: Books, party: str, owner: str | None = None) -> tuple[Values, Owner]:
        """Return the customer and the entity of a transaction, and who may see it.

        Args:
            owner: another owner than the books' own; the top level's documents are nobody's but its own.
        """
        entity = self.company.owner(books, party) if owner is None else owner
        hidden = entity == TOP and not self.settings.top_level_documents_in_entities
        values: Values = {"customer.key": self.customer_key(books, party), "entity.key": self.entity_key(entity)}
        return values, Owner(entity, frozenset() if hidden else None)

    def rate(self, rate: Decimal) -> Decimal:
        """Return an exchange rate in the vendor's direction."""
        return rate if self.settings.rate_basis == "document_per_base" else round(1 / rate, 10)


def stamps(created: datetime, changed: datetime | None) -> Values:
    """Return the audit fields: what never changed after it was created has no moment of change."""
    modified = changed if changed and changed > created else None
    return {
        CREATED: created, MODIFIED: modified, "audit.createdBy": str(USER_KEY), "audit.modifiedBy": str(USER_KEY)
    }  # fmt: skip


def numbered(key: int) -> Values:
    """Return the key, and the id where it is the same number."""
    return {"key": key, "id": key}
