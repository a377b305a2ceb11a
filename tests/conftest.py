"""What every test runs in: an Airflow home of its own, made before anything imports Airflow."""

from __future__ import annotations

import os
import tempfile

import pytest

E2E_SECONDS = 900

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="greenlight-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["GX_ANALYTICS_ENABLED"] = "false"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that start real servers the time they need; the others have pyproject.toml's."""
    for item in items:
        if item.get_closest_marker("e2e") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(E2E_SECONDS))


from tests.storages import *  # noqa: E402, F403 - after Airflow has its home
