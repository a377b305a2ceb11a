"""Schedules: cron with a minute of its own for every organization, so that they do not all start at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

PRESETS = {"@hourly": "{minute} * * * *", "@daily": "{minute} 4 * * *", "@weekly": "{minute} 4 * * 0"}
"""After 4 in the morning: most systems' nightly jobs are over, and no time zone turns its clocks at that hour."""

_RANDOM = re.compile(r"(^|[\s,])[HR](\(|/|[\s,]|$)", re.IGNORECASE)
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


def cron(schedule: str, organization_id: str) -> str:
    """Return five cron fields in the organization's time zone; `{minute}` becomes its own, always the same."""
    spread = int.from_bytes(blake2b(organization_id.encode(), digest_size=4).digest()) % 60
    return PRESETS.get(schedule, schedule).replace("{minute}", str(spread))


def checked(schedule: str | None) -> str | None:
    """Return the schedule with single spaces; None and `none` mean that it is started by hand.

    Raises:
        ValueError: it is no cron expression, or one that never comes.
    """
    from croniter import croniter
    from croniter.croniter import CroniterBadDateError, CroniterError

    if schedule is None or schedule.lower() == "none":
        return None
    if schedule.startswith("@"):
        if schedule not in PRESETS:
            raise ValueError(f"is no schedule: use one of {', '.join(PRESETS)}, a cron expression or none")
        return schedule
    fields = schedule.split()
    plain = cron(" ".join(fields), "any")
    if len(fields) != 5:
        raise ValueError(f"needs five cron fields (minute hour day month weekday), not {len(fields)}")
    if _RANDOM.search(plain):
        raise ValueError("must not use R or H: write {minute} for a minute of the organization's own")
    try:
        croniter(plain, _MONDAY).get_next(datetime)
    except CroniterBadDateError:
        raise ValueError("never comes: there is no such date") from None
    except (CroniterError, ValueError, KeyError):
        raise ValueError('is no cron expression; "15 4 * * 1-5" means 4:15 on weekdays') from None
    return " ".join(fields)


def longest_gap(expression: str) -> timedelta:
    """Return the longest wait between two runs of a cron expression within a year."""
    from croniter import croniter

    times = croniter(expression, _MONDAY)
    before: datetime = times.get_next(datetime)
    longest = timedelta()
    for _ in range(5000):  # enough for a week of every two minutes
        after: datetime = times.get_next(datetime)
        longest, before = max(longest, after - before), after
        if after - _MONDAY > timedelta(days=400):
            break
    return longest
