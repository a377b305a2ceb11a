"""Every check of every suite: silent on clean books, tripped by its defect, deaf to other organizations."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from include import model, warehouse
from include.expectations.failing import date_dependent_hold, failures
from include.expectations.suite import Scope
from include.expectations.suites import ALL
from include.expectations.verdict import Failure
from tests.expectations.books import FAKE, NOW, PARTIAL, UNLINKED, Books, scope
from tests.expectations.cases import CASES, Case, little_unreachable, volume


def tripped(books: Books, connector: Any = FAKE, organization_id: str = "acme") -> dict[str, tuple[Failure, ...]]:
    """Return check → the records that fail it, for those that fail."""
    return tripped_in(books, scope(organization_id, connector))


def tripped_in(books: Books, asked: Scope) -> dict[str, tuple[Failure, ...]]:
    found = {
        rows.name: failures(books.connection, suite, rows, query)
        for suite in ALL
        for rows, query in suite.queries(asked)
    }
    return {name: records for name, records in found.items() if records}


def names() -> list[str]:
    return [rows.name for suite in ALL for rows in suite.rows(scope())]


def test_clean_books_trip_nothing(books: Books) -> None:
    assert tripped(books) == {}
    assert tripped(books, PARTIAL) == {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)
def test_a_defect_trips_its_check_and_no_other(books: Books, case: Case) -> None:
    case.plant(books)
    found = tripped(books, case.connector)
    assert set(found) == {case.check, *case.also}
    assert sorted(failure.record for failure in found[case.check]) == sorted(case.records)
    assert all(failure.sentence and "None" not in failure.sentence for failure in found[case.check])
    assert tripped(books, case.connector, "beta") == {}


def test_every_check_has_a_case_and_a_name_of_its_own() -> None:
    assert set(names()) == {case.check for case in CASES}
    assert [name for name, times in Counter(names()).items() if times > 1] == []


def test_no_check_says_join() -> None:
    """Great Expectations would leave out the alias that PostgreSQL before 16 asks for."""
    assert not [rows.name for suite in ALL for rows in suite.rows(scope()) if "JOIN" in rows.query.upper()]


@pytest.mark.parametrize("suite", ALL, ids=lambda suite: suite.name)
def test_every_row_of_a_batch_is_this_organizations_and_comes_once(books: Books, suite: Any) -> None:
    batch = text(f"SELECT record FROM ({suite.batch(scope())}) AS batch".replace(":", "\\:"))
    before = sorted(books.connection.scalars(batch))
    Books(books.connection, "gamma").fill()
    assert sorted(books.connection.scalars(batch)) == before
    if suite.name != "reconciliation":
        assert len(set(before)) == len(before)


def test_an_empty_organization_beside_full_ones_is_refused(books: Books) -> None:
    found = tripped(books, organization_id="empty")
    assert set(found) == {"total_asked", "counts_asked", "stream_fresh", "customers_not_empty", "invoices_not_empty"}
    assert len(found["stream_fresh"]) == len(FAKE.streams)


def test_deleted_rows_are_not_looked_at(books: Books) -> None:
    for table in ("customers", "invoices"):
        books.change(table, {}, deleted_at=NOW)
    assert {"customers_not_empty", "invoices_not_empty"} <= set(tripped(books))
    for table in warehouse.MODEL_TABLES:
        books.change(table, {}, deleted_at=NOW)
    assert set(tripped(books)) == {"customers_not_empty", "invoices_not_empty"}


def test_an_explained_total_is_not_named_again(books: Books) -> None:
    books.change("reconciliations", {"figure": "open_document"}, classification="missing_here", difference=-7)
    for figure in ("open_total", "customer_balance", "count"):
        books.change("reconciliations", {"figure": figure}, classification="amount", is_explained=True, difference=-7)
    assert set(tripped(books)) == {"document_equal"}


def test_another_runs_figures_prove_nothing(books: Books) -> None:
    books.change("reconciliations", {}, run_id="run-0", classification="unanswered")
    assert set(tripped(books)) == {"total_asked", "counts_asked"}


@pytest.mark.parametrize("excluded", ["inactive", "by_person"])
def test_nobody_writes_to_excluded_customers(books: Books, excluded: str) -> None:
    books.change("contacts", "contact:1", email_is_valid=False)
    books.change("customers", "party:1", exclusion_reason=excluded)
    assert tripped(books) == {}


def test_what_excluded_customers_owe_makes_no_share_smaller(books: Books) -> None:
    """5.00 unreachable is little beside the 159.00 of the first customer, who is excluded: then it is all."""
    little_unreachable(books)
    books.change("customers", "party:1", exclusion_reason="by_rule")
    assert set(tripped(books)) == {"overdue_customer_reachable", "overdue_reachable_share"}


@pytest.mark.parametrize("left_out", [{"is_sent": False}, {"issue_date": date(2026, 3, 11)}, {"status": "written_off"}])
def test_what_collections_leave_out_is_not_overdue(books: Books, left_out: dict[str, Any]) -> None:
    books.change("contacts", "contact:1", email_is_valid=False)
    books.change("invoices", {"customer_external_id": "party:1", "status": "open"}, **left_out)
    assert not {"overdue_customer_reachable", "overdue_reachable_share"} & set(tripped(books))


def test_every_table_of_the_model_has_a_suite_and_every_suite_checks_something() -> None:
    assert set(model.TABLES) | {"reconciliation", "sync", "rejects"} == {suite.name for suite in ALL}
    assert all(suite.queries(scope()) for suite in ALL)


def test_a_system_that_links_nothing_is_not_blamed_for_it(books: Books) -> None:
    books.remove("allocations")
    asked = scope("acme", UNLINKED)
    severities = {rows.name: rows.severity for suite in ALL for rows in suite.rows(asked)}
    assert {severities[name] for name in tripped(books, UNLINKED)} == {"info"}
    assert {"payment_applied", "credit_note_applied", "refund_linked", "invoice_settled"} == set(
        tripped(books, UNLINKED)
    )


def test_what_hangs_on_a_rejected_record_is_named_once(books: Books) -> None:
    """Its documents and contacts, its daughter, and what was allocated to it or one of its lines."""
    books.reject("party:99", table_name="customers", stream="parties", reason="impossible_text")
    for table, key in (("invoices", "invoice:5"), ("contacts", "contact:2"), ("payments", "payment:1")):
        books.change(table, key, customer_external_id="party:99")
    books.change("customers", "party:2", parent_external_id="party:99")
    books.reject("invoice:90", reason="impossible_amount")
    books.add("allocations", "invoice:1/payment:y", target_type="invoice", target_external_id="invoice:90:2",
              target_amount=0, parent_external_id="invoice:1")  # fmt: skip
    found = tripped(books)
    assert {name: [f.record for f in records] for name, records in found.items()} == {
        "open_record_rejected": ["party:99"],
        "open_record_amount": ["invoice:90"],
    }


def test_an_orphan_of_a_reject_that_does_not_block_blocks_itself(books: Books) -> None:
    for number in range(300):
        books.add("source_records", f"more:{number}")
    books.reject("party:99", table_name="customers", stream="parties", reason="impossible_text", is_open=False)
    books.change("invoices", "invoice:5", customer_external_id="party:99")
    assert set(tripped(books)) == {"invoices_customer"}


@pytest.mark.parametrize("rejected", ["Invoice:90", "invoice:9_", "invoice:%", "invoice:9"])
def test_a_reject_of_a_key_that_only_looks_alike_explains_no_orphan(books: Books, rejected: str) -> None:
    for number in range(300):
        books.add("source_records", f"more:{number}")
    books.reject(rejected, reason="impossible_text", is_open=False)
    books.add("allocations", "invoice:1/payment:y", target_type="invoice", target_external_id="invoice:90:2",
              target_amount=0, parent_external_id="invoice:1")  # fmt: skip
    assert set(tripped(books)) == {"allocation_target"}


def test_an_allocation_to_a_closed_invoice_that_was_rejected_shuts_nothing(books: Books) -> None:
    for number in range(300):
        books.add("source_records", f"more:{number}")
    books.reject("invoice:90", reason="impossible_text", is_open=False)
    books.add("payments", "payment:2", customer_external_id="party:1", amount=10, unapplied_amount=0)
    books.add("allocations", "payment:2/1", source_type="payment", source_external_id="payment:2", source_amount=10,
              target_type="invoice", target_external_id="invoice:90", target_amount=10,
              parent_external_id="payment:2")  # fmt: skip
    assert tripped(books) == {}


@pytest.mark.parametrize("status", ["paid", "written_off"])
def test_numbers_may_begin_anew_with_every_year(books: Books, status: str) -> None:
    books.add("invoices", "invoice:78", customer_external_id="party:1", number="INV-1", status=status, gross_amount=0,
              outstanding_amount=0, issue_date=date(2025, 2, 1))  # fmt: skip
    assert tripped(books) == {}


def test_a_debt_without_base_amounts_is_overdue_all_the_same(books: Books) -> None:
    books.change("invoices", {}, base_currency=None, base_outstanding_amount=None)
    books.change("contacts", "contact:1", email_is_valid=False)
    assert set(tripped(books)) == {"overdue_customer_reachable", "overdue_reachable_share"}


def test_the_calendar_alone_makes_an_invoice_overdue(books: Books) -> None:
    books.change("contacts", "contact:2", email_is_valid=False)
    assert date_dependent_hold(books.connection, ALL, scope(as_of=date(2026, 4, 30)))
    assert not date_dependent_hold(books.connection, ALL, scope(as_of=date(2026, 5, 1)))
    little_unreachable(books)
    assert not date_dependent_hold(books.connection, ALL, scope())


@pytest.mark.parametrize("plant", [volume(110), volume(4), volume(111, runs=13), volume(3, runs=13)])
def test_a_volume_is_unusual_only_beside_enough_days_like_it(books: Books, plant: Any) -> None:
    plant(books)
    assert tripped(books) == {}


def test_a_months_end_is_compared_with_ends_of_months(books: Books) -> None:
    volume(today=111)(books)
    last = scope(as_of=date(2026, 3, 31), now=datetime(2026, 3, 31, 2, 30, tzinfo=UTC))
    assert "volume_usual" not in tripped_in(books, last)
    for run, days in (("10 ago", 31), ("1 ago", 59)):  # 28 February and 31 January
        books.change("sync_runs", {"manifest": run}, loaded_at=last.now - timedelta(days=days), changed=5)
    assert "volume_usual" in tripped_in(books, last)


def test_the_most_money_comes_first_in_words_an_analyst_reads(books: Books) -> None:
    books.change("invoices", {"status": "open"}, payment_terms=None)
    found = tripped(books)["payment_terms"]
    assert [failure.amount for failure in found] == [11_900, 4_000, 2_000]
    assert found[0].sentence == "invoice INV-1 of customer C-1 (119.00 EUR) has no payment terms"
