"""Under a real Airflow (`standalone`): a large organization's first load, then a group's night without changes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bench.database import Database
from bench.source import PROJECT, UNLIMITED, Sandbox
from demo.airflow_server import Airflow, free_port
from demo.processes import Processes

PARALLELISM = 4
LONGEST_SECONDS = 1_800
POLL_SECONDS = 2
SMALL_INVOICES = 40
"""Of an organization of the group."""
DEFAULTS = """\
connector: xero
schedule: none
thresholds:
  unreachable_overdue_percent: 100
"""
"""For every organization; in so few invoices the only debtor of a currency may be one without an address."""


def measure(database: Database, folder: Path, count: int, invoices: int) -> dict[str, dict[str, Any]]:
    """Run the nights; return the figures of the large organization and of the group."""
    with ExitStack() as stack:
        group = Sandbox(folder / "group", SMALL_INVOICES, "--entities", str(count), "--now", "today")
        stack.callback(group.stop)
        large = Sandbox(folder / "large", invoices, "--now", "today")
        stack.callback(large.stop)
        warehouse = stack.enter_context(database.warehouse())
        processes = Processes()
        stack.callback(processes.stop)
        names = _organizations(folder / "yaml", {"group": group, "large": large})
        airflow = Airflow(
            processes,
            folder / "airflow-home",
            free_port(),
            _environment(folder, database.server.create(), warehouse, group, large),
        )
        _start(airflow, processes, folder, names)
        first = _night(airflow, ["large"])
        group_names = [name for name in names if name != "large"]
        _night(airflow, group_names)
        night = _night(airflow, group_names)
    return {
        "dag": {"invoices": invoices, **first},
        "night": {"organizations": count, "invoices each": SMALL_INVOICES, **night},
    }


def _organizations(folder: Path, sandboxes: dict[str, Sandbox]) -> list[str]:
    """Write a YAML file for every company of the sandboxes; return the organizations' ids."""
    folder.mkdir()
    (folder / "_defaults.yaml").write_text(DEFAULTS)
    names = []
    for connection, sandbox in sandboxes.items():
        sandbox.url()
        tenants = sandbox.credentials()["tenants"]
        for number, tenant in enumerate(tenants, start=1):
            names.append(connection if len(tenants) == 1 else f"{connection}_{number}")
            (folder / f"{names[-1]}.yaml").write_text(f"connection: {connection}\nentity: {tenant}\n")
    return names


def _environment(folder: Path, metadata: str, warehouse: str, *sandboxes: Sandbox) -> dict[str, str]:
    """Return the settings; Airflow has a database as in production: SQLite's is locked when thirty runs begin."""
    return {
        "GREENLIGHT_SECRET_KEY": Fernet.generate_key().decode(),
        "GREENLIGHT_ORGANIZATIONS": str(folder / "yaml"),
        "GREENLIGHT_STAGING": f"file://{folder}/night-staging",
        "GREENLIGHT_DOCS": f"file://{folder}/docs",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
        "AIRFLOW_CONN_WAREHOUSE": warehouse,
        **{f"AIRFLOW_CONN_{sandbox.folder.name.upper()}": _connection(sandbox) for sandbox in sandboxes},
    }


def _connection(sandbox: Sandbox) -> str:
    """Return the Airflow connection of a grant that sees all companies of a sandbox."""
    said = sandbox.credentials()
    app = said["apps"][0]
    extra = {
        "refresh_token": said["refresh_token"], "calls_per_minute": UNLIMITED, "calls_per_day": UNLIMITED,
        "balances_include_credits": True,
    }  # fmt: skip
    return json.dumps(
        {"conn_type": "xero", "host": said["url"], "login": app["client_id"], "password": app["client_secret"],
         "extra": extra}
    )  # fmt: skip


def _start(airflow: Airflow, processes: Processes, folder: Path, names: list[str]) -> None:
    python = sys.executable
    within = [python, "-m", "include.environment", "run"]
    airflow.prepare(within, PROJECT)
    log = folder / "commands.log"
    airflow.start(within, PROJECT)
    processes.run([*within, python, "-m", "include.pools"], log, airflow.environment, PROJECT, "making the pools")
    airflow.wait([f"sync__{name}" for name in names])


def _night(airflow: Airflow, names: Iterable[str]) -> dict[str, Any]:
    """Run these organizations' DAGs side by side; return wall time, and how many tasks ran in it.

    Raises:
        RuntimeError: a run did not end in time.
    """
    runs = {f"sync__{name}": "" for name in names}
    runs = {dag_id: airflow.trigger(dag_id) for dag_id in runs}
    deadline, ended = time.monotonic() + LONGEST_SECONDS, dict[str, dict[str, Any]]()
    while len(ended) < len(runs):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(runs) - len(ended)} runs did not end; Airflow's log is {airflow.log}")
        time.sleep(POLL_SECONDS)
        for dag_id in runs.keys() - ended.keys():
            run = airflow.get(f"dags/{dag_id}/dagRuns/{runs[dag_id]}")
            if run["state"] not in ("success", "failed"):
                break
            ended[dag_id] = run
    instances = [
        instance
        for dag_id, run_id in runs.items()
        for instance in airflow.get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
    ]
    ran = [instance for instance in instances if instance["pid"]]
    starts, ends = ([datetime.fromisoformat(run[at]) for run in ended.values()] for at in ("start_date", "end_date"))
    seconds = (max(ends) - min(starts)).total_seconds()
    return {
        "seconds": round(seconds, 1),
        "tasks that ran": len(ran),
        "tasks a second": round(len(ran) / seconds, 1),
        "runs that opened the gate": sum(run["state"] == "success" for run in ended.values()),
    }
