"""`make bench` in its quick size: it runs, it refuses, it fails where a bound is broken; speed is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bench import report, speed
from bench.__main__ import exit_code

PROJECT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.timeout(300)  # seconds; a busy machine takes ten times as long as a quiet one


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str]:
    """Exit code, figures and output of a run whose server holds every reply back."""
    file = tmp_path_factory.mktemp("bench") / "figures.json"
    command = [sys.executable, "-m", "bench", "--quick", "--latency", "0.2", "--json", str(file)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=280, check=False)
    assert file.exists(), done.stderr
    return done.returncode, json.loads(file.read_text()), done.stdout + done.stderr


@pytest.fixture
def judged(ran: tuple[int, dict[str, Any], str]) -> dict[str, Any]:
    """The figures as they would be with a fast server."""
    figures = deepcopy(ran[1])
    figures["figures"][speed.SERVER]["rate"] = 1e9
    return figures


def test_the_bench_measures_every_stage_and_loads_the_same_again_without_a_row(ran: Any) -> None:
    _, said, output = ran
    assert {*speed.STAGES, speed.SEQUENCE, speed.AGAIN, speed.ONE_TABLE, speed.SAME_ROWS} <= said["figures"].keys()
    assert all(figure["rate"] > 0 and figure["peak"] > 0 for figure in said["figures"].values())
    assert said["written"]["invoices"] == said["invoices"]
    assert said["again"] == said["rejects"] == 0
    assert speed.SEQUENCE in output


def test_the_bench_refuses_to_judge_a_server_that_is_too_slow(ran: Any) -> None:
    code, said, output = ran
    assert code == 2
    assert "refused: the server alone delivers" in output
    assert len(said["broken"]) == 1


def test_the_bench_fails_where_a_bound_is_broken(judged: dict[str, Any]) -> None:
    held = report.broken(judged, least_ratio=0, most_megabytes=100_000)
    assert (held, exit_code(held)) == ([], 0)
    too_slow = report.broken(judged, least_ratio=1_000, most_megabytes=100_000)
    assert "of the bare script's rate" in too_slow[0]
    assert exit_code(too_slow) == 1
    (wrote,) = report.broken(judged | {"again": 3}, least_ratio=0, most_megabytes=100_000)
    assert "wrote 3 rows" in wrote
    (rejected,) = report.broken(judged | {"rejects": 1}, least_ratio=0, most_megabytes=100_000)
    assert "1 invoices were rejected" in rejected


def test_the_bench_fails_where_a_stage_takes_too_much_memory_in_whichever_process(judged: dict[str, Any]) -> None:
    for name in ("load", speed.unchanged("load")):
        figures = deepcopy(judged)
        figures["figures"][name]["peak"] = 347_000_000_000
        (warm,) = report.broken(figures, least_ratio=0, most_megabytes=100_000)
        assert warm == "load takes 347000 MB at 300 invoices in a warm process, above 100000 MB"
    judged["sizes"] = {size: {name: judged["figures"][name] for name in speed.STAGES} for size in ("100", "400")}
    assert len(report.broken(judged, least_ratio=0, most_megabytes=1)) == len(speed.STAGES) * 3


def test_the_bench_fails_where_a_run_under_airflow_did_not_open_the_gate() -> None:
    said = {"dag": {"runs that opened the gate": 1}, "night": {"organizations": 30, "runs that opened the gate": 28}}
    (shut,) = report.broken(said, least_ratio=0, most_megabytes=1)
    assert shut == "2 of 30 runs of the night did not open the gate"


def test_the_bench_fails_where_memory_grows_with_the_rows(judged: dict[str, Any]) -> None:
    small = {name: judged["figures"][name] for name in speed.STAGES}
    judged["sizes"] = {"100": small, "400": deepcopy(small)}
    judged["sizes"]["400"]["load"]["peak"] *= 2
    (grows,) = report.broken(judged, least_ratio=0, most_megabytes=100_000)
    assert grows.startswith("load takes 2.00 times the memory at 400 invoices")
