"""A column typed as a whole holds what its values hold when they are typed one by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pyarrow as pa
import pytest

from include.columns import arrow_type, whole
from include.model import TABLES, Column, Kind
from include.normalize import _one_by_one


class Word(StrEnum):
    OPEN = "open"


ODD: tuple[Any, ...] = (
    None, "", " ", "x", "open", Word.OPEN, "EUR", "eur", "XAU", "DE", "de", "DEU", "Invoice:1", "Invoice:", ":1",
    "Invoice", "a:b:c", "half \ud800", "nul \0", "n" * 501, "k:" + "n" * 499, "ü:" + "ü" * 250, b"Invoice:1",
    0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**70, True, False, 1.0, {"a": 1}, [1],
    Decimal("1.10"), Decimal("1.005"), Decimal("-0.00"), Decimal("1E+2"), Decimal("1E+999999"), Decimal("1E-70"),
    Decimal("NaN"), Decimal("Infinity"), Decimal(2**53).scaleb(-2), Decimal(2**53 + 1).scaleb(-2),
    Decimal("1.0000000000000000000000000000000001"), Decimal("1.0000000000000000000000000000000000"),
    date(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 1, 31, tzinfo=UTC).replace(tzinfo=None),
    datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
    datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
)  # fmt: skip
SOUND: dict[Kind, Any] = {
    Kind.KEY: "Invoice:1", Kind.CURRENCY: "EUR", Kind.COUNTRY: "DE", Kind.MONEY: Decimal("119.00"),
    Kind.DECIMAL: Decimal("1.5"), Kind.INTEGER: 3, Kind.FLAG: True, Kind.DATE: date(2026, 1, 31),
    Kind.TIMESTAMP: datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), Kind.TEXT: "text",
    Kind.JSON: {"a": 1},
}  # fmt: skip
CURRENCIES = ("EUR", "JPY", "KWD", "XXX", None, 5)


def columns() -> Iterator[Column]:
    """One column of every kind, required and not, and the one whose length counts."""
    found: dict[tuple[Kind, bool, bool], Column] = {}
    for table in TABLES.values():
        for column in table.all_columns:
            found.setdefault((column.kind, column.required, column.name == "number"), column)
    yield from found.values()


@pytest.mark.parametrize("column", [*columns()], ids=lambda column: f"{column.kind}-{column.name}")
def test_whole_columns_say_what_single_values_say_or_leave_it_to_them(column: Column) -> None:
    sound = column.choices[0] if column.choices else SOUND[column.kind]
    for currency in CURRENCIES if column.kind is Kind.MONEY else (None,):
        for odd in ODD:
            values, currencies = [sound, odd, sound], [currency] * 3
            array = whole(column, values, currencies)
            if array is None:
                continue
            each, wrong = _one_by_one(column, values, currencies)
            assert wrong == [], (odd, currency)
            assert array.equals(pa.array(each, arrow_type(column))), (odd, currency)


@pytest.mark.parametrize("column", [*columns()], ids=lambda column: f"{column.kind}-{column.name}")
def test_sound_columns_are_typed_as_a_whole(column: Column) -> None:
    sound = column.choices[0] if column.choices else SOUND[column.kind]
    assert column.kind is Kind.JSON or whole(column, [sound, sound], ["EUR", "JPY"]) is not None
    assert column.required or whole(column, [None, sound], ["EUR", "EUR"]) is not None or column.kind is Kind.JSON
    assert (whole(column, [None, None], [None, None]) is None) == column.required


def test_a_column_without_rows_is_one() -> None:
    assert all(len(whole(column, [], []) or ()) == 0 for column in columns())


def test_amounts_of_several_currencies_are_each_in_their_own_minor_units() -> None:
    column = next(
        column for column in TABLES["invoices"].all_columns if column.kind is Kind.MONEY and not column.required
    )
    fine = Decimal("1.005")
    array = whole(column, [fine, Decimal("-7"), Decimal("0.10"), None], ["KWD", "JPY", "EUR", "EUR"])
    assert array is not None and array.to_pylist() == [1005, -7, 10, None]
    assert whole(column, [fine, fine], ["KWD", "EUR"]) is None
    assert whole(column, [fine, Decimal("0.5")], ["KWD", "JPY"]) is None
