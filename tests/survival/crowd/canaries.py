"""Force every failure there is, and look for what was planted wherever somebody might read: nothing may be there.

Looked through are logs, prints, errors with their tracebacks, what tasks hand on (XCom), the names of staged
files, manifests and notes, every page of the Data Docs, and every table but those that hold the data; in
rejected_records the message and the key; of all other tables the keys. Secrets must stand in no table at all.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine

from include import model, warehouse
from include.connectors import redaction
from tests.survival.crash.failpoints import FAILPOINTS, FUNCTIONS, Failpoint
from tests.survival.crash.lab import Lab, lab
from tests.survival.crash.planting import Trap, raises
from tests.survival.crash.scenes import change
from tests.survival.crash.watching import watching
from tests.survival.crowd.planted import Planted, told
from tests.survival.wire import kinds_of_body, kinds_of_connection, kinds_of_status
from tests.survival.wire.kinds import KINDS, Kind
from tests.survival.wire.proxy import Order, Proxy, proxy
from tests.survival.wire.trial import bounds
from tests.survival.wire.waiting import patience

assert kinds_of_body and kinds_of_connection and kinds_of_status  # importing them fills KINDS
PERSONAL_COLUMNS = {"rejected_records": {"raw", "customer_external_id", "currency", "number"}}
"""Columns that hold what the source says, as the tables of the model do."""


@dataclass
class Aviary:
    """The company, its tasks, the wire in between, and everything that was said."""

    world: Planted
    lab: Lab
    wire: Proxy
    engine: Engine
    folder: Path
    heard: io.StringIO = field(default_factory=io.StringIO)

    def night(self, tasks: list[str] | None = None, **params: Any) -> bool:
        """Run these tasks, or all but the judgement; return whether all of them ended, and keep what was said."""
        run = self.lab.new_run(**params)
        try:
            for task_id in tasks or self.lab.tasks.order():
                self.lab.tasks.run(run, task_id)
        except Exception as error:
            self.heard.write("".join(traceback.format_exception(error)) + f"\n{error}\n")
            return False
        finally:
            self.heard.write(json.dumps(run.answers, default=str))
        return True

    def suffer(self, kind: Kind, tasks: list[str] | None = None) -> None:
        """Let a fault of the wire spoil a night that has something to read."""
        self._touch()
        order = Order(kind.spoil, lambda asked: "/api/dir" not in asked.target, 1, kind.times)
        host = kind.host.format(proxy=self.wire.url.partition("//")[2])
        self.wire.expect(None if host else order)
        with bounds(kind), self.leading_to(host or self.wire.url):
            ended = self.night(tasks)
        assert host or self.wire.spoilt, f"the fault was not reached: {self.said.splitlines()[-1:]}"
        self.wire.expect()
        assert ended or self.said, "a failure that nobody hears of"

    def die(self, failpoint: Failpoint) -> bool:
        """Let a night end at a failpoint; return whether it was reached."""
        self._touch()
        trap = Trap(failpoint, "before", raises)
        with watching(trap, self.world.connector, FUNCTIONS):
            self.night()
        return trap.has_sprung

    @property
    def said(self) -> str:
        """What was logged, printed, raised and handed on since the last look."""
        return self.heard.getvalue()

    def assert_silent(self) -> None:
        """Nothing planted was said since the last look."""
        said = self.said
        self.heard.seek(0)
        self.heard.truncate()
        assert not (found := told(said, self.secrets)), found

    def assert_nothing_lies_about(self) -> None:
        """Nothing planted stands in files' names, manifests, notes and pages, nor outside of the data tables."""
        for path in sorted(self.folder.rglob("*")):
            name = str(path.relative_to(self.folder))
            assert not (found := told(name, self.secrets)), (name, found)
            is_data = path.suffix in (".zst", ".parquet") or ".sqlite" in path.name or "books" in path.parts
            if path.is_file() and not is_data:
                assert not (found := told(path.read_text(errors="replace"), self.secrets)), (name, found)
        for name, column, text in self._cells():
            is_data = name in model.TABLES and column not in ("external_id", "parent_external_id", "record_id")
            is_data = is_data or column in PERSONAL_COLUMNS.get(name, ())
            found = [secret for secret in self.secrets if secret in text] if is_data else told(text, self.secrets)
            assert not found, (name, column, found)

    @property
    def secrets(self) -> set[str]:
        return self.world.said_to_nobody | {s for s in redaction._secrets if len(s) > 8}

    @contextmanager
    def leading_to(self, host: str) -> Iterator[None]:
        """Let the connection lead elsewhere."""
        made = self.world.connection(host)
        name = f"AIRFLOW_CONN_{made.id.upper()}"
        before = os.environ[name]
        os.environ[name] = json.dumps(json.loads(before) | {"host": made.host})
        try:
            yield
        finally:
            os.environ[name] = before

    def _touch(self) -> None:
        with self.world.books() as books:
            for row in (*books.ledger["parties"], *books.ledger["documents"], *books.ledger["movements"]):
                row["mod"] = self.world.now.isoformat()

    def _cells(self) -> Iterator[tuple[str, str, str]]:
        with warehouse.read(self.engine) as connection:
            for table in warehouse.metadata.sorted_tables:
                for row in connection.execute(table.select()).mappings():
                    yield from ((table.name, name, str(value)) for name, value in row.items() if value is not None)


@contextmanager
def aviary(engine: Engine, folder: Path) -> Iterator[Aviary]:
    """Open one over a warehouse; what it started ends with it."""
    world = Planted(folder / "books")
    with ExitStack() as stack:
        stack.callback(world.close)
        wire = stack.enter_context(proxy(world.url))
        world.front = wire.url
        stack.enter_context(patience())
        laboratory = lab(engine, world, folder)
        stack.enter_context(laboratory.at_work())
        made = Aviary(world, laboratory, wire, engine, folder)
        stack.enter_context(contextlib.redirect_stdout(made.heard))
        stack.enter_context(contextlib.redirect_stderr(made.heard))
        stack.enter_context(_logging_to(made.heard))
        yield made


def failures(made: Aviary, random: Random, is_thorough: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield the name of each failure and what forces it; the caller looks after each whether something was said."""
    first = made.lab.tasks.streams[0]
    parts = [f"{first}.extract", f"{first}.normalize", f"{first}.load"]
    yield "first night", made.night
    for number, kind in enumerate(KINDS.values()):
        tasks = None if is_thorough else parts if number % 4 == 0 else parts[:1]
        yield f"wire {kind.name}", lambda kind=kind, tasks=tasks: made.suffer(kind, tasks)
        if number % 8 == 0 or is_thorough:
            yield f"wire {kind.name} in reconcile", lambda kind=kind: made.suffer(kind, ["reconcile"])
    yield "a day's work", lambda: change(made.lab, random)
    yield "next night", made.night
    for failpoint in FAILPOINTS if is_thorough else FAILPOINTS[:: max(1, len(FAILPOINTS) // 8)]:
        yield f"crash {failpoint.name}", lambda failpoint=failpoint: made.die(failpoint)
    for what in made.world.spoil():
        yield f"misplaced: {what}", made.night
    yield "judged", lambda: made.night(list(made.lab.tasks.order(judged=True)))


@contextmanager
def _logging_to(heard: io.StringIO) -> Iterator[None]:
    """Write every line that any logger logs, however fine, with its traceback, and let nobody else have it."""
    handler = logging.StreamHandler(heard)
    root, names = logging.getLogger(), ("", "urllib3", "requests", "include", "airflow")
    handlers, levels = root.handlers, {name: logging.getLogger(name).level for name in names}
    root.handlers = [handler]
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.handlers = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
