"""Sage Intacct on a loopback port: `with serve(ledger) as server: server.url`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from include.sandbox import control, serving
from include.sandbox.faults import Fault, Order
from include.sandbox.intacct.app import BASE, GATEWAY, Face
from include.sandbox.intacct.company import TOP
from include.sandbox.intacct.settings import App, Settings
from include.sandbox.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `api` is the base of REST calls, `gateway` where XML goes, both below `url`."""

    url: str
    face: Face

    @property
    def api(self) -> str:
        """Where REST calls go."""
        return self.url + BASE

    @property
    def gateway(self) -> str:
        """Where requests of the XML gateway go at first."""
        return self.url + GATEWAY

    @property
    def app(self) -> App:
        """The application that is registered."""
        app = self.face.settings.app
        assert app, "it is registered when the face is made"
        return app

    def grant(self, entity: str = TOP) -> tuple[str, str]:
        """Return an access and a refresh token for an entity or the top level."""
        said = self.face.consent([], entity)
        return said["access_token"], said["refresh_token"]

    def fault(
        self, fault: Fault | str, entity: str = "", path: str = "", *, times: int = 1, skip: int = 0,
        seconds: float = 2.0,
    ) -> None:  # fmt: skip
        """Order a fault; see include.sandbox.faults.Order. `path` may also be the object that is asked for."""
        self.face.faults.order(Order(Fault(fault), entity, path, times, skip, seconds))

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens, sessions and limits forward."""
        self.face.skip(seconds)


def face(ledger: Ledger, settings: Settings | None = None) -> Face:
    """Return the face over a ledger, with the sandbox's own application and password if the settings name none."""
    settings = settings or Settings()
    app = settings.app or App(
        "sandbox.client", _word(ledger.seed, "client"), "sandbox.sender", _word(ledger.seed, "sender")
    )
    user = settings.user if settings.user.password else replace(settings.user, password=_word(ledger.seed, "user"))
    return Face(ledger, replace(settings, app=app, user=user))


@contextmanager
def serve(ledger: Ledger, settings: Settings | None = None, *, port: int = 0) -> Iterator[Server]:
    """Serve a ledger from a thread while the block runs."""
    made = face(ledger, settings)
    with serving.running(control.around(made), port) as url:
        yield Server(url, made)


def _word(seed: int, name: str) -> str:
    return hashlib.sha256(f"sandbox {name} {seed}".encode()).hexdigest()[:40]
