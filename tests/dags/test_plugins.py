"""Plugins and pools: notes on runs that were no nightly ones, a pool for every system."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include import pools
from include.connectors import base
from include.run import options

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PLUGIN = Path(__file__).resolve().parents[2] / "plugins" / "run_notes.py"


@pytest.fixture(scope="module")
def plugin() -> Any:
    """The plugin as Airflow loads it: by its path, registered under its bare name."""
    spec = spec_from_file_location(PLUGIN.stem, PLUGIN)
    assert spec and spec.loader
    module = sys.modules[PLUGIN.stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def noted(plugin: Any, conf: dict[str, Any] | None, dag_id: str = "sync__north", note: str = "") -> str:
    run = SimpleNamespace(dag_id=dag_id, conf=conf, note=note or None)
    plugin.on_dag_run_success(dag_run=run, msg="")
    return run.note or ""


def test_a_dry_run_says_so(plugin: Any) -> None:
    assert noted(plugin, {"dry_run": True, "streams": ["customers"]}).startswith("Dry run")


@pytest.mark.parametrize("conf", [{"streams": ["a"]}, {"customers": ["a:1"]}, {"from": "2026-01-01"}, {"to": "2026"}])
def test_a_limited_run_says_so(plugin: Any, conf: dict[str, Any]) -> None:
    assert noted(plugin, conf).startswith("Limited run")


@pytest.mark.parametrize(
    "conf", [None, {}, {"full_refresh": True}, {"dry_run": False, "streams": [], "customers": [], "from": None}]
)
def test_a_nightly_run_says_nothing(plugin: Any, conf: dict[str, Any] | None) -> None:
    assert noted(plugin, conf) == ""


def test_a_persons_note_and_other_dags_are_left_alone(plugin: Any) -> None:
    assert noted(plugin, {"dry_run": True}, note="checking VAT") == "checking VAT"
    assert noted(plugin, {"dry_run": True}, dag_id="publish__north") == ""


@pytest.fixture
def session() -> Iterator[Any]:
    """A session of Airflow's models over an empty database."""
    from airflow.models import import_all_models
    from airflow.models.base import Base
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    import_all_models()
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as made:
        yield made
    engine.dispose()


def test_a_failed_run_shows_once_what_its_tasks_had_to_stop_for(plugin: Any, session: Any) -> None:
    """As the scheduler tells it, which allows no commit meanwhile and would die of one."""
    from airflow.models.dagrun import DagRun
    from airflow.models.xcom import XComModel
    from airflow.utils.sqlalchemy import prohibit_commit

    said = ["acme · Xero: the calls of this day are used up → wait"] * 2 + ["invoices: 40 records are gone"]
    run = DagRun("sync__north", run_id="r", run_type="manual", run_after=NOW)
    session.add(run)
    session.flush()
    for number, sentence in enumerate(said):
        session.add(XComModel(
            dag_run_id=run.id, dag_id="sync__north", run_id="r", task_id=f"task_{number}", key="note",
            value=XComModel.serialize_value(sentence), timestamp=NOW + timedelta(seconds=number),
        ))  # fmt: skip
    session.flush()
    with prohibit_commit(session):
        plugin.on_dag_run_failed(dag_run=run, msg="")
    assert run.note == f"{said[0]}\n{said[2]}"
    for other in (SimpleNamespace(dag_id="publish__north", note=None), SimpleNamespace(dag_id="sync__n", note="mine")):
        plugin.on_dag_run_failed(dag_run=other, msg="")
        assert other.note in (None, "mine")


def test_the_limits_are_those_of_a_run(plugin: Any) -> None:
    """What the run's options call limited is what the note calls so."""
    asked = {"streams": ["a"], "customers": ["a:1"], "from": "2026-01-01", "to": "2026-01-01"}
    assert set(plugin.LIMITS) == {name for name, value in asked.items() if options({name: value}).is_limited}


def test_the_plugin_is_found_by_airflow(plugin: Any) -> None:
    assert plugin.RunNotes.listeners[0].on_dag_run_success is plugin.on_dag_run_success


@pytest.mark.slow
def test_set_up_makes_one_pool_per_connector_module_and_keeps_what_was_changed() -> None:
    from airflow.models.pool import Pool
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session

    initdb()
    names = pools.make()
    assert names == [f"connector_{name}" for name in base.known()]
    with create_session() as session:
        first = session.query(Pool).filter(Pool.pool == names[0]).one()
        assert first.slots == pools.SLOTS
        first.slots = 3
    assert pools.make() == names
    with create_session() as session:
        found = {pool.pool: pool.slots for pool in session.query(Pool)}
    assert {name for name in found if name.startswith("connector_")} == set(names)
    assert found[names[0]] == 3, "a person's number of slots stays"
