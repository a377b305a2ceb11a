"""The sample system itself: books that stay right day after day, and faults on order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from include.connectors.base import Window
from include.errors import ConfigurationError, GreenlightError, SourceUnavailable
from tests.conformance import ledger, sample_subject
from tests.conformance.sample import INVOICES, Sample
from tests.conformance.sample_server import FAULTS, PAGE_SIZE, SECRET, serving
from tests.conformance.suite import CHECKS

EVERYTHING = Window(history_from=date(2000, 1, 1))
ADDS_UP = [name for name in CHECKS if name in ("statuses", "installments", "allocations") or name.startswith("figures")]


def _order(folder: Path, faults: dict[str, object]) -> None:
    (folder / FAULTS).write_text(json.dumps({sample_subject.ENTITY: faults}), encoding="utf-8")


@contextmanager
def _faulty(folder: Path, faults: dict[str, object]) -> Iterator[Sample]:
    """Serve the sample system with these faults and connect to it."""
    sample_subject.fill(folder)
    _order(folder, faults)
    with serving(folder) as running:
        yield Sample(sample_subject.connection(running), sample_subject.ENTITY)


@pytest.mark.parametrize("seed", [2, 3])
def test_books_stay_right_day_after_day(seed: int, tmp_path: Path) -> None:
    books = ledger.make(seed)
    for _ in range(5):
        ledger.advance(books)
    ledger.write(tmp_path, sample_subject.ENTITY, books)
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
    with _faulty(tmp_path, {"read": {"documents": fault}}) as sample, pytest.raises(error):
        list(sample.read(INVOICES, EVERYTHING))


def test_faults_that_only_a_comparison_sees(tmp_path: Path) -> None:
    with _faulty(tmp_path, {}) as sample:
        clean = [item for page in sample.read(INVOICES, EVERYTHING) for item in page.items]
        _order(tmp_path, {"read": "drop_page"})
        dropped = [item for page in sample.read(INVOICES, EVERYTHING) for item in page.items]
        _order(tmp_path, {"read": "halve"})
        halved = [item for page in sample.read(INVOICES, EVERYTHING) for item in page.items]
    assert len(dropped) == len(clean) - PAGE_SIZE
    assert [item.key for item in halved] == [item.key for item in clean] and halved != clean


def test_malformed_records_become_rejects(tmp_path: Path) -> None:
    with _faulty(tmp_path, {"read": "malformed"}) as sample:
        page = next(sample.read(sample.stream("customers"), EVERYTHING))
        said = sample.normalize(sample.stream("customers"), sample.decode(sample.stream("customers"), page.body))
    assert [reject.key for reject in said.rejects] == ["Party:1"]


def test_figures_that_fail_are_unanswered_and_others_still_told(tmp_path: Path) -> None:
    with _faulty(tmp_path, {"figures": {"total": "500"}}) as sample:
        said = sample.control_figures(date.today(), EVERYTHING.history_from)
        assert said.unanswered.keys() == {"open_total"} and said.figures
        _order(tmp_path, {"figures": "500"})
        with pytest.raises(SourceUnavailable):
            sample.control_figures(date.today(), EVERYTHING.history_from)


def test_server_as_a_process_of_its_own(tmp_path: Path) -> None:
    sample_subject.fill(tmp_path)
    command = [sys.executable, "-m", "tests.conformance.sample_server", "--port", "0", "--folder", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as server:
        try:
            assert server.stdout
            port = int(server.stdout.readline())
            asked = Request(f"http://127.0.0.1:{port}/api/dir", headers={"X-Sesame": SECRET})
            with urlopen(asked, timeout=10) as answer:  # noqa: S310
                assert {row["id"] for row in json.load(answer)["dir"]} == {"north", "gulf"}
        finally:
            server.terminate()
