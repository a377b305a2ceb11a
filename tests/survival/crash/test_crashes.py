"""Killed at every failpoint, unattended, a night ends in what the ledger says; `make torture` tries all of it."""

from __future__ import annotations

import pytest

from tests.survival.crash.crashes import Crash, crash
from tests.survival.crash.failpoints import FAILPOINTS, Failpoint
from tests.survival.crash.plans import bad_nights
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
