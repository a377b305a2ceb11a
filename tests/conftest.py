"""What every test runs in: an Airflow home of its own, made before anything imports Airflow."""

from __future__ import annotations

import atexit
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

E2E_SECONDS = 900
WHOLE_MACHINE = (["e2e"], ["scheduler"])
"""Folders whose tests run a whole Airflow: one after the other, and started first, as they take longest."""
BEGIN_WITH = ("airflow", "units", "survival")
"""Rooms in which several workers begin: one with what takes longest, one with what is quick to say no; then the
other long ones, so that none is left to the end, where one worker would do it alone."""
SYSTEM = re.compile(r"\b(sample|xero|tryton|odoo|netsuite|intacct)\b")

OURS = os.environ["AIRFLOW_HOME"] if "PYTEST_XDIST_WORKER" in os.environ else None
"""Of a worker: the home of the process that started it, in which it has its own."""
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="greenlight-tests-", dir=OURS)
if OURS is None:
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["GX_ANALYTICS_ENABLED"] = "false"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make kits` ask for all of what the suite takes a sample of."""
    parser.addoption("--in-full", action="store_true", help="forty walks over each system, every fault on every stream")


class ByRoom(LoadScopeScheduling):
    """Gives a room's tests to one worker: they share servers that take long to start."""

    def _split_scope(self, nodeid: str) -> str:
        return room(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom:
    """Let `--numprocesses` spread rooms over its workers, not single tests."""
    return ByRoom(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests of real servers the time they need; with several workers, order the rooms."""
    for item in items:
        if item.get_closest_marker("e2e") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(E2E_SECONDS))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    building = room(item.nodeid).partition("/")[0]
    return BEGIN_WITH.index(building) if building in BEGIN_WITH else len(BEGIN_WITH)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[Any]:
    """Let a test marked `alone` have the machine for itself: the other workers wait before their next test."""
    if OURS is None:
        return (yield)
    with _turn(Path(OURS), alone=bool(item.get_closest_marker("alone"))):
        return (yield)


@contextmanager
def _turn(folder: Path, alone: bool) -> Iterator[None]:
    """Wait until nobody is alone; who wants to be alone, until nobody else is there, and nobody overtakes that."""
    with (folder / "door").open("w") as door, (folder / "machine").open("w") as machine:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield


def room(nodeid: str) -> str:
    """Return which tests run in the same process: those of one folder, of `survival` those of a part and a system."""
    path, _, parameters = nodeid.partition("[")
    _, *folders, _ = Path(path.partition("::")[0]).parts
    if folders[:1] in WHOLE_MACHINE:
        return "airflow"
    if folders[:1] == ["survival"]:
        system = SYSTEM.search(parameters)
        return "/".join([*folders[:2], system[0] if system else ""])
    return "/".join(folders[:1]) or "units"


from tests.storages import *  # noqa: E402, F403 - after Airflow has its home
