"""Picks rows for a query of either protocol: conditions on typed values, order, and the reader's place."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from include.sandbox.intacct.objects import Kind, Row, Value
from include.sandbox.intacct.view import Column, View, is_visible, shuffled

Condition = Callable[[Row], bool]
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge
}  # fmt: skip
SEARCHED_BY_LAG = ("audit.createdDateTime", "audit.modifiedDateTime")


class BadValue(ValueError):
    """A value that the field cannot have."""


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by."""

    column: Column
    descending: bool = False


def select(
    view: View, path: str, entity: str, *, private: bool, condition: Condition | None, order: Sequence[Order],
    page: int = 0,
) -> list[Row]:  # fmt: skip
    """Return all rows that a reader gets, in order; equal ones, and all without an order, in nobody's.

    Args:
        page: number of the page for which they are picked; unless the order is steady, each has another one.
    """
    rows = [row for row in view.rows(path).values() if is_visible(row, entity, private)]
    if condition:
        rows = [row for row in rows if condition(row)]
    if page and not order and view.source.settings.unordered == "each_page_another":
        rows.sort(key=lambda row: shuffled(f"{path}/{page}", row.key))
    for each in reversed(order):
        rows.sort(key=lambda row: _sortable(each.column.read(row)), reverse=each.descending)
    return rows


def compared(name: str, column: Column, wanted: object, *, ignore_case: bool) -> Condition:
    """Return a condition that compares a column with a value; what is null is neither equal nor unequal, as in SQL."""
    if wanted is None:
        return (lambda row: column.read(row) is None) if name == "eq" else (lambda row: column.read(row) is not None)
    compare, value = COMPARE[name], _folded(wanted, ignore_case)

    def holds(row: Row) -> bool:
        found = column.read(row)
        return found is not None and compare(_folded(found, ignore_case), value)

    return holds


def among(column: Column, wanted: Iterable[object], *, ignore_case: bool, negated: bool) -> Condition:
    """Return a condition that a column has one of the values, or none of them."""
    values = {_folded(value, ignore_case) for value in wanted}

    def holds(row: Row) -> bool:
        found = column.read(row)
        return found is not None and (_folded(found, ignore_case) in values) is not negated

    return holds


def between(column: Column, low: object, high: object, *, negated: bool) -> Condition:
    """Return a condition that a column lies between two values, both included."""

    def holds(row: Row) -> bool:
        found: Any = column.read(row)
        return found is not None and (low <= found <= high) is not negated

    return holds


def like(column: Column, pattern: str, *, ignore_case: bool, negated: bool) -> Condition:
    """Return a condition that a column is like a pattern of SQL: % for any text, _ for any letter."""
    parts = re.split("([%_])", pattern)
    text = "".join({"%": ".*", "_": "."}.get(part, re.escape(part)) for part in parts)
    return matching(column, text, ignore_case=ignore_case, negated=negated)


def matching(column: Column, pattern: str, *, ignore_case: bool, negated: bool) -> Condition:
    """Return a condition that a column matches a regular expression as a whole."""
    known = re.compile(pattern, re.DOTALL | (re.IGNORECASE if ignore_case else 0))

    def holds(row: Row) -> bool:
        found = column.read(row)
        return found is not None and bool(known.fullmatch(str(found))) is not negated

    return holds


def late(name: str, column: Column, view: View) -> Column:
    """Return the column as a search has it, to which the last changes come later: eventual consistency."""
    lag = view.source.settings.lag
    if not lag or name not in SEARCHED_BY_LAG:
        return column
    known = view.source.now - timedelta(seconds=lag)

    def read(row: Row) -> Value:
        found = column.read(row)
        return None if isinstance(found, datetime) and found > known else found

    return Column(column.kind, read)


def typed(kind: Kind, text: object) -> Value:
    """Return a value of REST or of plain text as the field's kind has it.

    Raises:
        BadValue: it is none.
    """
    try:
        match kind:
            case Kind.FLAG:
                return _flag(text)
            case Kind.KEY | Kind.INTEGER:
                return int(str(text))
            case Kind.AMOUNT | Kind.NUMBER | Kind.RATE:
                return Decimal(str(text))
            case Kind.DAY:
                return date.fromisoformat(str(text))
            case Kind.MOMENT:
                moment = datetime.fromisoformat(str(text))
                return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, InvalidOperation):
        raise BadValue(str(text)) from None
    return str(text)


def _flag(text: object) -> bool:
    if str(text).lower() not in ("true", "false"):
        raise BadValue(str(text))
    return str(text).lower() == "true"


def _folded(value: object, ignore_case: bool) -> object:
    return value.casefold() if ignore_case and isinstance(value, str) else value


def _sortable(value: Value) -> tuple[bool, Any]:
    """Return what sorts nulls last, whatever is compared."""
    return value is None, 0 if value is None else value
