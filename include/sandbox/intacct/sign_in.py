"""Who may come in through the XML gateway: a sender, and a user of the company by a login or in a session."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from include.sandbox.intacct.company import Company
from include.sandbox.intacct.message import add, text
from include.sandbox.intacct.sessions import NODE, Sessions
from include.sandbox.intacct.settings import Settings
from include.sandbox.intacct.tokens import may_enter

TOP_LEVEL = "top level"


class SignInFailed(Exception):
    """A block lets nobody in; says why."""


class SignIn:
    """Checks the control and the authentication block of a request."""

    def __init__(self, company: Company, settings: Settings, sessions: Sessions) -> None:
        self._company, self._settings, self._sessions = company, settings, sessions
        self.closed = False
        """Whether the user may not sign in any more."""

    def place(self, authentication: Element | None) -> str:
        """Return the entity in which a request would be answered, whoever asks."""
        session = self._sessions.peek(text(authentication, "sessionid"))
        return session.entity if session else text(authentication, "login/locationid")

    def check_sender(self, control: Element) -> None:
        """Let a sender in.

        Raises:
            SignInFailed: it is another one, or the company has not authorised it.
        """
        app = self._settings.app
        assert app, "the server has registered one"
        if not self._settings.sender_is_authorised:
            raise SignInFailed("This company has not authorized the sender")
        said = text(control, "senderid"), text(control, "password")
        if not _are_equal(said, (app.sender_id, app.sender_password)):
            raise SignInFailed("Sign-in information is incorrect")

    def enter(self, authentication: Element | None, path: str) -> str:
        """Return the entity in which a request is answered, or the top level; a session lives on.

        Raises:
            SignInFailed: nobody is let in.
        """
        if session_id := text(authentication, "sessionid"):
            entity = self._in_session(session_id, path)
        else:
            user, entity = self._settings.user, text(authentication, "login/locationid")
            said = [text(authentication, f"login/{name}") for name in ("userid", "companyid", "password")]
            if self.closed or not _are_equal(said, (user.id, self._settings.company, user.password)):
                raise SignInFailed("Sign-in information is incorrect")
        if not may_enter(self._company, entity):
            raise SignInFailed(f"The entity {entity or TOP_LEVEL} is not valid")
        return entity

    def open_session(self, entity: str, base: str, data: Element) -> None:
        """Add a new session to a reply, with the address at which alone it counts."""
        api = add(data, "api")
        add(api, "sessionid", self._sessions.open(entity).id)
        add(api, "endpoint", base + NODE)
        add(api, "locationid", entity or None)

    def confirm(self, operation: Element, entity: str) -> None:
        """Add to a reply who was let in, and until when a session lives that is not used."""
        now = self._sessions.now()
        inside = add(operation, "authentication")
        said = {
            "status": "success", "userid": self._settings.user.id, "companyid": self._settings.company,
            "locationid": entity or None, "sessiontimestamp": _moment(now),
            "sessiontimeout": _moment(now + self._settings.session_lifetime),
        }  # fmt: skip
        for name, value in said.items():
            add(inside, name, value)

    def _in_session(self, session_id: str, path: str) -> str:
        session = self._sessions.use(session_id)
        if not session or self.closed:
            raise SignInFailed("The session has timed out or is not valid")
        if path != NODE and self._settings.endpoint == "strict":
            raise SignInFailed("The session is not valid at this endpoint")
        return session.entity


def _are_equal(said: list[str] | tuple[str, ...], known: tuple[str, ...]) -> bool:
    return hmac.compare_digest("\n".join(said).encode(), "\n".join(known).encode())


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=0).isoformat()
