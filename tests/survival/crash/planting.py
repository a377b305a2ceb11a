"""Three ways to die at a failpoint: an exception, SIGKILL of the task's process, a cut connection to the database."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import psycopg

from tests.survival.crash.failpoints import Failpoint
from tests.survival.crash.watching import Event, Moment

CUT_SECONDS = 5
CUT = """
SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity
WHERE datname = current_database() AND pid != pg_backend_pid()
"""


class Planted(Exception):
    """What no production code foresees."""


class Trap:
    """Waits for its failpoint, then acts, once."""

    def __init__(self, failpoint: Failpoint, moment: Moment, act: Callable[[], None]) -> None:
        self.failpoint = failpoint
        self.moment = moment
        self.act = act
        self.has_sprung = False
        self._seen = 0

    def __call__(self, event: Event, moment: Moment) -> None:
        if self.has_sprung or moment != self.moment or not self.failpoint.is_at(event):
            return
        self._seen += 1
        if self._seen == self.failpoint.nth:
            self.has_sprung = True
            self.act()


def raises() -> None:
    """Raise what nobody foresees."""
    raise Planted


def kills() -> None:
    """End this process at once, as the system does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def cuts(url: str) -> Callable[[], None]:
    """Return what ends every session of this database from outside; what the task does next finds it gone."""

    def cut() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(CUT, (CUT_SECONDS * 1000,))

    return cut
