"""How SuiteQL writes values: everything is text, `T` and `F` are truths, and what is null is not there at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.connectors.normalized import Record

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_FLAGS = {"T": True, "F": False, None: None}
ZERO = Decimal(0)


class UnknownValue(ValueError):
    """A value of a closed list that no mapping covers; the column says of which."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def amount(value: Any) -> Decimal | None:
    """Return a number exactly, None where there is none.

    Raises:
        ValueError: it is none.
    """
    if value is None:
        return None
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Decimal(value)
    if isinstance(value, Decimal) or type(value) is int:
        return Decimal(value)
    raise ValueError("an amount is no number")


def size(value: Any) -> Decimal:
    """Return how much it is, whatever its sign: credit memos are negative, and payments nobody knows.

    Raises:
        ValueError: it is no number, or there is none.
    """
    found = amount(value)
    if found is None:
        raise ValueError("an amount is missing")
    return abs(found)


def rest(*stated: Any) -> Decimal:
    """Return the first rest that is stated, whatever its sign; nothing is left where none is.

    Raises:
        ValueError: it is no number.
    """
    return next((abs(found) for value in stated if (found := amount(value)) is not None), ZERO)


def text(value: Any) -> str | None:
    """Return a text, None for an empty one.

    Raises:
        ValueError: it is no text.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("a text is none")
    return value.strip() or None


def identifier(value: Any) -> str:
    """Return an id as it is.

    Raises:
        ValueError: it is no whole number: written into a key, anything else would name another record.
    """
    written = str(value) if type(value) is int else value
    if not isinstance(written, str) or not written.isascii() or not written.isdigit():
        raise ValueError("an id is no number")
    return written


def flag(value: Any) -> bool | None:
    """Return true or false, None where neither is said.

    Raises:
        ValueError: it is anything else.
    """
    if isinstance(value, bool):
        return value
    if value not in _FLAGS:
        raise ValueError("a flag is neither T nor F")
    return _FLAGS[value]


def day(value: Any) -> date | None:
    """Return a day that was asked for as YYYY-MM-DD, None where there is none.

    Raises:
        ValueError: it is none.
    """
    written = text(value)
    return None if written is None else date.fromisoformat(written)


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """Return a moment of the account's clock in UTC; an hour that it repeats in autumn is taken for the first.

    Raises:
        ValueError: it is none.
    """
    written = text(value)
    return None if written is None else datetime.fromisoformat(written).replace(tzinfo=zone).astimezone(UTC)


def latest(values: Iterable[Any], zone: ZoneInfo) -> datetime | None:
    """Return the latest of these moments, None where there is none, or one cannot be read."""
    try:
        return max((at for value in values if (at := moment(value, zone))), default=None)
    except (ValueError, OverflowError):
        return None


def about(records: Sequence[Record], name: str) -> list[Any]:
    """Return what each record's account says under this name."""
    return [record["about"][name] for record in records]
