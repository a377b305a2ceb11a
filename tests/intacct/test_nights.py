"""Night after night: what is loaded is what the ledger knows, over either transport."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.sandbox.intacct.documents import is_order_entry
from include.sandbox.intacct.server import serve
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind
from tests.intacct.conftest import TRANSPORTS, Running, Transport
from tests.intacct.night import Nights, assert_true

DAYS = 4


@pytest.fixture
def engine(store: Path) -> Engine:
    """The tests' warehouse; each test has an organization of its own in it."""
    return warehouse.engine(f"sqlite:///{store}")


@pytest.fixture
def living() -> Iterator[Running]:
    """A sandbox whose books always end on the same day."""
    ledger = Ledger(invoices=90, entities=2)
    with serve(ledger) as server:
        yield Running(server, ledger)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_first_night_is_ready_and_equals_the_ledger(engine: Engine, living: Running, transport: Transport) -> None:
    for number in (0, 1):
        running = Running(living.server, living.ledger, transport, number)
        nights = Nights(engine, running, f"first_{transport}_{number}")
        run_id, outcome = nights.night()
        assert not outcome.differences, outcome.differences[0]
        assert outcome.comparisons == 1
        assert_true(nights)
        nights.assert_within_budget(run_id)
        assert nights.blocking(run_id) == {}


@pytest.mark.slow
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_days_of_changes_equal_the_ledger(engine: Engine, living: Running, transport: Transport) -> None:
    nights = Nights(engine, living.over(transport), f"changing_{transport}")
    nights.night()
    for _ in range(DAYS):
        living.ledger.advance()
        run_id, outcome = nights.night()
        assert not outcome.differences, outcome.differences[0]
        assert_true(nights)
        nights.assert_within_budget(run_id)
        assert nights.blocking(run_id) == {}


def test_an_edited_order_entry_invoice_keeps_its_row(engine: Engine, living: Running) -> None:
    nights = Nights(engine, living, "edited")
    nights.night()
    books, settings = living.ledger.entity(0), living.server.face.settings
    owed = (i for i in books.kinds(Kind.INVOICE) if i.outstanding and is_order_entry(i, settings))
    invoice = next(i for i in owed if not books.is_touched(i))
    before = next(row for row in nights.rows("invoices").values() if row["number"] == invoice.number)
    with living.ledger.lock:
        living.ledger.now += timedelta(hours=1)
        invoice.reference = "PO changed"
        books.touch(invoice, living.ledger.now)
    _, outcome = nights.night()
    after = next(row for row in nights.rows("invoices").values() if row["number"] == invoice.number)
    assert after["external_id"] != before["external_id"], "order entry deletes the invoice and makes it anew"
    assert after["record_id"] == before["record_id"] and after["purchase_order"] == "PO changed"
    gone = nights.rows("invoices", live=False)[before["external_id"]]
    assert gone["superseded_by_external_id"] == after["external_id"]
    assert not outcome.differences


def test_what_settled_a_part_of_an_old_open_invoice_is_read_however_old(engine: Engine, living: Running) -> None:
    """An old credit note, used up long ago, explains what is left of an invoice that is still open."""
    books, long_ago = living.ledger.entity(0), living.ledger.now - timedelta(days=600)
    party = next(p for p in books.parties.values() if p.is_customer and not p.archived)
    invoice = new_document(books, Kind.INVOICE, party, long_ago, gross=Decimal(500))
    note = new_document(books, Kind.CREDIT_NOTE, party, long_ago, gross=Decimal(100), currency=invoice.currency)
    books.allocate(note, invoice, note.outstanding, long_ago)
    books.pay(invoice, Decimal(50), long_ago)
    nights = Nights(engine, living, "linked", history_from=living.ledger.now.date() - timedelta(days=100))
    run_id, outcome = nights.night()
    assert nights.blocking(run_id) == {}
    assert not outcome.differences, outcome.differences[0]
