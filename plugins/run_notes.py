"""Writes into a run's note that it was a dry or limited run, so that nobody takes it for a nightly one."""

from __future__ import annotations

import sys
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

DRY = "Dry run: stopped after normalize. Nothing was loaded, validated or gated."
LIMITED = "Limited run: loaded what was asked for. It moved no cursor and cannot make the organization ready."
LIMITS = ("streams", "customers", "from", "to")


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:
    """Note what the run was asked for."""
    conf = dag_run.conf or {}
    if dag_run.dag_id.startswith("sync__") and not dag_run.note:
        if conf.get("dry_run"):
            dag_run.note = DRY
        elif any(conf.get(name) for name in LIMITS):
            dag_run.note = LIMITED


class RunNotes(AirflowPlugin):
    """Registers the listener above."""

    name = "greenlight_run_notes"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - Airflow reads a plain list
