"""Odoo, alive: a real server for all worlds of a test run, in which each world has a database of its own."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import pytest

from include.connectors.base import Connection, Connector
from include.connectors.odoo import Odoo as OdooConnector
from include.model import TABLES
from tests import postgres
from tests.nights import Nights
from tests.odoo import truth
from tests.odoo.books import READER, SECRET, open_books
from tests.odoo.clerk import Clerk, rpc
from tests.odoo.clock import UNDER, Clock
from tests.odoo.holding import Books
from tests.odoo.install import missing
from tests.odoo.server import BLANK, Odoo, template
from tests.survival.worlds import World
from tests.survival.worlds.odoo_work import CHANGES, fill

BEGIN = datetime(2026, 6, 30, 18, tzinfo=UTC)
TICK = timedelta(seconds=1)
SEED = "seed"
CURRENCY = "USD"


class Host:
    """The server, its clock, and the seeded database that each world gets a copy of."""

    def __init__(self) -> None:
        with ExitStack() as stack:
            memory = Path("/dev/shm")
            name = tempfile.TemporaryDirectory(prefix="odoo-", dir=memory if memory.is_dir() else None)
            folder = Path(stack.enter_context(name))
            folder.chmod(0o755)  # Odoo and its database, which are other users, read the clock
            self.clock = Clock(folder, BEGIN - timedelta(days=2))
            self.database = stack.enter_context(postgres.server(copy_of=template()))
            self.clock.rule(self.database)
            self.odoo = stack.enter_context(Odoo(self.database, folder, UNDER))
            self._seed()
            self._stack = stack.pop_all()
        self.made = 0

    def _seed(self) -> None:
        self.copy(BLANK, SEED)
        odoo = rpc(self.odoo, SEED)
        self.company = open_books(odoo, self.clock.now.date()).northwind
        fill(Clerk(odoo, self.company, self.clock.now.date()), self.tick)

    def tick(self) -> None:
        """Let a day of the seed pass."""
        self.clock.set(self.clock.now + timedelta(days=1))

    def copy(self, source: str, target: str) -> None:
        """Make a database as another one is, which goes by the same clock."""
        self.odoo.copy(source, target)
        self.clock.obeyed(self.database, target)

    def fresh(self) -> str:
        """Return a database as the seed made it."""
        self.made += 1
        self.copy(SEED, name := f"w{self.made}")
        return name

    def end(self) -> None:
        """Stop everything."""
        self._stack.close()


@cache
def host() -> Host:
    """Return the server of this test run; started by the first who asks."""
    if reason := missing():
        pytest.skip(reason)
    made = Host()
    atexit.register(made.end)
    return made


class OdooWorld(World):
    """One database of the server."""

    connector: type[Connector] = OdooConnector
    impossible: ClassVar[dict[str, str]] = {
        "reissue": "Odoo deletes nothing that was posted once, and only what was posted has a number",
    }

    def __init__(self) -> None:
        self._host = host()
        self._now = BEGIN
        self.url = self._host.odoo.url
        self.entity = str(self._host.company)
        self.database = self._host.fresh()
        self._host.clock.set(BEGIN)
        self._clerk = Clerk(rpc(self._host.odoo, self.database), self._host.company, BEGIN.date())
        self.changes = {name: self._change_of(change) for name, change in CHANGES.items()}

    def connection(self, host: str = "") -> Connection:
        return Connection(self.database, host or self.url, READER, SECRET, {"database": self.database})

    def fields(self) -> dict[str, Any]:
        return {"history_from": date(2020, 1, 1)}

    @property
    def now(self) -> datetime:
        return self._now

    def wait(self, by: timedelta) -> None:
        self._be(self._now + by)

    def close(self) -> None:
        self._host.odoo.drop(self.database)

    def _be(self, now: datetime) -> None:
        self._now = now
        self._host.clock.set(now)
        self._clerk.today = now.date()

    def _change_of(self, change: Callable[[Clerk, Random, Callable[[timedelta], None]], str]) -> Any:
        def changed(random: Random) -> str:
            self._be(self._now + TICK)
            return change(self._clerk, random, lambda by: self._be(self._now + by))

        return changed

    def assert_equal(self, nights: Nights) -> None:
        """Every document, due date, settlement, customer and address, and what everybody owes, as Odoo says itself."""
        after_the_last_entry = self.today + timedelta(days=60)
        said = truth.of(self._host.odoo, self.database, self._clerk, after_the_last_entry)
        Books({name: nights.rows(name) for name in TABLES}, said, CURRENCY, after_the_last_entry).hold()


def fresh(folder: Path) -> OdooWorld:
    """Make a world."""
    return OdooWorld()
