"""Walks by the hundred: 200 of 50 steps over every connector's world, each repeated by its own seed."""

from __future__ import annotations

import logging
import os
import tempfile
from functools import partial
from pathlib import Path
from random import Random

from cryptography.fernet import Fernet

from include import access, warehouse
from tests.survival.property.exploring import settled, take
from tests.survival.property.walk import steps
from tests.survival.report import Report
from tests.survival.worlds import absent, kinds, worlds

WALKS, STEPS = 200, 50


def torture(report: Report, seed: int) -> None:
    """Take the walks, one of each connector in turn, so that all get their share of the time."""
    logging.disable(logging.WARNING)  # thousands of nights tell what they do
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="walks-", dir=memory if memory.is_dir() else None) as name:
        address = f"sqlite:///{name}/warehouse.sqlite"
        os.environ |= {
            "GREENLIGHT_SECRET_KEY": Fernet.generate_key().decode(), "GREENLIGHT_STAGING": f"file://{name}/staging",
            "AIRFLOW_CONN_WAREHOUSE": address,
        }  # fmt: skip
        engine = warehouse.engine(address)
        warehouse.upgrade(engine)
        access.upgrade(access.engine(engine))
        settled()
        for system, why in absent().items():
            print(f"no walk over {system}: {why}", flush=True)
        present = {system: world for system, world in kinds().items() if system not in absent()}
        for number in range(WALKS):
            if number % 20 == 0:
                print(f"walk {number} of {WALKS} over each of {', '.join(present)}", flush=True)
            for system, world in present.items():
                if not report.has_time:
                    return
                random, drawn = Random(f"{seed} {system} {number}"), steps(world)
                walk = [(random.choice(drawn), random.randrange(2**16)) for _ in range(STEPS)]
                folder = Path(name) / f"{system}{number}"
                with report.trying(f"property {system}", f"walk {number} of seed {seed}: {walk}"):
                    take(engine, partial(worlds()[system], folder), walk)
