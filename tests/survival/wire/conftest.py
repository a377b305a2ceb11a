"""A stage per system, kept for all of its cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.survival.conftest import KEY
from tests.survival.wire.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tokens: str) -> Iterator[Stage]:
    """A stage over the system that the test names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENLIGHT_SECRET_KEY", KEY)
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", tokens)
        with staged(request.param, tmp_path_factory.mktemp(request.param)) as made:
            yield made
