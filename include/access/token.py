"""What a vendor gives: a pair of access token and, with some grants, refresh token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from include import encryption

LEEWAY = timedelta(seconds=60)
"""A token that ends sooner is refreshed before it is used: a call takes its time, clocks differ."""
DEFAULT_SECONDS = 300
"""Lifetime of a token whose vendor states none."""


@dataclass(frozen=True, slots=True)
class Token:
    """One pair; `expires_at` is the access token's end, UTC; `scopes` is what the vendor granted."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...] = ()

    @classmethod
    def of(cls, answer: Mapping[str, Any], asked_at: datetime, former_refresh: str = "") -> Token:
        """Read a token endpoint's answer (RFC 6749, 5.1); without a new refresh token, the former one stays.

        Raises:
            KeyError, TypeError, ValueError: it is no such answer.
        """
        seconds = int(answer.get("expires_in") or DEFAULT_SECONDS)
        refresh = str(answer.get("refresh_token") or former_refresh)
        scopes = answer.get("scope") or ()
        granted = tuple(scopes.split() if isinstance(scopes, str) else map(str, scopes))
        if not (access := str(answer["access_token"] or "")):
            raise ValueError("an empty token")
        return cls(access, refresh, asked_at + timedelta(seconds=seconds), granted)

    def is_good(self, at: datetime) -> bool:
        """Tell whether it may still be used for a call that starts then."""
        return at + LEEWAY < self.expires_at

    def encrypted(self) -> str:
        """Return it as text for a column."""
        fields = [self.access, self.refresh, self.expires_at.astimezone(UTC).isoformat(), list(self.scopes)]
        return encryption.encrypt(json.dumps(fields).encode())

    @classmethod
    def decrypted(cls, text: str) -> Token:
        """Return what `encrypted` was called on.

        Raises:
            ConfigurationError: GREENLIGHT_SECRET_KEY lacks the key.
        """
        access, refresh, expires_at, scopes = json.loads(encryption.decrypt(text))
        return cls(access, refresh, datetime.fromisoformat(expires_at), tuple(scopes))
