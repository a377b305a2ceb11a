"""Control figures of books that are too large to be listed whole."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from include.connectors.base import Figure
from include.connectors.xero import figures
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind
from include.sandbox.xero.server import serve
from tests.xero.conftest import FAST, Running


def _ask(running: Running) -> dict[tuple[str, str, str], Figure]:
    connector = running.connector(running.custom(extra={"page_size": 20}))
    today = running.ledger.now.date()
    said = connector.control_figures(today, today - timedelta(days=300))
    assert not said.unanswered
    return {(figure.name, figure.subject, figure.currency): figure for figure in said.figures}


def test_large_books_are_counted_by_xero_and_only_what_is_open_is_listed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "MOST_PAGES", 10**6)
    whole = _ask(running)
    monkeypatch.setattr(figures, "MOST_PAGES", 0)
    asked_before = len(running.server.face.calls)
    large = _ask(running)
    customers = whole.pop(("count", "customers", ""))
    assert customers.count and large == whole, "but for the customers, who would have to be listed"
    assert len(running.server.face.calls) > asked_before


def test_no_figure_comes_from_the_pages_that_are_read(running: Running) -> None:
    calls = running.server.face.calls
    calls.clear()
    running.connector().control_figures(running.ledger.now.date(), date(2000, 1, 1))
    asked = [call for call in calls if call["path"].endswith("/Invoices")]
    assert asked and all("summaryOnly=true" in call["query"] for call in asked)
    assert [call for call in calls if call["path"].endswith("/Reports/TrialBalance")]


def test_documents_dated_ahead_are_in_the_total_as_they_are_in_the_lists() -> None:
    ledger = Ledger(invoices=30)
    books = ledger.entity(0)
    party = next(p for p in books.parties.values() if p.is_customer and p.currency == books.entity.currency)
    new_document(books, Kind.INVOICE, party, ledger.now + timedelta(days=40), gross=Decimal("1234.50"))
    with serve(ledger, FAST) as server:
        said = _ask(Running(server, ledger))
    assert said["open_total", "receivables", books.entity.currency].amount == ledger.truth().base_total
