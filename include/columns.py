"""Typing a column as a whole, which is many times faster than value by value.

Where anything is unusual (a value of another type, a wrong one, one that is missing), nothing is
returned, and normalize looks at the values one by one with the checks of values.py, which say what
is wrong. So the checks here may be stricter than those, never laxer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from include import money
from include.model import Column, Kind
from include.values import CHECKS, LARGEST_INTEGER, LONGEST_INDEXED, MOST_DIGITS

ARROW_TYPES: Mapping[Kind, pa.DataType] = {
    Kind.MONEY: pa.int64(),
    Kind.INTEGER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}
"""Every other kind is text."""

FIRST_YEAR, LAST_YEAR = 2, 9998
"""Outside them, a moment may have no UTC."""
MOST_PRECISE = 38
"""Digits of Arrow's decimals."""

Values = Sequence[Any]


def arrow_type(column: Column) -> pa.DataType:
    """Return how a column is kept in Arrow."""
    return ARROW_TYPES.get(column.kind, pa.string())


def whole(column: Column, values: Values, currencies: Values) -> pa.Array | None:
    """Return the column, typed and checked; None where a value must be looked at by itself.

    Args:
        currencies: of an amount's column: the currency of every row.
    """
    if not values or (values[0] is None and values.count(None) == len(values)):
        return None if column.required and values else pa.nulls(len(values), arrow_type(column))
    if {*map(type, values)} - {type(None)} != {_PYTHON[column.kind]}:
        return None
    try:
        array = _TYPED.get(column.kind, _text)(column, values, currencies)
    except (ValueError, TypeError, ArithmeticError, pa.ArrowException):  # who looks at each value says what it is
        return None
    return None if column.required and array.null_count else array


_PYTHON: Mapping[Kind, type] = {
    **dict.fromkeys(Kind, str),
    Kind.MONEY: Decimal,
    Kind.DECIMAL: Decimal,
    Kind.INTEGER: int,
    Kind.FLAG: bool,
    Kind.DATE: date,
    Kind.TIMESTAMP: datetime,
}


def _text(column: Column, values: Values, currencies: Values) -> pa.Array:
    array = pa.array(values, pa.string())
    length = pc.binary_length(array)
    bounds = pc.min_max(length)
    if bounds["min"].as_py() == 0:
        array = pc.if_else(pc.equal(length, 0), pa.scalar(None, pa.string()), array)
    if column.kind is Kind.KEY:
        colon = pc.find_substring(array, ":")
        if not pc.all(pc.and_(pc.greater_equal(colon, 0), pc.less(colon, pc.subtract(length, 1)))).as_py():
            raise ValueError("malformed_key")
    if (column.kind is Kind.KEY or column.name == "number") and bounds["max"].as_py() > LONGEST_INDEXED:
        raise ValueError("too_long")
    return array


def _one_of_few(column: Column, values: Values, currencies: Values) -> pa.Array:
    """Check every value that occurs once."""
    for value in {*values} - {None, ""}:
        CHECKS[column.kind](value, column)
    return _text(column, values, currencies)


def _decimals(column: Column, values: Values, currencies: Values) -> pa.Array:
    texts = [None if value is None else str(value) for value in values]
    if not all(t is None or (len(t) <= MOST_DIGITS and t[-1].isdigit() and "E" not in t) for t in texts):
        raise ValueError("impossible_amount")
    return pa.array(texts, arrow_type(column))


def _plain(column: Column, values: Values, currencies: Values) -> pa.Array:
    return pa.array(values, arrow_type(column))


def _integers(column: Column, values: Values, currencies: Values) -> pa.Array:
    array = pa.array(values, arrow_type(column))
    if pc.max(pc.abs_checked(array)).as_py() > LARGEST_INTEGER:
        raise ValueError("impossible_number")
    return array


def _moments(column: Column, values: Values, currencies: Values) -> pa.Array:
    if any(v is not None and (v.tzinfo is None or not FIRST_YEAR <= v.year <= LAST_YEAR) for v in values):
        raise ValueError("naive_timestamp")
    return pa.array(values, arrow_type(column))


def _minor_units(column: Column, values: Values, currencies: Values) -> pa.Array:
    """Scale amounts by way of Arrow's decimals, which refuse what they cannot hold exactly."""
    digits = {currency: _exponent(currency) for currency in {*currencies}}
    most = max(digits.values())
    # Of their texts: Arrow takes five times as long to read Decimals.
    texts = pa.array([None if value is None else str(value) for value in values], pa.string())
    array = texts.cast(pa.decimal128(MOST_PRECISE, most)).view(pa.decimal128(MOST_PRECISE, 0)).cast(arrow_type(column))
    if most > min(digits.values()):
        factors = {currency: 10 ** (most - places) for currency, places in digits.items()}
        array = _divided(array, pa.array([factors[currency] for currency in currencies], array.type))
    if pc.max(pc.abs_checked(array)).as_py() > money.LARGEST:
        raise ValueError("impossible_amount")
    return array


def _divided(array: pa.Array, factors: pa.Array) -> pa.Array:
    exact = pc.divide(array, factors)
    if not pc.all(pc.equal(pc.multiply(exact, factors), array)).as_py():
        raise ValueError("impossible_amount")
    return exact


def _exponent(currency: Any) -> int:
    if not isinstance(currency, str) or (known := money.exponent(currency)) is None:
        raise ValueError("unknown_currency")
    return known


_TYPED: Mapping[Kind, Callable[[Column, Values, Values], pa.Array]] = {
    Kind.MONEY: _minor_units,
    Kind.DECIMAL: _decimals,
    Kind.INTEGER: _integers,
    Kind.FLAG: _plain,
    Kind.DATE: _plain,
    Kind.TIMESTAMP: _moments,
    Kind.CHOICE: _one_of_few,
    Kind.CURRENCY: _one_of_few,
    Kind.COUNTRY: _one_of_few,
}
