"""A stage: a lab over a fresh world with its scenes lived once, so that any number of crashes can be tried on it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import Engine

from tests.survival.crash.lab import Lab, lab
from tests.survival.crash.scenes import Scene, scenes
from tests.survival.worlds import worlds

SEED = 1
"""Of what happens in the books between the nights."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where crashes are tried."""

    lab: Lab
    scenes: list[Scene]


@contextmanager
def stage(engine: Engine, world: str, folder: Path, judged: bool = False) -> Iterator[Stage]:
    """Make a fresh world of that name and live its scenes, over a migrated, empty warehouse of its own."""
    made = worlds()[world](folder / "world")
    try:
        ours = lab(engine, made, folder / "lab")
        with ours.at_work(), contextlib.redirect_stdout(io.StringIO()):
            found = scenes(ours, Random(SEED), judged)
        yield Stage(ours, found)
    finally:
        made.close()
