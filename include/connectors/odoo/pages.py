"""Pages of Odoo's records: read by ascending id, with what has to be looked up beside them.

By id and not by (write_date, id): Odoo keeps microseconds and shows seconds, so the rows of one second come in an
order that no domain can go on from. An id never changes, whatever is written meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from include import exact_json
from include.connectors.base import Item, Page, Stream, digest
from include.connectors.normalized import Record
from include.connectors.odoo import fields
from include.connectors.odoo.body import About, Part, join
from include.connectors.odoo.client import Client, Domain, ids_of
from include.connectors.odoo.fields import Kind, Model
from include.connectors.odoo.joins import decode, record_key
from include.connectors.odoo.scope import Scope
from include.connectors.odoo.wire import Reply
from include.connectors.paging import by_key
from include.errors import SourceUnavailable

PAGE_SIZE, LIST_SIZE = 500, 5_000
NEVER = datetime.min.replace(tzinfo=UTC)
"""When what was not asked was answered."""
MAIN: Mapping[str, Model] = {"customers": fields.PARTNER, "invoices": fields.MOVE, "payments": fields.LINE}
ROOTS: Domain = ["|", ["is_company", "=", True], ["parent_id", "=", False]]
"""Partners that stand for themselves: every other one belongs to the nearest of them above it."""


class Reader:
    """Reads one company's records page by page."""

    def __init__(self, client: Client, about: About) -> None:
        self.client = client
        self.about = about

    @cached_property
    def scope(self) -> Scope:
        """The company's receivables in the words of this version."""
        receivable = fields.receivable(self.client.types("account.account"))
        due = fields.due_lines(self.client.types(fields.LINE.name))
        return Scope(self.about.company, receivable, due, self.about.difference_journal)

    def pages(self, stream: Stream, domain: Domain, after: int = 0, history_from: date | None = None) -> Iterator[Page]:
        """Yield pages of what the domain bounds, from the id after `after` on.

        Args:
            history_from: customers only: leave out those whose documents are all out of range.

        Raises:
            SourceUnavailable: fewer records came than Odoo counted.
        """
        kinds = self._kinds(MAIN[stream.name], with_custom=stream.name != "payments")
        for reply in self._in_order(MAIN[stream.name].name, domain, list(kinds), PAGE_SIZE, after):
            parts = [Part(reply, kinds), *self._related(stream, reply.result, history_from)]
            body = join(self.about, parts)
            items = tuple(_item(stream, record) for record in decode(stream, body))
            if items:
                yield Page(body, items, str(_last_id(reply.result)), reply.at)

    def listed(self, model: str, domain: Domain, names: Sequence[str]) -> Iterator[Any]:
        """Yield few fields of many records, thousands per request."""
        for reply in self._in_order(model, domain, names, LIST_SIZE):
            yield from reply.result

    def customers_of(self, on_documents: Domain, on_lines: Domain) -> set[int]:
        """Return the customers behind the partners of these documents and receivable lines."""
        named = self.client.sums("account.move", on_documents, "commercial_partner_id").result
        owing = self.client.sums("account.move.line", [*on_lines, ["partner_id", "!=", False]], "partner_id").result
        partners = sorted({*ids_of(named, "commercial_partner_id"), *ids_of(owing, "partner_id")})
        return set(ids_of(self.partners(partners, ("commercial_partner_id",)), "commercial_partner_id"))

    def with_those_above(self, customers: Iterable[int]) -> list[int]:
        """Return these customers and all companies that they belong to, sorted."""
        above = self.partners(sorted(customers), ("commercial_partner_id",), "parent_of")
        return sorted(set(ids_of(above, "id")) & set(ids_of(above, "commercial_partner_id")))

    def changed_customers(self, stamp: str) -> list[int]:
        """Return the customers of whom something, or a contact of whom, was written at or after the moment."""
        changed = self.listed("res.partner", [["write_date", ">=", stamp]], ["commercial_partner_id"])
        return ids_of(changed, "commercial_partner_id")

    def partners(self, ids: Sequence[int], names: Sequence[str], operator: str = "in") -> list[Any]:
        """Return partners by id, so many at a time that neither question nor answer is huge."""
        return [
            row
            for start in range(0, len(ids), LIST_SIZE)
            for row in self.client.search_read(
                "res.partner", [["id", operator, list(ids[start : start + LIST_SIZE])]], names
            ).result
        ]

    def _kinds(self, model: Model, *, with_custom: bool = False) -> dict[str, Kind]:
        kinds = {name: model.kinds[name] for name in self.client.fields(model)}
        return kinds | (fields.custom(self.client.types(model.name)) if with_custom else {})

    def _in_order(self, model: str, domain: Domain, names: Sequence[str], size: int, after: int = 0) -> Iterator[Reply]:
        """Yield replies with records by ascending id, and hold them to Odoo's own count.

        An answer that was cut short would otherwise pass for the end of the list. What leaves the domain
        meanwhile (an open document that is paid) lowers the second count, what enters it raises that alone.
        """
        whole = [["id", ">", after], *domain]
        counted = self.client.count(model, whole)
        came = 0
        for reply in by_key(
            lambda last: self.client.search_read(model, [["id", ">", last], *domain], names, limit=size),
            last_key=lambda reply: _last_id(reply.result) if len(reply.result) == size else None, first=after,
        ):  # fmt: skip
            if reply.result:
                came += len(reply.result)
                yield reply
        if came < counted and came < (counted := self.client.count(model, whole)):
            raise SourceUnavailable(
                f"{came} of {counted} records of {model} came, the list was cut off",
                next_step="let the task retry; if it stays so, check what answers at the host",
            )

    def _related(self, stream: Stream, rows: list[Any], history_from: date | None) -> list[Part]:
        match stream.name:
            case "customers":
                return self._of_customers(rows, history_from)
            case "invoices":
                return self._of_invoices(rows)
        return self._of_lines(rows)

    def _of_customers(self, rows: list[Any], history_from: date | None) -> list[Part]:
        """Ask who stands below these partners, who of them all holds a document, and what they name."""
        ids, kinds = ids_of(rows, "id"), self._kinds(fields.PARTNER)
        below = self.client.search_read("res.partner", [["id", "child_of", ids], ["id", "not in", ids]], list(kinds))
        _identified(below, "commercial_partner_id")
        scope = self.scope
        on_documents = scope.documents_in_range(history_from) if history_from else scope.documents
        on_lines = scope.lines_in_range(history_from) if history_from else scope.lines
        everybody = sorted({*ids, *ids_of(below.result, "id")})
        documents = self.client.sums(
            "account.move", [*on_documents, ["commercial_partner_id", "in", everybody]], "commercial_partner_id"
        )
        lines = self.client.sums("account.move.line", [*on_lines, ["partner_id", "in", everybody]], "partner_id")
        return [
            Part(below, kinds), Part(documents, {}), Part(lines, {}),
            *(self._named(model, ids_of(rows, name)) for model, name in (
                (fields.USER, "user_id"), (fields.TAG, "category_id"), (fields.COUNTRY, "country_id"),
                (fields.BELONGING, "parent_id"))),
        ]  # fmt: skip

    def _of_invoices(self, rows: list[Any]) -> list[Part]:
        """Ask for the lines that are due, and for what settles them."""
        kinds = self._kinds(fields.LINE)
        domain = [*self.scope.own_lines, ["move_id", "in", ids_of(rows, "id")]]
        due = self.client.search_read(fields.LINE.name, domain, list(kinds))
        _identified(due, "move_id")
        return [
            Part(due, kinds),
            self._named(fields.PARTIAL, _matched(due.result)),
            self._named(fields.BELONGING, ids_of(rows, "commercial_partner_id")),
        ]

    def _of_lines(self, rows: list[Any]) -> list[Part]:
        """Ask for the matchings, the lines on their other sides, and all these lines' entries and payments."""
        partials = self._named(fields.PARTIAL, _matched(rows))
        ends = {*ids_of(partials.reply.result, "debit_move_id"), *ids_of(partials.reply.result, "credit_move_id")}
        others = self._named(fields.LINE, sorted(ends.difference(ids_of(rows, "id"))))
        both = [*rows, *others.reply.result]
        return [
            partials,
            others,
            self._named(fields.ENTRY, ids_of(both, "move_id")),
            self._named(fields.PAYMENT, ids_of(both, "payment_id")),
            self._named(fields.BELONGING, ids_of(rows, "partner_id")),
        ]

    def _named(self, model: Model, ids: Sequence[int]) -> Part:
        """Ask for records by id; for none nothing is asked."""
        kinds = self._kinds(model) if ids else {}
        reply = (
            self.client.search_read(model.name, [["id", "in", list(ids)]], list(kinds))
            if ids else Reply([], b"[]", NEVER)
        )  # fmt: skip
        _identified(reply)
        return Part(reply, kinds)


def _matched(lines: Iterable[Any]) -> list[int]:
    rows = list(lines)
    return sorted({*ids_of(rows, "matched_debit_ids"), *ids_of(rows, "matched_credit_ids")})


def _identified(reply: Reply, owner: str = "") -> None:
    """Hold what was looked up to saying which record it is, and whose: else that one would seem to lack it.

    Raises:
        SourceUnavailable: one does not say so.
    """
    for row in reply.result:
        if type(row.get("id")) is not int or (owner and not ids_of([row], owner)):
            raise SourceUnavailable(
                "the answer's records do not say whose they are", next_step="check what answers at the host"
            )


def _last_id(rows: list[Any]) -> int:
    """Return the id after which the next page starts.

    Raises:
        SourceUnavailable: no record has one, or they do not ascend as was asked.
    """
    ids: list[int] = [row["id"] for row in rows if type(row.get("id")) is int]
    if not ids:
        raise SourceUnavailable("the answer's records have no ids", next_step="check what answers at the host")
    if ids != sorted(ids):  # a read that went on after a stranger's id would leave out what lies before it
        raise SourceUnavailable("the answer's records are not in order", next_step="check what answers at the host")
    return ids[-1]


def _item(stream: Stream, record: Record) -> Item:
    return Item(
        record_key(stream, record), digest(exact_json.encode(record)), None if "malformed" in record else _at(record)
    )


def _at(record: Record) -> datetime | None:
    """Return when the record, or a contact that belongs to it, was last written."""
    times = (one["write_date"] for one in (record, *record.get("contacts", ())))
    return max((at for at in times if at), default=None)
