"""Night after night: the warehouse is what the books are, and a night without news costs nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from include.extract import Options
from tests.conformance import ledger
from tests.conformance.books import Books
from tests.conformance.sample_server import order_faults
from tests.pipeline.night import STREAMS, Pipeline, after
from tests.pipeline.truth import assert_equal


def test_a_first_run_holds_the_books(pipeline: Pipeline) -> None:
    night = pipeline.sync()
    assert_equal(pipeline)
    assert night.outcome.differences == ()
    assert pipeline.blocking(night.run_id) == {}


def test_old_business_stays_away_but_for_what_is_open_and_all_it_is_linked_to(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    assert_equal(on_sqlite)
    old = on_sqlite.today - timedelta(days=740)
    bills = [row for row in on_sqlite.rows("invoices").values() if row["issue_date"] and row["issue_date"] < old]
    assert [row["status"] for row in bills] == ["open"]
    receipts = [row for row in on_sqlite.rows("payments").values() if row["paid_on"] and row["paid_on"] < old]
    assert len(receipts) == 1, "what was allocated to the open one comes along"


@pytest.mark.slow
def test_days_of_work_arrive_and_so_does_a_full_refresh(pipeline: Pipeline) -> None:
    pipeline.sync()
    for day in (1, 2, 3):
        with pipeline.books() as books:
            ledger.advance(books, after(day))
        night = pipeline.sync()
        assert_equal(pipeline)
        assert pipeline.blocking(night.run_id) == {}
    before = pipeline.everything()
    night = pipeline.sync(Options(full_refresh=True))
    assert pipeline.everything() == before
    assert night.written == 0
    assert not any(manifest.is_unchanged for manifest in night.manifests.values())
    assert pipeline.blocking(night.run_id) == {}


def test_a_night_without_news_writes_nothing_and_is_fresh(pipeline: Pipeline) -> None:
    pipeline.sync()
    before, states = pipeline.everything(), {name: pipeline.state(name) for name in STREAMS}
    night = pipeline.sync()
    assert all(manifest.is_unchanged and not manifest.pages for manifest in night.manifests.values())
    assert (night.written, night.completed.records) == (0, 0)
    assert pipeline.everything() == before
    kinds = [run["kind"] for run in pipeline.of_run("sync_runs", night.run_id)]
    assert sorted(kinds) == ["reconcile"] + ["unchanged"] * len(STREAMS)
    for name in STREAMS:
        assert pipeline.state(name).version == states[name].version + 1
        assert pipeline.state(name).read_to_end_at >= states[name].read_to_end_at
        assert pipeline.state(name).cursor == states[name].cursor
    assert pipeline.blocking(night.run_id) == {}


def test_what_a_time_filter_cannot_show_is_found_by_reading_the_open_ones_again(on_sqlite: Pipeline) -> None:
    """Some systems do not stamp every change: an open bill is paid, and its timestamp stays."""
    on_sqlite.sync()
    with on_sqlite.books() as books:
        bill = next(d for d in books["documents"] if d["kynd"] == "B" and d["st"] == "O")
        stamp = bill["mod"]
        _pay_in_silence(books, bill, stamp)
    night = on_sqlite.sync()
    assert on_sqlite.rows("invoices")[f"Bill:{bill['ident']}"]["status"] == "paid"
    assert night.manifests["invoices"].changed_count >= 1
    assert_equal(on_sqlite)


def _pay_in_silence(books: ledger.Row, bill: ledger.Row, stamp: str | None) -> None:
    """Pay a bill; the receipt is stamped, the bill is not."""
    desk = Books(books)
    party = next(p for p in books["parties"] if p["ident"] == bill["prty"])
    amount = Decimal(bill["rest"])
    receipt = desk.receipt(party, bill["cur"], amount, after(1))
    desk.settle(receipt, bill, amount, after(1))
    bill["mod"] = stamp


def test_a_closed_bill_that_was_opened_again_without_a_stamp_is_found_among_the_sources_open_ones(
    on_sqlite: Pipeline,
) -> None:
    on_sqlite.sync()
    with on_sqlite.books() as books:
        newest = max(d["ident"] for d in books["documents"] if d["kynd"] == "B" and d["st"] == "L")
        bill = next(d for d in books["documents"] if d["kynd"] == "B" and d["ident"] == newest)
        bill |= {"st": "O", "rest": bill["tot"], "bRest": bill["bTot"], "lost": None}
    assert on_sqlite.rows("invoices")[f"Bill:{newest}"]["status"] == "written_off"
    on_sqlite.load(on_sqlite.extract("invoices"))
    assert on_sqlite.rows("invoices")[f"Bill:{newest}"]["status"] == "open"


def test_an_old_customers_first_bill_brings_the_customer_along(on_sqlite: Pipeline) -> None:
    """The customer did not change, so only the reference shows that it is lacking."""
    on_sqlite.sync()
    with on_sqlite.books() as books:
        known = {row["prty"] for row in (*books["documents"], *books["movements"])}
        stranger = next(p for p in books["parties"] if p["ident"] not in known and p["mailz"])
        assert f"Party:{stranger['ident']}" not in on_sqlite.rows("customers")
        stranger["mod"] = None
        Books(books).bill(stranger, "EUR", Decimal("10.00"), after(1))
    # The customers are read before the bill is made: the filter could not bring this one.
    night = on_sqlite.sync(Options(streams=("invoices",)))
    assert (night.completed.records, night.completed.orphans) == (1, ())
    assert night.completed.rounds <= 5
    assert f"Party:{stranger['ident']}" in on_sqlite.rows("customers")
    assert f"Party.mailz:{stranger['ident']}:1" in on_sqlite.rows("contacts")
    assert on_sqlite.state("customers").read_to_end_at < datetime.now(UTC)
    night = on_sqlite.sync()
    assert_equal(on_sqlite)
    assert on_sqlite.blocking(night.run_id) == {}


def test_parents_are_completed_round_by_round_and_what_is_nowhere_is_an_orphan(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    with on_sqlite.books() as books:
        old = (datetime.now(UTC) - timedelta(days=2000)).isoformat()
        parents = [
            books["parties"][0] | {"ident": n, "kdnr": f"K-{n}", "boss": n + 1, "made": old, "bal": {}}
            for n in range(900, 907)
        ]
        parents[-1]["boss"] = 999  # there is no such customer
        books["parties"] += parents
        Books(books).bill(parents[0], "EUR", Decimal("10.00"), after(1))
    night = on_sqlite.sync(Options(streams=("invoices",)))
    assert (night.completed.records, night.completed.rounds, night.completed.orphans) == (5, 5, ())
    night = on_sqlite.sync(Options(streams=("invoices",)))
    assert (night.completed.records, night.completed.orphans) == (2, ("Party:999",))
    assert {f"Party:{n}" for n in range(900, 907)} <= on_sqlite.rows("customers").keys()
    assert "Party:906" in {record for records in on_sqlite.blocking(night.run_id).values() for record in records}


def test_a_history_moved_back_fetches_the_missing_slice_and_moved_forward_deletes_nothing(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    before = on_sqlite.everything()
    on_sqlite.world.history_from = date(2015, 1, 1)
    night = on_sqlite.sync()
    assert_equal(on_sqlite)
    assert len(on_sqlite.rows("invoices")) > len(before["invoices"])
    assert on_sqlite.blocking(night.run_id) == {}
    after_it = on_sqlite.everything()
    on_sqlite.world.history_from = on_sqlite.today - timedelta(days=100)
    night = on_sqlite.sync()
    assert on_sqlite.everything() == after_it
    assert on_sqlite.blocking(night.run_id) == {}


def test_what_was_committed_later_than_the_overlap_is_found_by_its_key(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    with on_sqlite.books() as books:
        party = next(row for row in books["parties"] if row["ident"] == 1)
        bill = Books(books).bill(party, "EUR", Decimal("10.00"), after(-20))
        Books(books).void(bill, after(-20))  # closed, so that no list of open ones shows it
    on_sqlite.sync()
    assert on_sqlite.rows("invoices")[f"Bill:{bill['ident']}"]["status"] == "voided"
    assert_equal(on_sqlite)


def test_a_new_mapping_loads_every_record_again_and_a_record_it_mends_is_no_reject_any_more(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_faults(on_sqlite.source.folder, "north", read={"documents": "malformed"})
    on_sqlite.sync()
    assert on_sqlite.rows("rejected_records").keys() == {"Note:1"}
    order_faults(on_sqlite.source.folder, "north")  # stands for a mapping that copes with the record as it is
    monkeypatch.setattr(on_sqlite.connector, "mapping_version", 2)
    night = on_sqlite.sync()
    assert on_sqlite.rows("rejected_records") == {}
    assert not any(manifest.is_unchanged for manifest in night.manifests.values())
    assert_equal(on_sqlite)
    assert all(manifest.is_unchanged for manifest in on_sqlite.sync().manifests.values())
