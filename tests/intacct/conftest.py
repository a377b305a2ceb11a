"""A sandbox that speaks both of Sage Intacct's protocols over a deterministic ledger, and connectors to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from include.connectors.base import Connection
from include.connectors.intacct import Intacct
from include.sandbox.intacct.server import Server, serve
from include.sandbox.ledger import Ledger
from tests.sandboxed import *  # noqa: F403 - fixtures

TRANSPORTS = ("rest", "gateway")
Transport = Literal["rest", "gateway"]


@dataclass
class Running:
    """A running sandbox, and how to reach it over either transport.

    Args:
        owner: the entity whose organization owns the documents of the top level.
    """

    server: Server
    ledger: Ledger
    transport: Transport = "rest"
    number: int = 0
    owner: str = "E100"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def entity(self) -> str:
        """The id of the entity under test."""
        return f"E{100 * (self.number + 1)}"

    def connection(self, **changes: Any) -> Connection:
        """The connection of the transport; `changes` replace host, login, password or extra."""
        app, user = self.server.app, self.server.face.settings.user
        company = self.server.face.settings.company
        extra: dict[str, Any] = {"top_level_entity": self.owner} if self.owner else {}
        if self.transport == "rest":
            extra["username"] = f"{user.id}@{company}"
            facts = {"host": self.server.url, "login": app.client_id, "password": app.client_secret}
        else:
            extra |= {"company_id": company, "sender_id": app.sender_id, "sender_password": app.sender_password}
            facts = {"host": self.server.url, "login": user.id, "password": user.password}
        extra |= self.extra | changes.pop("extra", {})
        return Connection(
            extra=extra, **({"id": f"intacct_{self.transport}", "host": self.server.url} | facts | changes)
        )

    def connector(self, connection: Connection | None = None, entity: str | None = None) -> Intacct:
        """A fresh connector for the entity under test."""
        made = Intacct(connection or self.connection(), self.entity if entity is None else entity)
        made.hash_key = lambda: b"k" * 32
        return made

    def over(self, transport: Transport) -> Running:
        """The same sandbox, reached over the other transport."""
        return Running(self.server, self.ledger, transport, self.number, self.owner, self.extra)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A sandbox whose books end today; tests that change it make their own."""
    ledger = Ledger(invoices=120, entities=2, now=datetime.now(UTC))
    with serve(ledger) as server:
        yield Running(server, ledger)


@pytest.fixture(params=TRANSPORTS, scope="module")
def either(request: pytest.FixtureRequest, running: Running) -> Running:
    """The same sandbox over one transport, then over the other."""
    return running.over(request.param)
