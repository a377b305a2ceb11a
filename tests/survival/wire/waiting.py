"""Waiting that takes no time: who sleeps for a retry or a limit finds that the time has passed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection

from include import access
from include.access import pacing
from include.connectors import http


@dataclass
class Patience:
    """How many seconds were slept; the access store's clock is ahead by them."""

    slept: float = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        assert 0 <= seconds < 3600, f"a task sleeps for {seconds} seconds"
        self.slept += seconds

    def wait(self, seconds: float) -> None:
        """Wait as long as Airflow does, between two tries."""
        self.slept += seconds


@contextmanager
def patience() -> Iterator[Patience]:
    """Replace what HTTP's retries and the pacer sleep with; their code stays as it is."""
    made, real = Patience(), access.now

    def now(connection: Connection) -> datetime:
        return real(connection) + timedelta(seconds=made.slept)

    def monotonic() -> float:
        return time.monotonic() + made.slept

    with pytest.MonkeyPatch.context() as patch:
        # An answer that drips is bounded by real time; what waits for its turn, by the time that seems to pass.
        patch.setattr(http, "time", SimpleNamespace(sleep=made.sleep, monotonic=time.monotonic))
        patch.setattr(pacing, "time", SimpleNamespace(sleep=made.sleep, monotonic=monotonic))
        patch.setattr(access, "now", now)
        yield made
