"""How REST writes values: amounts and keys as text, moments in UTC, nulls as they are; flat or nested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from include.sandbox.intacct.objects import Kind, Object, Row, Value
from include.sandbox.intacct.view import Column

Shape = dict[str, Any]
ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def written(kind: Kind, value: Value) -> object:
    """Return a value as REST writes it."""
    if value is None:
        return None
    match kind:
        case Kind.KEY:
            return str(value)
        case Kind.AMOUNT:
            return amount(Decimal(value) if isinstance(value, int) else value)
        case Kind.RATE:
            return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
        case Kind.NUMBER:
            return value.normalize() if isinstance(value, Decimal) else value
        case Kind.MOMENT:
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value)
        case Kind.DAY:
            return str(value)
    return value


def amount(value: object) -> str:
    """Return an amount with two decimals at least."""
    assert isinstance(value, Decimal), "amounts are exact"
    value += 0  # nothing has no sign
    exponent = value.as_tuple().exponent
    return f"{value.quantize(Decimal('0.01')) if isinstance(exponent, int) and exponent > -2 else value:f}"


def flat(row: Row, columns: Mapping[str, Column]) -> Shape:
    """Return a row of a query: dotted names stay as they are, and what is null is there."""
    return {name: written(column.kind, column.read(row)) for name, column in columns.items()}


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
        inside[last] = written(column.kind, column.read(row))
    return shape
