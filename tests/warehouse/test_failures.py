"""Database errors say what to do, and never what a row holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from include import warehouse
from include.errors import ContractError, StorageError
from include.warehouse.failures import unavailable
from tests.warehouse.batches import NOW, Batch

Read = Callable[..., Batch]


def test_a_server_that_is_away_is_a_reason_to_wait() -> None:
    engine = warehouse.engine("postgresql://somebody:secret@127.0.0.1:1/warehouse")
    with pytest.raises(StorageError, match="does not answer") as caught:
        warehouse.state(engine, "acme", "customers")
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_a_reason_to_repair(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageError, match="does not answer"):
        warehouse.state(warehouse.engine(f"sqlite:///{path}"), "acme", "customers")


def test_a_writer_that_never_ends_is_a_reason_to_wait(sqlite_warehouse: Engine, read: Read) -> None:
    manifest = read("customers").row("customers", "party:1").manifest()
    impatient = warehouse.engine(sqlite_warehouse.url.set(query={"timeout": "0.1"}))
    event.listen(impatient, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 100"))
    with (
        warehouse.begin(sqlite_warehouse, "acme"),
        pytest.raises(StorageError, match="busy too long"),
    ):
        warehouse.load(impatient, manifest, NOW)
    with sqlite_warehouse.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sync_runs")) == 0


def test_a_connection_cut_off_in_a_load_is_a_reason_to_retry(postgresql_warehouse: Engine, read: Read) -> None:
    engine, cut = postgresql_warehouse, False
    manifest = read("customers", "cut_off").row("customers", "party:1").manifest()

    def cut_off(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        nonlocal cut
        if statement.startswith("INSERT INTO customers") and not cut:
            cut = True
            backend = cursor.connection.info.backend_pid
            with psycopg.connect(engine.url.set(drivername="postgresql").render_as_string()) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [backend])

    event.listen(engine, "before_cursor_execute", cut_off)
    try:
        with pytest.raises(StorageError, match="does not answer"):
            warehouse.load(engine, manifest, NOW)
    finally:
        event.remove(engine, "before_cursor_execute", cut_off)
    assert warehouse.state(engine, "cut_off", "customers").version == 0
    assert warehouse.load(engine, manifest, NOW).inserted == {"customers": 1}
    with warehouse.begin(engine, "cut_off") as connection:
        for table in warehouse.metadata.sorted_tables:
            connection.execute(table.delete())


def test_a_full_disk_is_a_reason_to_make_room(tmp_path: Path) -> None:
    engine = warehouse.engine(f"sqlite:///{tmp_path}/warehouse.sqlite")
    with engine.connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 3"))
        connection.execute(text("CREATE TABLE t (x)"))
        with pytest.raises(StorageError, match="no room left"):
            connection.execute(text("INSERT INTO t VALUES (zeroblob(1000000))"))


def test_a_wrong_statement_stays_what_it_is(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError, match="nothing_of_that_name"):
        connection.execute(text("SELECT * FROM nothing_of_that_name"))


def test_errors_never_show_parameters(engine: Engine) -> None:
    statement = text("SELECT * FROM nothing_of_that_name WHERE name = :name")
    with engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(statement, {"name": "Somebody Private"})
    assert "Private" not in str(caught.value)


def test_a_refused_row_is_named_by_its_place_only(engine: Engine, read: Read) -> None:
    batch = read("customers").row("customers", "party:1", name="Somebody Private", is_active=None)
    with pytest.raises(ContractError, match=r"customers\.is_active") as caught:
        batch.load(engine)
    assert "Private" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("error", [ValueError("x"), sqlite3.OperationalError("x"), psycopg.OperationalError("x")])
def test_what_counts_as_unavailable(error: Exception) -> None:
    assert (unavailable(error) is None) == isinstance(error, ValueError)
