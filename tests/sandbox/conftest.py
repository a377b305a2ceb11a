from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from include.sandbox.intacct import server as intacct
from include.sandbox.ledger import Ledger
from include.sandbox.xero.server import Server, serve
from include.sandbox.xero.settings import Settings
from tests.sandbox.intacct_reader import Gateway

WIDE = Settings(minute_limit=10_000)
"""The limits are not what most tests are about."""


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(seed=11, entities=2, invoices=120)


@pytest.fixture
def server(ledger: Ledger) -> Iterator[Server]:
    with serve(ledger, WIDE) as running:
        yield running


@pytest.fixture
def serving(ledger: Ledger) -> Any:
    """Return what serves the ledger with other settings."""
    return lambda **settings: serve(ledger, replace(WIDE, **settings))


@pytest.fixture
def group() -> Ledger:
    """Return the ledger of a company with two entities, which share customers."""
    return Ledger(seed=11, entities=2, invoices=150, shared=2)


@pytest.fixture
def company(group: Ledger) -> Iterator[intacct.Server]:
    with intacct.serve(group) as running:
        yield running


@pytest.fixture
def company_with(group: Ledger) -> Any:
    """Return what serves the company with other settings."""
    return lambda **settings: intacct.serve(group, replace(intacct.Settings(), **settings))


@pytest.fixture
def gateway(company: intacct.Server) -> Gateway:
    """Return a reader of the company's XML gateway."""
    return Gateway(company)
