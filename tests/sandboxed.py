"""Fixtures of rooms that read a sandbox: a key, a staging folder and a migrated store of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include import access, warehouse

__all__ = ["store", "surroundings"]

KEY = Fernet.generate_key().decode()


@pytest.fixture(autouse=True, scope="module")
def surroundings(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Iterator[None]:
    """A key, a staging folder and stores of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENLIGHT_SECRET_KEY", KEY)
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", f"sqlite:///{store}")
        patch.setenv("GREENLIGHT_STAGING", f"file://{tmp_path_factory.mktemp('staging')}")
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a migrated, empty warehouse, with the access store beside it."""
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.sqlite"
    engine = warehouse.engine(f"sqlite:///{path}")
    warehouse.upgrade(engine)
    access.upgrade(access.engine(engine))
    return path
