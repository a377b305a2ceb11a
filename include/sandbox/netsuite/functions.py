"""What SQLite lacks of Oracle's functions: exact arithmetic, dates, texts of what columns point at."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from include.sandbox.netsuite import dates

DIGITS = 15
"""A number has at most so many significant digits: then a double gives it back as it was."""
Value = str | int | float | None


def number(value: Value) -> Decimal:
    """Return a value as a number.

    Raises:
        ValueError: it is none.
    """
    try:
        return Decimal(repr(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation as error:
        raise ValueError("invalid number") from error


def held(value: Decimal) -> int | float:
    """Return a number as the engine holds it."""
    return int(value) if value == value.to_integral_value() and abs(value) < 10**DIGITS else float(value)


def text(value: Value) -> str:
    """Return a value as text: a number without exponent and without zeros that say nothing."""
    if isinstance(value, float):
        plain = f"{number(value):f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "" if value is None else str(value)


class Functions:
    """The functions of one connection; `error` is what the last one that failed had to say."""

    def __init__(self, user_format: str, zone: str) -> None:
        self._user_format, self._zone = user_format, zone
        self.error = ""
        self.displayed: Mapping[str, Mapping[Any, str]] = {}
        """What BUILTIN.DF shows: by table, and by key."""
        self.dice = random.Random(0)  # noqa: S311 - dice, no secret

    def register(self, connection: sqlite3.Connection) -> None:
        """Make them known to a connection."""
        known: dict[str, tuple[int, Callable[..., Value]]] = {
            "NS_ADD": (2, self._add), "NS_SUB": (2, self._subtract), "NS_MUL": (2, _multiply), "NS_DIV": (2, _divide),
            "NS_NEG": (1, lambda value: held(-number(value))), "NS_ROUND": (-1, self._round),
            "NS_TRUNC": (-1, self._trunc), "NS_TO_CHAR": (-1, self._to_char), "NS_TO_DATE": (-1, self._to_date),
            "NS_TO_NUMBER": (1, lambda value: held(number(value))), "NS_DAY_OF_USER": (1, self._day_of_user),
            "NS_ADD_MONTHS": (2, lambda value, months: dates.add_months(value, int(months))),
            "NS_LAST_DAY": (1, dates.last_day), "NS_UTC": (1, dates.in_utc), "LOWER": (1, str.lower),
            "UPPER": (1, str.upper), "NS_DF": (2, self._display), "NS_SHOW": (1, self._show),
        }  # fmt: skip
        for name, (count, function) in known.items():
            connection.create_function(name, count, self._guarded(function), deterministic=True)
        connection.create_function("NS_CONCAT", 2, lambda a, b: (self._show(a) + self._show(b)) or None)
        connection.create_function("NS_SHUFFLE", 0, lambda: self.dice.random())
        connection.create_aggregate("NS_SUM", 1, _Sum)  # type: ignore[arg-type]

    def _guarded(self, function: Callable[..., Value]) -> Callable[..., Value]:
        """Return a function that is NULL where its first value is, and whose complaint is kept."""

        def guarded(*values: Value) -> Value:
            if not values or None in values:
                return None
            try:
                return function(*values)
            except (ValueError, TypeError, OverflowError) as error:
                self.error = str(error)
                raise

        return guarded

    def _show(self, value: Value) -> str:
        return dates.shown(str(value), self._user_format) if dates.is_moment(value) else text(value)

    def _add(self, left: Value, right: Value) -> Value:
        if dates.is_moment(left):
            return dates.add_days(str(left), float(number(right)))
        return held(number(left) + number(right))

    def _subtract(self, left: Value, right: Value) -> Value:
        if dates.is_moment(left) and dates.is_moment(right):
            return dates.days_between(str(left), str(right))
        if dates.is_moment(left):
            return dates.add_days(str(left), -float(number(right)))
        return held(number(left) - number(right))

    def _round(self, value: Value, places: Value = 0) -> Value:
        return held(number(value).quantize(Decimal(1).scaleb(-int(number(places))), ROUND_HALF_UP))

    def _trunc(self, value: Value, unit: Value = None) -> Value:
        if dates.is_moment(value):
            return dates.truncated(str(value), str(unit or "DD"))
        return held(number(value).quantize(Decimal(1).scaleb(-int(number(unit or 0))), ROUND_DOWN))

    def _to_char(self, value: Value, oracle_format: Value = None) -> Value:
        if dates.is_moment(value) and oracle_format:
            return dates.to_char(str(value), str(oracle_format))
        if oracle_format:
            raise ValueError("TO_CHAR of a number with a format is not known here")
        return self._show(value)

    def _to_date(self, value: Value, python_format: Value = None) -> Value:
        return dates.to_date(str(value), str(python_format)) if python_format else self._day_of_user(value)

    def _day_of_user(self, value: Value) -> Value:
        """Return the day that is meant where a date is compared with a text."""
        if dates.is_moment(value):
            return value
        try:
            return dates.of_user(str(value), self._user_format)
        except ValueError as error:
            name = dates.USER_FORMATS[self._user_format][2]
            raise ValueError(
                f'Parse of date/time "{value}" failed with date format "{name}" in time zone {self._zone}'
            ) from error

    def _display(self, value: Value, kind: Value) -> Value:
        return self.displayed.get(str(kind), {}).get(value) or self._show(value)


class _Sum:
    """SUM, exact."""

    def __init__(self) -> None:
        self._total: Decimal | None = None

    def step(self, value: Value) -> None:
        """Add a value; NULL adds nothing."""
        if value is not None:
            self._total = (self._total or Decimal(0)) + number(value)

    def finalize(self) -> Value:
        """Return the sum; NULL of nothing."""
        return None if self._total is None else held(self._total)


def _multiply(left: Value, right: Value) -> Value:
    return held(number(left) * number(right))


def _divide(left: Value, right: Value) -> Value:
    if not number(right):
        raise ValueError("divisor is equal to zero")
    return held(number(left) / number(right))
