"""Clocks that are turned, and days that begin half a day apart: what is true of them, written down by hand.

The moments are those of the time zone database of 2025; nothing here is computed by what is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Midnight:
    """The moment at which a day begins somewhere."""

    zone: str
    at: datetime
    day: date


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of the clock: at this moment it jumps by so much, forward (a gap) or back (a fold)."""

    zone: str
    at: datetime
    by: timedelta


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MIDNIGHTS = tuple(
    Midnight(zone, _utc(at), date.fromisoformat(day))
    for zone, at, day in (
        ("Pacific/Kiritimati", "2026-12-31T10:00", "2027-01-01"),  # +14:00, the first to begin a year
        ("Pacific/Kiritimati", "2028-02-28T10:00", "2028-02-29"),
        ("Pacific/Pago_Pago", "2027-01-01T11:00", "2027-01-01"),  # -11:00, one of the last
        ("Pacific/Pago_Pago", "2028-02-29T11:00", "2028-02-29"),
        ("Europe/Berlin", "2026-10-24T22:00", "2026-10-25"),  # the day has 25 hours
        ("Europe/Berlin", "2026-10-25T23:00", "2026-10-26"),
        ("Europe/Berlin", "2027-03-27T23:00", "2027-03-28"),  # the day has 23 hours
        ("Europe/Berlin", "2027-03-28T22:00", "2027-03-29"),
        ("America/New_York", "2026-11-01T04:00", "2026-11-01"),
        ("America/New_York", "2026-11-02T05:00", "2026-11-02"),
        ("America/New_York", "2027-03-14T05:00", "2027-03-14"),
        ("America/New_York", "2027-03-15T04:00", "2027-03-15"),
        ("Asia/Kolkata", "2026-12-31T18:30", "2027-01-01"),  # +5:30
        ("Australia/Lord_Howe", "2026-10-03T13:30", "2026-10-04"),  # turns by half an hour: +10:30 to +11:00
        ("Australia/Lord_Howe", "2026-10-04T13:00", "2026-10-05"),
        ("Australia/Lord_Howe", "2027-04-03T13:00", "2027-04-04"),
        ("Australia/Lord_Howe", "2027-04-04T13:30", "2027-04-05"),
    )
)
TURNS = tuple(
    Turn(zone, _utc(at), timedelta(minutes=minutes))
    for zone, at, minutes in (
        ("Europe/Berlin", "2026-10-25T01:00", -60),
        ("Europe/Berlin", "2027-03-28T01:00", 60),
        ("America/New_York", "2026-11-01T06:00", -60),
        ("America/New_York", "2027-03-14T07:00", 60),
        ("Australia/Lord_Howe", "2026-10-03T15:30", 30),
        ("Australia/Lord_Howe", "2027-04-03T15:00", -30),
    )
)
ZONES = tuple(dict.fromkeys(midnight.zone for midnight in MIDNIGHTS))


def moments(turn: Turn) -> list[datetime]:
    """Return moments around a turn of the clock, in order; where it is a fold, each hour of it twice."""
    half = abs(turn.by) / 2
    around = (-2 * half, -half, -SECOND, timedelta(0), half, 2 * half - SECOND, 2 * half)
    return [turn.at + by for by in around]
