"""Where tokens and limits are kept: apart from the receivables, made at set-up, closed to everybody else."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from include import access, warehouse
from include.access import database
from include.access.pacing import Limit, Pacer
from include.access.tables import metadata
from include.connectors.oauth import Bearer
from include.errors import SchemaOutdated
from include.warehouse import schema
from tests.machinery.conftest import Connect
from tests.machinery.vendor import OAUTH
from tests.postgres import Server


def test_migrations_make_the_tables(store: Engine) -> None:
    with store.connect() as connection:
        where = access.SCHEMA if store.dialect.name == "postgresql" else None
        names = inspect(connection).get_table_names(schema=where)
        assert set(names) == {*metadata.tables, "alembic_version"}
        if where:
            connection.execute(text(f"SET search_path TO {where}"))
            connection.dialect.default_schema_name = where
        try:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
        finally:
            if where:
                connection.dialect.default_schema_name = "public"


def test_the_newest_file_is_alembics_head() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(database.MIGRATIONS))
    assert schema.head(database.MIGRATIONS) == ScriptDirectory.from_config(configuration).get_current_head()


def test_the_warehouse_itself_holds_no_token(engine: Engine) -> None:
    assert "tokens" not in inspect(engine).get_table_names()


def test_a_store_that_was_never_made_names_the_command(tmp_path: Path, connect: Connect) -> None:
    store = access.engine(warehouse.engine(f"sqlite:///{tmp_path}/warehouse.sqlite"))
    for use in (
        lambda: Bearer(connect(refresh_token="r"), OAUTH, store).token(),
        lambda: Pacer("books", (Limit(1),), store).slot("t").__enter__(),
    ):
        with pytest.raises(SchemaOutdated, match=r"has no tables.*run `python -m include.warehouse upgrade`"):
            use()
    assert "tokens" not in inspect(store).get_table_names()
    access.upgrade(store)
    assert (tmp_path / "warehouse-access.sqlite").stat().st_mode & 0o077 == 0, "the check had made an open file"


@pytest.mark.parametrize(
    ("revision", "next_step"), [("0000", "include.warehouse upgrade"), ("9999", "update the code")]
)
def test_a_store_of_another_version_is_refused(store: Engine, revision: str, next_step: str) -> None:
    def stamp(value: str) -> None:
        name = f"{access.SCHEMA}.alembic_version" if store.dialect.name == "postgresql" else "alembic_version"
        with access.transaction(store, "tests") as connection:
            connection.execute(text(f"UPDATE {name} SET version_num = :value"), {"value": value})

    stamp(revision)
    try:
        with pytest.raises(SchemaOutdated) as caught:
            access.check(store)
        assert next_step in caught.value.next_step
    finally:
        stamp(schema.head(database.MIGRATIONS))


def test_the_command_makes_and_checks_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from include.warehouse import __main__ as command

    made = warehouse.engine(f"sqlite:///{tmp_path}/warehouse.sqlite")
    monkeypatch.setattr(warehouse, "engine", lambda: made)
    monkeypatch.setattr(sys, "argv", ["include.warehouse", "upgrade"])
    assert command.main() == 0
    (tmp_path / "warehouse-access.sqlite").unlink()
    monkeypatch.setattr(sys, "argv", ["include.warehouse", "check"])
    assert command.main() == 1
    assert "no tables" in capsys.readouterr().err


def test_on_postgresql_an_analyst_reads_receivables_but_no_token(postgres: Server) -> None:
    url = postgres.create()
    made = warehouse.engine(url)
    warehouse.upgrade(made)
    warehouse.upgrade(made)
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE analyst_{name} LOGIN")
        owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst_{name}")
    with psycopg.connect(url.replace("greenlight@", f"analyst_{name}@"), autocommit=True) as analyst:
        assert analyst.execute("SELECT count(*) FROM invoices").fetchone() == (0,)
        for table in ("tokens", "calls", "holds"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute(f"SELECT * FROM {access.SCHEMA}.{table}")


def test_a_schema_that_an_administrator_made_is_used_and_closed(postgres: Server) -> None:
    url = postgres.create()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE SCHEMA {access.SCHEMA}")
        owner.execute(f"GRANT ALL ON SCHEMA {access.SCHEMA} TO PUBLIC")
        owner.execute("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC")
        owner.execute(f"CREATE ROLE anybody_{url.rpartition('/')[2]} LOGIN")
    made = warehouse.engine(url)
    warehouse.upgrade(made)
    access.check(access.engine(made))
    with psycopg.connect(url.replace("greenlight@", f"anybody_{url.rpartition('/')[2]}@"), autocommit=True) as anybody:
        assert anybody.execute("SELECT count(*) FROM invoices").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="schema"):
            anybody.execute(f"SELECT * FROM {access.SCHEMA}.tokens")


def test_a_load_that_is_under_way_keeps_nobody_from_the_tokens(engine: Engine, store: Engine) -> None:
    taken = threading.Event()

    def call() -> None:
        with Pacer("books", (Limit(1),), store).slot("t"):
            taken.set()

    with warehouse.begin(engine, "acme") as connection:
        connection.execute(text("DELETE FROM customers"))
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        assert taken.wait(10), "the warehouse's writer blocks the access store"
    thread.join(10)
