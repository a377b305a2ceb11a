"""The large part: crashes one by one, of every failpoint, stream, moment, kind, scene, world and database, by lot."""

from __future__ import annotations

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from random import Random
from unittest.mock import patch

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from include import access, warehouse
from tests.machinery.vendor import vendor
from tests.postgres import Server, server
from tests.survival.crash.access import FAILPOINTS as ACCESS
from tests.survival.crash.access import call, dies, forget, quick_leases
from tests.survival.crash.crashes import KINDS, NOT_APPLICABLE, Crash, Kind, crash
from tests.survival.crash.failpoints import BOTH
from tests.survival.crash.plans import every_crash
from tests.survival.crash.scenes import Scene
from tests.survival.crash.stages import Stage, stage
from tests.survival.report import Report

IN_PROCESS, KILLED = "crashes in the task's process", "crashes by SIGKILL"
TOKENS = "crashes of a token's refresh"


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
    Share("sample", "postgresql", {"kill": 70, "process": 8, "exception": 330, "cut": 330}),
    Share("sample", "sqlite", {"kill": 70, "process": 8, "exception": 450}),
    Share("xero", "postgresql", {"kill": 30, "process": 4, "exception": 110, "cut": 110}),
    Share("xero", "sqlite", {"kill": 30, "process": 4, "exception": 130}),
    Share("tryton", "postgresql", {"kill": 10, "exception": 10, "cut": 10}),
    Share("sample", "sqlite", {"kill": 15, "exception": 40}, judged=True),
)
"""At least 1,500 in the task's process and 200 killed."""


def torture(report: Report, seed: int) -> None:
    """Try every share; what misses its failpoint is said and does not count, another one takes its place."""
    logging.disable(logging.WARNING)  # of the crashes themselves there are too many
    random, missed = Random(seed), Counter[str]()
    with server() as postgres:
        for share in SHARES:
            with _stage(share, postgres) as found:
                _try(report, found, share, random, missed)
        for database in ("sqlite", "postgresql"):
            with _warehouse(database, postgres) as (engine, _):
                _try_tokens(report, engine)
    for name, times in sorted(missed.items()):
        print(f"not reached, and not counted: {name}, {times} times", flush=True)


@contextmanager
def _stage(share: Share, postgres: Server) -> Iterator[Stage]:
    with (
        _warehouse(share.database, postgres) as (engine, folder),
        stage(engine, share.world, folder / "stage", share.judged) as made,
    ):
        yield made


@contextmanager
def _warehouse(database: str, postgres: Server) -> Iterator[tuple[Engine, Path]]:
    """Make a migrated warehouse, and a folder beside it."""
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        engine = warehouse.engine(f"sqlite:///{folder}/w.sqlite" if database == "sqlite" else postgres.create())
        warehouse.upgrade(engine)
        yield engine, Path(folder)
        engine.dispose()


def _try_tokens(report: Report, engine: Engine) -> None:
    """Let every call die everywhere in every way, and the next one go on."""
    store = access.engine(engine)
    key = patch.dict(os.environ, {"GREENLIGHT_SECRET_KEY": Fernet.generate_key().decode()})
    with key, quick_leases(), vendor() as running:
        for failpoint, moment, kind in product(ACCESS, BOTH, KINDS):
            if (engine.dialect.name, kind) in NOT_APPLICABLE or not report.has_time:
                continue
            forget(store)
            seed = running.new_refresh_token()
            with report.trying(TOKENS, f"{engine.dialect.name}: {kind} {moment} {failpoint.name!r}"):
                assert dies(engine, running, seed, failpoint, moment, kind), "it was not reached"
                assert call(store, running, seed) == 200


def _try(report: Report, found: Stage, share: Share, random: Random, missed: Counter[str]) -> None:
    with found.lab.at_work():
        for kind, wanted in share.counts.items():
            name, tried = KILLED if kind in ("kill", "process") else IN_PROCESS, 0
            for scene, its in _by_lot(found, kind, share.judged, random):
                if tried == wanted or not report.has_time:
                    break
                try:
                    is_reached = not crash(found.lab, scene, [its])
                except Exception as error:
                    is_reached = True
                    report.add(name, 1, 0)
                    what = f"{share.world} on {share.database}, {scene.name}: {its}"
                    report.failed(name, f"{what}: {type(error).__name__}: {error}".splitlines()[0][:400])
                else:
                    missed.update([] if is_reached else [its.failpoint.name])
                    report.add(name, is_reached, is_reached)
                tried += is_reached
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
