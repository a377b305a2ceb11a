"""A thousand organizations: what parsing and serialising their DAGs takes where Airflow is imported already."""

from __future__ import annotations

import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.worker import Worker

DAGS = Path(__file__).resolve().parent.parent / "dags" / "sync.py"
KILOBYTE = 1000
PATIENCE_SECONDS = "600"
"""Airflow's own limit for a file, 30 seconds, would end the measurement on a busy machine."""


def measure(environment: dict[str, str], folder: Path, count: int) -> dict[str, Any]:
    """Write so many YAML files, parse them, and return seconds, bytes a DAG, and the process's peak."""
    organizations = write(folder / "organizations", count)
    ours = {"GREENLIGHT_ORGANIZATIONS": str(organizations), "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": PATIENCE_SECONDS}
    with Worker(environment | ours) as worker:
        worker.run(import_airflow)
        cost = worker.run(parse)
    found: dict[str, Any] = cost.result
    if found["DAGs"] != count:
        raise RuntimeError(f"{found['DAGs']} of {count} DAGs were parsed")
    return found | {"peak MB": round(cost.peak / 1e6)}


def write(folder: Path, count: int) -> Path:
    """Write YAML files of small organizations, as a person would."""
    folder.mkdir(parents=True)
    (folder / "_defaults.yaml").write_text("connector: xero\nconnection: xero_group\n")
    for number in range(1, count + 1):
        (folder / f"subsidiary_{number}.yaml").write_text(f"name: Subsidiary {number}\nentity: entity-{number}\n")
    return folder


def import_airflow() -> None:
    """Import what the DAG processor has imported before it parses a file."""
    for module in ("airflow.sdk", "airflow.dag_processing.dagbag", "airflow.serialization.serialized_objects"):
        import_module(module)


def parse() -> dict[str, Any]:
    """Parse dags/sync.py and serialise what it gives."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    started = time.perf_counter()
    bag = DagBag(DAGS)
    parsed = time.perf_counter()
    if bag.import_errors:
        raise RuntimeError(f"dags/sync.py has import errors: {bag.import_errors}")
    size = sum(len(json.dumps(DagSerialization.to_dict(dag), default=str)) for dag in bag.dags.values())
    return {
        "DAGs": len(bag.dags),
        "tasks a DAG": len(next(iter(bag.dags.values())).tasks),
        "seconds to parse": round(parsed - started, 2),
        "seconds to serialise": round(time.perf_counter() - parsed, 2),
        "KB a DAG": round(size / len(bag.dags) / KILOBYTE, 1),
    }
