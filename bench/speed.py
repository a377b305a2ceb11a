"""Rows a second and CPU a row: Greenlight's stages and the bare script, in turns, over the same pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import bare, stages
from bench.database import Database
from bench.source import Source
from bench.worker import Cost, Worker

SERVER, ONE_TABLE, SAME_ROWS = "server alone", "bare script, one table", "bare script, same rows"
SEQUENCE, AGAIN = "stages in sequence", "unchanged again, in sequence"
STAGES = tuple(stage.__name__ for stage in stages.STAGES)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one measurement took for one invoice: wall and CPU time in microseconds; the peak in bytes."""

    wall: float
    client_cpu: float
    server_cpu: float
    peak: int

    @property
    def rate(self) -> float:
        """Invoices a second."""
        return 1e6 / self.wall

    def as_dict(self) -> dict[str, Any]:
        """Return the figure with its rate."""
        return asdict(self) | {"rate": self.rate}


class Workers:
    """Warm processes: one for each stage, one for the bare script."""

    def __init__(self, environment: dict[str, str], stack: ExitStack) -> None:
        self.by_name = {name: stack.enter_context(Worker(environment)) for name in (*STAGES, "bare")}
        for name in STAGES:
            self.by_name[name].run(stages.import_for, name)

    def run(self, name: str, job: Callable[..., Any], *arguments: Any) -> Cost:
        """Run a job in one of them."""
        return self.by_name[name].run(job, *arguments)

    def forget(self, warehouse: str) -> None:
        """Let the stages close their connections to a warehouse."""
        for name in STAGES:
            self.run(name, stages.forget, warehouse)


class Speed:
    """Rounds over one source; every round has new, empty warehouses."""

    def __init__(self, source: Source, database: Database, workers: Workers, staging: Path) -> None:
        self.source, self.database, self.workers, self.staging = source, database, workers, staging
        self.written: dict[str, int] = {}
        self.again = 0
        """Rows that loading the same again has written, over all rounds."""
        self.rejects = 0

    def round(self) -> dict[str, Figure]:
        """Measure everything once, one after the other."""
        pages = self.source.pages()
        found = {SERVER: self._measured("bare", bare.discard, pages)[0]}
        for name, layout in ((ONE_TABLE, "one_table"), (SAME_ROWS, "same_rows")):
            with self.database.warehouse() as warehouse:
                self.workers.run("bare", bare.prepare, warehouse, layout)
                found[name], count = self._measured("bare", bare.load, pages, warehouse, layout)
                self._same(count, name)
        return found | self.stages()

    def stages(self) -> dict[str, Figure]:
        """Measure the stages: a first load, then the same once more."""
        with self._warehouse() as warehouse:
            first, self.written = self._sequence(stages.Setting(self.source, warehouse, "first"))
            self._same(self.written.get("invoices", 0), SEQUENCE)
            second, written = self._sequence(stages.Setting(self.source, warehouse, "again"))
            self.again += sum(written.values())
        return first | {SEQUENCE: total(first.values()), AGAIN: total(second.values())} | {
            unchanged(name): figure for name, figure in second.items()
        }  # fmt: skip

    def record(self) -> None:
        """Ask everything once, so that the sandbox is needed no more."""
        with self._warehouse() as warehouse:
            for run in ("first", "again"):
                setting = stages.Setting(self.source, warehouse, run)
                self.workers.run("extract", stages.extract, setting)

    def _sequence(self, setting: stages.Setting) -> tuple[dict[str, Figure], dict[str, int]]:
        figures: dict[str, Figure] = {}
        said: tuple[Any, ...] = ()
        for stage in stages.STAGES:
            figures[stage.__name__], result = self._measured(stage.__name__, stage, setting, *said)
            said = (result,)
            self.rejects += result.get("rejects", 0)
        counts = [result["inserted"], result["updated"], result["deleted"]]
        written = {name: sum(each.get(name, 0) for each in counts) for each in counts for name in each}
        return figures, written

    def _measured(self, name: str, job: Callable[..., Any], *arguments: Any) -> tuple[Figure, Any]:
        before = self.database.cpu()
        cost = self.workers.run(name, job, *arguments)
        server, each = self.database.cpu() - before, 1e6 / self.source.invoices
        return Figure(cost.seconds * each, cost.cpu * each, server * each, cost.peak), cost.result

    def _same(self, count: int, name: str) -> None:
        if count != self.source.invoices:
            raise RuntimeError(f"{name} loaded {count} of {self.source.invoices} invoices")

    @contextmanager
    def _warehouse(self) -> Iterator[str]:
        with self.database.warehouse() as warehouse:
            try:
                yield warehouse
            finally:
                self.workers.forget(warehouse)
                shutil.rmtree(self.staging, ignore_errors=True)


def unchanged(stage: str) -> str:
    """Return what the figures of a stage's second, unchanged reading are called."""
    return f"{stage}, unchanged again"


def total(figures: Any) -> Figure:
    """Return the figures of measurements one after the other."""
    each = list(figures)
    return Figure(
        sum(f.wall for f in each), sum(f.client_cpu for f in each), sum(f.server_cpu for f in each),
        max(f.peak for f in each),
    )  # fmt: skip


def medians(rounds: list[dict[str, Figure]]) -> dict[str, Figure]:
    """Return the median of every figure over the rounds; of peaks the highest."""
    return {
        name: Figure(
            median(r[name].wall for r in rounds), median(r[name].client_cpu for r in rounds),
            median(r[name].server_cpu for r in rounds), max(r[name].peak for r in rounds),
        )
        for name in rounds[0]
    }  # fmt: skip
