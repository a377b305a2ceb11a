"""The large part: crashes one by one, of every failpoint, stream, moment, kind, scene, world and database, by lot."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import structlog

from include import warehouse
from tests.postgres import Server, server
from tests.survival.crash.crashes import Crash, Kind, crash
from tests.survival.crash.plans import every_crash
from tests.survival.crash.scenes import Scene
from tests.survival.crash.stages import Stage, stage
from tests.survival.report import Report

IN_PROCESS, KILLED = "crashes in the task's process", "crashes by SIGKILL"


@dataclass(frozen=True, slots=True)
class Share:
    """How many crashes of each kind are tried over one world and database.

    Args:
        judged: the nights are judged by Great Expectations, which takes seconds each.
    """

    world: str
    database: str
    counts: dict[Kind, int]
    judged: bool = False


SHARES = (
    Share("sample", "postgresql", {"exception": 330, "cut": 330, "kill": 70, "process": 8}),
    Share("sample", "sqlite", {"exception": 450, "kill": 70, "process": 8}),
    Share("xero", "postgresql", {"exception": 110, "cut": 110, "kill": 30, "process": 4}),
    Share("xero", "sqlite", {"exception": 130, "kill": 30, "process": 4}),
    Share("tryton", "postgresql", {"exception": 10, "cut": 10, "kill": 10}),
    Share("sample", "sqlite", {"exception": 40, "kill": 15}, judged=True),
)
"""At least 1,500 in the task's process and 200 killed."""


def torture(report: Report, seed: int) -> None:
    """Try every share; what misses its failpoint is said and does not count, another one takes its place."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    random, missed = Random(seed), Counter[str]()
    with server() as postgres:
        for share in SHARES:
            with _stage(share, postgres) as found:
                _try(report, found, share, random, missed)
    for name, times in sorted(missed.items()):
        print(f"not reached, and not counted: {name}, {times} times", flush=True)


@contextmanager
def _stage(share: Share, postgres: Server) -> Iterator[Stage]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        url = f"sqlite:///{folder}/warehouse.sqlite" if share.database == "sqlite" else postgres.create()
        engine = warehouse.engine(url)
        stack.callback(engine.dispose)
        warehouse.upgrade(engine)
        yield stack.enter_context(stage(engine, share.world, folder / "stage", share.judged))


def _try(report: Report, found: Stage, share: Share, random: Random, missed: Counter[str]) -> None:
    with found.lab.at_work():
        for kind, wanted in share.counts.items():
            tried = 0
            for scene, its in _by_lot(found, kind, share.judged, random):
                if tried == wanted or not report.has_time:
                    break
                what = f"{share.world}/{share.database} {scene.name}: {its}"
                with report.trying(KILLED if kind in ("kill", "process") else IN_PROCESS, what) as counts:
                    if crash(found.lab, scene, [its]):
                        counts.nothing()
                tried += 1
            print(f"{share.world} on {share.database}, {kind}: {tried} tried", flush=True)


def _by_lot(found: Stage, kind: Kind, judged: bool, random: Random) -> Iterator[tuple[Scene, Crash]]:
    """Yield crashes of that kind, each failpoint in turn, its place by lot; only judgements where nights are judged."""
    alike: Kind = "kill" if kind == "process" else kind
    by_name: dict[str, list[tuple[Scene, Crash]]] = {}
    for scene, its in every_crash(found.lab, found.scenes):
        if its.kind == alike and judged == (its.failpoint.task in ("validate", "ready_to_exit_test_mode")):
            by_name.setdefault(its.failpoint.name, []).append((scene, replace(its, kind=kind)))
    while by_name:
        names = list(by_name)
        random.shuffle(names)
        for name in names:
            yield by_name[name].pop(random.randrange(len(by_name[name])))
            if not by_name[name]:
                del by_name[name]
