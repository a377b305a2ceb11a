"""What stands at each address of the REST API."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from include.sandbox.faults import Fault, Order
from include.sandbox.intacct.catalogue import INVOICE, OBJECTS
from include.sandbox.intacct.model import model
from include.sandbox.intacct.objects import Object, Row
from include.sandbox.intacct.problems import Refused, denied
from include.sandbox.intacct.query import Reader, object_of
from include.sandbox.intacct.select import select
from include.sandbox.intacct.shapes import ENCODER, Shape, flat, nested
from include.sandbox.intacct.view import View, is_visible

ALIAS = "API_QUERY_ALIAS__25"
"""A key that every invoice of a query carries, and that no document explains."""
LISTED = 100
KEPT = 100
"""So many selections are kept; a reader uses a handful."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call below the API's base, in an entity or at the top level."""

    method: str
    path: str
    entity: str
    body: bytes = b""
    parameters: dict[str, str] | None = None
    order: Order | None = None


class Rest:
    """Answers as bytes of JSON, from the view that `view` returns."""

    def __init__(self, view: Callable[[], View], new_session: Callable[[str], Shape]) -> None:
        self._view, self._new_session = view, new_session
        self._selected: dict[tuple[object, ...], list[Row]] = {}

    def answer(self, asked: Asked) -> bytes:
        """Return what stands at an address.

        Raises:
            Refused: nothing does, or the call is not allowed or cannot be understood.
        """
        match asked.method, *asked.path.split("/"):
            case "POST", "services", "core", "query":
                return self._query(asked)
            case "GET", "services", "core", "model":
                found = self._allowed(object_of((asked.parameters or {}).get("name", "")))
                return _one(model(found))
            case "GET", "services", "core", "session", "id":
                return _one(self._new_session(asked.entity))
            case "GET", "objects", application, name:
                return self._list(asked, f"{application}/{name}")
            case "GET", "objects", application, name, key:
                return self._single(asked, f"{application}/{name}", key)
            case _, "objects" | "services", *_:
                raise Refused(405, "methodNotAllowed", "The requested method is not supported for this resource")
        raise Refused(404, "invalidRequest", "Malformed URL")

    def _query(self, asked: Asked) -> bytes:
        try:
            body = msgspec.json.decode(asked.body)
        except msgspec.DecodeError:
            raise Refused(400, "invalidRequest", "Payload contains errors") from None
        view = self._view()
        query = Reader(view, asked.entity).read(body)
        self._allowed(query.found)
        page = 1 + (query.start - 1) // query.size
        rows = self._rows(view, asked, body, page, query)
        chosen = rows[query.start - 1 : query.start - 1 + query.size]
        if asked.order and asked.order.fault is Fault.DROPPED_PAGE:
            chosen = []
        last = query.start - 1 + query.size >= len(rows)
        meta = {
            "totalCount": len(rows), "start": query.start, "pageSize": query.size,
            "next": None if last else query.start + query.size,
            "previous": None if query.start == 1 else max(1, query.start - query.size),
        }  # fmt: skip
        alias = {ALIAS: "1"} if query.found is INVOICE else {}
        return ENCODER.encode({"ia::result": [row | alias for row in flat(chosen, query.columns)], "ia::meta": meta})

    def _rows(self, view: View, asked: Asked, body: dict[str, Any], page: int, query: Any) -> list[Row]:
        if asked.order and asked.order.fault is Fault.SHUFFLED:
            rows = self._picked(view, asked.entity, page, query)
            return sorted(rows, key=lambda row: hashlib.sha256(f"{page}/{row.key}".encode()).digest())
        same = {name: value for name, value in body.items() if name not in ("start", "size", "fields")}
        steady = view.source.settings.unordered == "steady"
        key = (view.version, asked.entity, ENCODER.encode(same), 0 if steady else page)
        if key not in self._selected:
            if len(self._selected) >= KEPT:
                self._selected.clear()
            self._selected[key] = self._picked(view, asked.entity, page, query)
        return self._selected[key]

    def _picked(self, view: View, entity: str, page: int, query: Any) -> list[Row]:
        return select(
            view, query.found.path, entity, private=query.private, condition=query.condition, order=query.order,
            page=page,
        )  # fmt: skip

    def _list(self, asked: Asked, path: str) -> bytes:
        found, view = self._known(path), self._view()
        rows = select(view, path, asked.entity, private=False, condition=None, order=())
        reader = Reader(view, asked.entity)
        columns = {name: reader.column(found, name) for name in ("key", "id", "href")}
        meta = {"totalCount": len(rows), "start": 1, "pageSize": LISTED, "next": None, "previous": None}
        if len(rows) > LISTED:
            meta["next"] = LISTED + 1
        return ENCODER.encode({"ia::result": flat(rows[:LISTED], columns), "ia::meta": meta})

    def _single(self, asked: Asked, path: str, key: str) -> bytes:
        found, view = self._known(path), self._view()
        row = view.rows(path).get(int(key)) if key.isdigit() else None
        if not row or not is_visible(row, asked.entity, private=True):
            raise Refused(404, "invalidKey", f"Object with key {key} not found in {path}")
        reader = Reader(view, asked.entity)
        shape = nested(found, row, reader.column)
        for name, (owned, reference) in found.lists.items():
            mine = [each for each in view.rows(owned).values() if each.values.get(f"{reference}.key") == row.key]
            mine.sort(key=lambda each: each.key)
            shape[name] = [nested(OBJECTS[owned], each, reader.column) for each in mine]
        return _one(shape)

    def _known(self, path: str) -> Object:
        if path not in OBJECTS:
            raise Refused(404, "invalidRequest", "Malformed URL")
        return self._allowed(OBJECTS[path])

    def _allowed(self, found: Object) -> Object:
        if found.path in self._view().source.settings.user.denied:
            raise denied(found.path)
        return found


def _one(shape: Shape) -> bytes:
    meta = {"totalCount": 1, "totalSuccess": 1, "totalError": 0}
    return ENCODER.encode({"ia::result": shape, "ia::meta": meta})
