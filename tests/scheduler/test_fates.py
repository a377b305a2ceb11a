"""Over the real scheduler: what fails gives the right run colour and mode, what is killed ends in the same rows."""

from __future__ import annotations

import json
import sys
import time

import pytest
from sqlalchemy import Engine

from include import warehouse
from tests.rows import rows
from tests.scheduler.conftest import PROJECT, TWINS, Lab

pytestmark = [pytest.mark.slow, pytest.mark.e2e]
GATE = "ready_to_exit_test_mode"


@pytest.fixture(scope="session")
def engine(lab: Lab) -> Engine:
    return warehouse.engine(f"sqlite:///{lab.folder}/warehouse.sqlite")


@pytest.fixture(scope="session")
def modes(lab: Lab) -> dict[str, str]:
    """Return organization → mode after the first night, as `include.status` says."""
    return status(lab)


def status(lab: Lab) -> dict[str, str]:
    figures = lab.folder / "status.json"
    program = (
        "import sys; from tests.conformance import sample; from include import status; "
        f"sys.argv = ['status', '--json', {str(figures)!r}]; status.main()"
    )
    words = [sys.executable, "-m", "include.environment", "run", sys.executable, "-c", program]
    lab.airflow.processes.run(words, lab.folder / "log", lab.airflow.environment, PROJECT, "status")
    return {o["id"]: o["mode"] for o in json.loads(figures.read_text())}


@pytest.mark.parametrize(
    ("organization", "state", "mode"),
    [
        ("clean", "success", "ready"),
        ("fails_extract", "failed", "test_mode"),
        ("fails_load", "failed", "test_mode"),
        ("fails_reconcile", "failed", "test_mode"),
        ("fails_validate", "failed", "test_mode"),
        ("limited", "failed", "test_mode"),  # never read whole, so its streams are not fresh
        ("dry", "success", "test_mode"),
        ("killed_inside", "success", "ready"),
        ("killed_after", "success", "ready"),
    ],
)
def test_every_fate_has_its_run_colour_and_mode(
    lab: Lab, modes: dict[str, str], organization: str, state: str, mode: str
) -> None:
    tasks = lab.airflow.tasks(f"sync__{organization}", lab.runs[organization])
    assert (lab.states[organization], modes[organization]) == (state, mode), tasks


@pytest.mark.parametrize(
    ("organization", "failed"),
    [
        ("fails_extract", "validate"),
        ("fails_load", "invoices.load"),
        ("fails_reconcile", "reconcile"),
        ("fails_validate", "validate"),
    ],
)
def test_what_failed_is_red_and_the_gate_did_not_run(lab: Lab, organization: str, failed: str) -> None:
    tasks = lab.airflow.tasks(f"sync__{organization}", lab.runs[organization])
    assert tasks[failed] == "failed"
    assert tasks[GATE] == "upstream_failed"
    assert tasks["validate"] == "failed"


def test_wrong_credentials_are_not_retried(lab: Lab) -> None:
    path = f"dags/sync__fails_extract/dagRuns/{lab.runs['fails_extract']}/taskInstances/customers.extract"
    assert lab.airflow.get(path)["try_number"] == 1


def test_a_limited_run_skips_the_other_streams(lab: Lab) -> None:
    tasks = lab.airflow.tasks("sync__limited", lab.runs["limited"])
    assert tasks["customers.load"] == "success"
    assert {tasks["invoices.extract"], tasks["payments.extract"], tasks["invoices.load"]} == {"skipped"}


def test_a_dry_run_loads_nothing_and_says_so(lab: Lab, engine: Engine) -> None:
    tasks = lab.airflow.tasks("sync__dry", lab.runs["dry"])
    assert {tasks["customers.load"], tasks["reconcile"], tasks["validate"], tasks[GATE]} == {"skipped"}
    assert not any(rows(engine, "dry").values())
    note = lab.airflow.get(f"dags/sync__dry/dagRuns/{lab.runs['dry']}")["note"]
    assert note.startswith("Dry run")


@pytest.mark.parametrize("killed", TWINS)
def test_a_killed_load_ends_in_the_rows_of_an_undisturbed_one(lab: Lab, engine: Engine, killed: str) -> None:
    path = f"dags/sync__{killed}/dagRuns/{lab.runs[killed]}/taskInstances/invoices.load"
    assert lab.airflow.get(path)["try_number"] > 1, "the load was not killed"
    assert rows(engine, "clean")["invoices"]
    assert rows(engine, killed) == rows(engine, "clean")


def test_a_night_without_changes_skips_loads_and_stays_ready(lab: Lab, engine: Engine) -> None:
    before = rows(engine, "clean")
    state, tasks = lab.run("clean")
    assert (state, tasks[GATE]) == ("success", "success")
    assert {tasks[f"{s}.load"] for s in ("customers", "invoices", "payments")} == {"skipped"}
    assert rows(engine, "clean") == before
    assert status(lab)["clean"] == "ready"


def test_a_limited_run_of_a_ready_organization_skips_the_gate_and_takes_nothing_away(lab: Lab) -> None:
    state, tasks = lab.run("clean", {"streams": ["invoices"]})
    assert (state, tasks[GATE], tasks["customers.extract"]) == ("success", "skipped", "skipped")
    assert status(lab)["clean"] == "ready"
    run = lab.airflow.get(f"dags/sync__clean/dagRuns/{lab.runs['clean']}")
    assert run["note"].startswith("Limited run")


def test_clearing_an_older_runs_load_changes_nothing(lab: Lab, engine: Engine) -> None:
    run_id = lab.runs["killed_after"]
    lab.run("killed_after")
    before = rows(engine, "killed_after")
    answer = lab.airflow.session.post(
        f"{lab.airflow.url}/api/v2/dags/sync__killed_after/clearTaskInstances",
        json={"dry_run": False, "dag_run_id": run_id, "task_ids": ["invoices.load"], "only_failed": False},
        timeout=20,
    )
    answer.raise_for_status()
    path = f"dags/sync__killed_after/dagRuns/{run_id}/taskInstances/invoices.load"
    deadline = time.monotonic() + 120
    while lab.airflow.get(path)["state"] not in ("success", "failed") and time.monotonic() < deadline:
        time.sleep(1)
    assert lab.airflow.get(path)["state"] == "success"
    assert rows(engine, "killed_after") == before


def test_a_killed_validate_takes_readiness_away_and_the_next_run_gives_it_back(lab: Lab) -> None:
    lab.run("clean")
    assert status(lab)["clean"] == "ready"
    (flag := lab.folder / "clean.dies_judging").touch()
    state, tasks = lab.run("clean")
    flag.unlink()
    assert (state, tasks["validate"], tasks[GATE]) == ("failed", "failed", "upstream_failed")
    deadline = time.monotonic() + 60  # the DAG processor tells it, a moment after the run has ended
    while status(lab)["clean"] == "ready" and time.monotonic() < deadline:
        time.sleep(2)
    assert status(lab)["clean"] == "test_mode"
    state, _ = lab.run("clean")
    assert (state, status(lab)["clean"]) == ("success", "ready")
