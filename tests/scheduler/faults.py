"""What goes wrong in single organizations of the scheduler tests: patched in the task's own process."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from include import warehouse
from include.staging import Manifest

FOLDER = "SCHEDULER_TEST_FOLDER"
STREAM = "invoices"
"""The stream whose load is disturbed."""


def plant() -> None:
    """Wrap `warehouse.load` for the organizations whose names say what shall happen to them.

    A file `<organization>.dies_judging` kills that one's validate.
    """
    untouched = warehouse.load

    def load(engine: Engine, manifest: Manifest, *arguments: Any, **options: Any) -> Any:
        mine = manifest.organization_id if manifest.stream == STREAM else ""
        if mine == "fails_load":
            raise RuntimeError("planted: the load fails")
        if mine == "killed_inside" and _first(mine):
            event.listen(engine, "commit", _die)
        summary = untouched(engine, manifest, *arguments, **options)
        if mine == "killed_after" and _first(mine):
            _die()
        return summary

    warehouse.load = load
    snapshot = warehouse.snapshot_balances

    def snapshot_balances(*arguments: Any) -> int:
        if (Path(os.environ[FOLDER]) / f"{arguments[1]}.dies_judging").exists():
            _die()
        return snapshot(*arguments)

    warehouse.snapshot_balances = snapshot_balances


def _first(name: str) -> bool:
    """Tell, once, that this is the first time."""
    flag = Path(os.environ[FOLDER]) / f"{name}.killed"
    if flag.exists():
        return False
    flag.touch()
    return True


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
