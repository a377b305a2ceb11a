"""How Xero writes values: dates of two kinds, amounts, time zones, text that is empty rather than missing.

A day (`Date`, `DueDate`) is the organization's own, written as midnight; a moment (`UpdatedDateUTC`) is
UTC. Both come as `/Date(1518685950940+0000)/`, with or without the offset, negative before 1970, and
`/Date(0+0000)/` for a day that is not known; a day may come as `DateString` (ISO, no zone) besides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
_PUNCTUATION = re.compile(r"[\s.\-]")


class UnknownValue(ValueError):
    """A value of a closed list that no mapping covers; the column says of which."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def moment(value: Any) -> datetime | None:
    """Return a timestamp in UTC; None where there is none.

    Raises:
        ValueError: it is neither Microsoft's nor ISO's form of a moment.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("a timestamp is no text")
    if found := _DATE.fullmatch(value):
        return EPOCH + int(found[1]) * MILLISECOND
    at = datetime.fromisoformat(_six_digits(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def day(record: Mapping[str, Any], name: str) -> date | None:
    """Return the organization's own day that a record states under this name; None where it is not known.

    Raises:
        ValueError: what stands there is no day.
    """
    value = text(record.get(f"{name}String")) or text(record.get(name))
    return None if value is None else written_day(value)


@lru_cache(4096)
def written_day(value: str) -> date | None:
    """Return the day that a text of either form says; None where it says that it is not known.

    Raises:
        ValueError: it says no day.
    """
    found = _DATE.fullmatch(value)
    if not found:
        return datetime.fromisoformat(_six_digits(value)).date()
    if int(found[1]) == 0:
        return None
    return (EPOCH + timedelta(milliseconds=int(found[1])) + _offset(found[2])).date()


def amount(value: Any) -> Decimal:
    """Return a JSON number, read without going through a float, as it is.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, Decimal):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("an amount is no number")
    return Decimal(value)


def text(value: Any) -> str | None:
    """Return a text, None for the empty one that Xero writes where there is nothing.

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
        ValueError: it is no text, or empty: written into a key, anything else would name another record.
    """
    if not isinstance(value, str) or not value:
        raise ValueError("an id is no text")
    return value


def flag(value: Any) -> bool | None:
    """Return true or false, None where neither is said.

    Raises:
        ValueError: it is anything else, such as the text "false", which is not empty and so would count as true.
    """
    if value is not None and not isinstance(value, bool):
        raise ValueError("a flag is neither true nor false")
    return value


def part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the record that stands inside another, an empty one where there is none.

    Raises:
        ValueError: what stands there is no record.
    """
    value = record.get(name)
    if value is not None and not isinstance(value, dict):
        raise ValueError("a part of a record is none")
    return value or {}


def rows(record: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    """Return the list of records that stands inside another, an empty one where there is none.

    Raises:
        ValueError: what stands there is no list of records.
    """
    value = record.get(name)
    if value is not None and not (isinstance(value, list) and all(isinstance(row, dict) for row in value)):
        raise ValueError("a list of records is none")
    return value or ()


def timezone(name: str) -> str:
    """Return the IANA name of Xero's time zone, a Windows name without blanks; "" for an unknown one."""
    return _zones().get(name.upper(), "")


@cache
def _zones() -> Mapping[str, str]:
    from babel.core import get_global

    zones: Mapping[str, str] = get_global("windows_zone_mapping")
    return {_PUNCTUATION.sub("", windows).upper(): iana for windows, iana in zones.items()}


def country(written: str | None) -> str | None:
    """Return the ISO 3166 code of a country as people write it, in English or its own words; None for no such one."""
    if not written:
        return None
    return _countries().get(written.strip().casefold())


_ALSO_CALLED = {"uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
                "usa": "US", "united states of america": "US", "u.s.a.": "US", "holland": "NL"}  # fmt: skip


@cache
def _countries() -> Mapping[str, str]:
    from babel import Locale

    found: dict[str, str] = {}
    for language in ("zh", "ja", "pt", "it", "nl", "es", "fr", "de", "en"):
        names = Locale(language).territories
        found |= {name.casefold(): code for code, name in names.items() if len(code) == 2 and code.isalpha()}
    codes = {code.casefold(): code for code in found.values()}
    return found | codes | _ALSO_CALLED


def _offset(written: str | None) -> timedelta:
    if not written:
        return timedelta(0)
    minutes = int(written[1:3]) * 60 + int(written[3:5])
    return timedelta(minutes=-minutes if written[0] == "-" else minutes)


def _six_digits(iso: str) -> str:
    """Cut fractions of a second to the six digits that Python knows: Xero's connections have seven."""
    return re.sub(r"(\.\d{6})\d+", r"\1", iso)
