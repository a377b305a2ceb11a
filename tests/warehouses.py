"""Fixtures: the engine of a migrated, empty warehouse, on SQLite and on PostgreSQL.

A conftest takes them with `from tests.warehouses import *`; it must be one conftest for all tests
that run together, or each has a PostgreSQL server of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, delete

from include import warehouse
from tests.postgres import Server, server

__all__ = ["engine", "postgres", "postgres_url", "postgresql_warehouse", "sqlite_warehouse"]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of this test run."""
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_url(postgres: Server) -> str:
    """The address of the server's maintenance database."""
    return postgres.url


@pytest.fixture(scope="session")
def postgresql_warehouse(postgres: Server) -> Iterator[Engine]:
    """A migrated PostgreSQL database."""
    made = warehouse.engine(postgres.create())
    warehouse.upgrade(made)
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def sqlite_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A migrated SQLite file."""
    made = warehouse.engine(f"sqlite:///{tmp_path_factory.mktemp('warehouse')}/warehouse.sqlite")
    warehouse.upgrade(made)
    return made


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A migrated, empty warehouse, on either database; emptied again when the test is over."""
    made: Engine = request.getfixturevalue(f"{request.param}_warehouse")
    yield made
    with warehouse.begin(made, "tests") as connection:
        for table in warehouse.metadata.sorted_tables:
            connection.execute(delete(table))
