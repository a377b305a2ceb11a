"""The sample system itself: books that stay right day after day, and faults on order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.connectors.base import Window
from include.errors import ConfigurationError, GreenlightError, SourceUnavailable
from tests.conformance import ledger, sample_subject
from tests.conformance.sample import INVOICES, Sample
from tests.conformance.sample_server import PAGE_SIZE, order_faults, serving, serving_elsewhere
from tests.conformance.sample_subject import ENTITY
from tests.conformance.suite import CHECKS

EVERYTHING = Window(history_from=date(2000, 1, 1))
TODAY = datetime.now(UTC).date()
ADDS_UP = [name for name in CHECKS if name in ("statuses", "installments", "allocations") or name.startswith("figures")]


@contextmanager
def _faulty(folder: Path, **faults: Any) -> Iterator[Sample]:
    """Serve the sample system with these faults and connect to it."""
    sample_subject.fill(folder)
    order_faults(folder, ENTITY, **faults)
    with serving(folder) as running:
        yield Sample(sample_subject.connection(running), ENTITY)


@pytest.mark.parametrize("seed", [2, 3])
def test_books_stay_right_day_after_day(seed: int, tmp_path: Path) -> None:
    books = ledger.make(seed)
    for _ in range(5):
        ledger.advance(books)
    ledger.write(tmp_path, ENTITY, books)
    with serving(tmp_path) as running:
        subject = sample_subject.subject(running, Sample)
        for name in (*ADDS_UP, "references", "typed", "keys", "read_open"):
            CHECKS[name](subject)


def test_same_seed_same_books() -> None:
    today = date(2026, 1, 31)
    assert ledger.make(7, today=today) == ledger.make(7, today=today) != ledger.make(8, today=today)


def test_who_owes_can_be_written_to() -> None:
    books = ledger.make(customers=20, invoices=100)
    owing = [party for party in books["parties"] if any(float(amount) for amount in party["bal"].values())]
    assert owing and all(sum(line["main"] for line in party["mailz"]) == 1 for party in owing)


@pytest.mark.parametrize(
    ("fault", "error"),
    [("500", SourceUnavailable), ("401", ConfigurationError), ("html", SourceUnavailable), ("cut", SourceUnavailable)],
)
def test_faults_that_stop_a_read(fault: str, error: type[GreenlightError], tmp_path: Path) -> None:
    with _faulty(tmp_path, read={"documents": fault}) as sample, pytest.raises(error):
        list(sample.read(INVOICES, EVERYTHING))


def test_faults_that_only_a_comparison_sees(tmp_path: Path) -> None:
    with _faulty(tmp_path) as sample:
        clean = [item for page in sample.read(INVOICES, EVERYTHING) for item in page.items]
        order_faults(tmp_path, ENTITY, read="drop_page")
        dropped = [item for page in sample.read(INVOICES, EVERYTHING) for item in page.items]
        order_faults(tmp_path, ENTITY, read="halve")
        halved = [item for page in sample.read(INVOICES, EVERYTHING) for item in page.items]
    assert len(dropped) == len(clean) - PAGE_SIZE
    assert [item.key for item in halved] == [item.key for item in clean] and halved != clean


def test_malformed_records_become_rejects(tmp_path: Path) -> None:
    with _faulty(tmp_path, read="malformed") as sample:
        page = next(sample.read(sample.stream("customers"), EVERYTHING))
        said = sample.normalize(sample.stream("customers"), sample.decode(sample.stream("customers"), page.body))
    assert [reject.key for reject in said.rejects] == ["Party:1"]


def test_figures_that_fail_are_unanswered_and_others_still_told(tmp_path: Path) -> None:
    with _faulty(tmp_path, figures={"total": "500"}) as sample:
        said = sample.control_figures(TODAY, EVERYTHING.history_from)
        assert said.unanswered.keys() == {"open_total"} and said.figures
        order_faults(tmp_path, ENTITY, figures="500")
        with pytest.raises(SourceUnavailable):
            sample.control_figures(TODAY, EVERYTHING.history_from)


def test_server_as_a_process_of_its_own(tmp_path: Path) -> None:
    sample_subject.fill(tmp_path)
    with serving_elsewhere(tmp_path) as running:
        sample = Sample(sample_subject.connection(running), ENTITY)
        assert [entity.id for entity in sample.entities()] == ["gulf", "north"]
        before = datetime.now(UTC)
        touched = sample_subject.subject(running, Sample).touch()
        found = {item.key: item.updated_at for page in sample.read(INVOICES, EVERYTHING) for item in page.items}
    at = found[touched]
    assert at
    assert at >= before
