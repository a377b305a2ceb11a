"""A vendor, an access store on either database, and connections between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete

from include import access
from include.access.tables import metadata
from include.connectors.base import Connection
from tests.machinery import vendor as vendors
from tests.machinery.vendor import CLIENT_ID, CLIENT_SECRET, Vendor
from tests.warehouses import *  # noqa: F403

Connect = Callable[..., Connection]


@pytest.fixture(autouse=True)
def secret_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key of the test's own in GREENLIGHT_SECRET_KEY."""
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", key)
    return key


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendors.vendor() as running:
        yield running


@pytest.fixture
def store(engine: Engine) -> Iterator[Engine]:
    """An empty access store, on either database."""
    made = access.engine(engine)
    yield made
    with access.transaction(made, "tests") as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))


@pytest.fixture
def connect(vendor: Vendor) -> Connect:
    """Return a connection to the vendor; `connect(refresh_token=…)` writes into its extra."""

    def make(**extra: str) -> Connection:
        return Connection("books", vendor.url, CLIENT_ID, CLIENT_SECRET, extra)

    return make
