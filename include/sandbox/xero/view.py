"""The organisation as it is at one version of its books: each record is rendered once, each selection made once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from include.sandbox.books import Books
from include.sandbox.records import Document, Party, Payment
from include.sandbox.xero import contacts, documents, payments
from include.sandbox.xero.lists import List, shown_party
from include.sandbox.xero.query import Query, select
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import ENCODER, Shape, envelope
from include.sandbox.xero.sums import Sums, by_party

Change = Callable[[list[Any]], list[Any]]
KEPT = 200
"""So many selections are kept; a reader uses a handful."""


class View:
    """Answers lists and single records, in bytes."""

    def __init__(self, books: Books, settings: Settings, now: datetime) -> None:
        self.books, self.settings, self.now = books, settings, now
        self.version = (books.version, now)
        self._sums = by_party(books, settings, books.day(now))
        self._rendered: dict[tuple[str, str], msgspec.Raw] = {}
        self._selected: dict[tuple[object, ...], list[Any]] = {}
        self.rows: Change = list
        self.order: Change = list

    def spoilt(self, *, rows: Change | None = None, order: Change | None = None) -> View:
        """Return this view with a fault: what is done to the rows of a page, or to all before they are paged."""
        view = copy.copy(self)
        view.rows, view.order = rows or self.rows, order or self.order
        return view

    def page(self, the_list: List, query: Query, address: str) -> bytes:
        """Return a list, or one page of it."""
        records = self.order(self.selected(the_list, query))
        if not query.page:
            return self._reply(the_list, [self._one(r, "listed", query.summary) for r in records], address)
        pages = -(-len(records) // query.size)
        number = min(query.page, max(pages, 1)) if self.settings.past_the_end == "last" else query.page
        rows = self.rows(records[(number - 1) * query.size : number * query.size])
        pagination = {"page": query.page, "pageSize": query.size, "pageCount": pages, "itemCount": len(records)}
        return self._reply(the_list, [self._one(r, "paged", query.summary) for r in rows], address, pagination)

    def single(self, the_list: List, key: str, address: str) -> bytes | None:
        """Return one record, by its id or its number, with everything that a page has; None if there is none."""
        for record in the_list.records(self.books):
            if key.lower() in (record.id, getattr(record, "number", "").lower()):
                return self._reply(the_list, [self._one(record, "paged", False)], address)
        return None

    def selected(self, the_list: List, query: Query) -> list[Any]:
        """Return the records that a query means, whatever the page."""
        key = (the_list.name, *query.selection)
        if key not in self._selected:
            if len(self._selected) >= KEPT:
                self._selected.clear()
            self._selected[key] = select(self.books, the_list, query, self.settings)
        return self._selected[key]

    def render(self, the_list: List) -> int:
        """Render every record as its pages will need it, and return how many there are."""
        records = list(the_list.records(self.books))
        for record in records:
            self._one(record, "paged", False)
        return len(records)

    def _reply(self, the_list: List, rows: list[msgspec.Raw], address: str, pagination: Shape | None = None) -> bytes:
        return ENCODER.encode(envelope(self.now, the_list.name, rows, address, pagination))

    def _one(self, record: Any, detail: str, summary: bool) -> msgspec.Raw:
        key = (record.id, f"{detail}-summary" if summary else detail)
        if key not in self._rendered:
            self._rendered[key] = msgspec.Raw(ENCODER.encode(self._shape(record, detail, summary)))
        return self._rendered[key]

    def _shape(self, record: Any, detail: str, summary: bool) -> Shape:
        books, settings = self.books, self.settings
        match record:
            case Party():
                sums = None if summary else self._sums.get(record.id, Sums())
                return contacts.full(record, sums) if detail == "paged" else contacts.listed(record, sums)
            case Payment():
                return payments.payment(
                    books, record, settings, self._contact(books.documents[record.document], "listed")
                )
            case Document() if record.kind in documents.ID_FIELDS:
                return documents.credit(books, record, settings, self._contact(record, detail), lines=detail == "paged")
            case Document():
                lines, contact = detail == "paged" and not summary, self._contact(record, detail)
                return documents.invoice(books, record, settings, contact, lines=lines, nested=not summary)
        raise TypeError(f"{type(record).__name__} is in no list")

    def _contact(self, document: Document, detail: str) -> Any:
        party = self.books.parties.get(shown_party(self.books, document.party, self.settings))
        if not party:
            return {"ContactID": document.party}
        key = (party.id, f"within-{detail}")
        if key not in self._rendered:
            shape = contacts.within_page(party) if detail == "paged" else contacts.brief(party)
            self._rendered[key] = msgspec.Raw(ENCODER.encode(shape))
        return self._rendered[key]
