"""Pages of Tryton's records: read by ascending id, with what has to be looked up beside them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from include.connectors.base import Item, Page, Stream, digest
from include.connectors.normalized import Record
from include.connectors.paging import by_key
from include.connectors.tryton import lines, scope
from include.connectors.tryton.joins import (
    BROKEN,
    FIELDS,
    GROUP_FIELDS,
    SETTLING_FIELDS,
    decode,
    reconciliations,
    record_key,
)
from include.connectors.tryton.rpc import Client, Domain, Reply, join
from include.connectors.tryton.shapes import is_whole, shape_of
from include.errors import SourceUnavailable

MODELS = {"customers": "party.party", "invoices": "account.invoice", "payments": "account.move.line"}
NEEDED = (
    "party.party", "account.invoice", "account.invoice.line", "account.move", "account.move.line",
    "account.move.reconciliation", "account.account",
)  # fmt: skip
"""Models that the user must read; what else is asked for is everybody's in Tryton, or hangs on these."""
OWNING = shape_of(lines.OWNING_FIELDS)
PAGE_SIZE = 500
LIST_SIZE = 10_000


class Reader:
    """Reads one company's records page by page."""

    def __init__(self, client: Client, company: int, base_currency: str) -> None:
        self.client = client
        self.company = company
        self.base_currency = base_currency

    def pages(self, stream: Stream, domain: Domain, after: int = 0, history_from: date | None = None) -> Iterator[Page]:
        """Yield pages of what the domain bounds, from the id after `after` on.

        Args:
            history_from: customers only: leave out parties whose documents are all out of range.

        Raises:
            SourceUnavailable: fewer records came than Tryton counted.
        """
        for reply in self._in_order(MODELS[stream.name], domain, FIELDS[stream.name], PAGE_SIZE, after):
            body = join(self.base_currency, [reply, *self._related(stream, reply.result, history_from)])
            items = tuple(_item(stream, record) for record in decode(stream, body))
            if items:
                yield Page(body, items, str(_last_id(reply.result)), reply.at)

    def ids(self, stream: Stream, domain: Domain) -> Iterator[int]:
        """Yield the ids of what the domain bounds."""
        return (row["id"] for row in self.listed(MODELS[stream.name], domain, ("id",)))

    def parties(self, on_invoices: Domain, on_lines: Domain) -> list[int]:
        """Return the distinct parties of these invoices and receivable lines, sorted.

        Tryton takes twenty times longer for a line's party than for an invoice's, so lines come last.
        """
        found = _named(self.listed("account.invoice", on_invoices, ("party",)), _party)
        others: Domain = [*on_lines, ["party", "!=", None], ["party", "not in", found]]
        return sorted({*found, *_named(self.listed("account.move.line", others, ("party",)), _party)})

    def listed(self, model: str, domain: Domain, fields: Sequence[str]) -> Iterator[Any]:
        """Yield few fields of many records, thousands per request.

        Raises:
            SourceUnavailable: fewer records came than Tryton counted.
        """
        for reply in self._in_order(model, domain, fields, LIST_SIZE):
            yield from reply.result

    def _in_order(
        self, model: str, domain: Domain, fields: Sequence[str], size: int, after: int = 0
    ) -> Iterator[Reply]:
        """Yield replies with records by ascending id, and hold them to Tryton's own count.

        An answer that was cut short would otherwise pass for the end of the list. What leaves the domain
        meanwhile (an open document that is paid) lowers the second count, what enters it raises that alone.
        """
        whole = [*domain, ["id", ">", after]]
        counted = self.client.count(model, whole, self.company, active_test=False)
        came = 0
        for reply in by_key(
            lambda last: self._search(model, [*domain, ["id", ">", last]], fields, size),
            last_key=lambda reply: _last_id(reply.result) if len(reply.result) == size else None, first=after,
        ):  # fmt: skip
            if reply.result:
                came += len(reply.result)
                yield reply
        if came < counted and came < (counted := self.client.count(model, whole, self.company, active_test=False)):
            raise SourceUnavailable(
                f"{came} of {counted} records of {model} came, the list was cut off",
                next_step="let the task retry; if it stays so, check what answers at the host",
            )

    def _search(self, model: str, domain: Domain, fields: Sequence[str], limit: int | None = None) -> Reply:
        """Search with archived records and, nested in others, archived contact mechanisms and addresses."""
        return self.client.search_read(model, domain, fields, limit=limit, company=self.company, active_test=False)

    def _related(self, stream: Stream, rows: list[Any], history_from: date | None) -> list[Reply]:
        match stream.name:
            case "customers":
                return self._memberships(_named(rows, lambda party: [party["id"]]), history_from)
            case "invoices":
                return [self._settlements(rows)]
        return self._groups(rows)

    def _memberships(self, parties: list[int], history_from: date | None) -> list[Reply]:
        """Ask which of these parties hold a document of the company: an invoice or a receivable line."""
        on_invoices, on_lines = scope.invoices(self.company), scope.lines(self.company)
        if history_from:
            on_invoices = scope.invoices_in_range(self.company, history_from)
            on_lines = scope.lines_in_range(self.company, history_from)
        invoiced = self._search("account.invoice", [*on_invoices, ["party", "in", parties]], ("party",))
        others = sorted(set(parties).difference(_named(invoiced.result, _party)))
        owing = self._search("account.move.line", [*on_lines, ["party", "in", others]], ("party",))
        for reply in (invoiced, owing):
            _linked(reply, lambda row: type(row.get("party")) is int, "a document does not say whose it is")
        return [invoiced, owing]

    def _settlements(self, rows: list[Any]) -> Reply:
        """Ask for all lines of the reconciliations: they say when, and whether a write-off is one invoice's."""
        groups = _named(rows, reconciliations)
        group = self._search("account.move.line", [["reconciliation", "in", groups]], SETTLING_FIELDS)
        _linked(group, _settles, "an entry does not say what it is reconciled with")
        return group

    def _groups(self, rows: list[Any]) -> list[Reply]:
        """Ask for the reconciliations' other lines, and whose own lines any of them are."""
        settled = _named(rows, lambda line: [(line["reconciliation."] or {}).get("id")])
        group = self._search("account.move.line", [["reconciliation", "in", settled]], GROUP_FIELDS)
        everything = [*rows, *group.result]
        moves = _named(everything, lambda line: [line["move."]["id"]])
        paid = _named(everything, lambda line: [line["invoice_payment"]])
        owners: Domain = [
            ["type", "=", "out"],
            ["OR", ["move", "in", moves], ["additional_moves", "in", moves], ["cancel_move", "in", moves],
             ["id", "in", paid]],
        ]  # fmt: skip
        found = self._search("account.invoice", owners, lines.OWNER_FIELDS)
        _linked(found, lambda owner: is_whole(owner, OWNING), "an invoice does not say which entries are its own")
        _linked(group, _settles, "an entry does not say what it is reconciled with")
        return [group, found]


def _linked(reply: Reply, is_link: Callable[[Any], bool], sentence: str) -> None:
    """Hold what was looked up to saying for which record it is: else that record would seem to lack it.

    Raises:
        SourceUnavailable: one does not say so.
    """
    if not all(map(is_link, reply.result)):
        raise SourceUnavailable(sentence, next_step="check what answers at the host")


def _settles(line: Any) -> bool:
    return type(line.get("reconciliation")) is int


def _named(rows: Iterable[Any], ids: Callable[[Any], Iterable[Any]]) -> list[int]:
    """Return the distinct ids that the rows name; a malformed row names none."""
    found: set[int] = set()
    for row in rows:
        with suppress(*BROKEN):
            found.update(one for one in ids(row) if isinstance(one, int))
    return sorted(found)


def _last_id(rows: list[Any]) -> int:
    """Return the id after which the next page starts.

    Raises:
        SourceUnavailable: no record has one, or they do not ascend as was asked.
    """
    ids: list[int] = [row["id"] for row in rows if isinstance(row.get("id"), int)]
    if not ids:
        raise SourceUnavailable("the answer's records have no ids", next_step="check what answers at the host")
    if ids != sorted(ids):  # a read that went on after a stranger's id would leave out what lies before it
        raise SourceUnavailable("the answer's records are not in order", next_step="check what answers at the host")
    return ids[-1]


def _party(document: Any) -> list[Any]:
    return [document["party"]]


def _item(stream: Stream, record: Record) -> Item:
    raw = json.dumps(record, sort_keys=True, default=str).encode()
    return Item(record_key(stream, record), digest(raw), None if "malformed" in record else _updated_at(record))


def _updated_at(record: Record) -> datetime | None:
    """Return when the record, or what a change of it may be stamped on, was last written."""
    lists = ("contact_mechanisms.", "addresses.", "identifiers.")
    others = [record.get("move.") or {}, *(child for name in lists for child in record.get(name) or [])]
    times: Iterable[datetime | None] = (r.get("write_date") or r.get("create_date") for r in (record, *others))
    return max((at for at in times if isinstance(at, datetime)), default=None)
