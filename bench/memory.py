"""How much memory each stage takes at several sizes: a process of its own for every measurement."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from bench import speed, stages
from bench.database import Database
from bench.source import Source
from bench.speed import Figure
from bench.worker import Worker


def measure(source: Source, database: Database, environment: dict[str, str], staging: Path) -> dict[str, Figure]:
    """Run the stages once, each in a process that ran nothing before; return their figures."""
    found: dict[str, Figure] = {}
    each = 1e6 / source.invoices
    with database.warehouse() as warehouse:
        said: tuple[Any, ...] = ()
        for stage in stages.STAGES:
            with Worker(environment) as worker:
                worker.run(stages.import_for, stage.__name__)
                before = database.cpu()
                cost = worker.run(stage, stages.Setting(source, warehouse, "first"), *said)
                server = database.cpu() - before
            found[stage.__name__] = Figure(cost.seconds * each, cost.cpu * each, server * each, cost.peak)
            said = (cost.result,)
    shutil.rmtree(staging, ignore_errors=True)
    return found | {speed.SEQUENCE: speed.total(found.values())}
