"""Killed at every failpoint, unattended, a night ends in what the ledger says; `make torture` tries all of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from include.errors import StaleManifest
from include.expectations import checkpoint
from include.expectations.suite import Scope
from include.warehouse import fence, records
from include.warehouse.staged import Staged
from include.warehouse.stamp import Stamp
from tests.survival.crash.crashes import Crash, crash
from tests.survival.crash.failpoints import FAILPOINTS, Failpoint
from tests.survival.crash.plans import bad_nights
from tests.survival.crash.scenes import Scene
from tests.survival.crash.stages import Stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
JUDGING = ("validate", "ready_to_exit_test_mode")
SHARED = [failpoint for failpoint in FAILPOINTS if failpoint.task not in JUDGING]
OF_SQLITE = [f for n, f in enumerate(SHARED) if f.only != "postgresql" and (n % 2 or f.only)]
OF_POSTGRESQL = [f for f in SHARED if f not in OF_SQLITE and f.only != "sqlite"]


def survive(stage: Stage, failpoints: list[Failpoint], turn: int = 0) -> None:
    nights = bad_nights(stage.lab, stage.scenes, failpoints, turn)
    with stage.lab.at_work():
        for night in nights:
            try:
                missed = crash(stage.lab, night.scene, night.crashes.values(), alone=False)
            except Exception as error:
                raise AssertionError(str(night)) from error
            assert missed == [], f"{night}: not reached"
    tried = [crashed.failpoint for night in nights for crashed in night.crashes.values()]
    assert sorted(map(FAILPOINTS.index, tried)) == sorted(map(FAILPOINTS.index, failpoints))


def test_bad_nights_on_sqlite_end_in_what_the_ledger_says(stages: dict[str, Stage]) -> None:
    survive(stages["sqlite"], OF_SQLITE)


def test_bad_nights_on_postgresql_end_in_what_the_ledger_says(stages: dict[str, Stage]) -> None:
    survive(stages["postgresql"], OF_POSTGRESQL, turn=1)


@pytest.fixture
def quick_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Great Expectations run once: the rows are the same every time. `make torture` lets it run each time."""
    whole, results, pages = checkpoint._run, [], tmp_path / "pages"

    def run(engine: Engine, scope: Scope, folder: Path) -> Any:
        if not results:
            results.append(whole(engine, scope, folder))
            shutil.copytree(folder, pages)
        elif not any(folder.iterdir()):
            shutil.copytree(pages, folder, dirs_exist_ok=True)
        return results[0]

    monkeypatch.setattr(checkpoint, "_run", run)


@pytest.mark.usefixtures("quick_checkpoint")
def test_a_judgement_that_dies_leaves_the_gate_shut_until_the_next_run(stages: dict[str, Stage]) -> None:
    for task in JUDGING:
        survive(stages["sqlite"], [failpoint for failpoint in FAILPOINTS if failpoint.task == task])


def test_a_task_that_is_killed_in_an_interpreter_of_its_own_is_gone_on_with(stages: dict[str, Stage]) -> None:
    stage = stages["postgresql"]
    scene, step, failpoint = next(
        (scene, step, failpoint)
        for scene in stage.scenes
        for step, failpoint in scene.plans()
        if (step.task_id, failpoint.name) == ("invoices.load", "load: commit")
    )
    with stage.lab.at_work():
        assert crash(stage.lab, scene, [Crash(step, failpoint, "before", "process")]) == []


def planned(stage: Stage, task_id: str, name: str) -> tuple[Scene, Crash]:
    """Return a crash by an exception right after the failpoint of that name."""
    return next(
        (scene, Crash(step, failpoint, "after", "exception"))
        for scene in stage.scenes
        for step, failpoint in scene.plans()
        if (step.task_id, failpoint.name) == (task_id, name)
    )


def test_a_load_that_does_not_know_what_it_has_loaded_is_found_out(
    stages: dict[str, Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else these tests could not fail."""
    stage = stages["sqlite"]
    scene, its = planned(stage, "invoices.load", "load: commit")
    monkeypatch.setattr(fence, "stored_summary", lambda *_: None)
    with stage.lab.at_work(), pytest.raises(StaleManifest):
        crash(stage.lab, scene, [its])


def test_a_load_that_forgets_what_it_read_is_found_out(
    stages: dict[str, Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stages["sqlite"]
    scene, its = planned(stage, "invoices.load", "merge: rows are inserted")
    whole = records.remember

    def remember_half(connection: Connection, staged: Staged, stamp: Stamp) -> None:
        connection.execute(staged.records.delete().where(staged.records.c.status == "ok"))
        whole(connection, staged, stamp)

    with stage.lab.at_work():
        monkeypatch.setattr(records, "remember", remember_half)
        with pytest.raises(AssertionError):
            crash(stage.lab, scene, [its])


def test_a_failpoint_that_is_not_reached_is_told(stages: dict[str, Stage]) -> None:
    stage = stages["sqlite"]
    scene, its = planned(stage, "payments.load", "load: commit")
    nowhere = replace(its, failpoint=replace(its.failpoint, nth=99))
    with stage.lab.at_work():
        assert crash(stage.lab, scene, [nowhere]) == [nowhere]
