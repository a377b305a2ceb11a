"""Pages of one subsidiary's records: by ascending id, which never changes, each with what is looked up for it.

Changes are paged by id, too: what changes meanwhile neither moves nor hides another, and comes again next time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cached_property, partial

from include.connectors.base import Entity, Page, Stream, Window
from include.connectors.netsuite import queries, records, suiteql
from include.connectors.netsuite.client import Client, Reply
from include.connectors.netsuite.refusals import TableMissing
from include.connectors.netsuite.scope import TYPES, Scope
from include.connectors.netsuite.suiteql import Condition, Query

Build = Callable[[], Query]


class Reader:
    """Reads one subsidiary.

    Args:
        entity: the subsidiary; what an account without subsidiaries calls itself.
        has_subsidiaries: the account has several.
    """

    def __init__(self, client: Client, entity: Entity, has_subsidiaries: bool) -> None:
        self.client = client
        self.entity = entity
        self.subsidiary = entity.id if has_subsidiaries else ""

    @property
    def scope(self) -> Scope:
        """What is this subsidiary's."""
        settings = self.client.settings
        return Scope(
            self.subsidiary, settings.accounting_book, settings.timezone, self.client.has("linelastmodifieddate")
        )

    @cached_property
    def currencies(self) -> dict[str, str]:
        """Id → ISO 4217 code of every currency; none where the account has one only."""
        return currencies(self.client)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page through what a window bounds; `until` is held to here."""
        owners = None if window.customers is None else records.ids((records.CUSTOMER,), window.customers)
        parts = [None] if owners is None else _chunks(owners)
        at, _, last = (window.resume or "0|").partition("|")
        for number, mine in enumerate(parts):
            if number < int(at):
                continue
            after = (int(last),) if last and number == int(at) else None
            for reply in self.client.every(partial(self._within, stream, window, mine), after):
                if page := self._page(stream, reply, f"{number}|", window.until):
                    yield page

    def open(self, stream: Stream) -> Iterator[Page]:
        """Page through what is open now, whatever its age; customers are not open or closed."""
        if stream.name != "customers":
            yield from self._pages(stream, lambda: self.asked(stream, self.scope.open(TYPES[stream.name])))

    def by_id(self, stream: Stream, keys: Sequence[str]) -> Iterator[Page]:
        """Read records by their keys."""
        wanted = frozenset(":".join(key.split(":")[:2]) for key in keys)
        column = "c.id" if stream.name == "customers" else "t.id"
        for chunk in _chunks(records.ids(stream.record_types, keys)):
            for reply in self.client.every(partial(self.asked, stream, suiteql.one_of(column, chunk))):
                if page := self._page(stream, reply, "0|", None, wanted):
                    yield page

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List the keys of what an open window bounds, without anything else."""
        name = "c.id" if stream.name == "customers" else "t.id"
        columns = (name,) if stream.name == "customers" else (name, "t.type")
        window = Window(history_from=history_from)

        def build() -> Query:
            asked = self._within(stream, window, None)
            return Query(columns, asked.tables, asked.where, asked.key)

        for reply in self.client.every(build):
            yield from (records.key_of(stream, row) for row in reply.rows)

    def moved(self, since: datetime) -> Iterator[tuple[str, str]]:
        """List (stream, key) of what belongs to customers changed since: it may have been another's."""
        for name, types in TYPES.items():
            where = (*self.scope.transactions(types), self.scope.of_changed_customers(types, since))
            rows = self.client.rows(partial(Query, ("t.id", "t.type"), "transaction t", where, ("t.id",)))
            yield from ((name, f"{row['type']}:{row['id']}") for row in rows)

    def _pages(self, stream: Stream, build: Build) -> Iterator[Page]:
        for reply in self.client.every(build):
            if page := self._page(stream, reply, "0|", None):
                yield page

    def _within(self, stream: Stream, window: Window, owners: Sequence[int] | None) -> Query:
        """Return what a window asks for, of some customers or of all."""
        if stream.name == "customers":
            found = [] if owners is None else [suiteql.one_of("c.id", owners)]
            return self.asked(stream, *found, *self._changed_customers(window.since))
        types, of = TYPES[stream.name], self.scope
        found = [of.in_range(types, window.history_from)]
        if window.since is not None:
            found.append(of.changed(types, window.since))
        if owners is not None:
            found.append(of.of_customers(types, owners))
        return self.asked(stream, *found)

    def _changed_customers(self, since: datetime | None) -> list[Condition]:
        if since is None:
            return []
        zone = self.client.settings.timezone
        changed = [suiteql.from_moment("c.lastmodifieddate", since, zone)]
        if self._contacts_are_seen:
            people = Query(("o.company",), "contact o", (suiteql.from_moment("o.lastmodifieddate", since, zone),))
            changed.append(suiteql.within("c.id", people))
        return [suiteql.any_of(*changed)]

    def asked(self, stream: Stream, *where: Condition) -> Query:
        """Return the question for a stream's records of this subsidiary for which the conditions hold."""
        custom = self.client.settings.custom_fields
        if stream.name == "customers":
            asked = queries.customers(where, self.subsidiary, self._customers_are_shared, custom.get("customer", ()))
        else:
            mine = self.scope.transactions(TYPES[stream.name])
            asked = queries.transactions((*mine, *where), custom.get("transaction", ()))
        return Query(self.client.known(asked.columns), asked.tables, asked.where, asked.key)

    def _page(
        self, stream: Stream, reply: Reply, token: str, until: datetime | None, wanted: frozenset[str] | None = None
    ) -> Page | None:
        """Return the page of those rows that are meant, with what is looked up for them; None if there is none."""
        zone = self.client.settings.timezone
        kept = [n for n, row in enumerate(reply.rows) if wanted is None or records.key_of(stream, row) in wanted]
        if not kept:
            return None
        related = self._related(stream, [reply.rows[n] for n in kept])
        parts = {name: [row for part in replies for row in part.rows] for name, replies in related.items()}
        joined = records.joined(stream, [reply.rows[n] for n in kept], parts, self.about)
        items = records.items(stream, joined, zone)
        if until is not None:
            late = [bool(item.updated_at and item.updated_at >= until) for item in items]
            kept = [n for n, is_late in zip(kept, late, strict=True) if not is_late]
            items = [item for item, is_late in zip(items, late, strict=True) if not is_late]
            if not kept:
                return None
        body = [
            f'{{"about": {json.dumps(self.about)}, "kept": {json.dumps(kept)}'.encode(),
            b', "records": ',
            reply.body,
        ]
        for name, replies in related.items():
            body.append(f', "{name}": ['.encode() + b", ".join(part.body for part in replies) + b"]")
        return Page(b"".join((*body, b"}")), tuple(items), f"{token}{reply.rows[-1]['id']}", reply.at)

    def balances(self) -> Query:
        """The balance that NetSuite keeps of each customer, of this subsidiary, where there is one."""
        if not self._customers_are_shared:
            where = (Condition("c.balancesearch <> 0"), *queries.customers((), self.subsidiary, False).where)
            return Query(("c.id", "c.id AS entity", "c.balancesearch AS balance"), "customer c", where, ("c.id",))
        where = (suiteql.is_equal("r.subsidiary", int(self.subsidiary)), Condition("r.balance <> 0"))
        return Query(("r.entity", "r.balance"), "customersubsidiaryrelationship r", where, ("r.entity",))

    @cached_property
    def about(self) -> dict[str, object]:
        """What every page says of its account."""
        settings = self.client.settings
        return {
            "base_currency": self.entity.base_currency, "currencies": self.currencies, "web": settings.web,
            "zone": settings.timezone.key,
        }  # fmt: skip

    def _related(self, stream: Stream, rows: Sequence[dict[str, object]]) -> dict[str, list[Reply]]:
        """Look up what belongs to some records."""
        ids = [int(str(row["id"])) for row in rows]
        if stream.name == "customers":
            keys = sorted({int(a) for row in rows if (a := str(row.get("defaultbillingaddress") or "")).isdigit()})
            return {
                "contacts": self._looked_up(lambda: queries.contacts(ids)) if self._contacts_are_seen else [],
                "addresses": self._addresses(keys) if keys else [],
            }
        asked: dict[str, Build] = {
            "lines": lambda: queries.lines(self.scope, ids), "taxes": lambda: queries.taxes(ids),
            "links": lambda: queries.links(ids),
        }  # fmt: skip
        return {name: self._looked_up(asked[name]) for name, _ in records.PARTS[stream.name]}

    def _looked_up(self, build: Build) -> list[Reply]:
        def known() -> Query:
            asked = build()
            return Query(self.client.known(asked.columns), asked.tables, asked.where, asked.key, asked.group)

        return list(self.client.every(known))

    def _addresses(self, keys: Sequence[int]) -> list[Reply]:
        try:
            return self._looked_up(lambda: queries.addresses(keys))
        except TableMissing:
            return []

    @cached_property
    def _contacts_are_seen(self) -> bool:
        """Whether the role sees contacts; without them a customer has its own address only."""
        return _is_seen(self.client, Query(("o.id",), "contact o", (Condition("o.id < ?", (0,)),), ("o.id",)))

    @cached_property
    def _customers_are_shared(self) -> bool:
        """Whether a customer may belong to several subsidiaries, as the relationship says."""
        table = "customersubsidiaryrelationship r"
        none = Query(("r.id",), table, (Condition("r.id < ?", (0,)),), ("r.id",))
        return bool(self.subsidiary) and _is_seen(self.client, none)


def currencies(client: Client) -> dict[str, str]:
    """Return id → ISO 4217 code of every currency; none where there is one only, or none is seen."""
    try:
        return {str(row["id"]): str(row.get("symbol") or "") for row in client.rows(queries.currencies)}
    except TableMissing:
        return {}


def _is_seen(client: Client, query: Query) -> bool:
    try:
        client.ask(query)
    except TableMissing:
        return False
    return True


def _chunks(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + suiteql.LONGEST_LIST] for start in range(0, len(ids), suiteql.LONGEST_LIST)]
