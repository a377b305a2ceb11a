"""A stage per system, kept for all of its cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.survival.conftest import KEY
from tests.survival.wire.stage import Stage, staged


@pytest.fixture(scope="module")
def stage_of(tmp_path_factory: pytest.TempPathFactory, tokens: str) -> Iterator[Callable[[str], Stage]]:
    """Return the stage over the system of this name, built when it is first asked for."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as ended:
        patch.setenv("GREENLIGHT_SECRET_KEY", KEY)
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", tokens)
        built: dict[str, Stage] = {}

        def of(name: str) -> Stage:
            if name not in built:
                ended.close()  # one at a time: each has its own clock and its own size of pages
                built.clear()
                built[name] = ended.enter_context(staged(name, tmp_path_factory.mktemp(name)))
            return built[name]

        yield of
