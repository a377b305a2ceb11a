"""Moments as the query engine holds them, and their formats: Oracle's, and the user's.

A moment is MARK and `YYYY-MM-DD HH:MM:SS`, perhaps with a fraction and an offset from UTC: so it orders as
text, and is told from text wherever it comes out.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlglot.dialects.oracle import Oracle
from sqlglot.time import format_time

MARK = "\x1f"
USER_FORMATS = {
    "M/D/YYYY": ("{d.month}/{d.day}/{d.year:04d}", "%m/%d/%Y", "M/d/yyyy"),
    "DD/MM/YYYY": ("{d.day:02d}/{d.month:02d}/{d.year:04d}", "%d/%m/%Y", "dd/MM/yyyy"),
    "D.M.YYYY": ("{d.day}.{d.month}.{d.year:04d}", "%d.%m.%Y", "d.M.yyyy"),
    "YYYY-MM-DD": ("{d.year:04d}-{d.month:02d}-{d.day:02d}", "%Y-%m-%d", "yyyy-MM-dd"),
}
"""How each is shown, how it is read, and how an error names it."""


def moment(at: datetime, zone: ZoneInfo, *, with_offset: bool = False) -> str:
    """Return a moment on a zone's clock, to the second."""
    local = at.astimezone(zone).replace(microsecond=0)
    return MARK + (local.isoformat(" ") if with_offset else local.replace(tzinfo=None).isoformat(" "))


def day(on: date) -> str:
    """Return the first moment of a day."""
    return f"{MARK}{on.isoformat()} 00:00:00"


def is_moment(value: object) -> bool:
    """Whether a value of the engine is a moment."""
    return isinstance(value, str) and value.startswith(MARK)


def parsed(value: str) -> datetime:
    """Return a moment as a datetime, aware only if it has an offset."""
    return datetime.fromisoformat(value[len(MARK) :])


def held(value: datetime) -> str:
    """Return a datetime as the engine holds it."""
    return MARK + value.isoformat(" ")


def shown(value: str, user_format: str) -> str:
    """Return a moment as a raw column shows it: in the user's format, without its time."""
    return USER_FORMATS[user_format][0].format(d=parsed(value))


def of_user(text: str, user_format: str) -> str:
    """Return the day that a text names in the user's format.

    Raises:
        ValueError: it does not.
    """
    return held(datetime.strptime(text, USER_FORMATS[user_format][1]))  # noqa: DTZ007 - of the account's clock


def to_char(value: str, oracle_format: str) -> str:
    """Return a moment in an Oracle format; what stands in double quotes stands for itself.

    Raises:
        ValueError: a part of the format is not known.
    """
    at, parts = parsed(value), oracle_format.split('"')
    return "".join(part if number % 2 else _formatted(at, part) for number, part in enumerate(parts))


def to_date(text: str, python_format: str) -> str:
    """Return the moment that a text names, its format as sqlglot translated it.

    Raises:
        ValueError: the text does not fit the format.
    """
    fits = re.sub(r"FF[1-9]?", "%f", python_format.replace('"', ""))
    return held(datetime.strptime(text.strip(), fits))  # noqa: DTZ007 - of the account's clock


def add_days(value: str, days: float) -> str:
    """Return a moment so many days, and parts of days, later."""
    return held(parsed(value) + timedelta(seconds=round(days * 86_400)))


def days_between(later: str, earlier: str) -> float:
    """Return how many days lie between two moments."""
    return (parsed(later).replace(tzinfo=None) - parsed(earlier).replace(tzinfo=None)) / timedelta(days=1)


def add_months(value: str, months: int) -> str:
    """Return the moment so many months later, on the month's last day where it is shorter."""
    at = parsed(value)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = _last_day(date(year, month + 1, 1)).day
    is_last = at.day == _last_day(at.date()).day
    return held(at.replace(year=year, month=month + 1, day=last if is_last else min(at.day, last)))


def last_day(value: str) -> str:
    """Return the same time on the last day of the month."""
    at = parsed(value)
    return held(at.replace(day=_last_day(at.date()).day))


def truncated(value: str, unit: str = "DD") -> str:
    """Return the beginning of the day, month or year.

    Raises:
        ValueError: the unit is not known.
    """
    at = parsed(value).replace(hour=0, minute=0, second=0, microsecond=0)
    match unit.upper():
        case "DD" | "DDD" | "J":
            return held(at)
        case "MM" | "MONTH" | "MON":
            return held(at.replace(day=1))
        case "YYYY" | "YEAR" | "YY":
            return held(at.replace(month=1, day=1))
    raise ValueError(f"TRUNC by {unit} is not known")


def in_utc(value: str) -> str:
    """Return a moment that has an offset on UTC's clock.

    Raises:
        ValueError: it has no offset.
    """
    at = parsed(value)
    if at.tzinfo is None:
        raise ValueError("SYS_EXTRACT_UTC needs a timestamp with a time zone")
    return held(at.astimezone(timezone.utc).replace(tzinfo=None))  # noqa: UP017


def _last_day(on: date) -> date:
    following = on.replace(day=28) + timedelta(days=4)
    return following - timedelta(days=following.day)


def _formatted(at: datetime, part: str) -> str:
    offset = at.strftime("%z") or "+0000"
    part = part.replace("TZH", offset[:3]).replace("TZM", offset[3:])
    if "FF" in part:
        part = re.sub(r"FF[1-9]?", lambda found: f"{at.microsecond:06d}".ljust(9, "0")[: int(found[0][2:] or 6)], part)
    return at.strftime(_translated(part))


@lru_cache(maxsize=200)
def _translated(part: str) -> str:
    """Return an Oracle format as Python has it.

    Raises:
        ValueError: a part of it is not known.
    """
    translated = format_time(re.sub(r"\b[AP]M\b", "%p", part), Oracle.TIME_MAPPING, Oracle.TIME_TRIE) or ""
    if left := re.search(r"[A-Za-z]", re.sub(r"%-?[A-Za-z]", "", translated)):
        raise ValueError(f"date format picture ends before converting entire input: {left[0]}")
    return translated
