"""Amounts are exact: ISO 4217 exponents decide, nothing is rounded."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from include import money


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("10", "EUR", 1000),
        ("10.05", "USD", 1005),
        ("-0.01", "GBP", -1),
        ("1050", "JPY", 1050),
        ("1050.00", "JPY", 1050),
        ("1.234", "KWD", 1234),
        ("90071992547409.92", "EUR", 2**53),
    ],
)
def test_minor_units_follow_the_currencys_exponent(amount: str, currency: str, minor: int) -> None:
    assert money.minor_units(Decimal(amount), currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        (Decimal("10.005"), "EUR", "impossible_amount"),
        (Decimal("1050.50"), "JPY", "impossible_amount"),
        (Decimal("NaN"), "EUR", "impossible_amount"),
        (Decimal("Infinity"), "EUR", "impossible_amount"),
        (Decimal("90071992547409.93"), "EUR", "impossible_amount"),
        (Decimal("1E+999999999"), "EUR", "impossible_amount"),
        (Decimal("1E-999999999"), "EUR", "impossible_amount"),
        (10.0, "EUR", "impossible_amount"),
        (Decimal("1"), "ZZZ", "unknown_currency"),
        (Decimal("1"), "eur", "unknown_currency"),
        (Decimal("1"), "XAU", "unknown_currency"),
        (Decimal("1"), None, "unknown_currency"),
        (Decimal("1"), ["EUR"], "unknown_currency"),
    ],
)
def test_what_is_no_amount_is_refused_with_its_reason(amount: Decimal, currency: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        money.minor_units(amount, currency)


def test_an_amount_is_shown_with_its_own_decimals() -> None:
    assert money.display(123450, "EUR") == "1,234.50 EUR"
    assert money.display(-1050, "JPY") == "-1,050 JPY"
    assert money.display(1234, "KWD") == "1.234 KWD"


def test_sums_over_currencies_keep_every_decimal() -> None:
    units = [money.as_mixed(150, "JPY"), money.as_mixed(12_345, "EUR"), money.as_mixed(1_234_567, "KWD")]
    assert sum(units) == money.mixed_units(Decimal("150") + Decimal("123.45") + Decimal("1234.567"))
    with pytest.raises(ValueError, match="impossible_amount"):
        money.mixed_units(Decimal("0.00001"))
