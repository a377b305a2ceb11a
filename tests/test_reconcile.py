"""Every difference between ERP and warehouse is classified, and a total is explained by its documents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade
from include.ledger import Ledger, OpenDocument
from include.reconcile import Line, compare

DUE = date(2026, 3, 31)
INVOICE = OpenDocument("invoice:1", "party:1", "INV-1", "EUR", 10_000, "USD", 11_000, DUE)
NOTE = OpenDocument("invoice:2", "party:1", "CN-2", "EUR", -2_500, "USD", -2_750, None)
SYSTEM: Any = SimpleNamespace(not_offered={"closed_world": "this system has no ledger"})
ASKED = {"open_document": "its open lines", "open_total": "the ledger's balance", "customer_balance": "the balance"}


def ledger(*documents: OpenDocument, rejected: tuple[str, ...] = (), counts: dict[str, int] | None = None) -> Ledger:
    by_customer: dict[str, list[OpenDocument]] = {}
    for document in documents:
        by_customer.setdefault(document.customer, []).append(document)
    return Ledger(
        {d.key: d for d in documents}, counts or {}, frozenset(rejected), Counter(invoices=len(rejected)), "USD",
        by_customer,
    )  # fmt: skip


def asked_for(document: OpenDocument, **changes: Any) -> Figure:
    theirs = {"amount": Decimal(document.rest) / 100, "base_amount": Decimal(document.base_rest or 0) / 100} | changes
    return replace(
        Figure("open_document", Grade.C, document.key, document.currency, customer=document.customer,
               number=document.number, due_date=document.due_date),
        **theirs,
    )  # fmt: skip


def total(amount: str) -> Figure:
    return Figure("open_total", Grade.A, currency="USD", basis="base", amount=Decimal(amount))


def balance(customer: str, amount: str) -> Figure:
    return Figure("customer_balance", Grade.B, customer, "USD", "base", amount=Decimal(amount))


def lines(ours: Ledger, *figures: Figure) -> dict[tuple[str, str], Line]:
    return {(line.figure, line.subject): line for line in compare(ControlFigures(figures, ASKED), ours, SYSTEM)}


def test_what_agrees_is_equal_down_to_the_due_date() -> None:
    found = lines(
        ledger(INVOICE, NOTE), asked_for(INVOICE), asked_for(NOTE), total("82.50"), balance("party:1", "82.50")
    )
    assert {line.classification for line in found.values()} == {"equal", "not_offered"}
    assert not any(line.differs for line in found.values())


def test_a_missing_document_explains_its_customer_and_the_total() -> None:
    found = lines(ledger(NOTE), asked_for(INVOICE), asked_for(NOTE), total("82.50"), balance("party:1", "82.50"))
    missing = found["open_document", "invoice:1"]
    assert (missing.classification, missing.difference, missing.base_difference) == ("missing_here", -10_000, -11_000)
    assert found["open_total", ""].differs and found["open_total", ""].is_explained
    assert found["customer_balance", "party:1"].is_explained


def test_a_rejected_document_is_told_from_a_lost_one() -> None:
    found = lines(ledger(rejected=("invoice:1",)), asked_for(INVOICE))
    assert found["open_document", "invoice:1"].classification == "rejected_here"


def test_a_document_only_here_is_a_ghost() -> None:
    found = lines(ledger(INVOICE, NOTE), asked_for(NOTE))
    assert found["open_document", "invoice:1"].classification == "ghost_here"
    assert found["open_document", "invoice:1"].difference == 10_000


def test_each_way_a_document_can_differ_has_its_word() -> None:
    def word(**theirs: Any) -> str:
        return lines(ledger(INVOICE), asked_for(INVOICE, **theirs))["open_document", "invoice:1"].classification

    assert word(amount=Decimal("99.99")) == "amount"
    assert word(currency="GBP") == "currency"
    assert word(customer="party:2") == "customer"
    assert word(due_date=date(2026, 4, 30)) == "due_date"


def test_a_document_in_another_currency_explains_both_currencies_totals() -> None:
    figures = [Figure("open_total", Grade.B, currency=c, amount=Decimal(a)) for c, a in (("EUR", "0"), ("GBP", "90"))]
    found = [
        line
        for line in compare(ControlFigures((asked_for(INVOICE, currency="GBP", amount=Decimal(90)), *figures), ASKED),
                            ledger(INVOICE), SYSTEM)
        if line.figure == "open_total"
    ]  # fmt: skip
    assert [(line.currency, line.difference, line.is_explained) for line in found] == [
        ("EUR", 10_000, True),
        ("GBP", -9_000, True),
    ]


def test_a_currency_for_which_the_erp_has_no_total_is_compared_with_nothing() -> None:
    pounds = replace(INVOICE, key="invoice:3", currency="GBP")
    euros = Figure("open_total", Grade.B, currency="EUR", amount=Decimal(100))
    found = [line for line in compare(ControlFigures((euros,), {}), ledger(INVOICE, pounds), SYSTEM)
             if line.figure == "open_total"]  # fmt: skip
    assert [(line.currency, line.difference, line.is_explained) for line in found] == [
        ("EUR", 0, False),
        ("GBP", 10_000, False),
    ]


def test_a_total_that_no_document_explains_stays_unexplained() -> None:
    found = lines(ledger(INVOICE), asked_for(INVOICE), total("200.00"))
    assert found["open_total", ""].difference == 11_000 - 20_000
    assert not found["open_total", ""].is_explained


def test_a_customer_whom_the_erp_does_not_list_owes_nothing_there() -> None:
    stranger = replace(INVOICE, key="invoice:9", customer="party:9")
    found = lines(ledger(INVOICE, stranger), asked_for(INVOICE), balance("party:1", "110.00"))
    assert found["customer_balance", "party:9"].difference == 11_000


def test_a_count_is_explained_only_by_as_many_rejects() -> None:
    figure = Figure("count", Grade.C, "invoices", count=3)
    assert lines(ledger(counts={"invoices": 3}), figure)["count", "invoices"].classification == "equal"
    assert lines(ledger(counts={"invoices": 2}, rejected=("a:1",)), figure)["count", "invoices"].is_explained
    assert not lines(ledger(counts={"invoices": 1}, rejected=("a:1",)), figure)["count", "invoices"].is_explained


def test_what_was_asked_and_not_answered_differs_and_what_is_not_offered_does_not() -> None:
    figures = ControlFigures((), ASKED, unanswered={"open_total": "the report timed out"})
    found = {line.figure: line for line in compare(figures, ledger(), SYSTEM)}
    assert found["open_total"].classification == "unanswered" and found["open_total"].differs
    assert found["closed_world"].classification == "not_offered" and not found["closed_world"].differs


def test_a_document_type_that_no_mapping_covers_is_named() -> None:
    figure = Figure("closed_world", Grade.A, "loan journal", "EUR", amount=Decimal("5.00"), mapped=False)
    found = lines(ledger(), figure)["closed_world", "loan journal"]
    assert (found.classification, found.theirs) == ("unmapped", 500)


YEN = OpenDocument(
    "invoice:3", "party:1", "INV-3", "JPY", 15_000, "USD", None, DUE, Decimal("150"), "document_per_base"
)
DINAR = OpenDocument(
    "invoice:4", "party:1", "INV-4", "KWD", 1_234_567, "USD", None, DUE, Decimal("3.25"), "base_per_document"
)


def mixed(customer: str, amount: str) -> Figure:
    return Figure("customer_balance", Grade.B, customer, basis="mixed", amount=Decimal(amount))


def test_a_balance_that_is_blind_to_currencies_is_compared_as_such() -> None:
    ours = ledger(INVOICE, NOTE, YEN, DINAR)
    line = lines(ours, mixed("party:1", "16309.567"))["customer_balance", "party:1"]
    assert (line.classification, line.currency, line.ours) == ("equal", "", 163_095_670)
    off = lines(ours, mixed("party:1", "16309.566"))["customer_balance", "party:1"]
    assert (off.classification, off.difference, off.is_explained) == ("amount", 10, False)


def test_a_blind_balance_is_explained_by_documents_of_any_currency() -> None:
    figures = (asked_for(INVOICE), replace(asked_for(DINAR), amount=Decimal("1234.566"), base_amount=None))
    found = lines(ledger(INVOICE, DINAR), *figures, mixed("party:1", "1334.566"))
    assert found["open_document", "invoice:4"].classification == "amount"
    assert found["customer_balance", "party:1"].is_explained


def test_a_customer_without_a_blind_balance_owes_nothing_there() -> None:
    stranger = replace(YEN, key="invoice:9", customer="party:9")
    found = lines(ledger(INVOICE, stranger), mixed("party:1", "100"))
    assert found["customer_balance", "party:9"].difference == 150_000_000


def test_documents_without_base_amounts_are_converted_and_may_be_off_by_one_unit_each() -> None:
    ours = ledger(INVOICE, YEN, DINAR)
    exact = 11_000 + 10_000 + 401_234  # 15,000 JPY / 150; 1,234.567 KWD x 3.25 = 4,012.34275
    for off, word in ((0, "equal"), (2, "equal"), (-2, "equal"), (3, "amount"), (-3, "amount")):
        line = lines(ours, total(f"{Decimal(exact + off) / 100}"))["open_total", ""]
        assert (line.classification, line.difference) == (word, -off)
        assert "2 open documents are converted at their own rate" in line.asked


def test_documents_that_state_base_amounts_are_never_off() -> None:
    found = lines(ledger(INVOICE, replace(NOTE, exchange_rate=Decimal("1.1"))), total("82.51"))
    assert found["open_total", ""].classification == "amount"
