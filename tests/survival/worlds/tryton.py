"""Tryton, alive."""

from __future__ import annotations

from pathlib import Path

from tests.survival.worlds import World


def fresh(folder: Path) -> World:
    """Make a world in a folder."""
    raise NotImplementedError
