"""Night after night: what is loaded is what the ledger knows, and asking for it costs few requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.extract import Options
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import serve
from include.sandbox.records import Kind, State
from tests.netsuite.conftest import SETTINGS, Running
from tests.netsuite.night import Nights


@pytest.fixture
def engine(store: Path) -> Engine:
    """The tests' warehouse; each test has an organization of its own in it."""
    return warehouse.engine(f"sqlite:///{store}")


@pytest.fixture
def living() -> Iterator[Running]:
    """A sandbox whose books always end on the same day."""
    ledger = Ledger(invoices=80, entities=2)
    with serve(ledger, SETTINGS) as server:
        yield Running(server, ledger)


def test_a_first_night_is_ready_and_equals_the_ledger(engine: Engine, living: Running) -> None:
    nights = Nights(engine, living, "first")
    night = nights.sync()
    assert not night.outcome.differences, night.outcome.differences[:3]
    nights.world.assert_equal(nights)
    assert nights.blocking(night.run_id) == {}


OTHERWISE = replace(
    SETTINGS, payment_sign=-1, refund_sign=1, credit_rest_sign=-1, credit_as_previous=True, journal_mainline=False,
    applications_stamp="link", payments_taken_back="voided",
    submitted="rejected", deleted_type="label", date_format="D.M.YYYY", account_zone="Australia/Sydney",
)  # fmt: skip
"""Rules that no document of NetSuite's states, the other way round; not yet void_amounts and merge_stamps."""


def test_a_first_and_a_second_night_equal_the_ledger_where_every_open_rule_is_otherwise(engine: Engine) -> None:
    ledger = Ledger(invoices=60, entities=2)
    with serve(ledger, OTHERWISE) as server:
        nights = Nights(engine, Running(server, ledger), "otherwise")
        for _ in range(2):
            night = nights.sync()
            assert not night.outcome.differences, night.outcome.differences[:3]
            nights.world.assert_equal(nights)
            assert nights.blocking(night.run_id) == {}
            ledger.advance()


@pytest.mark.parametrize("lacking", ["", "Deleted Records"])
def test_what_a_merged_customer_owed_is_the_survivors_although_nothing_stamps_it(engine: Engine, lacking: str) -> None:
    ledger = Ledger(invoices=40, customers=8)
    with serve(ledger, replace(SETTINGS, merge_stamps=False, without=lacking)) as server:
        nights = Nights(engine, Running(server, ledger), f"merged_{len(lacking)}")
        nights.sync()
        books = ledger.entity(0)
        paid = [d for d in books.kinds(Kind.INVOICE) if d.state is State.POSTED and not d.outstanding]
        gone, survivor, *_ = (p for p in books.parties.values() if not p.archived and p.is_customer and not p.parent
                          and any(d.party == p.id for d in paid))  # fmt: skip
        ledger.now += timedelta(days=1)
        with ledger.lock:
            books.merge(gone, survivor, ledger.now)
        nights.sync()
        key = f"customer:{server.internal_id('entity', survivor.id)}"
        closed = {server.internal_id("transaction", d.id) for d in paid if books.survivor(d.party) == survivor.id}
        rows = nights.rows("invoices").items()
        theirs = {int(own.split(":")[1]) for own, row in rows if row["customer_external_id"] == key}
        assert closed and closed <= theirs


@pytest.mark.slow
def test_days_of_changes_equal_the_ledger_and_a_fresh_load(engine: Engine, living: Running) -> None:
    nights = Nights(engine, living, "changing")
    nights.sync()
    for _ in range(5):
        living.ledger.advance()
        night = nights.sync()
        assert not night.outcome.differences, night.outcome.differences[:3]
        nights.world.assert_equal(nights)
        assert nights.blocking(night.run_id) == {}
        nights.assert_within_budget(night.run_id)
    kept = nights.everything()
    nights.sync(Options(full_refresh=True))
    assert nights.everything() == kept, "a full refresh changes nothing"


GUIDE = Path(__file__).resolve().parents[2] / "docs" / "connect" / "netsuite.md"


def constants() -> tuple[int, int]:
    """Return what the guide says that a first load and a quiet night cost whose lists have a page each."""
    found = re.search(r"constant is (\d+) for a first load\s+and (\d+) for a quiet night", GUIDE.read_text())
    assert found, "the guide names the constants"
    return int(found[1]), int(found[2])


def test_a_first_load_and_a_quiet_night_keep_to_the_budget_and_a_quiet_one_writes_nothing(
    engine: Engine, living: Running
) -> None:
    nights, (first, quiet) = Nights(engine, living, "quiet"), constants()
    night = nights.sync()
    assert sum(night.requests.values()) <= 1.05 * first + 2, night.requests
    called = len(living.server.face.calls)
    night = nights.sync()
    assert night.written == 0 and sum(night.requests.values()) <= 1.05 * quiet + 2, night.requests
    assert len(living.server.face.calls) - called == sum(night.requests.values()), "what is counted is what was asked"
    nights.assert_within_budget(night.run_id)
