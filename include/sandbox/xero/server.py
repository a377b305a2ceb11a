"""Xero on a loopback port: `with serve(ledger) as server: server.url`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from include.sandbox import control, serving
from include.sandbox.faults import Fault, Order
from include.sandbox.ledger import Ledger
from include.sandbox.xero.app import BASE, Face
from include.sandbox.xero.settings import App, Settings


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; `api` is the base of data calls, below `url`."""

    url: str
    face: Face

    @property
    def api(self) -> str:
        """Where data calls go."""
        return self.url + BASE

    @property
    def app(self) -> App:
        """The first app that is registered: one for users' consent."""
        return self.face.settings.apps[0]

    @property
    def custom_app(self) -> App:
        """The custom connection that is registered."""
        return next(app for app in self.face.settings.apps if app.is_custom)

    def grant(self, *scopes: str, app: App | None = None) -> tuple[str, str]:
        """Let the user consent without a browser: return an access and a refresh token; see Face.consent."""
        said = self.face.consent(list(scopes), app)
        return said["access_token"], said.get("refresh_token", "")

    def fault(
        self,
        fault: Fault | str,
        entity: str = "",
        path: str = "",
        *,
        times: int = 1,
        skip: int = 0,
        seconds: float = 2.0,
    ) -> None:
        """Order a fault; see include.sandbox.faults.Order."""
        self.face.faults.order(Order(Fault(fault), entity, path, times, skip, seconds))

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens and limits forward."""
        self.face.skip(seconds)


def apps(seed: int) -> tuple[App, ...]:
    """Return the apps that are registered unless the settings say otherwise; their secrets follow from the seed."""
    return (
        App("SANDBOXWEBAPP", _word(seed, "web")),
        App("SANDBOXCUSTOM", _word(seed, "custom"), is_custom=True),
        App("SANDBOXOLDAPP", _word(seed, "old"), is_new=False),
    )


def face(ledger: Ledger, settings: Settings | None = None) -> Face:
    """Return the face over a ledger, with the sandbox's own apps if the settings name none."""
    settings = settings or Settings()
    return Face(ledger, settings if settings.apps else replace(settings, apps=apps(ledger.seed)))


@contextmanager
def serve(ledger: Ledger, settings: Settings | None = None, *, port: int = 0) -> Iterator[Server]:
    """Serve a ledger from a thread while the block runs."""
    made = face(ledger, settings)
    with serving.running(control.around(made), port) as url:
        yield Server(url, made)


def _word(seed: int, name: str) -> str:
    return hashlib.sha256(f"sandbox app {name} {seed}".encode()).hexdigest()[:48]
