"""The vendor's limits: at once per application and per company, per hour; and what every reply says of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from include.sandbox.intacct.settings import Settings

MINUTE, HOUR = 60.0, 3600.0


class Limits:
    """Counts calls; one that was refused counts for nothing."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now
        self._calls: deque[float] = deque()
        self._running = 0
        self.most_at_once = 0
        """The most calls that were ever under way together."""
        self.transactions = 0
        """How many calls were answered: they are what the vendor bills by the month, and never refuses."""

    def enter(self) -> float | None:
        """Count a call that begins; or return how many seconds must pass before one may, 0 if that is not known."""
        settings, now = self._settings, self._now()
        while self._calls and self._calls[0] <= now - HOUR:
            self._calls.popleft()
        if len(self._calls) >= settings.hour_limit:
            return self._calls[0] + HOUR - now if self._calls else HOUR
        if self._running >= min(settings.app_at_once, settings.company_at_once):
            return 0
        self._calls.append(now)
        self._running += 1
        self.transactions += 1
        self.most_at_once = max(self.most_at_once, self._running)
        return None

    def leave(self) -> None:
        """Count a call that ended."""
        self._running -= 1

    def headers(self, wait: float | None = None) -> dict[str, str]:
        """Return what a reply says; `wait` is that of a refusal."""
        settings, now = self._settings, self._now()
        minute = sum(at > now - MINUTE for at in self._calls)
        said = {
            "X-IA-Throttle-Limit": settings.app_at_once,
            "X-IA-Throttle-Limit-Remaining": settings.app_at_once - self._running,
            "X-IA-TENANT-Throttle-Limit": settings.company_at_once,
            "X-IA-TENANT-Throttle-Limit-Remaining": settings.company_at_once - self._running,
            "X-IA-Minute-Rate-Limit": settings.minute_limit,
            "X-IA-Minute-Rate-Limit-Remaining": settings.minute_limit - minute,
            "X-IA-Hour-Rate-Limit": settings.hour_limit,
            "X-IA-Hour-Rate-Limit-Remaining": settings.hour_limit - len(self._calls),
        }
        if wait is not None:
            seconds = max(1, -int(-wait // 1))
            name = "X-IA-Hour-Rate-Limit-Retry-After" if wait else "X-IA-Throttle-Limit-RetryAfter"
            said[name] = seconds
        return {name: str(value) for name, value in said.items()}
