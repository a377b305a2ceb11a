"""What is gone from the source: found by the sweep, confirmed one by one, and never too much of it unasked."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from include.extract import Options
from tests.conformance import ledger
from tests.conformance.books import Books
from tests.conformance.sample import INVOICES, Sample
from tests.pipeline.night import Pipeline, after
from tests.pipeline.test_cursor import touch
from tests.pipeline.truth import assert_equal


def delete_drafts(pipeline: Pipeline, wanted: Callable[[ledger.Row], bool] = lambda row: True) -> list[str]:
    with pipeline.books() as books:
        gone = [row for row in books["documents"] if row["st"] in "EW" and wanted(row)]
        books["documents"] = [row for row in books["documents"] if row not in gone]
    return [f"Bill:{row['ident']}" for row in gone]


def add_drafts(pipeline: Pipeline, number: int) -> None:
    with pipeline.books() as books:
        for _ in range(number):
            from decimal import Decimal

            Books(books).draft(books["parties"][0], "EUR", Decimal("5.00"), after(1))


def test_a_hard_deleted_record_is_found_and_what_it_listed_goes_too(pipeline: Pipeline) -> None:
    pipeline.sync()
    with pipeline.books() as books:  # an alone standing discount entry: nothing but its record lists its allocation
        entry = next(row for row in books["movements"] if row["kynd"] == "X" and row["frm"] is None)
        books["movements"].remove(entry)
    (draft, *_) = drafts = delete_drafts(pipeline)
    allocations = {key for key in pipeline.rows("allocations") if key.startswith(f"Offset:{entry['ident']}/")}
    assert allocations
    night = pipeline.sync()
    assert sorted(night.manifests["invoices"].deleted) == sorted(drafts)
    assert night.manifests["payments"].deleted == [f"Offset:{entry['ident']}"]
    assert draft not in pipeline.rows("invoices") and pipeline.rows("invoices", live=False)[draft]["deleted_at"]
    assert not allocations & pipeline.rows("allocations").keys()
    assert_equal(pipeline)
    assert pipeline.sync().manifests["invoices"].is_unchanged, "what is gone is not looked for again"


def test_a_record_that_left_the_range_but_still_exists_is_no_deletion(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_sqlite.sync()
    whole = on_sqlite.connector.keys
    monkeypatch.setattr(on_sqlite.connector, "keys", lambda *asked: (k for k in whole(*asked) if not k.endswith("3")))
    assert on_sqlite.extract("invoices").deleted == []


def test_too_many_at_once_are_refused_and_accepted_by_their_fingerprint(
    on_sqlite: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    add_drafts(on_sqlite, 6)
    on_sqlite.skew = -timedelta(hours=1)  # sweeps are dated by the second, and these are quick
    on_sqlite.sync()
    on_sqlite.skew = timedelta()
    before = on_sqlite.rows("invoices").keys()
    swept_at = on_sqlite.state("invoices").swept_at
    gone = delete_drafts(on_sqlite)
    assert len(gone) > 5
    with caplog.at_level(logging.WARNING):
        night = on_sqlite.sync()
    assert on_sqlite.rows("invoices").keys() == before
    fingerprint = re.findall(r"accept_deletions=(\w+)", caplog.text)[-1]
    assert said(on_sqlite, night.run_id)["sweep_refused"] == fingerprint
    assert on_sqlite.state("invoices").swept_at == swept_at, "a refused sweep is none"
    assert on_sqlite.blocking(night.run_id)["deletions_accepted"] == ["invoices"]
    assert f"{len(gone)} of" in caplog.text and not any(key in caplog.text for key in gone)

    on_sqlite.sync(Options(accept_deletions="0" * 12))
    assert on_sqlite.rows("invoices").keys() == before
    night = on_sqlite.sync(Options(accept_deletions=f"{'0' * 12}, {fingerprint}", accepted_by="anna"))
    assert before - on_sqlite.rows("invoices").keys() == {*gone}
    recorded = said(on_sqlite, night.run_id)
    assert (recorded["accepted_deletions"], recorded["accepted_by"]) == (fingerprint, "anna")
    assert on_sqlite.state("invoices").swept_at > swept_at
    assert_equal(on_sqlite)
    assert on_sqlite.blocking(night.run_id) == {}


def said(pipeline: Pipeline, run_id: str, stream: str = "invoices") -> dict[str, Any]:
    """Return what a stream's load said of itself."""
    (run,) = [run for run in pipeline.of_run("sync_runs", run_id) if run["stream"] == stream]
    return dict(run["summary"])


def test_a_refused_deletion_keeps_what_else_the_night_brought(on_sqlite: Pipeline) -> None:
    add_drafts(on_sqlite, 6)
    on_sqlite.sync()
    gone = delete_drafts(on_sqlite)
    key = touch(on_sqlite, datetime.now(UTC))
    on_sqlite.sync()
    rows = on_sqlite.rows("invoices")
    assert rows.keys() >= {*gone} and str(datetime.now(UTC).date()) in rows[key]["title"]


def test_an_organization_loses_no_more_over_all_its_streams_than_one_may(
    on_sqlite: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    """Three streams that lose five each are fifteen."""
    add_drafts(on_sqlite, 3)
    on_sqlite.sync()
    with on_sqlite.books() as books:
        entry = next(row for row in books["movements"] if row["kynd"] == "X" and row["frm"] is None)
        books["movements"].remove(entry)
    assert len(delete_drafts(on_sqlite)) == 5
    before = on_sqlite.rows("allocations").keys()
    night = on_sqlite.sync()
    assert said(on_sqlite, night.run_id)["lost"] == 5
    assert said(on_sqlite, night.run_id, "payments")["sweep_refused"]
    assert before == on_sqlite.rows("allocations").keys()
    assert said(on_sqlite, on_sqlite.sync().run_id, "payments")["lost"] == 1, "the next night it is one of five"


def test_voids_and_documents_that_come_back_under_another_key_are_no_losses(on_sqlite: Pipeline) -> None:
    add_drafts(on_sqlite, 12)
    with on_sqlite.books() as books:
        bills = [row for row in books["documents"] if row["st"] == "E" and row["kynd"] == "B"]
        for number, row in enumerate(bills[:6]):
            row["num"] = f"D-{number}"
        for row in bills[6:12]:
            Books(books).void(row, after(1))
    on_sqlite.sync()
    with on_sqlite.books() as books:
        highest = max(row["ident"] for row in books["documents"])
        for number, row in enumerate(bills[:6], start=1):  # edited in the ERP: the same number under a new key
            found = next(d for d in books["documents"] if d["ident"] == row["ident"] and d["kynd"] == "B")
            found |= {"ident": highest + number, "mod": after(2).isoformat()}
        voided = {row["ident"] for row in bills[6:12]}
        books["documents"] = [d for d in books["documents"] if d["ident"] not in voided or d["kynd"] != "B"]
    night = on_sqlite.sync()
    assert len(night.manifests["invoices"].deleted) == 12
    assert (said(on_sqlite, night.run_id)["lost"], said(on_sqlite, night.run_id)["sweep_refused"]) == (0, "")
    assert_equal(on_sqlite)


def test_few_voids_leave_the_other_streams_of_the_run_all_they_may_lose(on_sqlite: Pipeline) -> None:
    add_drafts(on_sqlite, 4)
    with on_sqlite.books() as books:
        bills = [row for row in books["documents"] if row["st"] == "E" and row["kynd"] == "B"][:4]
        for row in bills:
            Books(books).void(row, after(1))
    on_sqlite.sync()
    with on_sqlite.books() as books:
        voided = {row["ident"] for row in bills}
        books["documents"] = [d for d in books["documents"] if d["ident"] not in voided or d["kynd"] != "B"]
    night = on_sqlite.sync()
    assert len(night.manifests["invoices"].deleted) == 4 and said(on_sqlite, night.run_id)["lost"] == 0


class Fed(Sample):
    """The sample system, if it kept a list of what it deleted, and could not list its keys."""

    streams = tuple(replace(stream, swept=False, fed=True) for stream in Sample.streams)
    named: ClassVar[list[tuple[str, str]]] = []
    asked: ClassVar[list[datetime]] = []

    def deletions(self, since: datetime) -> Iterator[tuple[str, str]]:  # type: ignore[override]
        self.asked.append(since)
        return iter(self.named)

    def keys(self, *_: Any) -> Iterator[str]:
        raise AssertionError("there is a list of deletions")


@pytest.fixture
def fed(on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The organization over that system."""
    monkeypatch.setattr(Fed, "asked", [])
    on_sqlite.connector = Fed
    return on_sqlite


def test_what_the_source_says_it_deleted_is_gone_within_one_night(
    fed: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    fed.sync()
    assert Fed.asked == [], "nothing is known yet that could be gone"
    (draft, *_) = drafts = delete_drafts(fed)
    restored = next(key for key in fed.rows("invoices") if key not in drafts)
    monkeypatch.setattr(Fed, "named", [("invoices", draft), ("invoices", restored), ("customers", "Party:1"),
                                       ("invoices", "Bill:999999")])  # fmt: skip
    night = fed.sync()
    assert night.manifests["invoices"].deleted == [draft]
    assert draft not in fed.rows("invoices") and restored in fed.rows("invoices")
    assert "Party:1" in fed.rows("customers"), "it is still there: merged, restored, or never deleted"
    cursor = fed.state("invoices").cursor
    assert cursor and cursor - INVOICES.overlap in Fed.asked
    assert fed.sync().manifests["invoices"].deleted == []


def test_a_list_of_deletions_is_held_to_the_same_limit(fed: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    add_drafts(fed, 6)
    fed.sync()
    gone = delete_drafts(fed)
    monkeypatch.setattr(Fed, "named", [("invoices", key) for key in gone])
    night = fed.sync()
    assert said(fed, night.run_id)["sweep_refused"] and fed.rows("invoices").keys() >= {*gone}


def test_as_many_as_the_limit_are_deleted_without_asking(on_sqlite: Pipeline) -> None:
    add_drafts(on_sqlite, 3)
    on_sqlite.sync()
    gone = delete_drafts(on_sqlite)
    assert len(gone) == 5
    assert len(on_sqlite.sync().manifests["invoices"].deleted) == 5


def test_a_limited_run_deletes_nothing(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    delete_drafts(on_sqlite)
    assert on_sqlite.extract("invoices", Options(streams=("invoices",))).deleted == []
