"""Nights over a Sage Intacct sandbox that a test changes by hand."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from include import reconcile
from include.connectors.base import Connection
from include.extract import Options
from tests import nights
from tests.intacct.conftest import Running
from tests.nights import TONIGHT, Row
from tests.survival.worlds.intacct import OverLedger

__all__ = ["Nights", "Row", "assert_true"]


class Nights(nights.Nights):
    """One organization over one entity of the sandbox's company."""

    def __init__(
        self, engine: Engine, running: Running, organization_id: str, connection: Connection | None = None,
        history_from: date | None = date(2000, 1, 1),
    ) -> None:  # fmt: skip
        super().__init__(engine, OverLedger(running, connection, history_from), organization_id)
        self.requests: dict[str, int] = {}

    def night(self, options: Options = TONIGHT) -> tuple[str, reconcile.Outcome]:
        """Run a night up to the checks; `requests` then says what each room asked."""
        done = self.sync(options)
        self.requests = done.requests
        return done.run_id, done.outcome


def assert_true(nights: Nights) -> None:
    """Hold the warehouse to the ledger: every balance, what settled it, every total, to the minor unit."""
    nights.world.assert_equal(nights)
