"""One organization over a living world, its real tasks, and its warehouse, which can be put back to what it was."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import yaml
from cryptography.fernet import Fernet
from sqlalchemy import Engine, delete, insert, or_, select

from include import access, normalize, organizations, run, warehouse
from include.access import leases
from include.access.tables import metadata as access_metadata
from include.model import TABLES
from include.warehouse import binding
from tests.nights import Nights
from tests.survival.crash.tasks import Run, Tasks
from tests.survival.worlds import World

ORGANIZATION = "acme"
LEASE_SECONDS = 0.5
"""Of a token: a killed task's retry would wait a minute and a half for it, as Airflow waits five before it retries."""
PAGES_PER_FILE = 1
"""So that small books make several batches."""
OPERATIONAL = (
    "source_records", "source_lines", "sync_cursors", "rejected_records", "record_changes", "reconciliations",
    "balance_snapshots",
)  # fmt: skip
PER_TRY = {
    "id", "organization_id", "record_id", "run_id", "at", "first_seen_at", "last_seen_at", "synced_at", "version",
    "read_to_end_at", "swept_at", "round", "recorded_at",
}  # fmt: skip
"""Columns that name the run or the try, or count them."""

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Saved:
    """The rows of every table, and a copy of the staging folder."""

    rows: Rows
    staging: Path


class Lab:
    """Everything one organization's runs work with."""

    def __init__(self, engine: Engine, world: World, folder: Path, environment: dict[str, str]) -> None:
        self.engine = engine
        self.world = world
        self.folder = folder
        self.environment = environment
        self.nights = Nights(engine, world, ORGANIZATION)
        self.tasks = Tasks(organizations.load(ORGANIZATION))
        self._numbers = count(1)

    def at_work(self) -> AbstractContextManager[None]:
        """Give tasks their surroundings until the block ends."""
        return at_work(self.environment, self.world)

    def new_run(self, **params: Any) -> Run:
        return Run(f"scheduled__{next(self._numbers)}", self.world.now, params)

    def night(self, judged: bool = False, **params: Any) -> Run:
        """Let every task of a run do its work, undisturbed."""
        made = self.new_run(**params)
        for task_id in self.tasks.order(judged):
            self.tasks.run(made, task_id)
        return made

    def save(self) -> Saved:
        """Keep the state of warehouse and staging."""
        saved = self.folder / "saved" / str(next(self._numbers))
        shutil.copytree(self._staging, saved)
        with self.engine.connect() as connection:
            rows = {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in warehouse.metadata.sorted_tables
            }
        return Saved(rows, saved)

    def restore(self, saved: Saved) -> None:
        """Put warehouse and staging back, and forget tokens and calls."""
        shutil.rmtree(self._staging)
        shutil.copytree(saved.staging, self._staging)
        with warehouse.begin(self.engine, ORGANIZATION) as connection:
            for table in warehouse.metadata.sorted_tables:
                connection.execute(delete(table))
                if rows := saved.rows[table.name]:
                    connection.execute(insert(table), rows)
        with access.transaction(access.engine(self.engine), "tests") as connection:
            for table in access_metadata.sorted_tables:
                connection.execute(delete(table))

    def told(self) -> Rows:
        """Return all that must not depend on crashes: rows, digests, lines, cursors, rejects, history."""
        found: Rows = {}
        with self.engine.connect() as connection:
            for name in (*TABLES, *OPERATIONAL):
                table = warehouse.table(name)
                kept = [column for column in table.c if column.name not in PER_TRY]
                rows = connection.execute(select(*kept).where(table.c.organization_id == ORGANIZATION)).mappings()
                found[name] = sorted((dict(row) for row in rows), key=repr)
        return found

    def written(self) -> Rows:
        """Return every column of every row of the model: nothing may differ after a run without news."""
        with self.engine.connect() as connection:
            return {
                name: sorted((dict(row) for row in connection.execute(select(warehouse.table(name))).mappings()),
                             key=repr)
                for name in TABLES
            }  # fmt: skip

    def loads(self) -> list[tuple[str, str]]:
        """Return (run, stream) of every load's record; a read without news may be made, and recorded, once a try."""
        runs = warehouse.table("sync_runs")
        loads = select(runs.c.run_id, runs.c.stream).where(or_(runs.c.changed > 0, runs.c.deleted > 0))
        with self.engine.connect() as connection:
            return sorted((row.run_id, row.stream) for row in connection.execute(loads))

    @property
    def url(self) -> str:
        """The database's address as libpq takes it."""
        return self.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")

    @property
    def _staging(self) -> Path:
        return self.folder / "staging"


def lab(engine: Engine, world: World, folder: Path) -> Lab:
    """Make the lab of a world in a new folder."""
    (folder / "staging").mkdir(parents=True)
    (folder / "organizations").mkdir()
    fields = {"connector": world.connector.name, "connection": world.connection().id, "entity": world.entity}
    fields |= {"schedule": "none"} | {name: value for name, value in world.fields().items() if value is not None}
    (folder / "organizations" / f"{ORGANIZATION}.yaml").write_text(yaml.safe_dump(fields))
    with at_work(environment := _environment(engine, world, folder), world):
        return Lab(engine, world, folder, environment)


@contextmanager
def at_work(environment: dict[str, str], world: World) -> Iterator[None]:
    """Give tasks their surroundings until the block ends: settings, connections, and the world's clock."""
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment))
        stack.enter_context(patch.object(run, "now", lambda: world.now))
        stack.enter_context(patch.object(normalize, "PAGES_PER_FILE", PAGES_PER_FILE))
        stack.enter_context(patch.object(leases, "LEASE_SECONDS", LEASE_SECONDS))
        # The key that the first load makes stands in external ids: every first load makes the same.
        stack.enter_context(patch.object(binding, "secrets", SimpleNamespace(token_bytes=lambda size: b"k" * size)))
        yield


def _environment(engine: Engine, world: World, folder: Path) -> dict[str, str]:
    made = world.connection()
    connection = {
        "conn_type": "generic", "host": made.host, "login": made.login, "password": made.password,
        "extra": dict(made.extra),
    }  # fmt: skip
    return {
        "GREENLIGHT_ORGANIZATIONS": str(folder / "organizations"),
        "GREENLIGHT_STAGING": f"file://{folder}/staging",
        "GREENLIGHT_DOCS": f"file://{folder}/docs",
        "GREENLIGHT_SECRET_KEY": Fernet.generate_key().decode(),
        "AIRFLOW_CONN_WAREHOUSE": engine.url.render_as_string(hide_password=False).replace("+psycopg", ""),
        f"AIRFLOW_CONN_{made.id.upper()}": json.dumps(connection),
    }
