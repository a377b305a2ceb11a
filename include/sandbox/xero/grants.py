"""Who may read what: codes, access tokens and families of rotating refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from include.sandbox.xero.settings import App, Settings


class Refused(Exception):
    """The identity server says no, with an OAuth error code."""


@dataclass
class Grant:
    """What one user once consented to: the family of all tokens that came of it."""

    app: App
    scopes: frozenset[str]
    tenants: tuple[str, ...]
    event: str
    lost: frozenset[str] = frozenset()
    """Tenants that the user may no longer read, though they are still listed."""
    revoked: bool = False
    current: str = ""
    """Digest of the refresh token that was given out last."""
    expires: float = 0
    retired: dict[str, float] = field(default_factory=dict)
    """Digests of earlier refresh tokens, and when each was replaced."""
    access: dict[str, float] = field(default_factory=dict)
    """Digests of access tokens, and when each ends."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that waits to be exchanged once."""

    grant: Grant
    redirect: str
    challenge: str
    expires: float


class Grants:
    """The identity server's memory; tokens are kept as digests only."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now
        self._codes: dict[str, Code] = {}
        self._grants: list[Grant] = []
        self.refreshes = 0
        """How often a refresh token was exchanged."""

    def consent(self, app: App, scopes: frozenset[str], tenants: tuple[str, ...]) -> Grant:
        """Remember that a user let this app read these tenants."""
        self._grants.append(Grant(app, scopes, tenants, event=secrets.token_hex(16)))
        return self._grants[-1]

    def code(self, grant: Grant, redirect: str, challenge: str) -> str:
        """Return a code for a grant, to be exchanged once and soon."""
        code = secrets.token_urlsafe(24)
        self._codes[_digest(code)] = Code(grant, redirect, challenge, self._now() + self._settings.code_lifetime)
        return code

    def exchange(self, app: App, code: str, redirect: str, verifier: str) -> Grant:
        """Return the grant of a code.

        Raises:
            Refused: it is unknown, used, late, another app's, or its redirect or verifier do not match.
        """
        found = self._codes.pop(_digest(code), None)
        if not found or found.grant.app != app or found.redirect != redirect or found.expires < self._now():
            raise Refused("invalid_grant")
        if found.challenge and found.challenge != challenge_of(verifier):
            raise Refused("invalid_grant")
        return found.grant

    def refresh(self, app: App, token: str) -> Grant:
        """Return the grant of a refresh token: the current one, or an earlier one within its grace.

        An earlier token after its grace has been stolen or lost: it ends the whole family.

        Raises:
            Refused: it no longer counts.
        """
        digest, now = _digest(token), self._now()
        for grant in self._grants:
            if digest != grant.current and digest not in grant.retired:
                continue
            if grant.app != app or grant.revoked:
                break
            if digest == grant.current and now > grant.expires:
                break
            if digest in grant.retired and now > grant.retired[digest] + self._settings.refresh_grace:
                self.revoke(grant)
                break
            self.refreshes += 1
            return grant
        raise Refused("invalid_grant")

    def issue(self, grant: Grant) -> tuple[str, str]:
        """Return a new access token and, if the grant is for offline use, the next refresh token."""
        now, access, refresh = self._now(), secrets.token_urlsafe(32), ""
        grant.access[_digest(access)] = now + self._settings.access_lifetime
        if "offline_access" in grant.scopes and not grant.app.is_custom:
            refresh = secrets.token_urlsafe(32)
            if grant.current:
                grant.retired[grant.current] = now
            grant.current, grant.expires = _digest(refresh), now + self._settings.refresh_lifetime
        return access, refresh

    def of_access(self, token: str) -> Grant | None:
        """Return the grant of a living access token."""
        digest = _digest(token)
        for grant in self._grants:
            if not grant.revoked and grant.access.get(digest, 0) > self._now():
                return grant
        return None

    def of_refresh(self, token: str) -> Grant | None:
        """Return the grant of any refresh token ever given out."""
        digest = _digest(token)
        return next((grant for grant in self._grants if digest == grant.current or digest in grant.retired), None)

    def revoke(self, grant: Grant) -> None:
        """End a grant: none of its tokens counts any more."""
        grant.revoked = True

    def revoke_all(self) -> None:
        """End every grant."""
        for grant in self._grants:
            self.revoke(grant)

    def expire_access(self) -> None:
        """End every access token; the refresh tokens go on."""
        for grant in self._grants:
            grant.access.clear()

    def drop_tenant(self, tenant: str) -> None:
        """Let the users lose this tenant, which /connections still lists."""
        for grant in self._grants:
            grant.lost |= {tenant}


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier, RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
