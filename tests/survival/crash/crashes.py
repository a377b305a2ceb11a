"""A crash: a task dies at a failpoint, Airflow does what it does unattended, and the ledger is reached all the same."""

from __future__ import annotations

import contextlib
import io
import os
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from multiprocessing import get_context
from signal import SIGKILL
from typing import Literal

from include import test_mode
from include.run import take_readiness_away
from tests.survival.crash import worker
from tests.survival.crash.failpoints import FUNCTIONS, Failpoint
from tests.survival.crash.lab import ORGANIZATION, Lab
from tests.survival.crash.planting import Trap, cuts, kills, raises
from tests.survival.crash.scenes import Scene, Step, settle
from tests.survival.crash.tasks import Run
from tests.survival.crash.watching import Moment, watching

Kind = Literal["exception", "kill", "cut", "process"]
"""kill: SIGKILL of a fork that runs the task; process: of an interpreter of its own, as Airflow starts one."""
KINDS: tuple[Kind, ...] = ("exception", "kill", "cut")
"""Those that are quick."""
NOT_APPLICABLE = {
    ("sqlite", "cut"): "SQLite is a file that the task itself reads and writes: there is no connection to cut",
}
"""(Database, kind) → why there is no such crash."""
NEVER_RETRIED = ("validate", "ready_to_exit_test_mode")
FORK = get_context("fork")
CHILD_SECONDS = 60
SNAPSHOTS = "balance_snapshots"
"""Made by validate, which Airflow does not try again: the next run makes them."""


@dataclass(frozen=True, eq=False, slots=True)
class Crash:
    """One way to die."""

    step: Step
    failpoint: Failpoint
    moment: Moment
    kind: Kind

    def __str__(self) -> str:
        return f"{self.step.task_id}: {self.kind} {self.moment} {self.failpoint.name!r}"


def crash(lab: Lab, scene: Scene, crashes: Collection[Crash], alone: bool = True) -> list[Crash]:
    """Live the scene again with these crashes, one a task; return those whose failpoint was not reached.

    After each, Airflow goes on unattended: the task is tried once more, then the rest of the run follows.

    Args:
        alone: begin with the task that dies; else with the run's first.

    Raises:
        AssertionError: the ledger was not reached, or took more than a retry.
    """
    planned = {planned.step.task_id: planned for planned in crashes}
    first = next(iter(planned)) if alone else scene.rest[0]
    lab.restore(scene.steps[first].saved)
    run = scene.steps[first].run.copy()
    missed = list(crashes)
    with contextlib.redirect_stdout(io.StringIO()):
        for task_id in scene.rest[scene.rest.index(first) :]:
            if (its := planned.get(task_id)) is None:
                lab.tasks.run(run, task_id, scene.steps[task_id].try_number)
                continue
            reached, ended = _died(lab, its, run)
            if reached:
                missed.remove(its)
            if ended:
                continue
            if its.failpoint.task in NEVER_RETRIED:
                take_readiness_away(lab.tasks.context(run))
                _hold_shut(lab, run)
                break
            lab.tasks.run(run, task_id, its.step.try_number + 1)
        settle(lab, run)
        _hold(lab, scene)
    return missed


def _died(lab: Lab, its: Crash, run: Run) -> tuple[bool, bool]:
    """Run the task until it dies; return whether the failpoint was reached, and whether the task lived on."""
    match its.kind:
        case "kill":
            return _killed(lab, its, run)
        case "process":
            return worker.killed(run, its.step.task_id, its.step.try_number, its.failpoint, its.moment), False
        case _:
            return _failed(lab, its, run)


def _failed(lab: Lab, its: Crash, run: Run) -> tuple[bool, bool]:
    """Run the task here, until the exception or until it finds its connection gone."""
    trap = Trap(its.failpoint, its.moment, raises if its.kind == "exception" else cuts(lab.url))
    try:
        with watching(trap, lab.world.connector, FUNCTIONS):
            lab.tasks.run(run, its.step.task_id, its.step.try_number)
    except Exception as error:
        if not trap.has_sprung:
            raise
        will_be = lab.tasks.retried(error, run, its.step.task_id, its.step.try_number)
        if not (will_be or its.failpoint.task in NEVER_RETRIED):
            raise AssertionError(f"nobody tries again after {error!r}") from error
        return True, False
    return trap.has_sprung, True


def _killed(lab: Lab, its: Crash, run: Run) -> tuple[bool, bool]:
    """Run the task in a fork of this process, which is killed at the failpoint."""
    child = FORK.Process(target=_live_until_killed, args=(lab, its, run))
    child.start()
    child.join(CHILD_SECONDS)
    if child.is_alive():
        child.kill()
        raise AssertionError(f"{its}: the process hangs")
    assert child.exitcode in (0, -SIGKILL), f"{its}: the process ended with {child.exitcode}"
    return child.exitcode == -SIGKILL, False


def _live_until_killed(lab: Lab, its: Crash, run: Run) -> None:
    try:
        with watching(Trap(its.failpoint, its.moment, kills), lab.world.connector, FUNCTIONS):
            lab.tasks.run(run, its.step.task_id, its.step.try_number)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _hold_shut(lab: Lab, run: Run) -> None:
    """Without a judgement that was recorded, the organization is not ready, whatever an earlier run proved."""
    organization, connector = lab.nights.organization, lab.world.connector
    mode = test_mode.readiness(lab.engine, organization, connector, lab.world.now).mode
    evidence = test_mode.newest_evidence(lab.engine, ORGANIZATION)
    assert evidence is not None
    assert evidence.run_id == run.run_id
    assert mode != "ready" or evidence.passed


def _hold(lab: Lab, scene: Scene) -> None:
    """The ledger is reached, nothing is doubled, the cursor is right, and a further run writes no row."""
    lab.world.assert_equal(lab.nights)
    told = lab.told()
    for table, rows in scene.end.items():
        assert table == SNAPSHOTS or told[table] == rows, table
    loads = lab.loads()
    assert len(loads) == len(set(loads)), "a run's read was loaded twice"
    before = lab.written()
    lab.night(scene.judged)
    assert lab.written() == before, "a run without news wrote rows"
    assert lab.told()[SNAPSHOTS] == scene.end[SNAPSHOTS], "a day's balances are not what they were"
