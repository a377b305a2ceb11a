"""A task in an interpreter of its own, which is killed there: `python -m tests.survival.crash.worker`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from signal import SIGKILL
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from tests.survival.crash.failpoints import FAILPOINTS, FUNCTIONS, Failpoint
from tests.survival.crash.planting import Trap, kills
from tests.survival.crash.tasks import Run, Tasks
from tests.survival.crash.watching import Moment, watching

if TYPE_CHECKING:
    from tests.survival.worlds import World

PROJECT = Path(__file__).resolve().parents[3]
SECONDS = 120


def killed(run: Run, task_id: str, try_number: int, failpoint: Failpoint, moment: Moment) -> bool:
    """Run the task until it is killed at the failpoint; False if it was not, because it never got there.

    To be called in a lab's surroundings, which the process inherits.
    """
    from include.run import now

    told = {
        "run_id": run.run_id, "start_date": run.start_date.isoformat(), "params": dict(run.params),
        "answers": run.answers, "now": now().isoformat(), "task_id": task_id, "try_number": try_number,
        "failpoint": FAILPOINTS.index(failpoint), "moment": moment,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.survival.crash.worker"]
    ended = subprocess.run(
        command, input=json.dumps(told), text=True, cwd=PROJECT, env=os.environ, timeout=SECONDS, capture_output=True,
        check=False,
    )  # fmt: skip
    assert ended.returncode in (0, -SIGKILL), f"the process ended with {ended.returncode}: {ended.stderr[-2000:]}"
    return ended.returncode == -SIGKILL


def main(told: dict[str, Any]) -> None:
    """Run the task that is told, to its end or to its failpoint."""
    from include import organizations
    from include.connectors import base
    from tests.conformance import sample  # noqa: F401 - registers the system
    from tests.survival.crash.lab import ORGANIZATION, at_work

    at = datetime.fromisoformat(told["now"])
    with at_work({}, cast("World", SimpleNamespace(now=at))):
        organization = organizations.load(ORGANIZATION)
        run = Run(told["run_id"], datetime.fromisoformat(told["start_date"]), told["params"], told["answers"])
        trap = Trap(FAILPOINTS[told["failpoint"]], told["moment"], kills)
        with watching(trap, base.get(organization.connector), FUNCTIONS):
            Tasks(organization).run(run, told["task_id"], told["try_number"])


if __name__ == "__main__":
    main(json.load(sys.stdin))
