"""Breaking the extraction without touching the control path, and the other way round, is refused each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

import pytest
from sqlalchemy import Engine, delete

from include import warehouse
from include.connectors.base import ControlFigures
from include.errors import SourceUnavailable
from include.extract import Options
from tests.conformance import ledger, sample_server
from tests.conformance.books import Books
from tests.conformance.sample import Sample
from tests.conformance.sample_server import order_faults
from tests.pipeline.night import Pipeline, after
from tests.pipeline.test_cursor import touch
from tests.pipeline.truth import assert_equal

FIGURES = ("total", "balances", "open", "counts")
NAMES = {"total": "open_total", "balances": "customer_balance", "open": "open_document", "types": "closed_world",
         "counts": "count"}  # fmt: skip


@pytest.mark.parametrize("fault", ["drop_page", "halve"])
@pytest.mark.parametrize("endpoint", ["documents", "movements"])
def test_a_broken_extraction_is_refused(on_sqlite: Pipeline, endpoint: str, fault: str) -> None:
    order_faults(on_sqlite.source.folder, "north", read={endpoint: fault})
    night = on_sqlite.sync()
    assert on_sqlite.blocking(night.run_id)
    assert night.outcome.differences, "the source's own figures see it, not only the sums within the rows"
    order_faults(on_sqlite.source.folder, "north")
    night = on_sqlite.sync(Options(full_refresh=True))
    assert on_sqlite.blocking(night.run_id) == {}
    assert_equal(on_sqlite)


def test_customers_that_documents_point_at_are_fetched_by_complete(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_server, "PAGE_SIZE", 3)
    order_faults(on_sqlite.source.folder, "north", read={"parties": "drop_page"})
    night = on_sqlite.sync()
    assert night.completed.records
    assert on_sqlite.blocking(night.run_id) == {}
    assert_equal(on_sqlite)


@pytest.mark.parametrize("endpoint", FIGURES)
def test_a_broken_figure_is_refused(on_sqlite: Pipeline, endpoint: str) -> None:
    order_faults(on_sqlite.source.folder, "north", figures={endpoint: "halve"})
    night = on_sqlite.sync()
    assert_equal(on_sqlite)
    assert NAMES[endpoint] in {line.figure for line in night.outcome.differences}
    assert on_sqlite.blocking(night.run_id)


@pytest.mark.parametrize("endpoint", [*FIGURES, "types"])
def test_an_unanswered_figure_is_critical(on_sqlite: Pipeline, endpoint: str) -> None:
    order_faults(on_sqlite.source.folder, "north", figures={endpoint: "html"})
    night = on_sqlite.sync()
    assert [(line.figure, line.classification) for line in night.outcome.differences] == [
        (NAMES[endpoint], "unanswered")
    ]
    assert on_sqlite.blocking(night.run_id)


def test_an_incremental_night_that_ends_after_the_first_page_is_refused(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the news, of the open ones, and of those read by their names."""
    on_sqlite.sync()
    before = len(on_sqlite.rows("invoices"))
    whole = Sample._pages
    monkeypatch.setattr(Sample, "_pages", lambda self, *asked: islice(whole(self, *asked), 1))
    for _ in range(3):
        work(on_sqlite)
    assert on_sqlite.blocking(on_sqlite.sync().run_id)
    assert len(on_sqlite.rows("invoices")) >= before, "and what was not shown is not taken for gone"


def work(pipeline: Pipeline) -> None:
    """Do a day's work at once, but nothing that only a whole night can see."""
    with pipeline.books() as books:
        drafts = [row for row in books["documents"] if row["st"] == "E"]
        idle = [row for row in books["parties"] if row["ident"] not in {d["prty"] for d in books["documents"]}]
        for rows, apart in ((books["documents"], drafts), (books["parties"], idle)):
            rows[:] = [row for row in rows if row not in apart]
        ledger.advance(books)
        books["documents"] += drafts
        books["parties"] += idle


def delete_a_draft(pipeline: Pipeline) -> None:
    with pipeline.books() as books:
        books["documents"].remove(next(row for row in books["documents"] if row["st"] == "E"))


def bill_an_idle_customer(pipeline: Pipeline) -> None:
    with pipeline.books() as books:
        known = {row["prty"] for row in (*books["documents"], *books["movements"])}
        idle = next(row for row in books["parties"] if row["ident"] not in known)
        Books(books).bill(idle, "EUR", Decimal("10.00"), datetime.now(UTC))


def test_a_difference_in_motion_is_read_again_and_vanishes(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source goes on working between our reads and its figures."""
    ask, asked = on_sqlite.connector.control_figures, []

    def work_then_answer(self: object, *arguments: object) -> ControlFigures:
        asked.append(1)
        if len(asked) == 1:
            work(on_sqlite)
        return ask(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(on_sqlite.connector, "control_figures", work_then_answer)
    night = on_sqlite.sync()
    assert night.outcome.comparisons == 2
    assert night.outcome.differences == ()
    kinds = {run["kind"] for run in on_sqlite.of_run("sync_runs", f"{night.run_id}~reconcile1")}
    assert kinds == {"repair"}


@pytest.mark.parametrize(
    "change",
    [delete_a_draft, bill_an_idle_customer],
)
def test_a_change_in_motion_that_no_time_filter_shows_vanishes_too(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch, change: Callable[[Pipeline], None]
) -> None:
    ask, asked = on_sqlite.connector.control_figures, []

    def change_then_answer(self: object, *arguments: object) -> ControlFigures:
        asked.append(1)
        if len(asked) == 1:
            change(on_sqlite)
        return ask(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(on_sqlite.connector, "control_figures", change_then_answer)
    assert on_sqlite.sync().outcome.differences == ()


def test_a_source_that_never_holds_still_is_undecided(on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = on_sqlite.connector.control_figures

    def work_then_answer(self: object, *arguments: object) -> ControlFigures:
        work(on_sqlite)
        return ask(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(on_sqlite.connector, "control_figures", work_then_answer)
    night = on_sqlite.sync()
    assert night.outcome.comparisons == 3
    assert {line.classification for line in night.outcome.differences} == {"undecided"}
    assert on_sqlite.blocking(night.run_id)


def test_a_difference_that_stays_counts_after_two_comparisons(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = on_sqlite.connector.control_figures

    def lie(self: object, *arguments: object) -> ControlFigures:
        said = ask(self, *arguments)  # type: ignore[arg-type]
        return replace(said, figures=tuple(
            replace(f, amount=f.amount + 1) if f.name == "open_total" and f.amount is not None else f
            for f in said.figures
        ))  # fmt: skip

    monkeypatch.setattr(on_sqlite.connector, "control_figures", lie)
    night = on_sqlite.sync()
    assert night.outcome.comparisons == 2
    assert [(line.figure, line.classification, line.difference) for line in night.outcome.differences] == [
        ("open_total", "amount", -100)
    ]
    assert on_sqlite.blocking(night.run_id)


def test_reconcile_that_could_not_ask_and_is_retried_reads_what_changed_since(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try reads again and then finds nobody; the second must not take its pages for its own."""
    night = on_sqlite.sync()
    ask, asked = on_sqlite.connector.control_figures, []

    def work_then_answer(self: object, *arguments: object) -> ControlFigures:
        asked.append(1)
        if len(asked) in (1, 3):
            work(on_sqlite)
        if len(asked) == 2:
            raise SourceUnavailable("nobody answers")
        return ask(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(on_sqlite.connector, "control_figures", work_then_answer)
    with pytest.raises(SourceUnavailable):
        on_sqlite.reconcile(night.run_id)
    outcome = on_sqlite.reconcile(night.run_id)
    assert outcome.differences == ()


@pytest.fixture
def neighbours(on_sqlite: Pipeline) -> tuple[Pipeline, Pipeline]:
    """Two organizations over two entities of one source, with the same numbers in both."""
    ledger.write(on_sqlite.source.folder, "gulf", ledger.make(entity="gulf", base="KWD", customers=10, invoices=16))
    return on_sqlite, Pipeline(on_sqlite.engine, on_sqlite.source, "beta", "gulf")


def test_a_defect_in_one_organization_touches_no_other(neighbours: tuple[Pipeline, Pipeline]) -> None:
    acme, beta = neighbours
    acme.sync()
    beta.sync()
    before = beta.everything()
    order_faults(acme.source.folder, "north", read={"documents": "halve"}, figures={"total": "halve"})
    touch(acme, datetime.now(UTC))
    broken = acme.sync(Options(full_refresh=True))
    assert acme.blocking(broken.run_id)
    assert beta.everything() == before
    night = beta.sync()
    assert (night.written, night.outcome.differences, beta.blocking(night.run_id)) == (0, (), {})
    assert all(manifest.is_unchanged for manifest in night.manifests.values())


def test_an_empty_organization_beside_a_full_one_is_refused(engine: Engine, on_sqlite: Pipeline) -> None:
    with ledger.changing(on_sqlite.source.folder, "north") as books:
        nothing = {**books, "parties": [], "documents": [], "movements": [], "gl": {}}
    ledger.write(on_sqlite.source.folder, "void", nothing)
    on_sqlite.sync()
    empty = Pipeline(on_sqlite.engine, on_sqlite.source, "beta", "void")
    assert {"customers_not_empty", "invoices_not_empty"} <= empty.blocking(empty.sync().run_id).keys()


def lose(pipeline: Pipeline, key: str) -> None:
    """Let a record that was loaded be gone here, as if it had never come."""
    with warehouse.begin(pipeline.engine, pipeline.organization_id) as connection:
        for name, column in (("invoices", "external_id"), ("installments", "parent_external_id")):
            table = warehouse.table(name)
            connection.execute(delete(table).where(table.c[column] == key))


def test_a_reject_whose_last_good_row_is_here_explains_no_other_row_that_is_lacking(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    with on_sqlite.books() as books:
        paid = [row for row in books["documents"] if row["kynd"] == "B" and row["st"] == "S"][-1]
        void = next(row for row in books["documents"] if row["kynd"] == "B" and row["st"] == "X")
        paid |= {"ttl": ["no text"], "mod": after(2).isoformat()}
    lose(on_sqlite, f"Bill:{void['ident']}")
    night = on_sqlite.sync()
    assert {f"Bill:{paid['ident']}": False} == {k: r["is_open"] for k, r in on_sqlite.rows("rejected_records").items()}
    assert f"Bill:{paid['ident']}" in on_sqlite.rows("invoices")
    assert on_sqlite.blocking(night.run_id)["counts_equal"] == ["invoices"]


def test_a_document_that_is_open_in_the_source_is_lacking_although_its_reject_looks_closed(
    on_sqlite: Pipeline,
) -> None:
    with on_sqlite.books() as books:
        bill = next(row for row in books["documents"] if row["kynd"] == "B" and row["st"] == "O")
        bill |= {"st": "S", "ttl": ["no text"]}
    night = on_sqlite.sync()
    key = f"Bill:{bill['ident']}"
    assert not on_sqlite.rows("rejected_records")[key]["is_open"]
    lines = {line.subject: line.classification for line in night.outcome.differences if line.figure == "open_document"}
    assert lines.get(key, "missing_here") == "missing_here"
    assert on_sqlite.blocking(night.run_id)
