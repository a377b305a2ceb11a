"""A sandbox that speaks NetSuite's protocol over a deterministic ledger, and connectors to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from include.connectors.base import Connection
from include.connectors.netsuite import NetSuite
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import Server, serve
from include.sandbox.netsuite.settings import Settings
from tests.sandboxed import *  # noqa: F403 - fixtures

SETTINGS = Settings(concurrent_limit=100)
"""A limit that no test waits for; those that are about limits bring their own."""


@dataclass
class Running:
    """A running sandbox, and how to reach it: by certificate, or by a token of the old kind."""

    server: Server
    ledger: Ledger
    number: int = 0
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def entity(self) -> str:
        """The id of the subsidiary under test."""
        seen = NetSuite(self.certified()).entities()
        name = self.ledger.entity(self.number).entity.name
        return next(entity.id for entity in seen if entity.name == name)

    def certified(self, **changes: Any) -> Connection:
        """The connection that logs in with a certificate; `changes` replace host, login, password or extra."""
        certificate = self.server.certificate
        own = {"certificate_id": certificate.id, **self._extra(), **changes.pop("extra", {})}
        facts = {"host": self.server.url, "login": certificate.client_id, "password": self.server.private_key}
        return Connection(extra=own, **({"id": "netsuite"} | facts | changes))

    def signed(self, **changes: Any) -> Connection:
        """The connection that signs every request."""
        token = self.server.signing
        own = {"token_id": token.token_id, "token_secret": token.token_secret, **self._extra()}
        facts = {"host": self.server.url, "login": token.consumer_key, "password": token.consumer_secret}
        return Connection(extra={**own, **changes.pop("extra", {})}, **({"id": "netsuite_signed"} | facts | changes))

    def connector(self, connection: Connection | None = None, entity: str | None = None) -> NetSuite:
        """A fresh connector for the subsidiary under test."""
        made = NetSuite(connection or self.certified(), self.entity if entity is None else entity)
        made.hash_key = lambda: b"k" * 32
        return made

    def _extra(self) -> dict[str, Any]:
        face = self.server.face.settings
        return {"account": face.account, "timezone": face.account_zone, "concurrency": 50, **self.extra}


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A sandbox whose books end today; tests that change it make their own."""
    ledger = Ledger(invoices=160, entities=2, now=datetime.now(UTC))
    with serve(ledger, SETTINGS) as server:
        yield Running(server, ledger)
