"""Connections to the warehouse: one engine per database and process, one way to write.

SQLite has one writer at a time: a write transaction begins with BEGIN IMMEDIATE and waits up to a
minute for its turn, a read sees one state of the database from its first statement on. PostgreSQL
lets organizations write side by side and puts the writers of one organization in a queue.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, bindparam, create_engine, event, func, make_url, select

from include.errors import ConfigurationError
from include.warehouse import failures

BUSY_SECONDS = 60
"""How long a writer waits for SQLite's lock."""
CACHE_KIBIBYTES = 32_768
"""SQLite's page cache of a connection; with its default of 2 MB the merge of a first load is slow."""

_ORGANIZATION_ID = re.compile(r"[a-z][a-z0-9_]{1,40}")
_WRITES = "greenlight_writes"
# Made once: making a statement takes longer than running it.
_TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("name"), 0)))
_TURN_NOT_DURABLE = _TURN.add_columns(func.set_config("synchronous_commit", "off", True))
_engines: dict[tuple[str, int], Engine] = {}


def engine(url: str | URL | None = None) -> Engine:
    """Return this process's engine of the database at `url`, by default the connection `warehouse`.

    `postgres://` and `postgresql://` mean psycopg 3. Raises ConfigurationError for any other system.
    """
    if url is None:
        from include.connections import warehouse_url

        url = warehouse_url()
    address = _normal(url)
    key = (address.render_as_string(hide_password=False), os.getpid())  # a forked child must not share sockets
    if key not in _engines:
        made = _sqlite(address) if address.get_backend_name() == "sqlite" else _postgresql(address)
        event.listen(made, "handle_error", failures.translate)
        _engines[key] = made
    return _engines[key]


@contextmanager
def begin(bind: Engine | Connection, organization_id: str) -> Iterator[Connection]:
    """Open the one short transaction in which this organization's shared rows may be written.

    Commits at the end, rolls back on any exception. Writers of one organization wait for each
    other; on PostgreSQL those of different organizations do not. No HTTP call and no file read
    belongs inside.
    """
    if not _ORGANIZATION_ID.fullmatch(organization_id):
        raise ConfigurationError(
            f"{organization_id[:60]!r} is no organization id",
            next_step="use 2 to 41 lower-case letters, digits and underscores, the first one a letter",
        )
    if isinstance(bind, Engine):
        with bind.connect() as connection, begin(connection, organization_id):
            yield connection
        return
    with _write(bind):
        if bind.dialect.name == "postgresql":
            bind.execute(_TURN, {"name": f"greenlight/{organization_id}"})
        yield bind


@contextmanager
def exclusive(bind: Engine, name: str, durable: bool = True) -> Iterator[Connection]:
    """Open a write transaction that only one process at a time holds under this name.

    Args:
        durable: False where losing it when the machine (not the process) dies does no harm; much faster.
    """
    with bind.connect() as connection:
        if not durable and bind.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA synchronous = NORMAL")  # not allowed inside a transaction
        with _write(connection):
            if bind.dialect.name == "postgresql":
                connection.execute(_TURN if durable else _TURN_NOT_DURABLE, {"name": f"greenlight:{name}"})
            yield connection


@contextmanager
def read(bind: Engine) -> Iterator[Connection]:
    """Open a transaction whose statements all see the warehouse as it was at the first of them."""
    with bind.connect() as connection:
        if bind.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield connection


@contextmanager
def _write(connection: Connection) -> Iterator[None]:
    connection.execution_options(**{_WRITES: True})
    try:
        with connection.begin():
            yield
    finally:
        connection.execution_options(**{_WRITES: False})


def _normal(url: str | URL) -> URL:
    if isinstance(url, str) and url.startswith("postgres://"):
        url = url.replace("postgres://", "postgresql://", 1)
    address = make_url(url)
    match address.get_backend_name():
        case "postgresql":
            return address.set(drivername="postgresql+psycopg")
        case "sqlite" if address.database not in (None, "", ":memory:"):
            return address
        case other:
            raise ConfigurationError(
                f"the warehouse cannot be {'in memory' if other == 'sqlite' else other}",
                next_step="point the connection `warehouse` at PostgreSQL, or at a SQLite file",
            )


def _sqlite(address: URL) -> Engine:
    Path(str(address.database)).expanduser().parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(
        address,
        poolclass=NullPool,
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,
        json_serializer=to_json,
    )
    event.listen(made, "connect", _prepare_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(address: URL) -> Engine:
    made = create_engine(address, pool_pre_ping=True, hide_parameters=True, json_serializer=to_json)
    event.listen(made, "connect", _prepare_postgresql)
    return made


def _prepare_postgresql(connection: Any, _: Any) -> None:
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = False


def to_json(value: Any) -> str:
    """Write JSON so that equal values give equal texts; Decimals and dates become strings."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
