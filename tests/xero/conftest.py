"""A sandbox that speaks Xero's protocol over a deterministic ledger, and connectors to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from include.connectors.base import Connection
from include.connectors.xero import Xero
from include.sandbox.ledger import Ledger
from include.sandbox.xero.server import Server, serve
from include.sandbox.xero.settings import Settings
from tests.sandboxed import *  # noqa: F403 - fixtures

FAST = Settings(minute_limit=10**6, day_limit=10**7)
UNHURRIED = {"calls_per_minute": 10**6, "calls_per_day": 10**7}
"""Limits that no test waits for; those that are about limits bring their own."""


@dataclass
class Running:
    """A running sandbox, and how to reach it: as a custom connection, or with the consent of a user."""

    server: Server
    ledger: Ledger
    number: int = 0
    extra: dict[str, Any] = field(default_factory=lambda: {"balances_include_credits": True})

    @property
    def entity(self) -> str:
        """The tenant id of the organisation under test."""
        return self.ledger.entity(self.number).entity.id

    def custom(self, **changes: Any) -> Connection:
        """The connection of a custom app, which has one organisation; `changes` replace host, password or extra."""
        app = self.server.custom_app
        extra = {"grant": "client_credentials", **UNHURRIED, **self.extra, **changes.pop("extra", {})}
        facts = {"host": self.server.url, "login": app.client_id, "password": app.client_secret}
        return Connection(extra=extra, **({"id": "xero"} | facts | changes))

    def consented(self, *scopes: str, **changes: Any) -> Connection:
        """The connection of an app to which a user has just consented, for every organisation."""
        _, refresh = self.server.grant(*scopes)
        extra = {"refresh_token": refresh, **UNHURRIED, **self.extra, **changes.pop("extra", {})}
        facts = {"host": self.server.url, "login": self.server.app.client_id, "password": self.server.app.client_secret}
        return Connection(extra=extra, **({"id": "xero_user"} | facts | changes))

    def connector(self, connection: Connection | None = None, entity: str | None = None) -> Xero:
        """A fresh connector for the organisation under test."""
        made = Xero(connection or self.custom(), self.entity if entity is None else entity)
        made.hash_key = lambda: b"k" * 32
        return made


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A sandbox whose books end today; tests that change it make their own."""
    ledger = Ledger(invoices=160, entities=2, now=datetime.now(UTC))
    with serve(ledger, FAST) as server:
        yield Running(server, ledger)
