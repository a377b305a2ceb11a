"""Writes into a run's note what is easily overlooked: that it was a dry or limited run, or what it waits for.

A task that had to stop for the system's limits, or would not delete so much unasked, pushes a sentence as
XCom `note`; a run that fails shows them.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

DRY = "Dry run: stopped after normalize. Nothing was loaded, validated or gated."
LIMITED = "Limited run: loaded what was asked for. It moved no cursor and cannot make the organization ready."
KEY = "note"
LONGEST = 1000
"""Characters that Airflow keeps of a note."""
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


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    """Note what its tasks had to say."""
    if dag_run.dag_id.startswith("sync__") and not dag_run.note and (said := _sentences(dag_run)):
        dag_run.note = "\n".join(said)[:LONGEST]


def _sentences(dag_run: Any) -> list[str]:
    """Return what the run's tasks pushed, each sentence once.

    Read in the run's own session: the scheduler forbids a commit while it decides, and any other session commits.
    """
    from airflow.models.xcom import XComModel
    from sqlalchemy import select
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return []
    mine = (XComModel.dag_id == dag_run.dag_id, XComModel.run_id == dag_run.run_id, XComModel.key == KEY)
    with session.no_autoflush:
        found = session.scalars(select(XComModel).where(*mine).order_by(XComModel.timestamp)).all()
    return list(dict.fromkeys(str(XComModel.deserialize_value(one)) for one in found))


class RunNotes(AirflowPlugin):
    """Registers the listener above."""

    name = "greenlight_run_notes"
    listeners = [sys.modules[__name__]]  # noqa: RUF012 - Airflow reads a plain list
