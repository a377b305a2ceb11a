"""Signed requests (OAuth 1.0a): every oauth_* value of the header and every query parameter is signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import parse_http_list, parse_keqv_list

from authlib.oauth1.rfc5849.signature import construct_base_string

from include.sandbox.netsuite.settings import Settings, Token

METHOD = "HMAC-SHA256"
NEEDED = ("oauth_consumer_key", "oauth_token", "oauth_nonce", "oauth_timestamp", "oauth_signature_method")


def read(header: str) -> dict[str, str]:
    """Return the parameters of an Authorization header that begins with `OAuth`, still percent-encoded."""
    pairs = [part for part in parse_http_list(header.partition(" ")[2]) if "=" in part]
    return dict(parse_keqv_list(pairs))


def signature(method: str, url: str, parameters: Mapping[str, str], secrets: tuple[str, str]) -> str:
    """Return the signature of a request.

    Args:
        url: with its query, whose parameters count.
        parameters: of the header, percent-encoded; realm and oauth_signature do not count.
        secrets: the consumer's and the token's.
    """
    query = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    base = construct_base_string(method, url, [*parameters.items(), *query])
    digest = hmac.new("&".join(secrets).encode(), base.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


class Signatures:
    """Verifies signed requests; each nonce counts once."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now
        self._nonces: dict[tuple[str, str], float] = {}
        self.ended: set[str] = set()
        """Ids of tokens that were revoked."""

    def fault(self, method: str, url: str, header: str) -> str:
        """Return why a request is not let in, in the words of the login audit trail; nothing if it is."""
        raw = read(header)
        said = {name: unquote(value) for name, value in raw.items()}
        if any(not said.get(name) for name in NEEDED):
            return "MissingParameter"
        if said["oauth_signature_method"] != METHOD:
            return "UnknownAlgorithm"
        if said.get("realm") != self._settings.account:
            return "WrongAccount"
        token = next((t for t in self._settings.tokens if t.consumer_key == said["oauth_consumer_key"]), None)
        if not token:
            return "consumer_key_unknown"
        if token.token_id != said["oauth_token"] or token.token_id in self.ended:
            return "token_rejected"
        if not hmac.compare_digest(signature(method, url, raw, _secrets(token)), said.get("oauth_signature", "")):
            return "InvalidSignature"
        return self._stale(said["oauth_timestamp"]) or self._used(said["oauth_nonce"], token)

    def _stale(self, timestamp: str) -> str:
        fresh = timestamp.isdigit() and abs(int(timestamp) - self._now()) <= self._settings.clock_leeway
        return "" if fresh else "InvalidTimestamp"

    def _used(self, nonce: str, token: Token) -> str:
        now, key = self._now(), (token.token_id, nonce)
        for old in [old for old, at in self._nonces.items() if at < now - 2 * self._settings.clock_leeway]:
            del self._nonces[old]  # too old a timestamp is refused anyway
        if key in self._nonces:
            return "NonceUsed"
        self._nonces[key] = now
        return ""


def _secrets(token: Token) -> tuple[str, str]:
    return token.consumer_secret, token.token_secret
