"""A plain reader of the sandbox's NetSuite, which logs in either way."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from include.sandbox.netsuite.server import Server
from include.sandbox.netsuite.signatures import signature
from include.sandbox.netsuite.tokens import ASSERTION

Item = dict[str, str]


class Reader:
    """Asks with `requests` and a bearer token, unless told otherwise."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.bearer = server.grant()
        self.session = requests.Session()

    def ask(
        self, query: str, *params: Any, headers: dict[str, str | None] | None = None, body: Any = None, **page: Any
    ) -> requests.Response:
        """Ask a query; a header of None is left out."""
        mine = {"Authorization": f"Bearer {self.bearer}", "Prefer": "transient"} | (headers or {})
        asked = {"q": query} | ({"params": list(params)} if params else {}) if body is None else body
        return self.session.post(self.server.query, params=page, json=asked, headers=mine, timeout=20)

    def said(self, query: str, *params: Any, **page: Any) -> dict[str, Any]:
        """Return a page."""
        response = self.ask(query, *params, **page)
        assert response.status_code == 200, response.text
        return response.json()

    def rows(self, query: str, *params: Any, limit: int = 1000) -> list[Item]:
        """Return all rows, page by page, without their links."""
        found: list[Item] = []
        for number in range(1000):
            said = self.said(query, *params, limit=limit, offset=number * limit)
            found += [{name: value for name, value in item.items() if name != "links"} for item in said["items"]]
            if not said["hasMore"]:
                return found
        raise AssertionError("the pages do not end")

    def error(self, query: str, *params: Any, **page: Any) -> tuple[int, str, str]:
        """Return the status, the code and the detail of a refusal."""
        response = self.ask(query, *params, **page)
        (detail,) = response.json()["o:errorDetails"]
        assert response.json()["status"] == response.status_code
        return response.status_code, detail["o:errorCode"], detail["detail"]

    def assertion(self, *, key: Any = None, alg: str = "ES256", kid: str = "", **claims: Any) -> str:
        """Return a signed assertion, right unless told otherwise; a claim of None is left out."""
        server, now = self.server, int(self.server.face.clock())
        right = {
            "iss": server.certificate.client_id, "scope": ["rest_webservices"], "aud": server.token, "iat": now,
            "exp": now + 3600,
        }  # fmt: skip
        said = {name: value for name, value in (right | claims).items() if value is not None}
        head = {"typ": "JWT", "alg": alg, "kid": kid or server.certificate.id}
        return jwt.encode(head, said, key or ECKey.import_key(server.private_key), algorithms=[alg])

    def token(self, assertion: str, **form: str) -> requests.Response:
        """Ask the token endpoint."""
        right = {
            "grant_type": "client_credentials", "client_assertion_type": ASSERTION, "client_assertion": assertion,
        }  # fmt: skip
        return requests.post(self.server.token, data=right | form, timeout=10)

    def signed(self, url: str = "", *, secret: str = "", **changed: str) -> str:
        """Return the Authorization header of a signed query, right unless told otherwise."""
        token = self.server.signing
        head = {
            "realm": self.server.face.settings.account, "oauth_consumer_key": token.consumer_key,
            "oauth_token": token.token_id, "oauth_nonce": secrets.token_hex(8), "oauth_version": "1.0",
            "oauth_timestamp": str(int(self.server.face.clock())), "oauth_signature_method": "HMAC-SHA256",
        } | changed  # fmt: skip
        quoted = {name: quote(value, safe="~") for name, value in head.items()}
        made = signature(
            "POST", url or self.server.query, quoted, (token.consumer_secret, secret or token.token_secret)
        )
        pairs = [f'{name}="{value}"' for name, value in (quoted | {"oauth_signature": quote(made, safe="~")}).items()]
        return "OAuth " + ", ".join(pairs)
