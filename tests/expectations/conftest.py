"""What the expectations' tests share: two full organizations side by side, gone when the test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from include import warehouse
from tests.expectations.books import Books
from tests.warehouses import *  # noqa: F403


class _Over(Exception):
    pass


@pytest.fixture
def books(engine: Engine) -> Iterator[Books]:
    """The clean organization acme beside the clean organization beta, never committed."""
    try:
        with warehouse.begin(engine, "tests") as connection:
            Books(connection, "beta").fill()
            yield Books(connection).fill()
            raise _Over
    except _Over:
        pass
