"""One real Airflow for all scheduler tests: every organization meets another fate, side by side."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.airflow_server import Airflow, free_port
from demo.processes import Processes
from include.environment import SECRET_KEY
from tests.conformance import ledger
from tests.conformance.sample_server import FAULTS, SECRET, serving
from tests.scheduler.faults import FOLDER

PROJECT = Path(__file__).resolve().parents[2]
ENTITIES = ("clean", "fails_load", "fails_extract", "fails_reconcile", "fails_validate", "limited", "dry")
TWINS = ("killed_inside", "killed_after")
"""Organizations that read the entity of `clean` over connections of their own, and are disturbed."""


@dataclass(frozen=True, slots=True)
class Lab:
    """The running Airflow, its folder, and the DAG runs that came of the first night."""

    airflow: Airflow
    folder: Path
    states: dict[str, str]
    runs: dict[str, str]

    def environment(self) -> dict[str, str]:
        """What a command needs to see this lab's warehouse."""
        return self.airflow.environment

    def run(self, organization: str, conf: dict[str, object] | None = None) -> tuple[str, dict[str, str]]:
        """Run one organization's DAG to its end; return the run's state and its tasks'."""
        dag_id = f"sync__{organization}"
        run_id = self.airflow.trigger(dag_id, conf)
        state = self.airflow.finish({dag_id: run_id}, lambda _: None)[dag_id]
        self.runs[organization] = run_id
        return state, self.airflow.tasks(dag_id, run_id)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Start everything, let every organization run once, and stop everything."""
    folder = tmp_path_factory.mktemp("scheduler")
    (home := folder / "airflow").mkdir()
    _fill(folder / "sample")
    processes = Processes()
    try:
        with serving(folder / "sample") as sample:
            airflow = Airflow(processes, home, free_port(), _environment(folder, sample.url))
            python = sys.executable
            within = [python, "-m", "include.environment", "run"]
            for words in (
                [python, "-m", "include.warehouse", "upgrade"],
                ["airflow", "db", "migrate"],
                ["airflow", "pools", "set", "connector_sample", "8", "the sample system"],
            ):
                log = folder / "commands.log"
                processes.run([*within, *words], log, airflow.environment, PROJECT, " ".join(words))
            airflow.start(within, PROJECT)
            names = [*ENTITIES, *TWINS]
            airflow.wait([f"sync__{name}" for name in names])
            conf: dict[str, dict[str, object]] = {"limited": {"streams": ["customers"]}, "dry": {"dry_run": True}}
            runs = {name: airflow.trigger(f"sync__{name}", conf.get(name)) for name in names}
            states = airflow.finish({f"sync__{name}": run for name, run in runs.items()}, lambda _: None, seconds=600)
            yield Lab(airflow, folder, {k.removeprefix("sync__"): v for k, v in states.items()}, runs)
    finally:
        processes.stop()


def _fill(folder: Path) -> None:
    """Write a ledger per entity, and the faults of the source."""
    for entity in ENTITIES:
        books = ledger.make(seed=3, customers=8, invoices=12, entity=entity)
        if entity == "fails_validate":
            _spoil_due_date(books)
        ledger.write(folder, entity, books)
    faults = {"fails_extract": {"read": "401"}, "fails_reconcile": {"figures": "500"}}
    (folder / FAULTS).write_text(json.dumps(faults))


def _spoil_due_date(books: dict[str, Any]) -> None:
    """Take the due dates from one open invoice."""
    bill = next(d for d in books["documents"] if d["st"] == "O")
    for part in bill["plan"]:
        part["due"] = None


def _environment(folder: Path, url: str) -> dict[str, str]:
    organizations = folder / "organizations"
    organizations.mkdir()
    (organizations / "_defaults.yaml").write_text("connector: sample\nschedule: none\n")
    for entity in ENTITIES:
        (organizations / f"{entity}.yaml").write_text(f"connection: sample_one\nentity: {entity}\n")
    for twin in TWINS:
        (organizations / f"{twin}.yaml").write_text(f"connection: sample_{twin}\nentity: clean\n")
    connection = json.dumps({"conn_type": "generic", "host": url, "password": SECRET})
    from cryptography.fernet import Fernet

    return {
        FOLDER: str(folder),
        SECRET_KEY: Fernet.generate_key().decode(),
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).parent / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
        "GREENLIGHT_ORGANIZATIONS": str(organizations),
        "GREENLIGHT_STAGING": f"file://{folder}/staging",
        "GREENLIGHT_DOCS": f"file://{folder}/docs",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(folder / "warehouse.sqlite")}),
        **{f"AIRFLOW_CONN_SAMPLE_{name.upper()}": connection for name in ("one", *TWINS)},
    }
