"""Whatever happens in the books and to the pipeline, two quiet nights later the warehouse equals the books."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Engine

from include import warehouse
from tests.nights import Nights
from tests.survival.property.exploring import explore, seed_of, take
from tests.survival.worlds import CHANGES, EVERY_TIME, kinds, worlds

EXAMPLES: Mapping[str, int] = {"sample": 3, "xero": 2, "tryton": 1}
"""System → walks of the suite; as many as take about ten seconds."""
IN_FULL, SHARES = 40, 4
"""Walks a system, and so many tests share them, that no worker takes them all while the other has none."""
STEPS = 30
SYSTEMS = (*worlds(),)


def shared_out(in_full: bool) -> list[tuple[str, int, int]]:
    """Return (system, share, walks) for each test: in full, or the suite's few."""
    if not in_full:
        return [(name, 0, EXAMPLES[name]) for name in EVERY_TIME]
    return [(name, share, IN_FULL // SHARES) for name in SYSTEMS for share in range(SHARES)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Share the walks out."""
    if "share" in metafunc.fixturenames:
        found = shared_out(bool(metafunc.config.getoption("--in-full")))
        metafunc.parametrize(("name", "share", "examples"), found, ids=[f"{name}-{share}" for name, share, _ in found])


def test_in_full_every_system_is_walked_forty_times() -> None:
    walks = Counter[str]()
    for name, _, examples in shared_out(in_full=True):
        walks[name] += examples
    assert walks == dict.fromkeys(kinds(), 40) and {*EXAMPLES} == {*EVERY_TIME}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in memory where there is one: a walk writes thousands of small files."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="walks-", dir=memory if memory.is_dir() else None) as name:
        monkeypatch.setenv("GREENLIGHT_STAGING", f"file://{name}/staging")
        yield Path(name)


@pytest.fixture
def walked(folder: Path) -> Iterator[Engine]:
    """A migrated warehouse in that folder."""
    engine = warehouse.engine(f"sqlite:///{folder}/warehouse.sqlite")
    warehouse.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_quiet_nights_after_any_walk_the_warehouse_equals_the_books(
    name: str, share: int, examples: int, walked: Engine, folder: Path
) -> None:
    number = 0

    def walk(steps: list[tuple[str, int]]) -> None:
        nonlocal number
        number += 1
        take(walked, lambda: worlds()[name](folder / str(number)), steps)

    explore(kinds()[name], walk, examples, STEPS, seed_of(share))
    assert number >= examples


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "sample"])
def test_a_night_takes_no_more_requests_than_its_records_say(name: str, walked: Engine, folder: Path) -> None:
    world = worlds()[name](folder)
    nights = Nights(walked, world, "counted")
    for _ in ("first", "quiet"):
        nights.assert_within_budget(nights.sync().run_id)
    world.close()


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_change_is_offered_or_impossible_for_a_reason(name: str, folder: Path) -> None:
    world = worlds()[name](folder)
    assert sorted([*world.changes, *world.impossible]) == sorted(CHANGES)
    world.close()
