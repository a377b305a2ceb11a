"""What Sage Intacct keeps elsewhere: a total for each customer, the aging report, the same lists asked another way.

Lists are asked once for all that is open or dated within the history, by another filter than reading uses; where
that is more than `LISTED` records, only what is open is listed, and counts are Sage Intacct's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade, Stream
from include.connectors.intacct import documents, payments, scope, values
from include.connectors.intacct.conditions import Condition, Is, both, either
from include.connectors.intacct.listed import ROWS, counted, due_date, is_known, kind_of, table_of, tables
from include.connectors.intacct.objects import BALANCE, BASE_LEFT, ENTITY, PAYMENT, TOTAL
from include.connectors.intacct.pages import Reader
from include.connectors.intacct.scope import OBJECTS, REST, Place
from include.connectors.intacct.transport import Query, Row, replies
from include.errors import MissingRights

ASKED = {
    "open_total": "the totals due of all customers, added up",
    "customer_balance": "the total due of each customer (totalDue), kept for each entity",
    "open_document": "invoices, adjustments, payments, advances and manual deposits with an amount due",
    "closed_world": "the same lists by record type, sign and origin",
    "count": "lists of what is open, unfinished or dated within the history, and the customers on them",
}
AGING = "; and the aging report of the entity"
LISTED = 4000
ZERO = Decimal(0)
SIGNS = {"invoices": 1, "adjustments": 1, "payments": -1, "advances": -1}
"""Stream → sign of its stated rests in what a customer owes: those of credits among documents are negative already."""


@dataclass(slots=True)
class Listed:
    """What one list holds that is open or within the history.

    Args:
        is_whole: every record was listed, so that its customers can be counted.
    """

    stream: str
    rows: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    is_whole: bool = True


class Control:
    """One asking of all figures, for one organization."""

    def __init__(self, reader: Reader, streams: Mapping[str, Stream]) -> None:
        self.reader = reader
        self.streams = streams
        self.settings = reader.settings
        self.scope = reader.scope

    def figures(self, history_from: date) -> ControlFigures:
        """Ask for everything; open amounts of any age, counts from history_from."""
        lists = [self._listed(name, history_from) for name in SIGNS]
        opened = [(listed.stream, row) for listed in lists for row in listed.rows if self._rest(listed.stream, row)]
        keys = self._customer_keys(row for _, row in opened)
        found = [self._open(name, row, keys) for name, row in opened]
        unanswered: dict[str, str] = {}
        asked = dict(ASKED)
        figures = [*found, *self._types(opened), *self._counts(lists)]
        balances = self._balances(found)
        if balances is not None:
            figures += balances
        aging = self._aging(found)
        if aging is not None:
            figures.append(aging)
            asked["open_total"] += AGING
        if balances is None and aging is None:
            unanswered["open_total"] = "no total due is kept for each entity, and there is no aging report"
        if why := self._homeless():
            unanswered["closed_world"] = why
        return ControlFigures(tuple(figures), asked, unanswered)

    def _listed(self, name: str, history_from: date) -> Listed:
        stream = self.streams[name]
        dated = counted(name, history_from)
        listed = Listed(name)
        for object, place in self.reader.lists(stream, apart=True):
            if place.has_top and object is PAYMENT:
                listed.rows += self._shares(stream, place, dated)
                continue
            fixed = both(place.condition, scope.types(name, object))
            if object is not OBJECTS[name]:  # no condition tells what is open of it: all are looked at
                found = self.reader.rows(Query(object, place.level, fixed))
                listed.rows += [row for row in found if scope.is_in_range(stream, row, history_from)]
                continue
            rows = self._few(Query(object, place.level, both(fixed, dated)))
            if rows is not None:
                listed.rows += rows
                continue
            listed.is_whole = False
            listed.rows += self.reader.rows(Query(object, place.level, both(fixed, scope.is_open(stream))))
            for table, condition in tables(name).items():
                asked = Query(object, place.level, both(fixed, dated, condition), size=1, fields=("key",))
                listed.counts[table] = listed.counts.get(table, 0) + self.reader.transport.query(asked).total
        return listed

    def _few(self, query: Query) -> list[Row] | None:
        """Return what a query is for; None where that is too much to be listed."""
        rows: list[Row] = []
        for reply in replies(self.reader.transport, query):
            if reply.total > LISTED:
                return None
            rows += reply.rows
        return rows

    def _shares(self, stream: Stream, place: Place, dated: Condition | None) -> Iterator[Row]:
        """Yield payments of the top level that are the organization's or settle a document of its."""
        for row, record in self.reader.ours(stream, place, dated):
            yield row if self.scope.owns_top else {**row, "txnCurrency.totalDue": "0", "record": record}

    def _rest(self, name: str, row: Row) -> Decimal:
        """Return what is open of a record, as Sage Intacct signs it."""
        if row.get("state") in (*documents.VOID, "draft"):
            return ZERO
        return values.amount(row, REST[name])

    def _open(self, name: str, row: Row, keys: Mapping[str, str]) -> Figure:
        key = f"{OBJECTS[name].name}:{row.get('key')}"
        own = ROWS[name]
        base = values.optional_amount(row, BASE_LEFT if BASE_LEFT in row else own.base_rest)
        return Figure(
            "open_document", Grade.C, key, str(row.get(own.currency)), amount=SIGNS[name] * self._rest(name, row),
            customer=f"customer:{row.get('customer.key') or keys.get(str(row.get('customer.id')))}",
            number=str(row.get(own.number) or payments.number(own.kind or kind_of(name, row), key)),
            base_amount=None if base is None else SIGNS[name] * base,
            due_date=due_date(name, row),
        )  # fmt: skip

    def _types(self, opened: Iterable[tuple[str, Row]]) -> Iterator[Figure]:
        """Every type is mapped whose record type is one that the mapping knows."""
        sums: dict[tuple[str, str, bool], list[Decimal]] = defaultdict(list)
        for name, row in opened:
            one = (kind_of(name, row), str(row.get(ROWS[name].currency)), is_known(name, row))
            sums[one].append(SIGNS[name] * self._rest(name, row))
        for (kind, currency, mapped), amounts in sorted(sums.items()):
            yield Figure("closed_world", Grade.C, kind, currency, amount=sum(amounts, ZERO), count=len(amounts),
                         mapped=mapped)  # fmt: skip

    def _counts(self, lists: Iterable[Listed]) -> Iterator[Figure]:
        counts: dict[str, int] = defaultdict(int)
        customers: set[Any] = set()
        is_whole = True
        for listed in lists:
            is_whole &= listed.is_whole
            for table, number in listed.counts.items():
                counts[table] += number
            for row in listed.rows if listed.is_whole else ():
                if (its := table_of(listed.stream, row)) is not None:
                    counts[its] += 1
                    customers.add(row.get("customer.id"))
        if is_whole:
            counts["customers"] = len(customers)
        for table in ("customers", "invoices", "credit_notes", "payments", "refunds"):
            if table in counts or table != "customers":
                yield Figure("count", Grade.C, table, count=counts[table])

    def _balances(self, found: Iterable[Figure]) -> list[Figure] | None:
        """Return each customer's total due and their sum; None where none is kept for the entity alone."""
        sums = self._totals()
        if sums is None:
            return None
        if not self.settings.balances_include_credits:
            for figure in found:
                if (figure.amount or ZERO) < 0:
                    sums[figure.customer] += self._like(figure)
        basis, currency = self._basis
        figures = [
            Figure("customer_balance", Grade.B, customer, currency, basis, amount=amount)
            for customer, amount in sorted(sums.items())
            if amount
        ]
        total = sum(sums.values(), ZERO)
        return [*figures, Figure("open_total", Grade.B, "customers", currency, basis, amount=total)]

    def _totals(self) -> dict[str, Decimal] | None:
        """Return customer → total due to this organization."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        if self.reader.transport.has(TOTAL):
            own: list[Condition] = [Is(ENTITY, "$eq", self.scope.entity)] if self.scope.entity else []
            if self.scope.owns_top:
                own.append(Is(ENTITY, "$eq", None))
            for row in self.reader.rows(Query(TOTAL, self.scope.widest, either(*own) if own else None)):
                sums[f"customer:{row.get('customer.key')}"] += values.amount(row, "totalDue")
            return sums
        if self.scope.entity and not self.settings.balances_are_per_entity:
            return None
        for level, sign in self._levels().items():
            for row in self.reader.rows(Query(BALANCE, level, Is("totalDue", "$ne", 0))):
                sums[f"customer:{row.get('key')}"] += sign * values.amount(row, "totalDue")
        return sums

    def _levels(self) -> dict[str, int]:
        """Return whose totals are added: who owns the top level has the company's less the other entities'."""
        if not self.scope.owns_top:
            return {self.scope.entity: 1}
        entities = scope.entities(self.reader.transport, self.settings)
        return {"": 1, **{each.id: -1 for each in entities if each.id != self.scope.entity}}

    def _aging(self, found: Iterable[Figure]) -> Figure | None:
        """Return what the aging report says is owed in all."""
        if not self.settings.compare_aging:
            return None
        total = ZERO
        for level, sign in self._levels().items():
            said = self.reader.transport.aging(level)
            if said is None:
                return None
            total += sign * sum(said.values(), ZERO)
        if not self.settings.balances_include_credits:
            total += sum((self._like(figure) for figure in found if (figure.amount or ZERO) < 0), ZERO)
        basis, currency = self._basis
        return Figure("open_total", Grade.B, "aging", currency, basis, amount=total)

    @property
    def _basis(self) -> tuple[Any, str]:
        is_base = self.settings.balance_currency == "base"
        return ("base", self.scope.base_currency) if is_base else ("mixed", "")

    def _like(self, figure: Figure) -> Decimal:
        """Return an open rest as the balances count it."""
        return (figure.base_amount if self.settings.balance_currency == "base" else figure.amount) or ZERO

    def _customer_keys(self, rows: Iterable[Row]) -> Mapping[str, str]:
        return self.reader.lookups.keys_of({str(row.get("customer.id")) for row in rows if not row.get("customer.key")})

    def _homeless(self) -> str:
        """Return why the organization cannot be whole: documents of the top level that belong to no organization."""
        if why := scope.unseen(self.settings, self.scope.entity):
            return why
        if not self.scope.entity or self.settings.top_level_entity:
            return ""
        try:
            number = scope.top_level_documents(self.reader.transport)
        except MissingRights:
            return "the user may not count the documents of the top level, which may belong to no organization"
        return (
            f"{number} documents of the top level belong to no organization: write the entity whose organization owns "
            "them as top_level_entity into the connection's extra"
            if number
            else ""
        )
