"""What the survival tests share: a fresh living world per test, stores and keys of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include import access, warehouse
from tests.survival.worlds import World, worlds
from tests.warehouses import *  # noqa: F403


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tokens: str) -> None:
    """A staging folder, a key, and a store of tokens."""
    monkeypatch.setenv("GREENLIGHT_STAGING", f"file://{tmp_path}/staging")
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", KEY)
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", tokens)


KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a migrated warehouse, beside which tokens and leases are kept."""
    url = f"sqlite:///{tmp_path_factory.mktemp('store')}/warehouse.sqlite"
    engine = warehouse.engine(url)
    warehouse.upgrade(engine)
    access.upgrade(access.engine(engine))
    return url


@pytest.fixture(params=["sample", "xero", "tryton"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A fresh living world of each connector."""
    made = worlds()[request.param](tmp_path)
    yield made
    made.close()
