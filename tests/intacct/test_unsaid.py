"""Where no document says how Sage Intacct does it, the books agree whichever way it is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include import warehouse
from include.money import exponent
from include.sandbox.group import pay_across
from include.sandbox.intacct.server import serve
from include.sandbox.intacct.settings import Settings
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind
from tests.intacct.conftest import Running, Transport
from tests.intacct.night import Nights, assert_true

DOCUMENTS = ("invoices", "credit_notes", "payments", "refunds")
WAYS: dict[str, tuple[Transport, dict[str, Any], dict[str, Any]]] = {
    "rates the other way round, no moment of change, uses without a payment of their own": (
        "rest",
        {"rate_basis": "document_per_base", "never_modified": "null", "credit_applications": "no_payment"},
        {"rate_basis": "document_per_base"},
    ),
    "invoices not stamped by payments, reversed details hidden, advances by another name, errors in one shape": (
        "rest",
        {"payment_stamps_invoice": False, "reversed_details": "hidden", "advance_reference": "postedAdvance",
         "advances_among_payments": False, "error_shape": "nested"},
        {},
    ),
    "pages in nobody's order, small ones, and the top level listed as an entity": (
        "rest",
        {"unordered": "each_page_another", "root_entity_listed": True, "top_level_documents_in_entities": True},
        {"page_size": 9},
    ),
    "totals of all currencies, and of the whole company": (
        "gateway",
        {"customer_balance": "document", "aging_currency": "document", "customer_balance_scope": "company"},
        {"balance_currency": "document", "balances_are_per_entity": False},
    ),
    "amounts in full, another user's dates, sessions at any address, rates the other way round": (
        "gateway",
        {"amounts_in_xml": "full", "date_format": ".dmY", "clock_hours": "12", "gmt_offset": "+05:30",
         "endpoint": "any", "rate_basis": "document_per_base", "credit_applications": "no_payment"},
        {"rate_basis": "document_per_base"},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("way", "number"), [(way, at % 2) for at, way in enumerate(WAYS)])
def test_the_books_agree_whichever_way_it_is(way: str, number: int, store: Path) -> None:
    transport, settings, extra = WAYS[way]
    ledger = Ledger(invoices=45, entities=2)
    engine = warehouse.engine(f"sqlite:///{store}")
    with serve(ledger, Settings(**settings)) as server:
        running = Running(server, ledger, transport, number, extra=extra)
        nights = Nights(engine, running, f"way{list(WAYS).index(way)}_{number}")
        _, outcome = nights.night()
        assert_true(nights)
        assert not outcome.differences, outcome.differences[0]
        ledger.advance(2)
        _, outcome = nights.night()
        assert_true(nights)
        assert not outcome.differences, outcome.differences[0]
        assert not [line for line in outcome.lines if line.classification == "unanswered"]


@pytest.mark.parametrize(
    ("how", "transport"),
    [("shares_and_whole", "rest"), ("shares", "rest"), ("whole", "rest"), ("whole", "gateway")],
)
def test_a_payment_over_several_entities_is_a_share_for_each(how: Any, transport: Transport, store: Path) -> None:
    ledger = Ledger(invoices=60, entities=2)
    engine = warehouse.engine(f"sqlite:///{store}")
    books = [ledger.entity(number) for number in (0, 1)]
    open_ = [[i for i in each.kinds(Kind.INVOICE) if i.outstanding and not i.expected_on] for each in books]
    currency = min({i.currency for i in open_[0]} & {i.currency for i in open_[1]})
    owed = [next(i for i in each if i.currency == currency) for each in open_]
    paid = [invoice.outstanding for invoice in owed]
    pay_across([*zip(books, owed, strict=True)], ledger.now)
    with serve(ledger, Settings(multi_entity_payment=how)) as server:
        for number in (0, 1):
            nights = Nights(engine, Running(server, ledger, transport, number), f"{how}_{transport}_{number}")
            run_id, outcome = nights.night()
            assert not outcome.differences, outcome.differences[0]
            assert_true(nights)
            assert nights.blocking(run_id) == {}
            _, settled = nights.world.place(owed[number])  # type: ignore[attr-defined]
            shares = [row for row in nights.rows("allocations").values() if row["target_external_id"] == settled]
            payment = nights.rows("payments")[shares[-1]["source_external_id"]]
            unit = Decimal(1).scaleb(-(exponent(currency) or 0))
            assert payment["amount"] * unit == paid[number], "its own share, and nothing of the other's"
            assert payment["unapplied_amount"] == 0
            whole = payment["source_total_amount"]
            assert whole == (sum(paid) / unit if how == "whole" else None)


def test_documents_of_the_top_level_are_one_organizations_or_nobody_is_ready(store: Path) -> None:
    """Each is in exactly one organization's rows; where nobody was named, both say why they are not ready."""
    ledger = Ledger(invoices=40, customers=20, entities=2)
    engine = warehouse.engine(f"sqlite:///{store}")
    with serve(ledger) as server:
        for owner in ("E100", "E200", ""):
            held: list[set[str]] = []
            for number in (0, 1):
                nights = Nights(engine, Running(server, ledger, "rest", number, owner), f"top_{owner.lower()}_{number}")
                run_id, outcome = nights.night()
                held.append({key for table in DOCUMENTS for key in nights.rows(table)})
                unanswered = [line for line in outcome.lines if line.classification == "unanswered"]
                assert bool(unanswered) is not bool(owner), "ready only if somebody owns them"
                if owner != "E200":  # whose books are in another currency than these documents: the gate says so
                    assert bool(nights.blocking(run_id)) is not bool(owner), nights.blocking(run_id)
            assert not held[0] & held[1]
            view = server.face.views.now()
            top = {
                f"{name}:{row.key}"
                for name in ("invoice", "adjustment", "advance")
                for row in view.rows(f"accounts-receivable/{name}").values()
                if not row.values["entity.key"]
            }
            assert top and [top <= each for each in held] == [owner == "E100", owner == "E200"]
            assert owner or not top & (held[0] | held[1])
