"""The vendor's limits: per tenant at once, per minute and per day, per app per minute; windows roll."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from include.sandbox.xero.settings import Settings

DAY = 86_400.0  # seconds


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that was reached: its name, and how many seconds are left of it, if that is told."""

    problem: str
    wait: float | None


class Limits:
    """Counts calls; a refused call counts for nothing."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now
        self._minutes: dict[str, deque[float]] = defaultdict(deque)
        self._days: dict[str, deque[float]] = defaultdict(deque)
        self._apps: dict[str, deque[float]] = defaultdict(deque)
        self._running: dict[str, int] = defaultdict(int)
        self.most_at_once: dict[str, int] = defaultdict(int)
        """The most calls that a tenant ever had under way together."""

    def enter(self, tenant: str, app: str) -> Reached | None:
        """Count a call that begins, or return the limit that forbids it."""
        settings, now = self._settings, self._now()
        windows = (
            (self._days[tenant], settings.day_limit, DAY, "day"),
            (self._minutes[tenant], settings.minute_limit, settings.minute, "minute"),
            (self._apps[app], settings.app_minute_limit, settings.minute, "appminute"),
        )
        for calls, limit, length, problem in windows:
            while calls and calls[0] <= now - length:
                calls.popleft()
            if len(calls) >= limit:
                return Reached(problem, calls[0] + length - now if calls else length)
        if self._running[tenant] >= settings.concurrent_limit:
            return Reached("concurrent", None)
        for calls, *_ in windows:
            calls.append(now)
        self._running[tenant] += 1
        self.most_at_once[tenant] = max(self.most_at_once[tenant], self._running[tenant])
        return None

    def leave(self, tenant: str) -> None:
        """Count a call that ended."""
        self._running[tenant] -= 1

    def headers(self, tenant: str, app: str) -> dict[str, str]:
        """Return what is left, as every reply says it."""
        settings = self._settings
        left = {
            "X-DayLimit-Remaining": settings.day_limit - len(self._days[tenant]),
            "X-MinLimit-Remaining": settings.minute_limit - len(self._minutes[tenant]),
            "X-AppMinLimit-Remaining": settings.app_minute_limit - len(self._apps[app]),
        }
        return {name: str(max(count, 0)) for name, count in left.items()}
