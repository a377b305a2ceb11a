"""What a night costs: as many requests as the guide says, and no more when nothing happened."""

from __future__ import annotations

import re
from datetime import timedelta
from math import ceil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.sandbox.intacct.server import serve
from include.sandbox.ledger import Ledger
from tests.intacct.conftest import TRANSPORTS, Running, Transport
from tests.intacct.night import Nights

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "connect" / "intacct.md"
OF_CHANGES, OF_OPEN = 5, 4
"""Streams with a list of changes, and with a list of what is open."""


@pytest.fixture
def engine(store: Path) -> Engine:
    return warehouse.engine(f"sqlite:///{store}")


def constant(transport: Transport) -> int:
    """Return what the guide says that a night costs besides the lists."""
    found = re.search(r"constant is (\d+) over REST and (\d+)\s+over the XML gateway", GUIDE.read_text())
    assert found
    return int(found[1 if transport == "rest" else 2])


def budget(nights: Nights, transport: Transport, page: int) -> int:
    """Return what a night may cost whose lists of changes, and of what is open, have one page each."""
    customers = ceil(len(nights.rows("customers")) / page)
    return OF_CHANGES + OF_OPEN + constant(transport) + 2 * customers


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_quiet_night_and_a_first_load_keep_to_the_budget(engine: Engine, transport: Transport) -> None:
    ledger = Ledger(invoices=150, entities=2)
    with serve(ledger) as server:
        for number in (0, 1):
            nights = Nights(engine, Running(server, ledger, transport, number), f"cost_{transport}_{number}")
            nights.night()
            allowed = 1.05 * budget(nights, transport, 1000) + 2
            first = sum(nights.requests.values())
            kept = nights.everything()
            with ledger.lock:
                ledger.now += timedelta(hours=24)
            called = len(server.face.calls)
            _, outcome = nights.night()
            quiet = sum(nights.requests.values())
            assert quiet == len(server.face.calls) - called, "what is counted is what was asked"
            assert not outcome.differences and nights.everything() == kept
            assert first <= allowed and quiet <= allowed, (first, quiet, allowed, nights.requests)
