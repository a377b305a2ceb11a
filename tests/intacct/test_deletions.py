"""What leaves no trace where it was: deleted records, uses taken back, contacts taken off a list."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.sandbox.intacct.server import serve
from include.sandbox.intacct.settings import Settings
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind, Person, State
from tests.intacct.conftest import Running, Transport
from tests.intacct.night import Nights, assert_true

WAYS: dict[str, tuple[Transport, dict[str, Any]]] = {
    "by the audit trail": ("rest", {}),
    "by the audit trail of the gateway": ("gateway", {}),
    "by all record numbers, since the trail is forbidden": ("gateway", {"audit_history": "forbidden"}),
    "where a use stamps neither side": ("rest", {"payment_stamps_invoice": False, "audit_history": "forbidden"}),
    "where a use has no payment of its own": ("rest", {"credit_applications": "no_payment"}),
}


@contextmanager
def loaded(store: Path, name: str, transport: Transport = "rest", **settings: Any) -> Iterator[Nights]:
    """An organization after its first night."""
    ledger = Ledger(invoices=60, customers=18, entities=2)
    books = ledger.entity(0)
    billed = next(p for p in books.parties.values() if p.is_customer and not p.archived)
    new_document(books, Kind.INVOICE, billed, ledger.now - timedelta(days=3), state=State.DRAFT)
    note = new_document(books, Kind.CREDIT_NOTE, billed, ledger.now - timedelta(days=3))
    books.pay(note, note.outstanding, ledger.now - timedelta(days=2))
    with serve(ledger, Settings(**settings)) as server:
        nights = Nights(warehouse.engine(f"sqlite:///{store}"), Running(server, ledger, transport), name)
        _, outcome = nights.night()
        assert not outcome.differences
        yield nights


@pytest.mark.parametrize("way", WAYS)
def test_what_was_deleted_or_taken_back_is_gone_the_next_night(way: str, store: Path) -> None:
    transport, settings = WAYS[way]
    with loaded(store, f"gone{list(WAYS).index(way)}", transport, **settings) as nights:
        ledger = nights.world.ledger  # type: ignore[attr-defined]
        books = ledger.entity(0)
        with ledger.lock:
            ledger.now += timedelta(minutes=9)
            credits = (Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT)
            used = [
                a for a in books.allocations.values() if not a.deleted and books.documents[a.credit].kind in credits
            ]
            back = [p for p in books.payments.values() if p.is_refund and not p.deleted]
            drafts = [d for d in books.kinds(Kind.INVOICE) if d.state == "draft"]
            assert used and back and drafts
            books.delete_allocation(used[0], ledger.now)
            books.delete_payment(back[0], ledger.now)
            books.void(drafts[0], ledger.now)
            ledger.now += timedelta(hours=12)
        before = nights.rows("allocations")
        run_id, outcome = nights.night()
        assert not outcome.differences, outcome.differences[0]
        assert_true(nights)
        assert len(before) - len(nights.rows("allocations")) == 2, "the use, and that of the refund"
        assert nights.blocking(run_id) == {}


def test_who_is_taken_off_a_contact_list_is_no_contact_any_more(store: Path) -> None:
    with loaded(store, "contacts") as nights:
        ledger = nights.world.ledger  # type: ignore[attr-defined]
        books = ledger.entity(0)
        billed = {row["number"] for row in nights.rows("customers").values()}
        party = next(p for p in books.parties.values() if p.number in billed and p.people)
        with ledger.lock:
            party.people.append(Person("Kim", "Listed", "kim@people.example", gets_mail=False))
            books.version += 1
            ledger.now += timedelta(hours=24)
        nights.night()
        assert "kim@people.example" in {row["email"] for row in nights.rows("contacts").values()}
        with ledger.lock:
            party.people.pop()
            books.version += 1
            ledger.now += timedelta(hours=24)
        nights.night()
        assert "kim@people.example" not in {row["email"] for row in nights.rows("contacts").values()}
        assert_true(nights)


@pytest.mark.parametrize("named", ["4711--REC", "INV-1"])
def test_a_trail_that_names_records_otherwise_is_understood_or_not_relied_on(
    named: str, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = running.ledger.now - timedelta(days=9)
    view = running.server.face.views.now()
    row = next(iter(view.rows("accounts-receivable/invoice").values()))
    trail = type(row)(
        {
            "key": 1, "id": "103:1", "changeDetails.objectName": "accounts-receivable/invoice",
            "changeDetails.objectId": named, "changeSource.actionPerformed": "delete",
            "changeSource.accessDateTime": running.ledger.now,
        }
    )  # fmt: skip
    running.ledger.entity(0).version += 1  # no answer of before stands for this one
    view = running.server.face.views.now()
    monkeypatch.setitem(view._rows, "company-config/audit-history", {1: trail})
    connector = running.connector()
    assert connector.lists_deletions() is named.endswith("--REC")
    found = [*connector.deletions(since)]
    assert found == ([("invoices", "invoice:4711")] if named.endswith("--REC") else [])
