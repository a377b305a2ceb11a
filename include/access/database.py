"""Where the access store is, its schema, its transactions and its clock."""

from __future__ import annotations

import atexit
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, column, func, inspect, select, table, text

from include import warehouse
from include.errors import SchemaOutdated
from include.warehouse import schema
from include.warehouse.engine import engine as database
from include.warehouse.engine import exclusive

SCHEMA = "greenlight_access"
"""The schema on PostgreSQL."""
_CLOCK = select(func.clock_timestamp())
_kept: dict[tuple[str, int], sqlite3.Connection] = {}
MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def engine(beside: Engine | None = None) -> Engine:
    """Return the engine of the access store beside a warehouse, by default that of connection `warehouse`."""
    books = beside if beside is not None else warehouse.engine()
    if books.dialect.name == "postgresql":
        return books.execution_options(schema_translate_map={None: SCHEMA})
    file = Path(str(books.url.database))
    return database(books.url.set(database=str(file.with_name(f"{file.stem}-access{file.suffix}"))))


def opened(given: Engine | None = None) -> Engine:
    """Return the given access store, or the default one, after `check`; this process then keeps it open."""
    store = given if given is not None else engine()
    check(store)
    if store.dialect.name == "sqlite":
        _keep_open(str(store.url.database))
    return store


def check(store: Engine) -> None:
    """Raise SchemaOutdated, naming the command to run, unless the store has this code's tables."""
    with store.connect() as connection:
        found = _revision(connection)
    newest = schema.head(MIGRATIONS)
    if found != newest:
        raise SchemaOutdated(
            f"the store of tokens and limits has {f'schema {found}' if found else 'no tables'}, "
            f"this code needs {newest}",
            next_step=f"run `{schema.COMMAND}`"
            if found is None or found < newest
            else "update the code: another installation has upgraded this store",
        )


def upgrade(store: Engine) -> None:
    """Make or upgrade the store's tables in one transaction, closed to everybody but their owner."""
    is_postgresql = store.dialect.name == "postgresql"
    if not is_postgresql:
        Path(str(store.url.database)).touch(mode=0o600)
    with exclusive(store, "access schema") as connection:
        if is_postgresql:
            if SCHEMA not in inspect(connection).get_schema_names():
                connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
            connection.execute(text(f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC"))
        elif _revision(connection) is None:  # looking for the store makes an empty file, open to others
            Path(str(store.url.database)).chmod(0o600)
        schema.migrate(connection, MIGRATIONS)
        if is_postgresql:
            connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM PUBLIC"))


@contextmanager
def transaction(store: Engine, name: str, durable: bool = True) -> Iterator[Connection]:
    """Open a short write transaction that only one process at a time holds under this name.

    Never wait for a system inside.

    Args:
        durable: False where losing it when the machine (not the process) dies does no harm; much faster.
    """
    with exclusive(store, f"access:{name}", durable) as connection:
        yield connection


def now(connection: Connection) -> datetime:
    """Return the time now, UTC: the database server's clock, where machines may share one."""
    if connection.dialect.name == "postgresql":
        found: datetime = connection.execute(_CLOCK).scalar_one()
        return found.astimezone(UTC)
    return datetime.now(UTC)


def _keep_open(file: str) -> None:
    """Hold one connection: SQLite tidies up, and waits for the disk, whenever the last one closes."""
    key = (file, os.getpid())
    if key not in _kept:
        _kept[key] = sqlite3.connect(file, check_same_thread=False)
        _kept[key].execute("SELECT 1 FROM calls").fetchone()


def _let_go() -> None:
    for (_, pid), connection in _kept.items():
        if pid == os.getpid():  # one that was inherited is the parent's to close
            connection.close()


def _revision(connection: Connection) -> str | None:
    where = SCHEMA if connection.dialect.name == "postgresql" else None
    if not inspect(connection).has_table("alembic_version", schema=where):
        return None
    version = table("alembic_version", column("version_num"), schema=where)
    found = connection.execute(select(version.c.version_num)).scalar_one_or_none()
    return None if found is None else str(found)


atexit.register(_let_go)
