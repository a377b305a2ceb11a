"""Token-based authentication: OAuth 1.0a with HMAC-SHA256, by oauthlib. Every call is signed by itself, retries too."""

from __future__ import annotations

from typing import Any

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client

from include.connectors.http import Auth


class TokenSignature(Auth):
    """Signs a request as one user's token of one integration.

    Args:
        account: the realm, in capitals with underscores; it is not part of what is signed.
    """

    def __init__(self, account: str, consumer: tuple[str, str], token: tuple[str, str]) -> None:
        self._made = {
            "client_key": consumer[0], "client_secret": consumer[1], "resource_owner_key": token[0],
            "resource_owner_secret": token[1], "signature_method": SIGNATURE_HMAC_SHA256, "realm": account,
        }  # fmt: skip

    def __call__(self, request: Any) -> Any:
        """Sign with a new nonce: the session calls this for each attempt, and a nonce is good for one."""
        request.headers["Authorization"] = self.header(str(request.method), str(request.url))
        return request

    def header(self, method: str, url: str, nonce: str = "", timestamp: str = "") -> str:
        """Return the header that signs a call; the parameters of the address are signed, a body is not.

        Args:
            nonce, timestamp: new ones unless given.
        """
        client: Any = Client(**self._made, nonce=nonce or None, timestamp=timestamp or None)
        _, headers, _ = client.sign(url, http_method=method)
        return str(headers["Authorization"])
