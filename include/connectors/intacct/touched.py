"""Which records are to be read because something that is read with them changed: a use, or a contact."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from include.connectors.base import Stream
from include.connectors.intacct.conditions import Both, Condition, Is, either, is_in
from include.connectors.intacct.lookups import chunks
from include.connectors.intacct.objects import CATEGORY, CONTACT, CREATED, CUSTOMER, DETAIL, MODIFIED, ROLES
from include.connectors.intacct.scope import SOURCES, Scope
from include.connectors.intacct.transport import Query, Row, Transport, every


class Touched:
    """Asks for what changed of uses and contacts."""

    def __init__(self, transport: Transport, own: Scope) -> None:
        self.transport = transport
        self.scope = own

    def since(self, stream: Stream, moment: str) -> list[str]:
        """Return the records of which a use, or a contact, changed since the moment."""
        stamped = changed_since(moment)
        if stream.name == "customers":
            named = self._customers_naming(
                every(self.transport, Query(CONTACT, self.scope.widest, stamped, fields=("key", "id")))
            )
        else:
            found = every(
                self.transport, Query(DETAIL, self.scope.widest, stamped, fields=("key", *SOURCES[stream.name]))
            )
            named = {row.get(name) for row in found for name in SOURCES[stream.name]}
        return sorted((key for key in named if isinstance(key, str) and key.isdigit()), key=int)

    def _customers_naming(self, contacts: Iterator[Row]) -> set[Any]:
        """Return the customers that name one of these contacts: what changes a contact changes no customer."""
        named: set[Any] = set()
        for chunk in chunks(str(row.get("id")) for row in contacts):
            roles = either(*(is_in(f"contacts.{role}.id", chunk) for role in ROLES))
            named |= {
                row.get("key")
                for row in every(self.transport, Query(CUSTOMER, self.scope.widest, roles, fields=("key",)))
            }
            if self.transport.has(CATEGORY):
                listed = Query(CATEGORY, self.scope.widest, is_in("contact.id", chunk), fields=("key", "customer.key"))
                named |= {row.get("customer.key") for row in every(self.transport, listed)}
        return named


def changed_since(moment: str) -> Condition:
    """Return what holds for records that changed since; those that never did have no moment but that of creation."""
    return either(Is(MODIFIED, "$gte", moment), Both((Is(MODIFIED, "$eq", None), Is(CREATED, "$gte", moment))))
