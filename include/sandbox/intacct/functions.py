"""The gateway's functions that read: query, readByQuery and readMore, read, readByName, definitions, the report."""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from starlette.responses import Response

from include.sandbox.faults import Fault, Order
from include.sandbox.intacct import legacy
from include.sandbox.intacct.formats import Formats
from include.sandbox.intacct.gateway_names import ELEMENTS, NAMES
from include.sandbox.intacct.gateway_query import Asked, GatewayReader, QueryFailed, element_name, grouped, whole_number
from include.sandbox.intacct.message import add, text
from include.sandbox.intacct.objects import Kind, Row, Value
from include.sandbox.intacct.select import select
from include.sandbox.intacct.shapes import ENCODER
from include.sandbox.intacct.source import USER_KEY
from include.sandbox.intacct.view import Column, View

LARGEST_LEGACY_PAGE = 1000
DATATYPES = {
    Kind.KEY: "INTEGER", Kind.INTEGER: "INTEGER", Kind.AMOUNT: "DECIMAL", Kind.NUMBER: "DECIMAL", Kind.RATE: "DECIMAL",
    Kind.DAY: "DATE", Kind.MOMENT: "TIMESTAMP", Kind.FLAG: "BOOLEAN",
}  # fmt: skip
Record = Mapping[str, tuple[Kind, Value]]


class NoPermission(Exception):
    """The user's role may not read the object."""

    def __init__(self, element: str) -> None:
        super().__init__(element)
        self.element = element


@dataclass(frozen=True, slots=True)
class Place:
    """Where a function is called: in an entity or at the top level, of the company as it is now."""

    view: View
    entity: str
    order: Order | None = None


@dataclass(slots=True)
class Rest:
    """What readByQuery has not yet sent."""

    element: str
    columns: Mapping[str, Column]
    rows: list[Row]
    size: int
    total: int


class Functions:
    """Answers functions; what readByQuery began, readMore goes on with."""

    def __init__(self, formats: Formats) -> None:
        self._formats = formats
        self._begun: dict[str, Rest] = {}

    def query(self, place: Place, asked: Element, result: Element) -> Response | None:
        """Answer a query as XML in the reply; or instead of it, as JSON or CSV."""
        reader = self._reader(place)
        query = reader.read(asked)
        self._check(place, query.element)
        rows = self._picked(place, query)
        if query.sums:
            records: list[Record] = list(grouped(rows, query))
            page = records[query.offset : query.offset + query.size]
        else:
            chosen = rows[query.offset : query.offset + query.size]
            records, page = [{}] * len(rows), [self._record(row, query.columns) for row in chosen]
        if place.order and place.order.fault is Fault.DROPPED_PAGE:
            page = []
        if query.format in ("json", "csv"):
            return self._as_table(page, query.format)
        left = max(len(records) - query.offset - len(page), 0)
        data = add(
            result, "data", listtype=query.element, totalcount=len(records), offset=query.offset, count=len(page),
            numremaining=left,
        )  # fmt: skip
        self._write(data, query.element, page)
        return None

    def read_by_query(self, place: Place, asked: Element, result: Element) -> None:
        """Begin a legacy query, whose pages follow one after the other."""
        element = element_name(text(asked, "object"))
        self._check(place, element)
        reader = self._reader(place)
        columns = self._columns(reader, element, text(asked, "fields", "*"))
        said = text(asked, "query")
        try:
            condition = (
                legacy.condition(said, lambda name: reader.searched(element, name), self._formats) if said else None
            )
        except legacy.BadQuery as error:
            raise QueryFailed(f"The query is invalid at {error}") from None
        path = ELEMENTS[element].path
        rows = select(place.view, path, place.entity, private=False, condition=condition, order=())
        size = min(whole_number(asked, "pagesize", 100, 1), LARGEST_LEGACY_PAGE)
        self._send(Rest(element, columns, rows, size, len(rows)), secrets.token_urlsafe(24), result)

    def read_more(self, place: Place, asked: Element, result: Element) -> None:
        """Send the next page of a legacy query."""
        key = text(asked, "resultId")
        if key not in self._begun:
            raise QueryFailed("The resultId is not valid")
        self._send(self._begun.pop(key), key, result)

    def read(self, place: Place, asked: Element, result: Element, *, by_name: bool) -> None:
        """Return records by their numbers or their names, those of entities too."""
        element = element_name(text(asked, "object"))
        self._check(place, element)
        reader = self._reader(place)
        key = reader.column(element, NAMES.get(element, "RECORDNO") if by_name else "RECORDNO")
        wanted = [each.strip() for each in text(asked, "keys").split(",")]
        every = select(place.view, ELEMENTS[element].path, place.entity, private=True, condition=None, order=())
        found = {str(key.read(row)): row for row in every}
        columns = self._columns(reader, element, text(asked, "fields", "*"))
        page = [self._record(found[each], columns) for each in wanted if each in found]
        self._write(add(result, "data", listtype=element, count=len(page)), element, page)

    def lookup(self, place: Place, asked: Element, result: Element) -> None:
        """Return the definition of an object: its fields and what it is related to."""
        element = element_name(text(asked, "object"))
        reader = self._reader(place)
        data = add(result, "data", listtype="All", count=1)
        kind = add(data, "Type", Name=element, DocumentType="")
        inside = add(kind, "Fields")
        for name, column in self._columns(reader, element, "*").items():
            one = add(inside, "Field")
            said = {"ID": name, "LABEL": name.title(), "DESCRIPTION": name.title(), "REQUIRED": "false"}
            said |= {"READONLY": "true", "DATATYPE": DATATYPES.get(column.kind, "TEXT"), "ISCUSTOM": "false"}
            for tag, value in said.items():
                add(one, tag, value)
        relationships = add(kind, "Relationships")
        for path, (_, target) in ELEMENTS[element].refs.items():
            one = add(relationships, "Relationship")
            for tag, value in (("OBJECTPATH", path), ("OBJECTNAME", target), ("RELATIONSHIPTYPE", "MANY2ONE")):
                add(one, tag, value)

    def user_formatting(self, place: Place, asked: Element, result: Element) -> None:
        """Return in which format and time zone a user reads days and moments."""
        settings = place.view.source.settings
        if (
            text(asked, "key", str(USER_KEY)) != str(USER_KEY)
            or text(asked, "userId", settings.user.id) != settings.user.id
        ):
            raise QueryFailed("The user does not exist")
        said = add(add(result, "data"), "userformatting")
        add(said, "recordno", USER_KEY)
        add(said, "locale", "en_US")
        add(said, "dateformat", settings.date_format)
        add(said, "gmtoffset", settings.gmt_offset)
        add(said, "clock", settings.clock_hours)

    def _reader(self, place: Place) -> GatewayReader:
        return GatewayReader(place.view, place.entity, self._formats)

    def _check(self, place: Place, element: str) -> None:
        settings = place.view.source.settings
        if element == "AUDITHISTORY" and settings.audit_history != "allowed":
            raise NoPermission(element)
        path = "accounts-receivable/payment" if element == "ARPYMT" else ELEMENTS[element].path
        if path in settings.user.denied:
            raise NoPermission(element)

    def _picked(self, place: Place, query: Asked) -> list[Row]:
        page = 1 + query.offset // query.size
        rows = select(
            place.view, query.path, place.entity, private=query.private, condition=query.condition, order=query.order,
            page=page,
        )  # fmt: skip
        if place.order and place.order.fault is Fault.SHUFFLED:
            rows.sort(key=lambda row: hashlib.sha256(f"{page}/{row.key}".encode()).digest())
        return rows

    def _columns(self, reader: GatewayReader, element: str, names: str) -> dict[str, Column]:
        wanted: Sequence[str] = list(ELEMENTS[element].fields) if names.strip() == "*" else names.split(",")
        return {name.strip(): reader.column(element, name.strip()) for name in wanted}

    def _record(self, row: Row, columns: Mapping[str, Column]) -> Record:
        return {name: (column.kind, column.read(row)) for name, column in columns.items()}

    def _write(self, data: Element, element: str, page: Sequence[Record]) -> None:
        for record in page:
            one = add(data, element)
            for name, (kind, value) in record.items():
                add(one, name, self._formats.written(kind, value) or None)

    def _send(self, rest: Rest, key: str, result: Element) -> None:
        """Send a page, in elements whose names are in small letters, and keep what is left."""
        page, left = rest.rows[: rest.size], rest.rows[rest.size :]
        name = rest.element.lower()
        data = add(
            result, "data", listtype=name, count=len(page), totalcount=rest.total, numremaining=len(left), resultId=key
        )
        self._write(data, name, [self._record(row, rest.columns) for row in page])
        if left:
            self._begun[key] = Rest(rest.element, rest.columns, left, rest.size, rest.total)

    def _as_table(self, page: Sequence[Record], form: str) -> Response:
        rows = [
            {name: self._formats.written(kind, value) or None for name, (kind, value) in record.items()}
            for record in page
        ]
        if form == "json":
            return Response(ENCODER.encode(rows), media_type="application/json")
        table = io.StringIO()
        writer = csv.DictWriter(table, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        return Response(table.getvalue(), media_type="text/csv")
