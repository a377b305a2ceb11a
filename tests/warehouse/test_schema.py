"""The schema: migrations and metadata agree, upgrades are safe, imports are light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from include import model, warehouse
from include.errors import SchemaOutdated
from include.warehouse import schema
from include.warehouse.schema import COMMAND, MIGRATIONS
from tests.postgres import Server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a table; SQLite's does not exist yet, nor does its folder."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/warehouse.sqlite"
    postgres: Server = request.getfixturevalue("postgres")
    return postgres.create()


def test_migrations_make_the_tables_of_the_model(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, warehouse.metadata) == []


def test_every_column_of_the_model_has_its_place(engine: Engine) -> None:
    for definition in model.TABLES.values():
        names = {column.name for column in (*model.KEYS, *definition.all_columns, *model.BOOKKEEPING)}
        found = [column["name"] for column in inspect(engine).get_columns(definition.name)]
        assert set(found) == names and len(found) == len(names)  # an upgrade adds columns at the end


def test_the_newest_file_is_alembics_head() -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    assert schema.head() == ScriptDirectory.from_config(configuration).get_current_head()


def test_a_new_database_is_refused_until_it_is_upgraded(new_url: str) -> None:
    engine = warehouse.engine(new_url)
    with pytest.raises(SchemaOutdated, match="no tables yet") as caught:
        warehouse.check_schema(engine)
    assert COMMAND in caught.value.next_step
    warehouse.upgrade(engine)
    warehouse.check_schema(engine)
    warehouse.upgrade(engine)


@pytest.mark.parametrize(("revision", "sentence"), [("0000", "this code needs"), ("9999", "newer than this code's")])
def test_another_schema_is_refused(engine: Engine, revision: str, sentence: str) -> None:
    def stamp(value: str) -> None:
        with warehouse.begin(engine, "tests") as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :value"), {"value": value})

    stamp(revision)
    try:
        with pytest.raises(SchemaOutdated, match=sentence):
            warehouse.check_schema(engine)
    finally:
        stamp(schema.head())


def test_two_upgrades_at_once_make_one_schema(new_url: str) -> None:
    program = f"from include import warehouse; warehouse.upgrade(warehouse.engine({new_url!r}))"
    started = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(2)]
    for process in started:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()
    warehouse.check_schema(warehouse.engine(new_url))


def test_the_command_upgrades_and_checks(new_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from include.warehouse import __main__ as command

    made = warehouse.engine(new_url)
    monkeypatch.setattr(warehouse, "engine", lambda: made)
    for arguments, status in [(["check"], 1), (["upgrade"], 0), (["check"], 0)]:
        monkeypatch.setattr(sys, "argv", ["include.warehouse", *arguments])
        assert command.main() == status


def test_importing_the_warehouse_loads_nothing_heavy() -> None:
    program = (
        "import sys, include.warehouse, include.encryption; "
        "print([name for name in ('pandas', 'pyarrow', 'great_expectations', 'airflow', 'alembic', 'numpy') "
        "if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
