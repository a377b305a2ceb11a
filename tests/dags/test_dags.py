"""The DAGs: parsed without an error and cheaply, always the same, and within the house's policies."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowFailException
from airflow.utils.dag_version_inflation_checker import check_dag_file_stability

from include import errors, staging, test_mode, warehouse
from include import organizations as organizations_
from include.expectations import checkpoint
from include.expectations.verdict import Check, Verdict
from include.pools import SLOTS
from tests.dags.conftest import FOLDER, write
from tests.dags.structure import SNAPSHOT, describe, schedule

PROJECT = FOLDER.parent
ASKS = ("extract", "read_missing", "reconcile")
"""Tasks that ask the ERP."""


def test_every_organization_has_its_dag_and_nothing_fails(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert {"sync__north", "sync__south"} <= bag.dags.keys()
    assert {name.partition("__")[2] for name in bag.dags} == {"north", "south"}


def test_the_structure_is_as_written_down(bag: DagBag) -> None:
    """After a change that is meant: python -m tests.dags.structure."""
    assert describe(bag.dags["sync__north"]).splitlines() == SNAPSHOT.read_text().splitlines()


def test_organizations_differ_only_by_their_yaml(bag: DagBag) -> None:
    north, south = (
        describe(bag.dags[f"sync__{name}"]).replace(name, "<id>").splitlines()[3:] for name in ("north", "south")
    )
    assert north == south
    assert schedule(bag.dags["sync__north"]).endswith(" 4 * * * Europe/Berlin")
    assert schedule(bag.dags["sync__south"]) == "by hand"
    assert not bag.dags["sync__north"].is_paused_upon_creation
    assert bag.dags["sync__south"].is_paused_upon_creation


def tasks(bag: DagBag) -> list[Any]:
    return [task for name in sorted(bag.dags) for task in bag.dags[name].tasks]


def test_every_dag_says_what_it_is_and_keeps_the_policies(bag: DagBag) -> None:
    for name, dag in bag.dags.items():
        assert {"receivables", name.partition("__")[0], "tryton"} <= set(dag.tags), name
        assert dag.doc_md and dag.doc_md.strip().startswith("#"), name
        assert dag.description, name
        assert dag.max_active_runs == 1 and not dag.catchup, name
        assert dag.dagrun_timeout and dag.dagrun_timeout <= timedelta(hours=12), name
        assert dag.on_failure_callback, name


def test_every_task_has_an_owner_a_doc_and_an_end(bag: DagBag) -> None:
    for task in tasks(bag):
        owner = "ledger@example.com" if task.dag.dag_id.endswith("north") else "receivables"
        assert task.owner == owner, task.task_id
        assert task.doc_md, task.task_id
        assert task.execution_timeout and task.execution_timeout < task.dag.dagrun_timeout, task.task_id


def test_an_organization_whose_system_hangs_leaves_the_others_half_of_the_pool(bag: DagBag) -> None:
    assert all(2 * dag.max_active_tasks <= SLOTS for dag in bag.dags.values())


def test_tasks_that_ask_the_erp_share_its_pool_and_no_other_task_takes_a_slot(bag: DagBag) -> None:
    for task in tasks(bag):
        asks = task.task_id.rpartition(".")[2] in ASKS
        assert task.pool == ("connector_tryton" if asks else "default_pool"), task.task_id


def test_tasks_are_retried_by_kind_of_failure_but_what_judges_is_not(bag: DagBag) -> None:
    for task in tasks(bag):
        judges = task.task_id in ("validate", "ready_to_exit_test_mode")
        assert task.retries == (0 if judges else 3), task.task_id
        assert task.retry_policy is not None, task.task_id


def test_the_gate_waits_for_everything_and_opens_for_nothing_that_failed(bag: DagBag) -> None:
    dag = bag.dags["sync__north"]
    gate, loads = dag.task_dict["ready_to_exit_test_mode"], {t for t in dag.task_ids if t.endswith(".load")}
    assert gate.upstream_task_ids == {*loads, "reconcile", "validate"} and len(loads) == 3
    assert gate.trigger_rule == "none_failed"
    assert not gate.downstream_task_ids
    assert dag.task_dict["validate"].trigger_rule == "all_done"


def parse(organizations: Path, seed: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PYTHONPATH": str(PROJECT), "PYTHONHASHSEED": seed, "GREENLIGHT_ORGANIZATIONS": str(organizations),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "tests.dags.parse", str(FOLDER)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=PROJECT, env=environment,
    )  # fmt: skip


@pytest.fixture(scope="session")
def parsed(organizations: Path) -> list[dict[str, Any]]:
    """What two processes of different hash seeds make of the same folder."""
    said = [process.communicate(timeout=60)[0] for process in [parse(organizations, seed) for seed in ("1", "2")]]
    return [json.loads(text.splitlines()[-1]) for text in said]


@pytest.mark.slow
def test_two_processes_serialise_the_same_dags(parsed: list[dict[str, Any]]) -> None:
    first, second = parsed
    assert first["errors"] == second["errors"] == {}
    assert first["dags"].keys() >= {"sync__north", "sync__south"}
    assert first["dags"] == second["dags"]


@pytest.mark.slow
def test_parsing_costs_no_heavy_import(parsed: list[dict[str, Any]]) -> None:
    assert [said["heavy"] for said in parsed] == [[], []]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_nothing_in_the_file_makes_a_new_version_at_every_parse(path: Path) -> None:
    assert check_dag_file_stability(str(path)).warnings == {}


def test_a_broken_file_is_one_import_error_that_names_file_line_and_key_and_takes_no_other_dag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(write(tmp_path)))
    (tmp_path / "south.yaml").write_text("entity: '2'\ntimezone: Mars/Olympus\nownerz: []\n")
    bag = DagBag(FOLDER)
    assert {"sync__north"} <= bag.dags.keys() and "sync__south" not in bag.dags
    ((path, message),) = bag.import_errors.items()
    assert Path(path).name == "check_organizations.py"
    for place in ("south.yaml:2", "timezone", "south.yaml:3", "ownerz"):
        assert place in message, message


def test_a_task_builds_its_own_dag_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(write(tmp_path)))
    (tmp_path / "broken.yaml").write_text("connector: none\n")
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "sync__south")
    bag = DagBag(FOLDER)
    assert set(bag.dags) == {"sync__south"}
    assert bag.import_errors == {}, "another organization's file must not stop a running task"


def policy(bag: DagBag) -> Any:
    return bag.dags["sync__north"].task_dict["customers.extract"].retry_policy


def test_every_retry_rule_names_a_class_that_exists(bag: DagBag) -> None:
    for rule in policy(bag).rules:
        module, _, name = rule.exception.rpartition(".")
        assert issubclass(getattr(import_module(module), name), errors.GreenlightError)
        assert rule.match_subclasses and rule.reason


class Later(errors.SourceUnavailable):
    pass


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (errors.SourceUnavailable("busy"), RetryAction.RETRY),
        (Later("busy"), RetryAction.RETRY),
        (errors.StorageError("full"), RetryAction.RETRY),
        (errors.ConfigurationError("wrong"), RetryAction.FAIL),
        (errors.SchemaOutdated("old"), RetryAction.FAIL),
        (errors.ContractError("bug"), RetryAction.FAIL),
        (errors.StaleManifest("late"), RetryAction.FAIL),
        (errors.NotReady("shut"), RetryAction.FAIL),
        (MemoryError(), RetryAction.DEFAULT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_a_failure_leads_to(bag: DagBag, error: Exception, action: RetryAction) -> None:
    assert policy(bag).evaluate(error, 1, 3, None).action == action


@pytest.mark.parametrize(
    ("hours_ago", "retry_after", "action", "delay"),
    [
        (0, 90, RetryAction.RETRY, timedelta(seconds=90)),
        (1, 6 * 3600, RetryAction.RETRY, timedelta(hours=6)),
        (0, None, RetryAction.RETRY, None),
        (0, 66_975, RetryAction.FAIL, None),
        (6, 2 * 3600, RetryAction.FAIL, None),
    ],
)
def test_a_retry_waits_as_long_as_the_system_asks_for_unless_the_run_would_not_outlive_it(
    bag: DagBag, hours_ago: int, retry_after: float | None, action: RetryAction, delay: timedelta | None
) -> None:
    context = {"dag_run": SimpleNamespace(start_date=datetime.now(UTC) - timedelta(hours=hours_ago))}
    decision = policy(bag).evaluate(errors.SourceUnavailable("busy", retry_after=retry_after), 1, 3, context)
    assert (decision.action, decision.retry_delay) == (action, delay)
    assert "asks to wait" in decision.reason or retry_after is None


def test_a_wait_does_not_make_a_mistake_worth_retrying(bag: DagBag) -> None:
    assert policy(bag).evaluate(errors.MissingRights("no scope"), 1, 3, {}).action == RetryAction.FAIL


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_what_a_task_tells_is_logged_for_what_is_printed_the_ui_folds_away(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert "print" not in [ast.unparse(call.func) for call in calls]


def test_validate_removes_what_staging_may_no_longer_hold(bag: DagBag, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happened upstream: it runs all_done."""
    validate = bag.dags["sync__north"].task_dict["validate"].python_callable
    organization = organizations_.load("north")
    run = SimpleNamespace(organization=organization, connector=object(), engine=None, run_id="r", as_of=None)
    removed: list[tuple[str, int]] = []
    monkeypatch.setitem(validate.__globals__, "_skip_if_dry", lambda: None)
    monkeypatch.setitem(validate.__globals__, "_run", lambda: run)
    monkeypatch.setitem(validate.__globals__, "get_current_context", lambda: {"params": {}})
    monkeypatch.setattr(staging, "remove_expired", lambda name, days, now: removed.append((name, days)))
    monkeypatch.setattr(warehouse, "loaded_since_reconcile", lambda *_: False)
    for name in ("recompute", "snapshot_balances"):
        monkeypatch.setattr(warehouse, name, lambda *_: None)
    monkeypatch.setattr(test_mode, "renew", lambda *_: SimpleNamespace(relies_on_run_id="before", docs=""))
    assert validate()["passed"]
    assert removed == [("north", organization.staging_days)]


@pytest.mark.parametrize(
    ("suite", "streams", "is_red"),
    [("reconciliation", ["invoices"], False), ("reconciliation", [], True), ("invoices", ["invoices"], True)],
)
def test_a_limited_run_is_judged_by_its_rows_and_not_by_what_else_the_erp_did(
    bag: DagBag, monkeypatch: pytest.MonkeyPatch, suite: str, streams: list[str], is_red: bool
) -> None:
    validate = bag.dags["sync__north"].task_dict["validate"].python_callable
    failed = Check("a_check", suite, "critical", passed=False, blocking=True, expectation="All is well.")
    run = SimpleNamespace(
        organization=organizations_.load("north"), connector=object(), engine=None, run_id="r", as_of=None
    )
    recorded: list[Any] = []
    monkeypatch.setitem(validate.__globals__, "_run", lambda: run)
    monkeypatch.setitem(
        validate.__globals__, "get_current_context", lambda: {"params": {"streams": streams, "dry_run": False}}
    )
    monkeypatch.setattr(staging, "remove_expired", lambda *_: None)
    monkeypatch.setattr(test_mode, "renew", lambda *_: None)
    monkeypatch.setattr(test_mode, "judged_these_rows", lambda *_: False)
    monkeypatch.setattr(test_mode, "record", lambda *asked: recorded.append(asked))
    for name in ("recompute", "snapshot_balances", "loaded_since_reconcile"):
        monkeypatch.setattr(warehouse, name, lambda *_: False)
    monkeypatch.setattr(checkpoint, "validate", lambda *_: Verdict("north", (failed,), "docs", 1))
    with pytest.raises(AirflowFailException) if is_red else nullcontext():
        validate()
    assert bool(recorded) == is_red


def test_a_run_that_failed_unjudged_takes_readiness_away_but_not_one_that_can_have_changed_nothing(
    bag: DagBag, monkeypatch: pytest.MonkeyPatch
) -> None:
    dag = bag.dags["sync__north"]
    callback = dag.on_failure_callback[-1]
    taken: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        test_mode, "record_unjudged", lambda _, owner, *rest: taken.append((owner.id, rest[1], rest[2]))
    )
    monkeypatch.setattr(warehouse, "engine", lambda: None)
    start = datetime(2026, 3, 9, 23, 30, tzinfo=UTC)
    cases: tuple[tuple[dict[str, Any], bool], ...] = (
        ({"dry_run": True}, False), ({}, True), ({"streams": ["invoices"]}, False), ({"from": "31.1."}, True),
    )  # fmt: skip
    for conf, unchanged in cases:
        monkeypatch.setattr(test_mode, "judged_these_rows", lambda *_, same=unchanged: same)
        callback({"dag": dag, "run_id": "r", "dag_run": SimpleNamespace(conf=conf, start_date=start)})
    callback({"dag": dag, "run_id": "bare"})
    assert taken[:2] == [("north", "r", date(2026, 3, 10))] * 2, "as of the day in Berlin"
    assert [run_id for _, run_id, _ in taken] == ["r", "r", "bare"]
