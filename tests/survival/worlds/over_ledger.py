"""A world over a running sandbox: whatever vendor's protocol it speaks, its books and its clock are the ledger's."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from include.connectors.base import Connection
from include.sandbox.books import Books
from include.sandbox.ledger import Ledger
from tests.survival.worlds import World


class OverLedger(World):
    """One entity of a running sandbox.

    Args:
        running: the sandbox as a vendor's conftest knows it: server, ledger, number and entity.
    """

    excused: ClassVar[dict[str, str]] = {"overdue_reachable_share": "the ledger's customers may lack addresses"}

    def __init__(self, running: Any, connection: Connection, history_from: date | None = date(2000, 1, 1)) -> None:
        self.running = running
        self.url = running.server.url
        self.entity = running.entity
        self.history_from = history_from
        self._connection = connection

    @property
    def ledger(self) -> Ledger:
        """The books of all entities."""
        made: Ledger = self.running.ledger
        return made

    @property
    def books(self) -> Books:
        """The books under test."""
        return self.ledger.entity(self.running.number)

    def connection(self, host: str = "") -> Connection:
        """The connection, to the sandbox or by way of another host."""
        made = self._connection
        return Connection(made.id, host or made.host, made.login, made.password, made.extra)

    def fields(self) -> dict[str, Any]:
        """What the organization's YAML says besides."""
        return {"history_from": self.history_from}

    @property
    def now(self) -> datetime:
        """The ledger's clock."""
        return self.ledger.now

    @property
    def today(self) -> date:
        """The entity's own day."""
        return self.books.day(self.now)

    def wait(self, by: timedelta) -> None:
        """Let time pass."""
        with self.ledger.lock:
            self.ledger.now += by
