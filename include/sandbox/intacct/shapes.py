"""How REST writes values: amounts and keys as text, moments in UTC, nulls as they are; flat or nested."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

import msgspec

from include.sandbox.intacct.objects import Kind, Object, Row, Value
from include.sandbox.intacct.view import Column

Shape = dict[str, Any]
ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
CENT = Decimal("0.01")


def _as_it_is(value: Value) -> object:
    return value


def _number(value: Any) -> object:
    return value.normalize() if isinstance(value, Decimal) else value


def _rate(value: Any) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _moment(value: Any) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def amount(value: Any) -> str:
    """Return an amount with two decimals at least; nothing has no sign."""
    exact = Decimal(value) + 0
    exponent = exact.as_tuple().exponent
    return f"{exact.quantize(CENT) if isinstance(exponent, int) and exponent > -2 else exact:f}"


WRITERS: Mapping[Kind, Callable[[Any], object]] = {
    Kind.KEY: str, Kind.AMOUNT: amount, Kind.RATE: _rate, Kind.NUMBER: _number, Kind.MOMENT: _moment, Kind.DAY: str,
    Kind.TEXT: _as_it_is, Kind.INTEGER: _as_it_is, Kind.FLAG: _as_it_is, Kind.HREF: _as_it_is,
}  # fmt: skip
"""How REST writes the values of each kind of field, but null."""


def written(column: Column, row: Row) -> object:
    """Return a value of a row as REST writes it."""
    value = column.read(row)
    return None if value is None else WRITERS[column.kind](value)


def flat(rows: Iterable[Row], columns: Mapping[str, Column]) -> list[Shape]:
    """Return the rows of a query: dotted names stay as they are, and what is null is there."""
    known = [(name, column.read, WRITERS[column.kind]) for name, column in columns.items()]
    return [
        {name: None if (value := read(row)) is None else write(value) for name, read, write in known} for row in rows
    ]


def nested(found: Object, row: Row, read: Callable[[Object, str], Column]) -> Shape:
    """Return a single record: dotted names become objects within objects; of a reference what is shown of it."""
    names = list(found.fields)
    for prefix, ref in found.refs.items():
        names += [f"{prefix}.{field}" for field in ref.shown]
    shape: Shape = {}
    for name in names:
        column = read(found, name)
        *folders, last = name.split(".")
        inside = shape
        for folder in folders:
            inside = inside.setdefault(folder, {})
        inside[last] = written(column, row)
    return shape
