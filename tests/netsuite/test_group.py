"""Several subsidiaries of one account: a customer whom two of them bill, and one limit for all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.connectors import http
from include.connectors.base import Window
from include.connectors.netsuite import NetSuite
from include.errors import SourceUnavailable
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.entries import type_of
from include.sandbox.netsuite.server import serve
from include.sandbox.records import Kind, State
from tests.netsuite.conftest import SETTINGS, Running
from tests.netsuite.night import Nights, amount

LONG_AGO = date(2000, 1, 1)


@pytest.fixture(scope="module")
def group() -> Iterator[Running]:
    """Two subsidiaries that share three customers."""
    ledger = Ledger(invoices=40, customers=12, entities=2, shared=3)
    with serve(ledger, SETTINGS) as server:
        yield Running(server, ledger)


def test_a_shared_customer_has_in_each_subsidiary_its_own_invoices_alone(store: Path, group: Running) -> None:
    engine: Engine = warehouse.engine(f"sqlite:///{store}")
    seen: list[set[str]] = []
    for number in (0, 1):
        running = Running(group.server, group.ledger, number)
        nights = Nights(engine, running, f"shared{number}")
        night = nights.sync()
        assert not night.outcome.differences, night.outcome.differences[:3]
        nights.world.assert_equal(nights)
        assert nights.blocking(night.run_id) == {}
        books, customers, invoices = running.ledger.entity(number), nights.rows("customers"), nights.rows("invoices")
        shared = [party for party in books.parties.values() if party.shared]
        assert len(shared) == 3
        for party in shared:
            key = f"customer:{group.server.internal_id('entity', party.shared)}"
            assert key in customers, "each subsidiary has it, under the account's own id"
            mine = {name: row for name, row in invoices.items() if row["customer_external_id"] == key}
            wanted = {
                f"{type_of(d, SETTINGS)}:{group.server.internal_id('transaction', d.id)}": d.outstanding
                for d in books.kinds(Kind.INVOICE) if d.party == party.id and d.state is not State.DELETED
            }  # fmt: skip
            assert {name: amount(row, "outstanding_amount") for name, row in mine.items()} == wanted
            assert wanted, "it was billed here"
        seen.append({*invoices})
    assert seen[0] and seen[1] and not seen[0] & seen[1], "no invoice is in two organizations"


def test_a_shared_customer_comes_once_in_each_subsidiary(group: Running) -> None:
    for number in (0, 1):
        made = Running(group.server, group.ledger, number).connector()
        customers = made.stream("customers")
        keys = [item.key for page in made.read(customers, Window(LONG_AGO)) for item in page.items]
        assert len(keys) == len({*keys}) and keys


def test_the_balances_of_a_shared_customer_are_each_subsidiarys_own(group: Running) -> None:
    sums = []
    for number in (0, 1):
        made = Running(group.server, group.ledger, number).connector()
        figures = made.control_figures(group.ledger.entity(number).day(group.ledger.now), LONG_AGO).figures
        sums.append({f.customer: f.amount for f in figures if f.name == "customer_balance"})
    both = sums[0].keys() & sums[1].keys()
    assert both and any(sums[0][key] != sums[1][key] for key in both)


def test_what_the_account_allows_at_once_is_waited_for_by_everybody() -> None:
    ledger = Ledger(invoices=30, customers=8, entities=2)
    with serve(ledger, replace(SETTINGS, concurrent_limit=2, latency=0.02)) as server:
        running = Running(server, ledger)
        entity = running.entity

        def count(number: int) -> int:
            # Each counts as a connection of its own, as other integrations are: only NetSuite holds them back.
            made = running.connector(running.signed(id=f"own_{number}"), entity)
            return sum(len(page.items) for page in made.read(made.stream("invoices"), Window(LONG_AGO)))

        with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(6) as pool:
            patch.setattr(http.time, "sleep", threading.Event().wait)
            counts = [*pool.map(count, range(6))]
        refused = [call for call in server.face.calls if call["problem"] == "CONCURRENCY_LIMIT_EXCEEDED"]
        assert refused, "the limit was reached"
        assert len({*counts}) == 1 and counts[0], "all read the same, and nobody failed"
        assert server.face.most_at_once <= 2


def test_an_account_that_is_always_busy_is_told_as_passing() -> None:
    ledger = Ledger(invoices=10, customers=5)
    slept: list[float] = []
    with serve(ledger, replace(SETTINGS, concurrent_limit=0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.time, "sleep", slept.append)
        made = NetSuite(Running(server, ledger).signed(), "1")
        with pytest.raises(SourceUnavailable, match="concurrent requests"):
            made.entities()
    assert 60 < sum(slept) < 400, "two minutes or so of patience"
