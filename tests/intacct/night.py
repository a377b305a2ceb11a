"""Nights over a Sage Intacct sandbox that a test changes by hand."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from include.connectors.base import Connection
from tests import nights
from tests.intacct.conftest import Running
from tests.nights import Row
from tests.survival.worlds.intacct import OverLedger

__all__ = ["Nights", "Row", "assert_true"]


class Nights(nights.Nights):
    """One organization over one entity of the sandbox's company."""

    def __init__(
        self, engine: Engine, running: Running, organization_id: str, connection: Connection | None = None,
        history_from: date | None = date(2000, 1, 1),
    ) -> None:  # fmt: skip
        super().__init__(engine, OverLedger(running, connection, history_from), organization_id)


def assert_true(nights: Nights) -> None:
    """Hold the warehouse to the ledger: every balance, what settled it, every total, to the minor unit."""
    nights.world.assert_equal(nights)
