"""OAuth 2.0 for machines: an assertion that a registered certificate verifies buys a token for an hour."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, GuestProtocol, OctKey, RSAKey

from include.sandbox.netsuite.settings import Certificate, Settings

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105 - an address
ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPE = "rest_webservices"


class Denied(Exception):
    """The token endpoint says no: with an OAuth error code, and a reason for the audit trail alone."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class Tokens:
    """Gives out access tokens, and knows them again until they end; kept as digests only."""

    def __init__(self, settings: Settings, now: Callable[[], float]) -> None:
        self._settings, self._now = settings, now
        self._key = OctKey.import_key(secrets.token_bytes(32))
        self._ends: dict[str, float] = {}
        self.bought = 0
        """How many tokens were bought with an assertion."""
        self.ended: set[str] = set()
        """Ids of certificates that were revoked."""

    def buy(self, form: dict[str, str], audience: str) -> dict[str, Any]:
        """Return what the token endpoint replies to a form; `audience` is the endpoint's address.

        Raises:
            Denied: the form or its assertion does not count.
        """
        if form.get("grant_type") != "client_credentials":
            raise Denied("unsupported_grant_type", "grant_type")
        if form.get("client_assertion_type") != ASSERTION or not form.get("client_assertion"):
            raise Denied("invalid_request", "client_assertion")
        claims = self._claims(form["client_assertion"], audience)
        self.bought += 1
        access = self.issue(claims["iss"])
        return {"access_token": access, "expires_in": self._settings.access_lifetime, "token_type": "bearer"}

    def issue(self, client: str) -> str:
        """Return a new access token."""
        now = int(self._now())
        claims = {"iss": client, "iat": now, "exp": now + self._settings.access_lifetime, "jti": secrets.token_hex(16)}
        token = jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, self._key)
        self._ends[_digest(token)] = now + self._settings.access_lifetime
        return token

    def lives(self, token: str) -> bool:
        """Whether an access token counts."""
        return self._ends.get(_digest(token), 0) > self._now()

    def expire(self) -> None:
        """End every access token; the certificates go on."""
        self._ends.clear()

    def revoke(self) -> None:
        """End every certificate and what it bought."""
        self.ended |= {certificate.id for certificate in self._settings.certificates}
        self.expire()

    def _claims(self, assertion: str, audience: str) -> dict[str, Any]:
        """Return what an assertion claims, once its certificate has verified it.

        Raises:
            Denied: it does not count.
        """
        refused = self._settings.assertion_error
        try:
            decoded = jwt.decode(assertion, lambda guest: _key(self._certificate(guest)), algorithms=ALGORITHMS)
            certificate = self._mapped(decoded.header)
        except (JoseError, ValueError, LookupError) as error:
            raise Denied(refused, f"assertion: {error}") from error
        if reason := self._wrong(decoded.claims, certificate, audience):
            raise Denied("invalid_scope" if reason == "scope" else refused, reason)
        return decoded.claims

    def _certificate(self, guest: GuestProtocol) -> Certificate:
        return self._mapped(guest.headers())

    def _mapped(self, header: Any) -> Certificate:
        known = {certificate.id: certificate for certificate in self._settings.certificates}
        certificate = known[str(header.get("kid"))]
        if certificate.id in self.ended or certificate.expires < self._now():
            raise LookupError("the certificate was revoked or has expired")
        return certificate

    def _wrong(self, claims: dict[str, Any], certificate: Certificate, audience: str) -> str:
        """Return which claim does not count, if any."""
        now, leeway = self._now(), self._settings.clock_leeway
        issued, ends = claims.get("iat"), claims.get("exp")
        if claims.get("iss") != certificate.client_id:
            return "iss"
        named = _listed(claims.get("aud"))
        if self._settings.behind_proxy:
            named, audience = [urlsplit(str(each)).path for each in named], urlsplit(audience).path
        if audience not in named:
            return "aud"
        if not isinstance(issued, int) or not isinstance(ends, int) or issued > now + leeway or ends <= now:
            return "iat or exp"
        if ends - issued > self._settings.longest_assertion:
            return "exp is too late"
        scopes = claims.get("scope")
        return "" if SCOPE in (scopes.split(",") if isinstance(scopes, str) else scopes or ()) else "scope"


def _key(certificate: Certificate) -> RSAKey | ECKey:
    """Return the public key of a certificate, or the key that stands for one."""
    pem = certificate.pem.encode()
    is_whole = b"BEGIN CERTIFICATE" in pem
    public = x509.load_pem_x509_certificate(pem).public_key() if is_whole else load_pem_public_key(pem)
    if isinstance(public, EllipticCurvePublicKey):
        return ECKey.import_key(public)
    if isinstance(public, RSAPublicKey):
        return RSAKey.import_key(public)
    raise LookupError("a certificate holds an RSA or an EC key")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
