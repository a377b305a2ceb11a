"""What a body of REST's query service asks: which rows, in which order, which page, which fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from include.sandbox.intacct.catalogue import CREATED, MODIFIED, OBJECTS
from include.sandbox.intacct.expression import BadExpression, combined
from include.sandbox.intacct.objects import Kind, Object, Row, Value
from include.sandbox.intacct.problems import Refused
from include.sandbox.intacct.select import (
    COMPARE,
    BadValue,
    Condition,
    Order,
    among,
    between,
    compared,
    late,
    matching,
    typed,
)  # fmt: skip
from include.sandbox.intacct.view import Column, UnknownField, View

PARTS = (
    "object", "fields", "filters", "filterExpression", "filterParameters", "orderBy", "start", "size"
)  # fmt: skip
PATTERNS = {"contains": ".*{}.*", "startsWith": "{}.*", "endsWith": ".*{}"}
DAYS = {"today": 0, "yesterday": 1}


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood; `start` counts from 1."""

    found: Object
    columns: Mapping[str, Column]
    condition: Condition | None
    order: Sequence[Order]
    private: bool
    start: int
    size: int


class Reader:
    """Reads bodies for one view and one reader's place."""

    def __init__(self, view: View, entity: str) -> None:
        self._view, self._entity = view, entity
        self._settings = view.source.settings

    def read(self, body: object) -> Query:
        """Return the query of a body.

        Raises:
            Refused: it cannot be understood, or asks for what cannot be asked.
        """
        if not isinstance(body, dict) or set(body) - set(PARTS):
            raise _invalid("Payload contains errors")
        found = object_of(body.get("object"))
        names = body.get("fields")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise _invalid("fields must be a list of the names of fields")
        parameters = body.get("filterParameters") or {}
        return Query(
            found, {name: self.column(found, name) for name in names}, self._condition(found, body, parameters),
            [self._order(found, each) for each in body.get("orderBy") or []],
            parameters.get("includePrivate") is True, _number(body, "start", 1), self._size(body),
        )  # fmt: skip

    def column(self, found: Object, name: str) -> Column:
        """Return how to read a field as REST shows it.

        Raises:
            Refused: there is no such field, or it can only be written.
        """
        try:
            column = self._view.column(found, name, self._entity)
        except UnknownField as error:
            raise _refusal(found, error) from None
        if name.endswith(MODIFIED) and self._settings.never_modified == "created":
            created = self._view.column(found, name.removesuffix(MODIFIED) + CREATED, self._entity)
            return Column(column.kind, _first_of(column, created))
        return column

    def _condition(self, found: Object, body: Mapping[str, Any], parameters: Mapping[str, Any]) -> Condition | None:
        filters = body.get("filters") or []
        if not isinstance(filters, list):
            raise _invalid("filters must be a list")
        ignore_case = parameters.get("caseSensitiveComparison") is False
        anchor = parameters.get("asOfDate")
        today = date.fromisoformat(anchor) if isinstance(anchor, str) else self._view.source.now.date()
        conditions = [self._filter(found, each, ignore_case, today) for each in filters]
        if not conditions:
            return None
        try:
            return combined(conditions, body.get("filterExpression") or "and")
        except BadExpression as error:
            raise _invalid(f"filterExpression is invalid: {error}") from None

    def _filter(self, found: Object, said: object, ignore_case: bool, today: date) -> Condition:
        """Return the condition of one `{"$op": {"field": value}}`."""
        if not isinstance(said, dict) or len(said) != 1:
            raise _invalid("A filter is an operator with a field and a value")
        sign, inside = next(iter(said.items()))
        if not isinstance(inside, dict) or len(inside) != 1 or not str(sign).startswith("$"):
            raise _invalid(f"Invalid operator {sign}")
        name, wanted = next(iter(inside.items()))
        if name.rpartition(".")[2] == "href":
            raise _invalid("href cannot be used in a filter")
        column = late(name, self.column(found, name), self._view)
        word = sign.removeprefix("$")
        plain = word.removeprefix("not")
        plain = plain[:1].lower() + plain[1:]
        negated = word != plain
        try:
            match plain:
                case op if op in COMPARE and not negated:
                    return compared(op, column, _value(column, wanted, today), ignore_case=ignore_case)
                case "in" if isinstance(wanted, list):
                    values = [_value(column, each, today) for each in wanted]
                    return among(column, values, ignore_case=ignore_case, negated=negated)
                case "between" if isinstance(wanted, list) and len(wanted) == 2:
                    low, high = (_value(column, each, today) for each in wanted)
                    return between(column, low, high, negated=negated)
                case pattern if pattern in PATTERNS and isinstance(wanted, str):
                    text = PATTERNS[pattern].format(re.escape(wanted))
                    return matching(column, text, ignore_case=ignore_case, negated=negated)
        except BadValue as error:
            raise _invalid(f"Invalid value {error} for the field {name}") from None
        raise _invalid(f"Invalid operator {sign} for the field {name}")

    def _order(self, found: Object, said: object) -> Order:
        if not isinstance(said, dict) or len(said) != 1:
            raise _invalid("orderBy is a list of fields with asc or desc")
        name, way = next(iter(said.items()))
        if name.rpartition(".")[2] == "href" or str(way).lower() not in ("asc", "desc"):
            raise _invalid(f"Cannot order by {name} {way}")
        return Order(self.column(found, name), str(way).lower() == "desc")

    def _size(self, body: Mapping[str, Any]) -> int:
        size, largest = _number(body, "size", self._settings.page_size), self._settings.largest_page
        if size > largest and self._settings.oversized_page == "refuse":
            raise _invalid(f"size must not be greater than {largest}")
        return min(size, largest)


def object_of(path: object) -> Object:
    """Return the object with this name.

    Raises:
        Refused: there is none.
    """
    if not isinstance(path, str) or path not in OBJECTS:
        raise _invalid(f"Object {path} does not exist")
    return OBJECTS[path]


def _refusal(found: Object, error: UnknownField) -> Refused:
    if error.reason == "write_only":
        return Refused(
            400, "invalidRequest", f"Field {error.name} is write-only and cannot be queried", "REST-1106",
            {"FIELD": error.name, "OBJECT": found.path, "VERSION": "v1"},
        )  # fmt: skip
    if error.reason == "list":
        return _invalid(f"{error.name}: fields of owned objects cannot be queried from their parent")
    return _invalid(f"Field {error.name} does not exist in {found.path}")


def _invalid(message: str) -> Refused:
    return Refused(400, "invalidRequest", message)


def _number(body: Mapping[str, Any], name: str, usual: int) -> int:
    number = body.get(name, usual)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise _invalid(f"{name} must be a whole number from 1")
    return number


def _value(column: Column, wanted: object, today: date) -> Value:
    if wanted is None:
        return None
    if column.kind is Kind.DAY and wanted in DAYS:
        return today - timedelta(days=DAYS[str(wanted)])
    return typed(column.kind, wanted)


def _first_of(column: Column, other: Column) -> Callable[[Row], Value]:
    def read(row: Row) -> Value:
        found = column.read(row)
        return other.read(row) if found is None else found

    return read
