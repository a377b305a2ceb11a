"""Logging in, rights, accounts and subsidiaries: a clear error for whatever is wrong."""

from __future__ import annotations

import pytest

from tests.netsuite.conftest import Running


@pytest.mark.parametrize("way", ["certified", "signed"])
def test_either_login_sees_the_subsidiaries(running: Running, way: str) -> None:
    made = running.connector(getattr(running, way)())
    assert running.ledger.entity(0).entity.name in made.check()
    assert [entity.base_currency for entity in made.entities()] == [
        books.entity.currency for books in running.ledger.books.values()
    ]
