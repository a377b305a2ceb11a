"""What every test runs in: an Airflow home of its own, made before anything imports Airflow."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

E2E_SECONDS = 900
TESTS = Path(__file__).parent
WHOLE_MACHINE = ("e2e", "scheduler")
"""Folders whose tests run a whole Airflow: one after the other, and started first, as they take longest."""

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="greenlight-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["GX_ANALYTICS_ENABLED"] = "false"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that start real servers the time they need, and each room's tests to one worker.

    A room's tests share servers that take long to start, so they stay together (pytest-xdist's loadgroup).
    """
    for item in items:
        if item.get_closest_marker("e2e") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(E2E_SECONDS))
        item.add_marker(pytest.mark.xdist_group(_room(item)))
    if os.environ.get("PYTEST_XDIST_WORKER"):
        items.sort(key=lambda item: _room(item) != "airflow")


def _room(item: pytest.Item) -> str:
    """Return which tests run in the same process: those of one folder, or of a folder of `survival`."""
    folder, *below = item.path.relative_to(TESTS).parent.parts or ("units",)
    if folder in WHOLE_MACHINE:
        return "airflow"
    return "/".join([folder, *below]) if folder == "survival" else folder


from tests.storages import *  # noqa: E402, F403 - after Airflow has its home
