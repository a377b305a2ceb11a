"""Checks of what groups' systems change without a trace, over NetSuite's sandbox, and of Odoo's failed calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.connectors.http import Answer
from include.connectors.odoo.jsonrpc import JsonRpc
from include.errors import SourceUnavailable
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import serve
from include.sandbox.records import Kind
from tests.netsuite.conftest import SETTINGS, Running
from tests.netsuite.night import Nights
from tests.survival.museum.room import Room


@contextmanager
def subsidiary(**settings: Any) -> Iterator[Running]:
    ledger = Ledger(invoices=24, customers=8)
    with serve(ledger, replace(SETTINGS, **settings)) as server:
        yield Running(server, ledger)


def what_merged_customers_have_is_read_again_although_nothing_stamps_it(room: Room) -> None:
    with subsidiary(merge_stamps=False) as own:
        books, since = own.ledger.entity(0), own.ledger.now
        bills = [d for d in books.kinds(Kind.INVOICE) if not books.parties[d.party].parent]
        gone = books.parties[bills[0].party]
        survivor = next(books.parties[d.party] for d in bills if d.party != gone.id)
        with own.ledger.lock:
            own.ledger.now += timedelta(days=1)
            books.merge(gone, survivor, own.ledger.now)
        named = {key.partition(":")[2] for _, key in own.connector().deletions(since)}
        assert {str(own.server.internal_id("transaction", d.id)) for d in bills if d.party == survivor.id} <= named


def a_contact_that_left_its_customer_without_a_trace_is_gone(room: Room) -> None:
    with subsidiary() as own:
        nights = Nights(room.engine, own, "museum")
        nights.sync()
        before = {*nights.rows("contacts")}
        books = own.ledger.entity(0)
        owing = {d.party for d in books.kinds(Kind.INVOICE)}
        party = next(p for p in books.parties.values() if p.people and p.id in owing)
        with own.ledger.lock:
            own.ledger.now += timedelta(days=1)
            party.people.pop()
        nights.sync()
        assert len(before - {*nights.rows("contacts")}) == 1


def a_call_that_failed_is_no_answer_although_it_goes_well_the_second_time(room: Room) -> None:
    class Failing:
        """Fails over JSON-RPC, and goes well over XML-RPC."""

        def post(self, path: str, **_: Any) -> Answer:
            headers = {"Date": f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT"}
            if path == "/jsonrpc":
                return Answer(500, headers, b"<title>500 Internal Server Error</title>")
            return Answer(200, headers, b"<methodResponse><params/></methodResponse>")

    failing: Any = Failing()
    called = JsonRpc(failing, "erp", "reader", "sesame")
    called._user = 7
    try:
        called.call("account.move", "search_count", {"domain": []}, {})
    except SourceUnavailable:
        return
    except KeyError:
        pytest.fail("the error is read as an answer")
    pytest.fail("an answer was made of nothing")
