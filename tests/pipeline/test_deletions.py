"""What is gone from the source: found by the sweep, confirmed one by one, and never too much of it unasked."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pytest

from include.extract import Options
from tests.conformance import ledger
from tests.pipeline.night import Pipeline
from tests.pipeline.truth import assert_equal


def delete_drafts(pipeline: Pipeline, wanted: Callable[[ledger.Row], bool] = lambda row: True) -> list[str]:
    with pipeline.books() as books:
        gone = [row for row in books["documents"] if row["st"] in "EW" and wanted(row)]
        books["documents"] = [row for row in books["documents"] if row not in gone]
    return [f"Bill:{row['ident']}" for row in gone]


def add_drafts(pipeline: Pipeline, number: int) -> None:
    from tests.conformance.books import Books
    from tests.pipeline.night import after

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
    on_sqlite.sync()
    before = on_sqlite.rows("invoices").keys()
    swept_at = on_sqlite.state("invoices").swept_at
    gone = delete_drafts(on_sqlite)
    assert len(gone) > 5
    with caplog.at_level(logging.WARNING):
        night = on_sqlite.sync()
    refused = night.manifests["invoices"]
    assert refused.deleted == [] and on_sqlite.rows("invoices").keys() == before
    fingerprint = re.findall(r"accept_deletions=(\w+)", caplog.text)[-1]
    assert refused.sweep_refused == fingerprint
    assert not refused.swept and on_sqlite.state("invoices").swept_at == swept_at, "a refused sweep is none"
    assert f"{len(gone)} of" in caplog.text and not any(key in caplog.text for key in gone)

    assert on_sqlite.sync(Options(accept_deletions="0" * 12)).manifests["invoices"].deleted == []
    night = on_sqlite.sync(Options(accept_deletions=fingerprint))
    assert sorted(night.manifests["invoices"].deleted) == sorted(gone)
    assert night.manifests["invoices"].swept
    assert_equal(on_sqlite)
    assert on_sqlite.blocking(night.run_id) == {}


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
