"""Nights over a Xero sandbox that a test changes by hand."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Engine

from include.connectors.base import Connection
from tests import nights
from tests.nights import Row
from tests.survival.worlds.xero import OverLedger
from tests.xero.conftest import Running

__all__ = ["Nights", "Row", "assert_true"]


class Nights(nights.Nights):
    """One organization over one organisation of the sandbox."""

    def __init__(
        self, engine: Engine, running: Running, organization_id: str, connection: Connection | None = None,
        history_from: date | None = date(2000, 1, 1),
    ) -> None:  # fmt: skip
        super().__init__(engine, OverLedger(running, connection, history_from), organization_id)


def assert_true(nights: Nights) -> None:
    """Hold the warehouse to the ledger: every balance, every link, every total, to the minor unit."""
    nights.world.assert_equal(nights)
