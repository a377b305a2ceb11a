"""Sixteen organizations at once in the same tables, each in a process of its own.

First each script is lived by an organization that is alone; what each table then holds after every
round is what every member of the crowd with that script must hold after it. In each round one member's
load is done by two processes at once, as by a task that Airflow took for dead and started again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select

from include import model, warehouse
from include.staging import Manifest
from include.warehouse import tables
from include.warehouse.snapshots import snapshot_balances
from tests.survival.crowd import script

MEMBERS, SCRIPTS = 16, 2
FORK = get_context("fork")
SECONDS = 120
OPERATIONAL = (
    "organizations", "source_records", "source_lines", "sync_cursors", "sync_runs", "rejected_records",
    "record_changes", "balance_snapshots",
)  # fmt: skip
OF_A_ROUND = ("sync_runs", "record_changes")
"""These only grow: of them what the round has added is compared."""
LEFT_OUT = {"id", "manifest", "organization_id"}

Rows = dict[str, list[str]]


@dataclass
class Crowd:
    """The members, and what each of them must hold after each round.

    Args:
        expected: by script: table → its rows as text, after each round.
    """

    engine: Engine
    folder: Path
    seed: int
    rounds: int
    expected: dict[int, list[Rows]] = field(default_factory=dict)
    start: Any = field(default_factory=lambda: FORK.Barrier(MEMBERS + 1))

    @property
    def members(self) -> list[str]:
        return [f"member_{number}" for number in range(MEMBERS)]

    def live_alone(self) -> None:
        """Let each script be lived by somebody who is alone, and note what is held after each round."""
        for number in range(SCRIPTS):
            held = self.expected[number] = []
            for turn in range(self.rounds):
                _load(self.engine, self.prepared(f"alone_{number}", number, turn), turn)
                held.append(holdings(self.engine, [f"alone_{number}"], turn)[f"alone_{number}"])

    def prepared(self, organization_id: str, script_number: int, turn: int) -> Manifest:
        """Write what the organization reads in this round, and return its manifest."""
        made, fields = script.batch(self.folder, organization_id, script_number, turn, self.seed)
        version = warehouse.state(self.engine, organization_id, made.stream).version
        return made.manifest(version, **fields)

    def loaded(self, manifest: Manifest, number: int) -> None:
        """Load when everybody is ready."""
        self.start.wait(SECONDS)
        _load(self.engine, manifest, number)

    def turn(self, workers: list[Worker], number: int) -> dict[str, str]:
        """Let everybody live one round at once; return member → what is wrong with it, nothing if nothing is."""
        wrong: dict[str, str] = {}
        *mine, double = workers
        for index, (name, worker) in enumerate(zip(self.members, mine, strict=True)):
            worker.tell(self.prepared, name, index % SCRIPTS, number)
        manifests = [worker.answer() for worker in mine]
        twice = number % MEMBERS
        for worker, manifest in zip((*mine, double), (*manifests, manifests[twice]), strict=True):
            worker.tell(self.loaded, manifest, number)
        for name, worker in zip((*self.members, self.members[twice]), workers, strict=True):
            if isinstance(said := worker.answer(), str):
                wrong[name] = said
        held = holdings(self.engine, self.members, number)
        for index, name in enumerate(self.members):
            expected = self.expected[index % SCRIPTS][number]
            if name not in wrong and held[name] != expected:
                wrong[name] = _difference(held[name], expected)
        return wrong

    @contextmanager
    def workers(self) -> Iterator[list[Worker]]:
        """Start a process for each member, and one that does somebody's work a second time."""
        workers = [Worker(self) for _ in range(MEMBERS + 1)]
        try:
            yield workers
        finally:
            for worker in workers:
                worker.end()


class Worker:
    """A process that does what it is told to."""

    def __init__(self, crowd: Crowd) -> None:
        self.pipe, other = FORK.Pipe()
        self.process = FORK.Process(target=_serve, args=(crowd, other), daemon=True)
        self.process.start()
        other.close()

    def tell(self, method: Callable[..., Any], *arguments: Any) -> None:
        """Tell it to call a method of the crowd."""
        self.pipe.send((method.__name__, arguments))

    def answer(self) -> Any:
        """Return what the method returned, or as text what went wrong."""
        if not self.pipe.poll(SECONDS):
            return "the process hangs"
        try:
            return self.pipe.recv()
        except EOFError:
            return "the process died"

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(crowd: Crowd, pipe: Pipe) -> None:
    crowd.engine.dispose(close=False)  # the parent's connections stay the parent's
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(getattr(crowd, method)(*arguments))
        except Exception:
            pipe.send(traceback.format_exc(limit=-3))


def _load(engine: Engine, manifest: Manifest, number: int) -> None:
    """Load, and do what the end of a run does to the shared tables besides."""
    warehouse.load(engine, manifest, script.now(number))
    if number % 5 == 4:
        day = script.now(number).date() + timedelta(days=number)
        snapshot_balances(engine, manifest.organization_id, day, script.now(number))


def holdings(engine: Engine, names: list[str], turn: int) -> dict[str, Rows]:
    """Return what these organizations hold, without what may differ between equals; their names read `mine`."""
    found: dict[str, Rows] = {name: {} for name in names}
    with warehouse.read(engine) as connection:
        for table_name in (*model.TABLES, *OPERATIONAL):
            table = warehouse.table(table_name)
            query = select(table).where(table.c.organization_id.in_(names))
            if table_name in OF_A_ROUND:
                query = query.where(table.c.run_id == f"round-{turn}")
            rows: dict[str, list[str]] = {name: [] for name in names}
            for row in connection.execute(query).mappings():
                rows[row["organization_id"]].append(_text(table_name, dict(row)))
            for name in names:
                found[name][table_name] = sorted(rows[name])
    return found


def _text(table: str, row: dict[str, Any]) -> str:
    """Return a row as text in which an identity is the key that it was made of."""
    owner = row["organization_id"]
    if row.get("record_id"):
        row["record_id"] = _maker(table, owner, row["record_id"])
    return repr({name: value for name, value in row.items() if name not in LEFT_OUT}).replace(owner, "mine")


def _maker(table: str, owner: str, record_id: str) -> str:
    """Return the key whose identity this is, whoever bears it now."""
    return _makers(owner).get(record_id, record_id if table != "contacts" else "a contact's own")


@cache
def _makers(owner: str) -> dict[str, str]:
    """Return record_id → the table and key it is made of, for every key of the scripts."""
    keys = [f"{kind}:{n}" for kind, count in script.KEYS.items() for n in range(count)]
    return {tables.record_id(owner, name, key): f"{name} {key}" for name in model.TABLES for key in keys}


def _difference(held: Rows, expected: Rows) -> str:
    for table, rows in expected.items():
        if held[table] != rows:
            lacking, strange = sorted(set(rows) - set(held[table])), sorted(set(held[table]) - set(rows))
            return f"{table} lacks {len(lacking)} rows {lacking[:1]} and has {len(strange)} strange ones {strange[:1]}"
    return "nothing"
