"""The gateway's `query` function: fields, a filter as a tree of elements, an order, options, a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from include.sandbox.intacct.catalogue import GATEWAY_OBJECTS, OBJECTS
from include.sandbox.intacct.expression import all_of, any_of
from include.sandbox.intacct.formats import Formats
from include.sandbox.intacct.gateway_names import ELEMENTS, WORDS, rest_name
from include.sandbox.intacct.message import text
from include.sandbox.intacct.objects import Kind, Row, Value
from include.sandbox.intacct.select import BadValue, Condition, Order, among, between, compared, late, like
from include.sandbox.intacct.view import Column, UnknownField, View

COMPARISONS = {
    "equalto": "eq", "notequalto": "ne", "lessthan": "lt", "lessthanorequalto": "lte", "greaterthan": "gt",
    "greaterthanorequalto": "gte",
}  # fmt: skip
SUMS: Mapping[str, Callable[[list[Any]], Value]] = {
    "count": len, "sum": lambda found: sum(map(_number, found), Decimal(0)),
    "min": lambda found: min(found, default=None), "max": lambda found: max(found, default=None),
    "avg": lambda found: sum(map(_number, found), Decimal(0)) / len(found) if found else None,
}  # fmt: skip
MOST_VALUES = 1000


class QueryFailed(ValueError):
    """The query cannot be understood; says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that was understood; `sums` are the functions of it, by the name under which each is answered."""

    element: str
    path: str
    columns: Mapping[str, Column]
    sums: Mapping[str, tuple[str, Column]]
    condition: Condition | None
    order: Sequence[Order]
    private: bool
    size: int
    offset: int
    format: str


class GatewayReader:
    """Reads what a function asks, for one view and one reader's place."""

    def __init__(self, view: View, entity: str, formats: Formats) -> None:
        self.view, self.entity, self.formats = view, entity, formats

    def read(self, query: Element) -> Asked:
        """Return the query of an element.

        Raises:
            QueryFailed: it cannot be understood.
        """
        name = element_name(text(query, "object"))
        selected = query.find("select")
        if selected is None or not len(selected):
            raise QueryFailed("The select element is required")
        columns = {text_of(each): self.column(name, text_of(each)) for each in selected if each.tag == "field"}
        sums = {
            each.tag.upper() + "." + text_of(each) if each.tag == "count" else text_of(each):
            (each.tag, self.column(name, text_of(each)))
            for each in selected if each.tag in SUMS
        }  # fmt: skip
        ignore_case = text(query, "options/caseinsensitive").lower() == "true"
        filters = query.find("filter")
        return Asked(
            name, ELEMENTS[name].path, columns, sums,
            self._filter(name, filters, ignore_case) if filters is not None else None,
            [self._order(name, each) for each in query.findall("orderby/order")],
            text(query, "options/showprivate").lower() == "true",
            self._size(query), whole_number(query, "offset", 0, 0), text(query, "options/returnformat", "xml").lower(),
        )  # fmt: skip

    def column(self, element: str, name: str) -> Column:
        """Return how to read a field by the gateway's name, in the gateway's words.

        Raises:
            QueryFailed: there is no such field.
        """
        path = ELEMENTS[element].path
        try:
            source = rest_name(element, name)
            if not source:
                return Column(Kind.TEXT, lambda row: None)
            column = self.view.column(GATEWAY_OBJECTS.get(path) or OBJECTS[path], source, self.entity)
        except (KeyError, UnknownField):
            raise QueryFailed(f"Field {name} does not exist in {element}") from None
        words = WORDS.get(name.rpartition(".")[2])
        return Column(column.kind, _in_words(column, words)) if words else column

    def searched(self, element: str, name: str) -> Column:
        """Return how a condition reads a field, to which the last changes come later.

        Raises:
            QueryFailed: there is no such field.
        """
        column = self.column(element, name)
        return late(rest_name(element, name), column, self.view)

    def _filter(self, element: str, inside: Element, ignore_case: bool) -> Condition:
        """Return the condition of a filter, which has one operator at its top."""
        if len(inside) != 1:
            raise QueryFailed("Only one operator is allowed at the top of a filter")
        return self._condition(element, inside[0], ignore_case)

    def _condition(self, element: str, said: Element, ignore_case: bool) -> Condition:
        if said.tag in ("and", "or"):
            if len(said) < 2:
                raise QueryFailed(f"The {said.tag} operator needs two conditions")
            parts = [self._condition(element, each, ignore_case) for each in said]
            return all_of(parts) if said.tag == "and" else any_of(parts)
        name, values = text(said, "field"), [text_of(each) for each in said.findall("value")]
        column = self.searched(element, name)
        try:
            return self._comparison(said.tag, column, values, ignore_case)
        except BadValue as error:
            raise QueryFailed(f"Invalid value {error} for the field {name}") from None

    def _comparison(self, sign: str, column: Column, values: list[str], ignore_case: bool) -> Condition:
        negated = sign.startswith("not")
        match sign:
            case "isnull" | "isnotnull" if not values:
                return compared("eq" if sign == "isnull" else "ne", column, None, ignore_case=ignore_case)
            case "like" | "notlike" if len(values) == 1:
                return like(column, values[0], ignore_case=ignore_case, negated=negated)
        wanted = [self.formats.read(column.kind, value) for value in values]
        match sign:
            case op if op in COMPARISONS and len(wanted) == 1:
                return compared(COMPARISONS[op], column, wanted[0], ignore_case=ignore_case)
            case "in" | "notin" if 1 <= len(wanted) <= MOST_VALUES:
                return among(column, wanted, ignore_case=ignore_case, negated=negated)
            case "between" if len(wanted) == 2:
                return between(column, wanted[0], wanted[1], negated=False)
        raise QueryFailed(f"Invalid use of the operator {sign}")

    def _order(self, element: str, said: Element) -> Order:
        return Order(self.column(element, text(said, "field")), said.find("descending") is not None)

    def _size(self, query: Element) -> int:
        settings = self.view.source.settings
        size, largest = whole_number(query, "pagesize", settings.page_size, 1), settings.largest_gateway_page
        if size > largest and settings.oversized_page == "refuse":
            raise QueryFailed(f"The pagesize must be between 1 and {largest}")
        return min(size, largest)


def element_name(name: str) -> str:
    """Return the name of an object, whose case does not matter.

    Raises:
        QueryFailed: there is none.
    """
    if name.upper() not in ELEMENTS:
        raise QueryFailed(f"The object {name} does not exist")
    return name.upper()


def text_of(element: Element) -> str:
    """Return an element's text without the space around it."""
    return (element.text or "").strip()


def whole_number(parent: Element, name: str, usual: int, least: int) -> int:
    """Return the number in an element below another.

    Raises:
        QueryFailed: it is none, or too small.
    """
    said = text(parent, name)
    if not said:
        return usual
    if not said.isdigit() or int(said) < least:
        raise QueryFailed(f"The {name} must be a whole number from {least}")
    return int(said)


def grouped(rows: list[Row], asked: Asked) -> list[dict[str, tuple[Kind, Value]]]:
    """Return one record for each group of rows that agree in the fields asked for, with the functions of the group."""
    groups: dict[tuple[Value, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(column.read(row) for column in asked.columns.values())].append(row)
    found = []
    for values, members in groups.items():
        record = {
            name: (column.kind, value) for (name, column), value in zip(asked.columns.items(), values, strict=True)
        }
        for name, (function, column) in asked.sums.items():
            known = [value for row in members if (value := column.read(row)) is not None]
            record[name] = (Kind.INTEGER if function == "count" else column.kind, SUMS[function](known))
        found.append(record)
    return found


def _in_words(column: Column, words: Mapping[str, str]) -> Callable[[Row], Value]:
    def read(row: Row) -> Value:
        found = column.read(row)
        return words.get(found, found) if isinstance(found, str) else found

    return read


def _number(value: Value) -> Decimal:
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)
