"""Who may come in through REST: tokens for a user of the company, in an entity or at the top level."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from include.sandbox.intacct.company import TOP
from include.sandbox.intacct.settings import Settings


@dataclass
class Grant:
    """What one exchange of credentials gave: the entity in which its tokens read, and the tokens' digests."""

    entity: str = TOP
    revoked: bool = False
    access: dict[str, float] = field(default_factory=dict)
    """Digest → when it ends."""
    refresh: dict[str, float] = field(default_factory=dict)


class Grants:
    """The token endpoint's memory; tokens are kept as digests only."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now
        self._grants: list[Grant] = []
        self.closed = False
        """Whether the application lost its authorisation, so that no credentials count any more."""
        self.issued = 0
        """How many access tokens were given out."""

    def open(self, entity: str) -> Grant:
        """Return a new grant for an entity."""
        self._grants.append(Grant(entity))
        return self._grants[-1]

    def issue(self, grant: Grant) -> tuple[str, str]:
        """Return a new access token and a new refresh token."""
        access, refresh, now = secrets.token_urlsafe(48), secrets.token_urlsafe(32), self._now()
        if self._settings.refresh_rotates:
            grant.refresh.clear()
        grant.access[_digest(access)] = now + self._settings.access_lifetime
        grant.refresh[_digest(refresh)] = now + self._settings.refresh_lifetime
        self.issued += 1
        return access, refresh

    def of_access(self, token: str) -> Grant | None:
        """Return the grant of an access token that still counts."""
        return self._find(token, "access")

    def of_refresh(self, token: str) -> Grant | None:
        """Return the grant of a refresh token that still counts."""
        return self._find(token, "refresh")

    def revoke_all(self) -> None:
        """End every grant, and give none any more."""
        self.closed = True
        for grant in self._grants:
            grant.revoked = True

    def _find(self, token: str, kind: str) -> Grant | None:
        digest, now = _digest(token), self._now()
        for grant in self._grants:
            if not grant.revoked and getattr(grant, kind).get(digest, 0) > now:
                return grant
        return None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
