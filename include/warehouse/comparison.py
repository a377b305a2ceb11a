"""What a reconcile found, kept as rows of `reconciliations` for checks and pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, delete, insert

from include.warehouse import tables
from include.warehouse.engine import begin
from include.warehouse.failures import in_own_words

if TYPE_CHECKING:
    from include.reconcile import Line

STREAM = "reconcile"
"""Stands for the asking where a run record names a stream and a kind."""

FIELDS = (
    "figure", "grade", "basis", "subject", "customer_external_id", "number", "currency", "ours", "theirs",
    "difference", "classification", "is_explained", "mapped", "asked",
)  # fmt: skip


def store_reconciliation(
    engine: Engine,
    organization_id: str,
    run_id: str,
    as_of: date,
    lines: Iterable[Line],
    comparison: int,
    now: datetime,
    requests: int = 0,
    budget: dict[str, Any] | None = None,
) -> None:
    """Keep the lines of a run's last comparison, in place of those an earlier try of the run kept.

    Args:
        comparison: how many comparisons it took; stored as `round`.
        requests: what asking for the figures cost; kept as a run record of its own.
        budget: what it was to cost, with the formula; stands in that record.
    """
    reconciliations = tables.table("reconciliations")
    of_run = (reconciliations.c.organization_id == organization_id) & (reconciliations.c.run_id == run_id)
    runs, asking = tables.table("sync_runs"), f"{STREAM}:{run_id}"
    common = {"organization_id": organization_id, "run_id": run_id, "as_of": as_of}
    rows = [
        {**common, **{name: getattr(line, name) for name in FIELDS}, "round": comparison, "recorded_at": now}
        for line in lines
    ]
    with in_own_words(organization_id), begin(engine, organization_id) as connection:
        connection.execute(delete(reconciliations).where(of_run))
        if rows:
            connection.execute(insert(reconciliations), rows)
        connection.execute(delete(runs).where(runs.c.organization_id == organization_id, runs.c.manifest == asking))
        connection.execute(
            insert(runs).values(
                organization_id=organization_id, manifest=asking, stream=STREAM, run_id=run_id, kind=STREAM,
                requests=requests, loaded_at=now, summary={"budget": budget or {}},
            )
        )  # fmt: skip
