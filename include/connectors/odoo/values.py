"""Odoo's values on the wire as Python's, held to their kind: empty is `false` for everything but numbers and flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from include import money
from include.connectors.odoo.fields import Kind

MOMENT = "%Y-%m-%d %H:%M:%S"
NOISE = Decimal("1e-6")
"""What an amount may be off its currency's decimals because a float carried it; the smallest rounding that any
currency of Odoo has is larger."""
NAMELESS = "/"
"""The name of an entry that has no number yet."""


class One(NamedTuple):
    """The record that a field points at, and its name there."""

    id: int
    name: str


def parse(row: Any, kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """Return a record's id and fields as Python's values.

    Raises:
        ValueError, LookupError, TypeError: the record lacks a field or has it in another shape.
    """
    if type(row["id"]) is not int or row["id"] <= 0:
        raise ValueError("id")
    return {"id": row["id"], **{name: _READERS[kind](row[name]) for name, kind in kinds.items()}}


def exact(amount: Decimal, currency: str) -> Decimal:
    """Return an amount without what a float added behind the currency's last decimal.

    An amount that is really finer, or in no known currency, stays as it came, for the model to refuse.
    """
    digits = money.exponent(currency)
    if digits is None or not amount.is_finite() or abs(amount) > money.LARGEST:
        return amount
    rounded = amount.quantize(Decimal(1).scaleb(-digits))
    return rounded if abs(rounded - amount) < NOISE else amount


def number(name: str | None) -> str | None:
    """Return a document's number; a draft's is `/` or nothing."""
    return None if name == NAMELESS else name


def stamp(moment: datetime) -> str:
    """Return a moment as a domain wants it: whole seconds, UTC."""
    return moment.astimezone(UTC).strftime(MOMENT)


def _one(value: Any) -> One | None:
    if value is False:
        return None
    identifier, name = value
    if type(value) is not list or type(identifier) is not int or not (name is False or isinstance(name, str)):
        raise ValueError("no record")
    return One(identifier, name or "")


def _many(value: Any) -> tuple[int, ...]:
    if type(value) is not list or not all(type(one) is int for one in value):
        raise ValueError("no list of records")
    return tuple(value)


def _text(value: Any) -> str | None:
    if value is False:
        return None
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("no flag")
    return value


def _day(value: Any) -> date | None:
    if value is False:
        return None
    if not isinstance(value, str) or len(value) != len("YYYY-MM-DD"):
        raise ValueError("no day")
    return date.fromisoformat(value)


def _moment(value: Any) -> datetime | None:
    if value is False:
        return None
    return datetime.strptime(value, MOMENT).replace(tzinfo=UTC)


def amount(value: Any) -> Decimal:
    """Return a number; `false` is none.

    Raises:
        ValueError: it is no finite number.
    """
    if type(value) not in (int, Decimal) or not Decimal(value).is_finite():
        raise ValueError("no number")
    return Decimal(value)


_READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.ONE: _one,
    Kind.MANY: _many,
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.AMOUNT: amount,
}
