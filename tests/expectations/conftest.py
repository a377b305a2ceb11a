"""What the expectations' tests share: two full organizations side by side, gone when the test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine

from tests.expectations.books import Books
from tests.warehouses import *  # noqa: F403


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection that sees the clean organizations acme and beta, never committed."""
    made: Engine = request.getfixturevalue(f"{request.param}_warehouse")
    with made.connect() as connection, connection.begin() as transaction:
        for organization_id in ("acme", "beta"):
            Books(connection, organization_id).fill()
        yield connection
        transaction.rollback()


@pytest.fixture
def books(filled: Connection) -> Iterator[Books]:
    """The clean organization acme; what a test does to it is undone."""
    with filled.begin_nested() as savepoint:
        yield Books(filled)
        savepoint.rollback()
