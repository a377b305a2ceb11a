"""Answers a query, page by page, in bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from include.sandbox.faults import Fault, Order
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite import dates, problems
from include.sandbox.netsuite.engine import Engine
from include.sandbox.netsuite.functions import text
from include.sandbox.netsuite.numbering import Numbering
from include.sandbox.netsuite.schema import TABLES, visible
from include.sandbox.netsuite.settings import Settings
from include.sandbox.netsuite.suiteql import Query, understood
from include.sandbox.netsuite.view import Rights, View

ENCODER = msgspec.json.Encoder()
KEPT = 200
"""So many queries stay understood; a reader uses a few dozen."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a query are asked for."""

    limit: int
    offset: int


def asked(parameters: Mapping[str, str], settings: Settings) -> Page:
    """Return the page that an address asks for.

    Raises:
        Refused: its size, or where it begins, is not allowed.
    """
    limit = _number(parameters, "limit", settings.largest_page)
    offset = _number(parameters, "offset", 0)
    if not 1 <= limit <= settings.largest_page:
        raise _bad("limit", f"Enter a value from 1 to {settings.largest_page}.")
    if offset % limit:
        raise _bad("offset", "The offset must be a multiple of the limit.")
    if offset >= settings.most_rows or offset // limit >= settings.most_pages:
        raise _bad("offset", f"At most {settings.most_pages} pages and {settings.most_rows} rows can be reached.")
    return Page(limit, offset)


def read(body: bytes) -> tuple[str, list[Any]]:
    """Return the query and its values that a body holds.

    Raises:
        Refused: it is no JSON, has no query, or a value that cannot be bound.
    """
    try:
        said = json.loads(body)
    except ValueError as error:
        raise problems.Refused(400, "INVALID_CONTENT", "The request body is not valid JSON.") from error
    query, binds = (said.get("q"), said.get("params", [])) if isinstance(said, dict) else (None, [])
    if not isinstance(query, str) or not query.strip():
        raise problems.Refused(400, "INVALID_CONTENT", "The body has no query.", ("o:errorPath", "q"))
    if not isinstance(binds, list) or any(not isinstance(bind, str | int | float) or bind is True for bind in binds):
        raise problems.Refused(400, "INVALID_CONTENT", "A value cannot be bound.", ("o:errorPath", "params"))
    return query, binds


class Answers:
    """The account as a role sees it, made anew when the books, the clock or the role's rights change."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger, self._settings = ledger, settings
        self.numbering = Numbering()
        self._made: tuple[object, ...] = ()
        self._engine: Engine | None = None
        self._understood: dict[tuple[str, frozenset[str]], Query] = {}
        self._asked = 0

    def engine(self, rights: Rights) -> Engine:
        """Return the tables as they are now."""
        made = (self._ledger.version, self._ledger.now, rights)
        if self._engine is None or self._made != made:
            view = View(self._ledger, self.numbering, self._settings, rights)
            if self._engine:
                self._engine.close()
            self._engine = Engine(view.tables, view.displayed, self._settings, self._ledger.now)
            self._made = made
        return self._engine

    def answer(
        self, query: str, binds: list[Any], page: Page, address: str, rights: Rights, order: Order | None
    ) -> bytes:
        """Return a page of a query's rows.

        Raises:
            Refused: the query is wrong, or not for this role.
        """
        known = self._query(query, rights)
        if known.binds != len(binds):
            raise problems.Refused(
                400, "INVALID_PARAMETER", f"The query has {known.binds} parameters, {len(binds)} are given."
            )
        self._asked += 1
        fault = order.fault if order else None
        limit = min(page.limit, self._settings.most_rows - page.offset)
        found, total = self.engine(rights).run(
            known, binds, limit, page.offset, f"{self._asked}/{page.offset}", shuffled=fault is Fault.SHUFFLED
        )
        rows = [] if fault is Fault.DROPPED_PAGE else [self._row(known.names, row) for row in found]
        return self._envelope(rows, total, page, address)

    def _query(self, query: str, rights: Rights) -> Query:
        key = (query, rights.without)
        if key not in self._understood:
            if len(self._understood) >= KEPT:
                self._understood.clear()
            try:
                self._understood[key] = understood(query, visible(self._settings.off, rights.without))
            except problems.NoRecord as refused:
                needed = TABLES[refused.name].permission if refused.name in TABLES else ""
                if needed in rights.without and self._settings.refused_record == "permission":
                    raise problems.no_permission(needed) from refused
                raise
            except problems.NoField as refused:
                if self._settings.removed_field == "500":
                    raise problems.Refused(500, "UNEXPECTED_ERROR", "An unexpected error occurred.") from refused
                raise
        return self._understood[key]

    def _row(self, names: tuple[str, ...], row: tuple[Any, ...]) -> dict[str, Any]:
        """Return a row: every value as text, NULL not at all."""
        shown: dict[str, Any] = {"links": []}
        for name, value in zip(names, row, strict=True):
            if dates.is_moment(value):
                shown[name] = dates.shown(value, self._settings.date_format)
            elif value is not None:
                shown[name] = text(value)
        return shown

    def _envelope(self, rows: list[dict[str, Any]], total: int, page: Page, address: str) -> bytes:
        reachable = min(total, self._settings.most_rows, self._settings.most_pages * page.limit)
        more = page.offset + page.limit < reachable
        last = max(reachable - 1, 0) // page.limit * page.limit
        places = {"self": page.offset, "first": 0, "last": last}
        places |= {"next": page.offset + page.limit} if more else {}
        places |= {"prev": page.offset - page.limit} if page.offset else {}
        links = [{"rel": rel, "href": f"{address}?limit={page.limit}&offset={at}"} for rel, at in places.items()]
        capped = min(total, self._settings.most_rows) if self._settings.total_above_cap == "capped" else total
        return ENCODER.encode(
            {"links": links, "count": len(rows), "hasMore": more, "items": rows, "offset": page.offset,
             "totalResults": capped}
        )  # fmt: skip


def _number(parameters: Mapping[str, str], name: str, default: int) -> int:
    said = parameters.get(name, str(default))
    if not said.isdigit():
        raise _bad(name, "Enter a whole number.")
    return int(said)


def _bad(name: str, why: str) -> problems.Refused:
    return problems.Refused(
        400, "INVALID_PARAMETER", f"Invalid value of parameter {name}. {why}", ("o:errorQueryParam", name)
    )
