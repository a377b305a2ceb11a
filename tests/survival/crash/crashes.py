"""One crash: a task dies at a failpoint, Airflow does what it does unattended, and the ledger is reached all the same."""

from __future__ import annotations

import contextlib
import io
import os
import traceback
from dataclasses import dataclass
from multiprocessing import get_context
from signal import SIGKILL
from typing import Literal

from include.run import take_readiness_away
from tests.survival.crash.failpoints import FUNCTIONS, Failpoint
from tests.survival.crash.lab import Lab
from tests.survival.crash.planting import Trap, cuts, kills, raises
from tests.survival.crash.scenes import Scene, Step, settle
from tests.survival.crash.tasks import Run
from tests.survival.crash.watching import Moment, watching

Kind = Literal["exception", "kill", "cut"]
KINDS: tuple[Kind, ...] = ("exception", "kill", "cut")
NOT_APPLICABLE = {("sqlite", "cut"): "SQLite is a file that the task itself reads and writes: there is no connection to cut"}
"""(Database, kind) → why there is no such crash."""
NEVER_RETRIED = ("validate", "ready_to_exit_test_mode")
FORK = get_context("fork")
CHILD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Crash:
    """One way to die."""

    scene: Scene
    step: Step
    failpoint: Failpoint
    moment: Moment
    kind: Kind

    def __str__(self) -> str:
        return f"{self.scene.name} · {self.step.task_id} · {self.kind} {self.moment} {self.failpoint.name}"


def survives(lab: Lab, crash: Crash) -> bool:
    """Crash, let Airflow go on unattended, and hold the warehouse to the ledger; False if the failpoint was not reached.

    Raises:
        AssertionError: the ledger was not reached, or not by one retry.
    """
    lab.restore(crash.step.saved)
    run = crash.step.run.copy()
    with contextlib.redirect_stdout(io.StringIO()):
        reached, ended = _killed(lab, crash, run) if crash.kind == "kill" else _failed(lab, crash, run)
        if not reached:
            return False
        if ended or crash.failpoint.task not in NEVER_RETRIED:
            _go_on(lab, crash, run, ended)
        else:
            take_readiness_away(lab.tasks.context(run))
        settle(lab, run)
        _hold(lab, crash)
    return True


def _go_on(lab: Lab, crash: Crash, run: Run, ended: bool) -> None:
    """Do what Airflow does unattended: try the task once more if it died, then let the rest of the run follow."""
    if not ended:
        lab.tasks.run(run, crash.step.task_id, crash.step.try_number + 1)
    for task_id in crash.scene.rest[crash.scene.rest.index(crash.step.task_id) + 1 :]:
        lab.tasks.run(run, task_id)


def _failed(lab: Lab, crash: Crash, run: Run) -> tuple[bool, bool]:
    """Run the task here; return whether the failpoint was reached, and whether the task lived on and ended."""
    act = raises if crash.kind == "exception" else cuts(lab.url)
    trap = Trap(crash.failpoint, crash.moment, act)
    try:
        with watching(trap, lab.world.connector, FUNCTIONS):
            lab.tasks.run(run, crash.step.task_id, crash.step.try_number)
    except Exception as error:
        if not trap.has_sprung:
            raise
        will_be = lab.tasks.retried(error, run, crash.step.task_id, crash.step.try_number)
        assert will_be or crash.failpoint.task in NEVER_RETRIED, f"nobody retries after {error!r}"
        return True, False
    return trap.has_sprung, True


def _killed(lab: Lab, crash: Crash, run: Run) -> tuple[bool, bool]:
    """Run the task in a process of its own that is killed at the failpoint."""
    child = FORK.Process(target=_live_until_killed, args=(lab, crash, run))
    child.start()
    child.join(CHILD_SECONDS)
    if child.is_alive():
        child.kill()
        raise AssertionError("the process hangs")
    assert child.exitcode in (0, -SIGKILL), f"the process ended with {child.exitcode}"
    return child.exitcode == -SIGKILL, False


def _live_until_killed(lab: Lab, crash: Crash, run: Run) -> None:
    try:
        with watching(Trap(crash.failpoint, crash.moment, kills), lab.world.connector, FUNCTIONS):
            lab.tasks.run(run, crash.step.task_id, crash.step.try_number)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _hold(lab: Lab, crash: Crash) -> None:
    """The ledger is reached, nothing is doubled, the cursor is right, and a further run writes no row."""
    lab.world.assert_equal(lab.nights)
    told = lab.told()
    for table, rows in crash.scene.end.items():
        assert told[table] == rows, table
    loads = lab.loads()
    assert len(loads) == len(set(loads)), "a run's read was loaded twice"
    before = lab.written()
    lab.night(crash.scene.judged)
    assert lab.written() == before, "a run without news wrote rows"
