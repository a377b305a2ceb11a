"""Sessions of the XML gateway: each for one entity or the top level, at one address, and alive while it is used."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from include.sandbox.intacct.company import TOP

NODE = "/node12/ia/xml/xmlgw.phtml"
"""Where sessions live: another address than the one at which they are opened."""


@dataclass
class Session:
    """One session: `expires` moves on with every call."""

    id: str
    entity: str
    expires: float


class Sessions:
    """The sessions that are open."""

    def __init__(self, lifetime: float, now: Callable[[], float]) -> None:
        self._lifetime, self._now = lifetime, now
        self._open: dict[str, Session] = {}
        self.opened = 0
        """How many were ever opened."""

    def open(self, entity: str = TOP) -> Session:
        """Return a new session."""
        session = Session(secrets.token_urlsafe(32), entity, self._now() + self._lifetime)
        self._open[session.id] = session
        self.opened += 1
        return session

    def now(self) -> float:
        """Return the time that sessions live by, in seconds."""
        return self._now()

    def peek(self, session_id: str) -> Session | None:
        """Return a session, alive or not, without letting it live on."""
        return self._open.get(session_id)

    def use(self, session_id: str) -> Session | None:
        """Return a session that is still alive, and let it live on."""
        session = self._open.get(session_id)
        if not session or session.expires <= self._now():
            return None
        session.expires = self._now() + self._lifetime
        return session

    def close(self, session_id: str) -> None:
        """End one session."""
        self._open.pop(session_id, None)

    def close_all(self) -> None:
        """End every session."""
        self._open.clear()
