"""What a client says of itself to a token endpoint, signed with its private key (RFC 7523), by joserfc."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from include.errors import ConfigurationError

if TYPE_CHECKING:
    from include.connectors.base import Connection

LIFETIME = 300
"""Seconds for which an assertion is good: it is used once, at once, and clocks differ."""
ALGORITHM_OF_CURVE = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


def signed(connection: Connection, audience: str, scopes: Sequence[str], key_id: str) -> str:
    """Return a JWT by which the connection's client asks `audience` for a token.

    The key says the algorithm: an RSA key signs with PS256, one of an elliptic curve with the curve's own.

    Raises:
        ConfigurationError: the connection's password is no private key that can sign.
    """
    algorithm, key = _key(connection)
    now = int(time.time())
    claims = {"iss": connection.login, "scope": list(scopes), "aud": audience, "iat": now, "exp": now + LIFETIME}
    header = {"typ": "JWT", "alg": algorithm, "kid": key_id}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


def _key(connection: Connection) -> tuple[str, RSAKey | ECKey]:
    pem = connection.password.replace("\\n", "\n").strip()  # a form of one line, or a URI, keeps no line ends
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(connection) from None
    if isinstance(key, RSAPrivateKey):
        return "PS256", RSAKey.import_key(pem)
    if isinstance(key, EllipticCurvePrivateKey) and key.curve.name in ALGORITHM_OF_CURVE:
        return ALGORITHM_OF_CURVE[key.curve.name], ECKey.import_key(pem)
    raise _no_key(connection)


def _no_key(connection: Connection) -> ConfigurationError:
    return ConfigurationError(
        f"the password of connection {connection.id!r} is no private key that can sign",
        next_step="paste the whole PEM file of the key, RSA or EC and without a passphrase, into the password",
    )
