"""What a page's records refer to, asked for once a page: contacts, customers by id, uses, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from include.connectors.base import Stream
from include.connectors.intacct.conditions import Condition, Is, both, either, is_in
from include.connectors.intacct.objects import CATEGORY, CUSTOMER, PAYMENT, ROLES
from include.connectors.intacct.objects import ENTITY as ENTITY_FIELD
from include.connectors.intacct.records import JOINED, Looked
from include.connectors.intacct.scope import REST, SOURCES, TARGETS, Place, Scope, is_of_top
from include.connectors.intacct.transport import Query, Row, Transport, every, replies

ASKED_AT_ONCE = 500
"""Values of one list in a filter; the gateway takes a thousand."""
TOTAL = {
    "invoices": "totalTxnAmount", "adjustments": "txnCurrency.totalEntered", "payments": "txnCurrency.totalAmount",
    "advances": "txnTotalEntered",
}  # fmt: skip


class Lookups:
    """Looks up for one organization; customers' keys are remembered, all else is asked anew."""

    def __init__(self, transport: Transport, own: Scope) -> None:
        self.transport = transport
        self.scope = own
        self._customers: dict[str, str] = {}

    def of(self, stream: Stream, place: Place, rows: Sequence[Row]) -> Looked:
        """Look up what these records of a page refer to."""
        looked = Looked()
        if stream.name == "customers":
            self._contacts(place, rows, looked)
            looked.parents = sorted(
                self._seen({str(row["parent.key"]) for row in rows if row.get("parent.key")}), key=int
            )
            return looked
        looked.ids = self.keys_of({str(row.get("customer.id")) for row in rows if not row.get("customer.key")})
        used = [str(row.get("key")) for row in rows if _is_used(stream, row)]
        if stream.name in SOURCES:
            self._uses(stream, used, looked)
        if stream.name == "payments" and place.has_top:
            shared = {str(row.get("key")) for row in rows if is_of_top(self.scope.entity, row)}
            self._shares([key for key in used if key in shared], shared, looked)
        return looked

    def ids_of(self, keys: Sequence[str]) -> list[str]:
        """Return the ids of the customers with these keys."""
        found = []
        for chunk in chunks(keys):
            reply = every(self.transport, Query(CUSTOMER, self.scope.widest, is_in("key", chunk), fields=("key", "id")))
            found += [str(row["id"]) for row in reply if row.get("id")]
        return found

    def _seen(self, keys: set[str]) -> set[str]:
        """Return those of these customers that the organization sees."""
        found: set[str] = set()
        top = either(Is(ENTITY_FIELD, "$eq", self.scope.entity), Is(ENTITY_FIELD, "$eq", None))
        level, visible = (self.scope.widest, top) if self.scope.owns_top else (self.scope.entity, None)
        for chunk in chunks(sorted(keys)):
            asked = Query(CUSTOMER, level, both(is_in("key", chunk), visible), fields=("key",))
            found |= {str(row.get("key")) for row in every(self.transport, asked)}
        return found

    def _contacts(self, place: Place, rows: Sequence[Row], looked: Looked) -> None:
        if self.transport.has(CATEGORY):
            keys = [str(row["key"]) for row in rows if row.get("key")]
            self._look("categories", place.level, "customer.key", keys, looked)
        named = {str(name) for row in rows for role in ROLES if (name := row.get(f"contacts.{role}.id"))}
        named |= {str(name) for row in looked.rows["categories"] if (name := row.get("contact.id"))}
        self._look("contacts", place.level, "id", sorted(named), looked)

    def _uses(self, stream: Stream, keys: Sequence[str], looked: Looked) -> None:
        """Look up what records were used for, and how those payments stand that used them."""
        for chunk in chunks(keys):
            self._add(
                "details", self.scope.widest, either(*(is_in(name, chunk) for name in SOURCES[stream.name])), looked
            )
        payments = {str(row["arPayment.key"]) for row in looked.rows["details"] if row.get("arPayment.key")}
        self._look("headers", self.scope.widest, "key", sorted(payments, key=_order), looked, fields=("key", "state"))

    def _shares(self, keys: Sequence[str], shared: set[str], looked: Looked) -> None:
        """Look up which documents payments of the top level settle, and which of them are split among entities."""
        fields = SOURCES["payments"]
        details = [row for row in looked.rows["details"] if {row.get(name) for name in fields} & shared]
        for name, field in TARGETS.items():
            targets = {str(row[field]) for row in details if row.get(field)}
            self._look(
                name, self.scope.widest, "key", sorted(targets, key=_order), looked, fields=("key", ENTITY_FIELD)
            )
        parent = "multiEntityPayment.key"
        for chunk in chunks(keys):
            asked = Query(PAYMENT, self.scope.widest, is_in(parent, chunk), fields=("key", parent))
            looked.split |= {
                str(row[parent]) for row in every(self.transport, asked) if row.get(parent) != row.get("key")
            }

    def keys_of(self, ids: set[str]) -> dict[str, str]:
        """Return id → key of customers whom documents name by id only."""
        for chunk in chunks(sorted(ids - self._customers.keys() - {"None"})):
            for row in every(
                self.transport, Query(CUSTOMER, self.scope.widest, is_in("id", chunk), fields=("key", "id"))
            ):
                self._customers[str(row.get("id"))] = str(row.get("key"))
        return {each: self._customers[each] for each in sorted(ids) if each in self._customers}

    def _look(
        self, name: str, level: str, field: str, values: Sequence[str], looked: Looked,
        fields: tuple[str, ...] | None = None,
    ) -> None:  # fmt: skip
        for chunk in chunks(values):
            self._add(name, level, is_in(field, chunk), looked, fields)

    def _add(
        self, name: str, level: str, condition: Condition, looked: Looked, fields: tuple[str, ...] | None = None
    ) -> None:
        """Add every page of records that fulfil the condition."""
        for reply in replies(self.transport, Query(JOINED[name], level, condition, fields=fields)):
            looked.add(name, reply.rows, reply.raw)


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield values as many at a time as a filter may list."""
    listed = list(values)
    return (listed[start : start + ASKED_AT_ONCE] for start in range(0, len(listed), ASKED_AT_ONCE))


def _is_used(stream: Stream, row: Row) -> bool:
    """Tell whether something of a payment or credit was used; one whose amounts cannot be read may have been."""
    if stream.name == "payments":
        return True
    try:
        total, rest = (Decimal(str(row.get(names[stream.name]) or 0)) for names in (TOTAL, REST))
    except (InvalidOperation, KeyError):
        return stream.name in SOURCES
    if stream.name in ("invoices", "adjustments") and total >= 0:
        return False
    return abs(rest) < abs(total)


def _order(number: str) -> int:
    return int(number) if number.isdigit() else 0
