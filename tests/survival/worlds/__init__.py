"""Living worlds: for each connector a system that runs, books that an accountant changes, and their truth.

A world has its own clock, which only `wait` and the changes move: what would take nights takes none.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar

from include.connectors.base import Connection, Connector

if TYPE_CHECKING:
    from tests.nights import Nights

CHANGES = (
    "create", "change", "void", "soft_delete", "hard_delete", "restore", "back_date", "future_date", "burst",
    "child_only", "reissue", "merge", "late_commit",
)  # fmt: skip
"""What an accountant may do; a world does each of them or says why its system cannot."""

EVERY_TIME = ("sample", "xero", "tryton")
"""Systems that the suite tries the kits on; `make kits` tries all, as CI does after the suite."""

Change = Callable[[Random], str]
"""Does it in the books and returns the key concerned."""


class NothingToDo(Exception):
    """The books do not allow this change now."""


class World(ABC):
    """A living system with one company's books, what an accountant may do in them, and their truth."""

    connector: type[Connector]
    url: str
    """Where the system answers."""
    entity: str
    changes: Mapping[str, Change]
    """Name → the change; raises NothingToDo where the books do not allow it now."""
    impossible: ClassVar[Mapping[str, str]] = {}
    """Name of a change → why this system cannot do it."""
    excused: ClassVar[Mapping[str, str]] = {}
    """Critical check → why these books may fail it."""

    @abstractmethod
    def connection(self, host: str = "") -> Connection:
        """Return how to reach it; `host` replaces its own address."""

    def fields(self) -> dict[str, Any]:
        """Return what the organization's YAML would say besides connector, connection and entity."""
        return {}

    @property
    @abstractmethod
    def now(self) -> datetime:
        """The system's clock, UTC."""

    @property
    def today(self) -> date:
        """The entity's own day."""
        return self.now.date()

    @abstractmethod
    def wait(self, by: timedelta) -> None:
        """Let time pass."""

    @abstractmethod
    def assert_equal(self, nights: Nights) -> None:
        """Hold the warehouse to the books, to the minor unit; the truth is told without the connector's code."""

    def close(self) -> None:  # noqa: B027 - not every world has something to end
        """End what was started for this world."""


def worlds() -> dict[str, Callable[[Path], World]]:
    """Return name → what makes a fresh living world in a folder."""
    from tests.survival.worlds import intacct, netsuite, odoo, sample, tryton, xero

    return {
        "sample": sample.fresh, "xero": xero.fresh, "tryton": tryton.fresh, "odoo": odoo.fresh,
        "intacct": intacct.fresh, "netsuite": netsuite.fresh,
    }  # fmt: skip


def kinds() -> dict[str, type[World]]:
    """Return name → the class of its worlds, which says what they can do."""
    from tests.survival.worlds.intacct import IntacctWorld
    from tests.survival.worlds.netsuite import NetSuiteWorld
    from tests.survival.worlds.odoo import OdooWorld
    from tests.survival.worlds.sample import SampleWorld
    from tests.survival.worlds.tryton import TrytonWorld
    from tests.survival.worlds.xero import XeroWorld

    return {
        "sample": SampleWorld, "xero": XeroWorld, "tryton": TrytonWorld, "odoo": OdooWorld, "intacct": IntacctWorld,
        "netsuite": NetSuiteWorld,
    }  # fmt: skip


def absent() -> dict[str, str]:
    """Return name → why this machine cannot have such a world; a test that wants one is skipped with that."""
    from tests.odoo.install import missing

    return {"odoo": why} if (why := missing()) else {}
