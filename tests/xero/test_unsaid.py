"""Where Xero's documents leave open how it is, a setting of the connection says so, and the books still agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.sandbox.ledger import Ledger
from include.sandbox.xero.server import serve
from include.sandbox.xero.settings import Settings
from tests.xero.conftest import FAST, Running
from tests.xero.night import Nights, assert_true

WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "rates the other way round, balances without credits, the very second counted": (
        {"rate_basis": "base_per_document", "balances_count_credits": False, "modified_since": "from"},
        {"rate_basis": "base_per_document", "balances_include_credits": False},
    ),
    "documents move with their merged customer, undone uses are hidden, drafts owe nothing": (
        {"merged_documents": "move", "deleted_allocations": "hidden", "draft_amount_due": "zero"},
        {"balances_include_credits": True},
    ),
    "unknown dates are zero, past the end comes the last page, small pages": (
        {"zero_dates": True, "past_the_end": "last", "high_volume": False, "problem_case": "lower"},
        {"balances_include_credits": True, "page_size": 25},
    ),
}


def _run(store: Path, name: str, settings: Settings, extra: dict[str, Any], days: int = 2) -> list[Any]:
    ledger = Ledger(invoices=90)
    engine = warehouse.engine(f"sqlite:///{store}")
    with serve(ledger, settings) as server:
        nights = Nights(engine, Running(server, ledger, extra=extra), name)
        _, outcome = nights.night()
        for _ in range(days):
            assert_true(nights)
            assert not outcome.differences, outcome.differences[0]
            ledger.advance()
            _, outcome = nights.night()
        return list(outcome.lines)


@pytest.mark.parametrize("way", WAYS)
def test_the_books_agree_whichever_way_it_is(way: str, store: Path) -> None:
    settings, extra = WAYS[way]
    lines = _run(store, f"way{list(WAYS).index(way)}", replace(FAST, **settings), extra)
    assert not [line for line in lines if line.differs]


def test_the_wrong_setting_for_balances_is_found_out(store: Path) -> None:
    lines = _run(store, "wrong_balances", FAST, {"balances_include_credits": False}, days=0)
    wrong = [line for line in lines if line.differs]
    assert wrong and {line.figure for line in wrong} == {"customer_balance"}


def test_the_wrong_direction_of_rates_is_found_out(store: Path) -> None:
    settings = replace(FAST, rate_basis="base_per_document")
    lines = _run(store, "wrong_rates", settings, {"balances_include_credits": True}, days=0)
    assert {line.figure for line in lines if line.differs} == {"open_total"}


def test_a_revalued_trial_balance_differs_until_it_is_no_longer_compared(store: Path) -> None:
    settings = replace(FAST, trial_balance="todays_rate")
    lines = _run(store, "revalued", settings, {"balances_include_credits": True}, days=0)
    assert {line.figure for line in lines if line.differs} == {"open_total"}
    extra = {"balances_include_credits": True, "compare_trial_balance": False}
    assert not [line for line in _run(store, "unrevalued", settings, extra, days=0) if line.differs]


def test_undecided_balances_are_unanswered_only_without_the_trial_balance(store: Path) -> None:
    with_report = _run(store, "undecided", FAST, {}, days=0)
    assert not [line for line in with_report if line.differs or line.figure == "customer_balance"]
    without = _run(store, "undecided_alone", FAST, {"compare_trial_balance": False}, days=0)
    unanswered = [line for line in without if line.classification == "unanswered"]
    assert [line.figure for line in unanswered] == ["customer_balance"]
    assert "balances_include_credits" in unanswered[0].asked
