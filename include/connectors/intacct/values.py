"""Values of a record, checked: what is not of its kind raises ValueError, and so rejects that record alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from include.connectors.intacct.objects import CREATED, MODIFIED

_AMOUNT = re.compile(r"-?\d{1,18}(\.\d{1,12})?")
ZERO = Decimal(0)


class UnknownValue(ValueError):
    """A value of a closed list that no mapping covers; the column says of which."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def amount(record: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount, which is always written as a text.

    Raises:
        ValueError: it is none.
    """
    value = record.get(name)
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError("an amount is no number in a text")
    return Decimal(value)


def optional_amount(record: Mapping[str, Any], name: str) -> Decimal | None:
    """Return an amount, None where there is none."""
    return None if record.get(name) in (None, "") else amount(record, name)


def rate(record: Mapping[str, Any], name: str) -> Decimal | None:
    """Return an exchange rate, a number or a text; None where none is stated, or 0."""
    value = record.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("a rate is no number")
    if isinstance(value, str) and not _AMOUNT.fullmatch(value):
        raise ValueError("a rate is no number")
    return Decimal(value) or None


def text(record: Mapping[str, Any], name: str) -> str | None:
    """Return a text, None for an empty one."""
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError("a text is none")
    return (value or "").strip() or None


def required(record: Mapping[str, Any], name: str) -> str:
    """Return a text that must be there."""
    if (value := text(record, name)) is None:
        raise ValueError("a text is missing")
    return value


def day(record: Mapping[str, Any], name: str) -> date | None:
    """Return a day, None where there is none."""
    value = text(record, name)
    return None if value is None else date.fromisoformat(value)


def flag(record: Mapping[str, Any], name: str) -> bool | None:
    """Return true or false, None where neither is said."""
    value = record.get(name)
    if value is not None and not isinstance(value, bool):
        raise ValueError("a flag is neither true nor false")
    return value


def times(record: Mapping[str, Any]) -> dict[str, datetime | None]:
    """Return when the source made and last changed a record, UTC; what never changed was last changed when made."""
    made = _moment(record, CREATED)
    return {"source_created_at": made, "source_updated_at": _moment(record, MODIFIED) or made}


def _moment(record: Mapping[str, Any], name: str) -> datetime | None:
    value = text(record, name)
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
