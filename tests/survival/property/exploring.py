"""Walks by the dozen: Hypothesis draws them, and makes one that fails as short as it can."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.survival.property.walk import Walk, steps
from tests.survival.worlds import World

Step = tuple[str, int]
_names = count(1)


def seed_of(share: int) -> int:
    """Return the seed that SURVIVAL_SEED repeats; by default the day's for this share of its walks."""
    return int(os.environ.get("SURVIVAL_SEED") or f"{datetime.now(UTC):%Y%m%d}{share}")


def explore(world: type[World], walk: Callable[[list[Step]], None], examples: int, length: int, number: int) -> None:
    """Draw so many walks of that length, and take them."""
    print(f"{examples} walks of {length} steps over {world.__name__}: SURVIVAL_SEED={number}")
    settled()
    one = st.tuples(st.sampled_from(steps(world)), st.integers(0, 2**16))
    asked = settings(
        max_examples=examples, deadline=None, database=None, derandomize=False, print_blob=True,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    asked(seed(number)(given(st.lists(one, min_size=length, max_size=length))(walk)))()


def settled() -> None:
    """Take what is there now for no garbage: each death of a walk collects its own."""
    gc.collect()
    gc.freeze()


def take(engine: Engine, living: Callable[[], World], walked: list[Step]) -> None:
    """Take one walk, by an organization of its own in a world of its own."""
    with _world(living) as world:
        walk = Walk(world, engine, f"walk{next(_names)}")
        for name, number in walked:
            walk.step(name, number)
        walk.end()


@contextmanager
def _world(living: Callable[[], World]) -> Iterator[World]:
    """Make a world; its staged pages go with it."""
    made = living()
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(Path(os.environ["GREENLIGHT_STAGING"].removeprefix("file://")), ignore_errors=True)
