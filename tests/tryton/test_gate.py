"""From a real Tryton through every room: what is sound opens the gate, with whatever happened to a receivable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from include import warehouse
from include.connectors.base import Connection
from include.connectors.tryton import Tryton
from tests.nights import Night, Nights
from tests.survival.worlds import World
from tests.tryton.conftest import Running


class Northwind(World):
    """Northwind as the seed and the cases left it, by the machine's own clock."""

    connector = Tryton
    changes = {}  # noqa: RUF012 - nobody works in it

    def __init__(self, tryton: Running) -> None:
        self.tryton, self.url, self.entity = tryton, tryton.server.url, tryton.entity

    def connection(self, host: str = "") -> Connection:
        return self.tryton.connection(**({"host": host} if host else {}))

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, by: timedelta) -> None:
        raise NotImplementedError("the machine's clock goes by itself")

    def assert_equal(self, nights: Nights) -> None:
        raise NotImplementedError("test_receivables.py holds the rows to Tryton's own client")


@pytest.fixture(scope="module")
def northwind(tryton: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    folder: Path = tmp_path_factory.mktemp("gate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENLIGHT_STAGING", f"file://{folder}/staging")
        patch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())
        engine = warehouse.engine(f"sqlite:///{folder}/warehouse.sqlite")
        warehouse.upgrade(engine)
        yield Nights(engine, Northwind(tryton), "acme")


@pytest.fixture(scope="module")
def night(northwind: Nights) -> Night:
    """The first night, with the history that an organization has by default."""
    return northwind.sync()


def test_nothing_differs_from_trytons_own_figures(night: Night) -> None:
    assert night.outcome.differences == ()


def test_no_critical_check_fails(northwind: Nights, night: Night) -> None:
    assert northwind.blocking(night.run_id) == {}
