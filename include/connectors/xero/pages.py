"""Pages of Xero's lists that lose and double nothing while records change.

A whole list is paged by its id, which never changes: what is added meanwhile can only come twice, and
fewer records than Xero counted mean that its order changed under us. Changes are paged by
`UpdatedDateUTC`, where a record that changes moves to the end and all others move up: so each page is
asked for anew from the last one's moment on, not by the next number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import compress
from typing import Any

from include import exact_json
from include.connectors.base import Page, Stream, Window
from include.connectors.paging import MOST_PAGES, by_number
from include.connectors.xero import scope, values
from include.connectors.xero.client import Client, Reply
from include.connectors.xero.records import GUID, LISTS, ids, items, updates
from include.connectors.xero.scope import List
from include.errors import SourceUnavailable
from include.keys import Keys

END = "end"
ASKED_ONE_BY_ONE = 20
"""So many contacts at most are asked after by name; beyond, whole lists are cheaper."""

Row = dict[str, Any]
Choose = Callable[[Sequence[Row]], Sequence[Row]]
"""Which of a page's records belong to what was asked."""


class Reader:
    """Reads one organisation's lists."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._holders: set[str] | None = None
        self._linked: dict[date, set[str]] = {}

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page through what a window bounds; `until` and history are held to here, Xero knows neither."""
        if window.resume == END:
            return
        choose = self._within(stream, window)
        if window.customers is not None:
            owners = ids(("Contact",), window.customers)
            filters = list(scope.filters_by_id(LISTS[stream.name], LISTS[stream.name].contact, owners))
        else:
            filters = [{"where": where} if (where := LISTS[stream.name].where) else {}]
        part, at, number = _place(window.resume, window.since)
        for index in range(part, len(filters)):
            if window.since is not None and at is not None:
                replies = self._changed(LISTS[stream.name], filters[index], at, number)
            else:
                replies = self._whole(LISTS[stream.name], filters[index], number, window.customers is None)
            for reply, rows, following in replies:
                is_end = following is None and index == len(filters) - 1
                token = END if is_end else f"{index}|{following or f'|{END}'}"
                if page := self.page(stream, reply, rows, choose, token):
                    yield page
            at, number = window.since, 1

    def listed(self, stream: Stream, filters: Iterable[Mapping[str, str]]) -> Iterator[Page]:
        """Page through filtered lists, by id, whatever their records' age."""
        for part, asked in enumerate(filters):
            for reply in self.sweep(LISTS[stream.name], asked):
                if page := self.page(stream, reply, reply.rows, lambda rows: rows, f"{part}||{reply.page}"):
                    yield page

    def rows(self, the_list: List, asked: Mapping[str, str]) -> Iterator[Row]:
        """Yield the records of a filtered list that are ours."""
        for reply in self.sweep(the_list, asked):
            yield from the_list.receivable(reply.rows)

    def sweep(
        self, the_list: List, asked: Mapping[str, str], first: int = 1, is_whole: bool = False
    ) -> Iterator[Reply]:
        """Page by the id.

        Args:
            is_whole: nothing leaves this list, so that less than Xero counted at first means a loss. A read that goes
                on after a page cannot know; the counts of the control figures do.

        Raises:
            SourceUnavailable: the list goes round in circles or changed its order; the task retries.
        """
        archived = {"includeArchived": "true"} if the_list is scope.CONTACTS else {}
        ordered = {**asked, "order": f"{the_list.id_field} ASC", **archived}
        seen = Keys()
        counted = 0
        for reply in by_number(
            lambda number: self._page(the_list, number, ordered),
            is_last=lambda reply: reply.is_last, content=lambda reply: _content(the_list, reply), first=first,
        ):  # fmt: skip
            counted = counted or reply.item_count
            seen.add(map(str, values.every(reply.rows, the_list.id_field)) if is_whole else ())
            if is_whole and first == 1 and reply.is_last and len(seen) < counted:
                lost = f"{len(seen)} of {counted} came"
                raise _circle(f"{the_list.name} changed their order while they were read: {lost}")
            yield reply

    def page(self, stream: Stream, reply: Reply, rows: Sequence[Row], choose: Choose, token: str) -> Page | None:
        """Return the page of those rows that are chosen; None if none is."""
        wanted = {*map(id, choose(LISTS[stream.name].receivable(rows)))}
        kept = [index for index, row in enumerate(reply.rows) if id(row) in wanted]
        if not kept:
            return None
        mine = self.client.organisation
        about = {"base_currency": mine.base_currency, "short_code": mine.short_code,
                 "rate_basis": self.client.settings.rate_basis,
                 "prepayments_on_receivables": self.client.settings.prepayments_on_receivables}  # fmt: skip
        head = json.dumps({"organisation": about, "kept": kept}).encode()[:-1]
        body = b"".join((head, b', "reply": ', reply.body, b"}"))  # copies megabytes once
        return Page(body, tuple(items(stream, [reply.rows[index] for index in kept])), token, reply.at)

    def customers(self, rows: Iterable[Row]) -> set[str]:
        """Return which contacts have sales documents: by Xero's flag, or because they hold a credit.

        The flag is set by invoices only. What was merged was a customer, unless it was a supplier.
        """
        found: set[str] = set()
        unsure: list[str] = []
        for row in rows:
            merged = row.get("MergedToContactID") and not row.get("IsSupplier")
            (found.add if row.get("IsCustomer") or merged else unsure.append)(str(row.get("ContactID")))
        return found | self._holders_among(unsure) if unsure else found

    def linked_to_open(self, history_from: date) -> set[str]:
        """Return the credits that settled a part of invoices which are open and older than the history."""
        if history_from not in self._linked:
            before = f"Date<DateTime({history_from.year},{history_from.month},{history_from.day})"
            asked = {"where": scope.both(scope.INVOICES.where, before), "Statuses": "AUTHORISED"}
            self._linked[history_from] = {
                str(part.get(credit.id_field))
                for row in self.rows(scope.INVOICES, asked)
                for credit in scope.CREDITS
                for part in row.get(credit.name) or ()
                if isinstance(part, dict)
            }
        return self._linked[history_from]

    def _within(self, stream: Stream, window: Window) -> Choose:
        """Return what tells the records of the window from others."""
        the_list = LISTS[stream.name]
        everything = window.since is None and window.customers is None

        def is_timely(at: datetime | None) -> bool:
            return not at or ((window.since or at) <= at and (window.until is None or at < window.until))

        def is_within(row: Row) -> bool:
            if _is_in_range(row, window.history_from) or (not everything and row.get("Status") in scope.GONE):
                return True
            return the_list in scope.CREDITS and row.get(the_list.id_field) in self.linked_to_open(window.history_from)

        def choose(rows: Sequence[Row]) -> Sequence[Row]:
            is_bounded = window.since is not None or window.until is not None
            timely = list(compress(rows, map(is_timely, updates(rows)))) if is_bounded else rows
            if the_list is not scope.CONTACTS:
                dated = _dated_from(timely, window.history_from)
                return [row for row, is_dated in zip(timely, dated, strict=True) if is_dated or is_within(row)]
            members = self.customers(timely) if window.customers is None else None
            return [row for row in timely if members is None or str(row.get("ContactID")) in members]

        return choose

    def _whole(
        self, the_list: List, asked: Mapping[str, str], number: int, is_whole: bool
    ) -> Iterator[tuple[Reply, Sequence[Row], str | None]]:
        """Yield each page of a list, its records, and where the next one begins; None after the last."""
        for reply in self.sweep(the_list, asked, number, is_whole):
            yield reply, reply.rows, None if reply.is_last else f"|{reply.page + 1}"

    def _changed(
        self, the_list: List, asked: Mapping[str, str], at: datetime, number: int
    ) -> Iterator[tuple[Reply, Sequence[Row], str | None]]:
        """Yield each page of changes, what of it was not seen before, and where the next begins; None after it."""
        archived = {"includeArchived": "true"} if the_list is scope.CONTACTS else {}
        ordered = {**asked, "order": "UpdatedDateUTC ASC", **archived}
        second, seen = at.replace(microsecond=0), set[tuple[str, datetime | None]]()
        held: set[bytes] = set()
        for _ in range(MOST_PAGES):
            reply = self._page(the_list, number, ordered, second)
            stamps = updates(reply.rows)
            known = [stamp for stamp in stamps if stamp]
            if known != sorted(known):
                raise _circle(f"changes of {the_list.name} do not come in the order of their change")
            if known and second > at and known[0] < second - timedelta(seconds=1):
                raise _circle(f"changes of {the_list.name} come that are older than those asked for")
            content = _content(the_list, reply)
            if content in held:
                raise _circle(f"page {number} of {the_list.name} repeats an earlier one")
            held |= {content} - {b""}
            marks = [(str(row.get(the_list.id_field)), stamp) for row, stamp in zip(reply.rows, stamps, strict=True)]
            fresh = [row for row, mark in zip(reply.rows, marks, strict=True) if mark not in seen]
            seen.update(marks)
            if reply.is_last:
                yield reply, fresh, None
                return
            last = known[-1].replace(microsecond=0) if known else second
            if last > second:
                second, number, held = last, 1, set()
            else:
                number += 1
            yield reply, fresh, f"{second.isoformat()}|{number}"
        raise _circle(f"changes of {the_list.name} have no end")

    def _page(self, the_list: List, number: int, asked: Mapping[str, str], since: datetime | None = None) -> Reply:
        """Ask for a page; one that is full and said to be the last is not believed to be unless nothing follows."""
        reply = self.client.page(the_list.name, number, asked, since=since)
        if reply.is_last and reply.is_full and self.client.page(the_list.name, number + 1, asked, since=since).rows:
            return replace(reply, page_count=number + 1)
        return reply

    def _holders_among(self, contacts: Sequence[str]) -> set[str]:
        """Return which of these contacts hold a credit note, an over- or a prepayment of any age."""
        wanted = [contact for contact in contacts if GUID.fullmatch(contact)]
        if self._holders is None and len(wanted) > ASKED_ONE_BY_ONE:
            self._holders = {_contact(row) for credit in scope.CREDITS for row in self.rows(credit, _ours(credit))}
        if self._holders is not None:
            return self._holders.intersection(wanted)
        return {
            _contact(row)
            for credit in scope.CREDITS
            for asked in scope.filters_by_id(credit, credit.contact, wanted)
            for row in self.rows(credit, asked)
        }


def _place(token: str | None, since: datetime | None) -> tuple[int, datetime | None, int]:
    """Return which filter a read goes on with, from which moment on, and with which page."""
    if token is None:
        return 0, since, 1
    part, moment, number = token.split("|")
    if number == END:
        return int(part) + 1, since, 1
    return int(part), datetime.fromisoformat(moment) if moment else None, int(number)


def _ours(the_list: List) -> dict[str, str]:
    return {"where": the_list.where} if the_list.where else {}


def _contact(row: Row) -> str:
    contact = row.get("Contact")
    return str(contact.get("ContactID")) if isinstance(contact, dict) else ""


def _content(the_list: List, reply: Reply) -> bytes:
    """Return what tells one page from another: which records it holds, in which version."""
    ids, stamps = values.every(reply.rows, the_list.id_field), values.every(reply.rows, "UpdatedDateUTC")
    return exact_json.encode([ids, stamps]) if ids else b""


def _dated_from(rows: Sequence[Row], first: date) -> list[bool]:
    """Tell for each record whether it has a day and this is not before the first; one that is odd makes all false."""
    try:
        return [day is not None and day >= first for day in values.days(rows, "Date")]
    except (ValueError, OverflowError):
        return [False] * len(rows)


def _is_in_range(row: Row, history_from: date) -> bool:
    """A record whose dates cannot be read is in range: the mapping refuses it by name."""
    try:
        return scope.is_in_range(row, history_from)
    except (ValueError, OverflowError, AttributeError, TypeError):
        return True


def _circle(what: str) -> SourceUnavailable:
    return SourceUnavailable(what, next_step="the task retries; if it stays so, file a bug")
