"""Night after night: what is loaded is what the ledger knows, and asking for it costs few requests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.extract import Options
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind, State
from include.sandbox.truth import RECEIVABLE
from include.sandbox.xero.server import serve
from tests.xero.conftest import FAST, Running
from tests.xero.night import Nights, Row, assert_true

DAYS = 10


@pytest.fixture
def engine(store: Path) -> Engine:
    """The tests' warehouse; each test has an organization of its own in it."""
    return warehouse.engine(f"sqlite:///{store}")


@pytest.fixture
def living() -> Iterator[Running]:
    """A sandbox whose books always end on the same day."""
    ledger = Ledger(invoices=120)
    with serve(ledger, FAST) as server:
        yield Running(server, ledger)


def test_a_first_night_is_ready_and_equals_the_ledger(engine: Engine, living: Running) -> None:
    nights = Nights(engine, living, "first")
    run_id, outcome = nights.night()
    assert not outcome.differences and outcome.comparisons == 1
    assert_true(nights)
    assert nights.blocking(run_id) == {}


@pytest.mark.slow
def test_ten_days_of_changes_equal_the_ledger_and_a_fresh_load(engine: Engine, living: Running) -> None:
    nights = Nights(engine, living, "changing")
    nights.night()
    for _ in range(DAYS):
        living.ledger.advance()
        run_id, outcome = nights.night()
        assert not outcome.differences, outcome.differences[0]
        assert_true(nights)
        assert nights.blocking(run_id) == {}
    kept = nights.everything()
    nights.night(Options(full_refresh=True))
    assert nights.everything() == kept, "a full refresh changes nothing"
    fresh = Nights(engine, living, "fresh")
    fresh.night()
    assert {name: rows for name, rows in fresh.everything().items() if name != "contacts"} == {
        name: rows for name, rows in kept.items() if name != "contacts"
    }
    told = [sorted(map(_said, each.rows("contacts").values())) for each in (nights, fresh)]
    assert told[0] == told[1], "only their keys differ: every organization has a hash key of its own"


def test_a_quiet_night_asks_once_a_list_and_changes_nothing(engine: Engine, living: Running) -> None:
    nights = Nights(engine, living, "quiet")
    nights.night()
    kept = nights.everything()
    run_id, outcome = nights.night()
    assert nights.everything() == kept and not outcome.differences
    nights.assert_within_budget(run_id)
    organisation, changes, unfinished = 1, 1, 1
    assert {stream: asked for stream, asked in nights.requests.items() if stream not in ("complete", "reconcile")} == {
        "customers": organisation + changes,
        "invoices": organisation + changes + unfinished,
        "credit_notes": organisation + changes + unfinished,
        "payments": organisation + changes,
        "overpayments": organisation + changes + unfinished,
        "prepayments": organisation + changes + unfinished,
    }
    lists, contacts, report, accounts = 5, 1, 1, 1
    assert nights.requests["reconcile"] == 1 + lists + contacts + report + accounts
    assert nights.requests["complete"] == 0


def test_what_was_closed_before_the_history_stays_away(engine: Engine, living: Running) -> None:
    half = living.ledger.now.date() - timedelta(days=200)
    nights = Nights(engine, living, "bounded", history_from=half)
    run_id, outcome = nights.night()
    assert not outcome.differences
    assert nights.blocking(run_id) == {}
    whole = Nights(engine, living, "unbounded", history_from=date(2000, 1, 1))
    whole.night()
    every = whole.rows("invoices")
    closed = [key for key, row in every.items() if row["status"] == "paid" and row["closed_on"] < half]
    lacking = set(closed) - nights.rows("invoices").keys()
    assert len(lacking) > len(closed) / 2, "most of what was closed long ago was not read"
    assert all(key in nights.rows("invoices") for key, row in every.items() if row["status"] == "open")
    for table in ("invoices", "credit_notes", "payments", "refunds"):
        ours, theirs = nights.told(table), whole.told(table)
        assert {key: theirs[key] for key in ours} == ours, table


def _said(contact: Row) -> tuple[str, ...]:
    return tuple(str(contact[name]) for name in ("customer_external_id", "email", "last_name", "phone", "is_main"))


def test_what_settled_a_part_of_an_old_open_invoice_is_read_however_old(engine: Engine, living: Running) -> None:
    """An old credit note, used up long ago, explains what is left of an invoice that is still open."""
    books, long_ago = living.ledger.entity(0), living.ledger.now - timedelta(days=600)
    party = next(p for p in books.parties.values() if p.is_customer and not p.archived)
    invoice = new_document(books, Kind.INVOICE, party, long_ago, gross=Decimal(500))
    note = new_document(books, Kind.CREDIT_NOTE, party, long_ago, gross=Decimal(100), currency=invoice.currency)
    books.allocate(note, invoice, note.outstanding, long_ago)
    paid = books.pay(invoice, Decimal(50), long_ago)
    nights = Nights(engine, living, "linked", history_from=living.ledger.now.date() - timedelta(days=100))
    run_id, outcome = nights.night()
    assert f"CreditNote:{note.id}" in nights.rows("credit_notes") and f"Payment:{paid.id}" in nights.rows("payments")
    assert nights.blocking(run_id) == {} and not outcome.differences


def test_deleted_drafts_and_payments_are_listed_as_deletions(living: Running) -> None:
    before = living.ledger.now
    living.ledger.advance(2)
    books = living.ledger.entity(0)
    gone = {f"Invoice:{d.id}" for d in books.kinds(Kind.INVOICE) if d.state is State.DELETED and d.updated_at >= before}
    deleted = (p for p in books.payments.values() if p.deleted and p.updated_at >= before)
    gone |= {f"Payment:{p.id}" for p in deleted if books.documents[p.document].kind in RECEIVABLE}
    found = {key for _, key in living.connector().deletions(before) if key.startswith(("Invoice:", "Payment:"))}
    assert gone and found == gone
