"""What an answer of Tryton must look like: which fields, nested how, and of which type each.

Tryton gives what is asked for, each field always in one type. A record in another shape is not read at all:
a text that is not empty would count as true, minus one times a text is nothing, an id of `True` is the first
record's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Shape = Mapping[str, "Shape"]


class UnknownValue(ValueError):
    """A value of a closed list that no mapping covers; the column says of which."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def _is_id(value: Any) -> bool:
    return type(value) is int and value > 0


def _may_be(*types: type) -> Callable[[Any], bool]:
    return lambda value: value is None or type(value) in types


_ID: Callable[[Any], bool] = lambda value: value is None or _is_id(value)  # noqa: E731
_AMOUNT, _DAY, _MOMENT = _may_be(Decimal), _may_be(date), _may_be(datetime)
_TEXT = _may_be(str)
_FLAG: Callable[[Any], bool] = lambda value: value is None or (type(value) in (bool, int) and value in (0, 1))  # noqa: E731
"""Tryton on SQLite writes 1 and 0, on PostgreSQL true and false."""
KINDS: Mapping[str, Callable[[Any], bool]] = {
    "id": _is_id,
    **dict.fromkeys(("party", "invoice_payment", "move", "cancel_move", "reconciliation"), _ID),
    "additional_moves": lambda value: isinstance(value, list) and all(map(_is_id, value)),
    **dict.fromkeys(("debit", "credit", "amount_second_currency", "total_amount", "untaxed_amount", "tax_amount",
                     "amount_to_pay"), _AMOUNT),
    **dict.fromkeys(("invoice_date", "accounting_date", "maturity_date", "date"), _DAY),
    **dict.fromkeys(("create_date", "write_date"), _MOMENT),
    **dict.fromkeys(("active", "invoice"), _FLAG),
}  # fmt: skip
"""Last name of a field → what its values are; every other field is a text."""
LISTS = ("contact_mechanisms.", "addresses.", "identifiers.", "categories.", "lines_to_pay.", "payment_lines.",
         "origin_invoices.")  # fmt: skip


def shape_of(fields: tuple[str, ...]) -> Shape:
    """Return which keys an answer has: nested under a key that ends in a dot, and an id on every level."""
    shape: dict[str, Any] = {"id": {}}
    for field in fields:
        below = shape
        *path, name = field.split(".")
        for step in path:
            below = below.setdefault(f"{step}.", {"id": {}})
        below[name] = {}
    return shape


def is_whole(row: Any, shape: Shape) -> bool:
    """Tell whether a record has every field that was asked for, in its type, and so has each record below it."""
    if not isinstance(row, dict) or not shape.keys() <= row.keys():
        return False
    return all(
        _is_nested(name, row[name], below) if name.endswith(".") else KINDS.get(name, _TEXT)(row[name])
        for name, below in shape.items()
    )


def _is_nested(name: str, value: Any, below: Shape) -> bool:
    if value is None:
        return True
    if name in LISTS:
        return isinstance(value, list) and all(is_whole(one, below) for one in value)
    return is_whole(value, below)
