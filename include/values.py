"""What a value of each kind of column must be, and the sentence that refuses a wrong one.

Every check raises ValueError with a reason of `SENTENCES`. What one database could hold and the other
could not (a number of more than 32 bits, an index entry of several kilobytes) is refused for both: a
record that only PostgreSQL refuses would take its whole load along.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from include import money
from include.model import Column, Kind

LARGEST_INTEGER = 2**31 - 1
"""What PostgreSQL's integer holds."""
MOST_DIGITS = 60
"""Digits before and after the point that an exchange rate or the amount of a reject may have: 1E+999999 is seven
characters in the source and a megabyte when written out."""
LONGEST_INDEXED = 500
"""Bytes of a key or document number; PostgreSQL refuses index entries above 2,704."""


def is_plain(amount: Decimal) -> bool:
    """Tell whether the amount is finite and short enough to be written out."""
    return amount.is_finite() and int(amount.as_tuple().exponent) >= -MOST_DIGITS and amount.adjusted() < MOST_DIGITS


def _text(value: Any, column: Column) -> str:
    if not isinstance(value, str):
        raise ValueError("changed_type")
    return _indexable(value) if column.name == "number" else _sound(value)


def _sound(text: str) -> str:
    """Return the text; half of a surrogate pair, which JSON can escape and UTF-8 cannot hold, is none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("impossible_text") from None
    return text


def _indexable(text: str) -> str:
    if len(_sound(text).encode()) > LONGEST_INDEXED:
        raise ValueError("too_long")
    return text


def _choice(value: Any, column: Column) -> str:
    if value not in column.choices:
        raise ValueError("unknown_value")
    return str(value)


def _key(value: Any, column: Column) -> str:
    if not isinstance(value, str) or not value.partition(":")[2]:
        raise ValueError("malformed_key")
    return _indexable(value)


def _currency(value: Any, column: Column) -> str:
    if not isinstance(value, str) or money.exponent(value) is None:
        raise ValueError("unknown_currency")
    return value


def _country(value: Any, column: Column) -> str:
    if not isinstance(value, str) or len(value) != 2 or not value.isalpha() or not value.isupper():
        raise ValueError("malformed_country")
    return value


def _decimal(value: Any, column: Column) -> str:
    if not isinstance(value, Decimal) or not is_plain(value):
        raise ValueError("impossible_amount")
    return format(value, "f")


def _integer(value: Any, column: Column) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("changed_type")
    if abs(value) > LARGEST_INTEGER:
        raise ValueError("impossible_number")
    return value


def _flag(value: Any, column: Column) -> bool:
    if not isinstance(value, bool):
        raise ValueError("changed_type")
    return value


def _date(value: Any, column: Column) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("impossible_date")
    return value


def _timestamp(value: Any, column: Column) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("naive_timestamp")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("impossible_date") from None


def _json(value: Any, column: Column) -> str:
    try:
        return _sound(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str, allow_nan=False))
    except (ValueError, TypeError, RecursionError):  # NaN, keys of several types, nested without end
        raise ValueError("impossible_text") from None


CHECKS: dict[Kind, Callable[[Any, Column], Any]] = {
    Kind.TEXT: _text,
    Kind.KEY: _key,
    Kind.CHOICE: _choice,
    Kind.CURRENCY: _currency,
    Kind.COUNTRY: _country,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.FLAG: _flag,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.JSON: _json,
}

SENTENCES = {
    "missing_value": "{column} is missing",
    "unknown_currency": "{column} is in a currency that ISO 4217 does not know",
    "impossible_amount": "{column} is not an amount its currency can have",
    "impossible_date": "{column} is not a date",
    "impossible_number": "{column} is larger than a number can be here",
    "impossible_text": "{column} holds what no text or JSON can be",
    "too_long": "{column} is longer than a key or document number can be",
    "naive_timestamp": "{column} has no time zone",
    "malformed_key": "{column} is not a key of the form <record type>:<id>",
    "malformed_country": "{column} is not an ISO 3166 country code",
    "unknown_value": "{column} has a value that no mapping covers",
    "changed_type": "{column} has another type than before",
}
