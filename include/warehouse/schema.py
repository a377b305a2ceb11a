"""The warehouse's schema: made and changed by Alembic, by a person's command, never by a task."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from include.errors import SchemaOutdated
from include.warehouse.engine import exclusive

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
COMMAND = "python -m include.warehouse upgrade"


def head(migrations: Path = MIGRATIONS) -> str:
    """Return the newest revision this code knows; files are named `<revision>_<what>.py`, in order."""
    return max(path.name.partition("_")[0] for path in (migrations / "versions").glob("[0-9]*_*.py"))


def check_schema(engine: Engine) -> None:
    """Raise SchemaOutdated, naming the command to run, unless the warehouse has this code's schema."""
    with engine.connect() as connection:
        check(connection)


def check(connection: Connection) -> None:
    """Do what `check_schema` does, on a connection."""
    found = _revision(connection)
    if found is None:
        raise SchemaOutdated("the warehouse has no tables yet", next_step=f"run `{COMMAND}`")
    if found < head():
        raise SchemaOutdated(
            f"the warehouse has schema {found}, this code needs {head()}", next_step=f"run `{COMMAND}`"
        )
    if found > head():
        raise SchemaOutdated(
            f"the warehouse has schema {found}, newer than this code's {head()}",
            next_step="update the code: another installation has upgraded this warehouse",
        )


def upgrade(engine: Engine) -> None:
    """Bring the warehouse, and the access store beside it, to this code's schema.

    Each in one transaction; a second process waits and finds it done.
    """
    from include import access

    with exclusive(engine, "schema") as connection:
        migrate(connection, MIGRATIONS)
    access.upgrade(access.engine(engine))


def migrate(connection: Connection, migrations: Path) -> None:
    """Run the migrations of a folder that are still to be run, in the transaction that the connection is in."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(migrations))
    configuration.attributes["connection"] = connection
    command.upgrade(configuration, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)
