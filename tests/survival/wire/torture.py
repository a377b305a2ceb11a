"""The wire faults in their large size: every kind at places of chance, in first loads too, and whole nights."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from cryptography.fernet import Fernet

from include import access, warehouse
from tests.survival.report import Report
from tests.survival.wire import plan, trial
from tests.survival.wire.stage import Stage, staged
from tests.survival.wire.vendors import VENDORS
from tests.survival.worlds import absent

ROUNDS = 12
"""So often every kind is tried in every stream, each time somewhere else."""


def torture(report: Report, seed: int) -> None:
    """Try all kinds, at places that the seed chooses, until the rounds or the time are over."""
    with tempfile.TemporaryDirectory(prefix="wire-") as name:
        folder = Path(name)
        address = f"sqlite:///{folder}/store.sqlite"
        engine = warehouse.engine(address)
        warehouse.upgrade(engine)
        access.upgrade(access.engine(engine))
        os.environ |= {"GREENLIGHT_SECRET_KEY": Fernet.generate_key().decode(), "AIRFLOW_CONN_WAREHOUSE": address}
        for number in range(ROUNDS):
            for world in (name for name in VENDORS if name not in absent()):
                with staged(world, folder / f"{world}-{number}", seed + number) as stage:
                    for what, survived in _round(stage, world, Random(f"{seed} {number}")):
                        report.add("http_faults", 1, int(not survived))
                        if survived:
                            report.failed("http_faults", f"{world} {what}, round {number} of seed {seed}: {survived}")
                        if not report.has_time:
                            return


def _round(stage: Stage, world: str, random: Random) -> Iterator[tuple[str, str]]:
    """Yield what was tried, and what was wrong."""
    names = plan.kinds(world)
    random.shuffle(names)
    for name in names:
        for stream in stage.streams:
            yield f"{stream} {name}", _tried(stage, name, stream, random)
        if found := plan.wire_kinds(world).get(name):
            yield f"whole night {name}", _of(lambda found=found: trial.night(stage, found, random))


def _tried(stage: Stage, name: str, stream: str, random: Random) -> str:
    scenario = random.choice(("nightly", "nightly", "first"))
    return _of(lambda: trial.run(stage, plan.case(stage, name, stream, random, scenario), is_thorough=True))


def _of(trying: Callable[[], object]) -> str:
    """Return what was wrong, "" for nothing."""
    try:
        trying()
    except Exception:  # whatever it is, it did not survive: the report counts and shows it
        return traceback.format_exc()[-2000:]
    return ""
