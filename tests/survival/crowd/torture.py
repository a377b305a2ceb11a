"""The crowd, the time zones and the canaries in their large size."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from include import warehouse
from tests.postgres import server
from tests.survival.crowd.canaries import aviary, failures
from tests.survival.crowd.crowd import Crowd
from tests.survival.crowd.judging import judgements
from tests.survival.museum.room import Template, opened
from tests.survival.report import Report

ROUNDS = 1000
ROUNDS_OF_ONE = 50
"""A crowd lives so long, then another one begins, in a new database."""


def crowd(report: Report, seed: int) -> None:
    """Let crowds live a thousand rounds, on either database in turn."""
    os.environ["GREENLIGHT_SECRET_KEY"] = Fernet.generate_key().decode()
    with tempfile.TemporaryDirectory(prefix="crowd-") as name, server() as postgres:
        for number in range(ROUNDS // ROUNDS_OF_ONE):
            folder = Path(name) / str(number)
            address = postgres.create() if number % 2 else f"sqlite:///{folder}/warehouse.sqlite"
            with _migrated(folder, address) as engine:
                _live(report, engine, folder, seed + number)
            if not report.has_time:
                break


def _live(report: Report, engine: Engine, folder: Path, seed: int) -> None:
    made = Crowd(engine, folder / "staging", seed, ROUNDS_OF_ONE)
    made.live_alone()
    with made.workers() as workers:
        for number in range(ROUNDS_OF_ONE):
            wrong = made.turn(workers, number)
            report.add("crowd", 1, int(not wrong))
            for member, what in wrong.items():
                report.failed("crowd", f"round {number} of seed {seed} on {engine.dialect.name}: {member}: {what}")
            if wrong or not report.has_time:
                return


@contextmanager
def _migrated(folder: Path, address: str) -> Iterator[Engine]:
    """Make a warehouse; remove what it left on the disk at the end."""
    folder.mkdir()
    engine = warehouse.engine(address)
    warehouse.upgrade(engine)
    try:
        yield engine
    finally:
        engine.dispose()
        shutil.rmtree(folder)


def zones(report: Report, seed: int) -> None:
    """Judge every zone on either database."""
    with tempfile.TemporaryDirectory(prefix="zones-") as name, server() as postgres:
        template = Template(Path(name))
        for number, (title, judge) in enumerate(judgements().items()):
            if not report.has_time:
                break
            for address in ("", postgres.create()):
                (folder := Path(name) / f"{number}-{'postgresql' if address else 'sqlite'}").mkdir()
                with opened(folder, template) as room, report.trying("zones", title):
                    engine = warehouse.engine(address) if address else room.engine
                    warehouse.upgrade(engine)
                    judge(engine, folder)
                    engine.dispose()


def canaries(report: Report, seed: int) -> None:
    """Force every failure, in every task over SQLite, in the first ones over PostgreSQL."""
    for number in range(2):
        with tempfile.TemporaryDirectory(prefix="canaries-") as name, ExitStack() as stack:
            folder = Path(name)
            address = stack.enter_context(server()).create() if number else f"sqlite:///{folder}/warehouse.sqlite"
            engine = warehouse.engine(address)
            warehouse.upgrade(engine)
            stack.callback(engine.dispose)
            made = stack.enter_context(aviary(engine, folder))
            for failure, force in failures(made, Random(seed + number), is_thorough=not number):
                if not report.has_time:
                    break
                with report.trying("canaries", f"{failure}, seed {seed + number}"):
                    force()
                    made.assert_silent()
            with report.trying("canaries", f"what lies about, seed {seed + number}"):
                made.assert_nothing_lies_about()
