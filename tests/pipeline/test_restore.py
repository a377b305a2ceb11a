"""A warehouse restored from last night's backup goes on by itself, and ends where an undisturbed one ends."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine

from include import warehouse
from include.errors import ConfigurationError
from tests.conformance import ledger
from tests.conformance.sample_server import Running
from tests.pipeline.night import Pipeline, after
from tests.pipeline.truth import assert_equal
from tests.postgres import Server, program

Restore = Callable[[], Engine]


@pytest.fixture
def back_up(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], Restore]]:
    """Back the warehouse up as docs/operations.md says; what that returns restores it beside the first."""
    if engine.dialect.name == "sqlite":
        yield lambda: _sqlite(engine, tmp_path)
        return
    server: Server = request.getfixturevalue("postgres")
    restored = server.create()
    yield lambda: _postgresql(engine, tmp_path, restored)
    warehouse.engine(restored).dispose()
    server.drop(restored)


def _sqlite(engine: Engine, folder: Path) -> Restore:
    copy = folder / "restored" / "warehouse.sqlite"
    copy.parent.mkdir()
    with closing(sqlite3.connect(str(engine.url.database))) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return lambda: warehouse.engine(f"sqlite:///{copy}")


def _postgresql(engine: Engine, folder: Path, restored: str) -> Restore:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    file = folder / "warehouse.dump"
    _run(program("pg_dump"), "--format=custom", f"--file={file}", address)

    def restore() -> Engine:
        _run(program("pg_restore"), "--exit-on-error", "--no-owner", f"--dbname={restored}", str(file))
        return warehouse.engine(restored)

    return restore


def _run(*words: str) -> None:
    done = subprocess.run(words, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("airflow_too", [False, True], ids=["the warehouse only", "with Airflow's database"])
def test_the_run_after_a_restore_ends_in_the_rows_of_an_undisturbed_organization(
    pipeline: Pipeline, source: Running, back_up: Callable[[], Restore], airflow_too: bool
) -> None:
    """Where Airflow's database went back, too, the lost night's run ids and staged pages come again."""
    pipeline.sync()
    _work(pipeline, 1)
    pipeline.sync()
    restore = back_up()
    _work(pipeline, 2)
    pipeline.sync()
    _work(pipeline, 3)
    pipeline.sync()
    assert_equal(pipeline)

    restored = Pipeline(restore(), source, first=3 if airflow_too else 100)
    warehouse.check_schema(restored.engine)
    assert restored.everything() != pipeline.everything(), "the backup is older, or nothing was restored"
    first = restored.sync()
    assert restored.everything() == pipeline.everything()
    assert restored.blocking(first.run_id) == {}
    assert restored.sync().written == 0
    assert restored.everything() == pipeline.everything()


def test_a_backup_is_worth_its_secret_key_only(
    pipeline: Pipeline, back_up: Callable[[], Restore], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.sync()
    restored = back_up()()
    assert warehouse.hash_key(restored, "acme") == warehouse.hash_key(pipeline.engine, "acme")
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())
    with pytest.raises(ConfigurationError, match="put the former key back"):
        warehouse.hash_key(restored, "acme")


def _work(pipeline: Pipeline, day: int) -> None:
    with pipeline.books() as books:
        ledger.advance(books, after(day))
