"""From a real Tryton through every room: what is sound opens the gate, with whatever happened to a receivable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine

from include import complete, warehouse
from include.connectors.tryton import Tryton
from include.organizations import Organization
from include.reconcile import Outcome
from tests.pipeline.night import Pipeline
from tests.tryton.conftest import Running


@dataclass
class OverTryton(Pipeline):
    """Northwind's pipeline."""

    tryton: Running | None = None

    @property
    def organization(self) -> Organization:
        assert self.tryton
        return Organization(id="acme", connector="tryton", connection="erp", entity=self.tryton.entity)

    def system(self) -> Tryton:  # type: ignore[override]
        assert self.tryton
        return self.tryton.connector()


@pytest.fixture(scope="module")
def pipeline(tryton: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OverTryton]:
    folder: Path = tmp_path_factory.mktemp("gate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENLIGHT_STAGING", f"file://{folder}/staging")
        patch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())
        engine: Engine = warehouse.engine(f"sqlite:///{folder}/warehouse.sqlite")
        warehouse.upgrade(engine)
        yield OverTryton(engine, None, connector=Tryton, tryton=tryton)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def outcome(pipeline: OverTryton) -> tuple[str, Outcome]:
    """The first night, with the history that an organization has by default."""
    run_id = pipeline.new_run()
    for stream in Tryton.streams:
        pipeline.load(pipeline.extract(stream.name, run_id=run_id))
    complete.complete(pipeline.engine, pipeline.organization, pipeline.system(), run_id, 1, datetime.now(UTC))
    return run_id, pipeline.reconcile(run_id)


def test_nothing_differs_from_trytons_own_figures(outcome: tuple[str, Outcome]) -> None:
    assert outcome[1].differences == ()


def test_no_critical_check_fails(pipeline: OverTryton, outcome: tuple[str, Outcome]) -> None:
    assert pipeline.blocking(outcome[0]) == {}
