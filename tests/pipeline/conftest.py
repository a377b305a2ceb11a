"""What the pipeline's tests share: a running sample system, and nights over either database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import airflow.settings  # noqa: F401 - its first import would take the log's handlers from a running test
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete

from include import warehouse
from tests.conformance import ledger
from tests.conformance.sample_server import Running, serving
from tests.pipeline.night import Pipeline
from tests.warehouses import *  # noqa: F403

DAYS_AGO = 6
"""The books end so many days before today, so that several days of work fit between."""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A staging folder and a key of the test's own."""
    monkeypatch.setenv("GREENLIGHT_STAGING", f"file://{tmp_path}/staging")
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Running]:
    """A sample system with one entity, `north`."""
    today = datetime.now(UTC).date() - timedelta(days=DAYS_AGO)
    ledger.write(tmp_path / "books", "north", ledger.make(customers=10, invoices=14, entity="north", today=today))
    with serving(tmp_path / "books") as running:
        yield running


@pytest.fixture
def pipeline(engine: Engine, source: Running) -> Pipeline:
    """The organization acme over `north`, on either database."""
    return Pipeline(engine, source)


@pytest.fixture
def on_sqlite(sqlite_warehouse: Engine, source: Running) -> Iterator[Pipeline]:
    """The organization acme over `north`, for what no database decides."""
    yield Pipeline(sqlite_warehouse, source)
    with warehouse.begin(sqlite_warehouse, "tests") as connection:
        for table in warehouse.metadata.sorted_tables:
            connection.execute(delete(table))
