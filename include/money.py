"""Money: exact amounts of a currency, as integers in minor units (ISO 4217 exponents)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from iso4217 import Currency

LARGEST = 2**53
"""Minor units, 90 trillion with two decimals. A thousand such amounts still add up within the 64 bits that
SQLite sums in (one sum beyond fails the whole query), and readers of JSON keep each of them exactly."""


@cache
def exponent(currency: str) -> int | None:
    """Return how many decimals the currency has; None when ISO 4217 knows no such money.

    Codes without a minor unit of their own (gold, test codes) are no money here.
    """
    try:
        digits = Currency(currency).exponent
    except ValueError:
        return None
    return None if digits is None else int(digits)


MIXED_DIGITS = 4
"""Decimals in which sums over several currencies are counted: no currency has more."""


def mixed_units(amount: Decimal) -> int:
    """Return an amount of no currency in particular in ten-thousandths.

    Raises:
        ValueError: not a finite number, finer than that, or too large.
    """
    return _scaled(amount, MIXED_DIGITS)


def as_mixed(minor: int, currency: str) -> int:
    """Return minor units of a currency in ten-thousandths of its major unit, so that currencies can be summed."""
    factor: int = 10 ** (MIXED_DIGITS - (exponent(currency) or 0))
    return minor * factor


def minor_units(amount: Decimal, currency: str) -> int:
    """Return the amount in minor units of the currency.

    Raises:
        ValueError: no such currency, not a finite number, finer than the currency allows, or too large.
    """
    digits = exponent(currency) if isinstance(currency, str) else None
    if digits is None:
        raise ValueError("unknown_currency")
    return _scaled(amount, digits)


def _scaled(amount: Decimal, digits: int) -> int:
    if not isinstance(amount, Decimal) or not amount.is_finite():
        raise ValueError("impossible_amount")
    try:
        scaled = amount.scaleb(digits)
    except ArithmeticError:
        raise ValueError("impossible_amount") from None
    if scaled != scaled.to_integral_value() or abs(scaled) > LARGEST or scaled.scaleb(-digits) != amount:
        raise ValueError("impossible_amount")  # the last: scaleb has rounded what is finer than 28 digits
    return int(scaled)


def display(minor: int, currency: str) -> str:
    """Return the amount for people, `1,234.50 EUR`; minor units as they are if the currency is unknown."""
    digits = exponent(currency) or 0
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f} {currency}".strip()
