"""Two stages, one on each database, whose scenes are lived once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from include import warehouse
from tests.postgres import Server
from tests.survival.crash.stages import Stage, stage


@pytest.fixture(autouse=True)
def surroundings() -> None:
    """Nothing: a lab brings its own."""


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[dict[str, Stage]]:
    """The sample system's world over SQLite, judged by Great Expectations, and over PostgreSQL."""
    folder = tmp_path_factory.mktemp("crash")
    urls = {"sqlite": f"sqlite:///{folder}/warehouse.sqlite", "postgresql": postgres.create()}
    with ExitStack() as stack:
        made = {}
        for database, url in urls.items():
            engine = warehouse.engine(url)
            warehouse.upgrade(engine)
            judged = database == "sqlite"
            made[database] = stack.enter_context(stage(engine, "sample", folder / database, judged))
            stack.callback(engine.dispose)
        yield made
