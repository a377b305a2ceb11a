"""A plain reader of the sandbox's Xero, and the vendor's own: both start with a consented grant."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import requests
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.identity import IdentityApi

from include.sandbox.xero.server import Server


class Reader:
    """Asks with `requests`, as JSON unless told otherwise."""

    def __init__(self, server: Server, *scopes: str, entity: int = 0, **tokens: Any) -> None:
        self.server = server
        self.tenant = list(server.face.ledger.books)[entity]
        self.access, self.refresh = server.grant(*scopes, **tokens)
        self.session = requests.Session()

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> requests.Response:
        """Ask below the API's base; a header of None is left out."""
        mine = {"Authorization": f"Bearer {self.access}", "xero-tenant-id": self.tenant, "Accept": "application/json"}
        return self.session.get(self.server.api + path, params=query, headers=mine | (headers or {}), timeout=10)

    def said(self, path: str, **query: Any) -> dict[str, Any]:
        """Return a reply's JSON, amounts exact."""
        response = self.get(path, **query)
        assert response.status_code == 200, response.text
        return json.loads(response.text, parse_float=Decimal)

    def rows(self, name: str, **query: Any) -> list[dict[str, Any]]:
        """Return a whole list, page by page."""
        found: list[dict[str, Any]] = []
        for page in range(1, 1000):
            said = self.said(f"/{name}", page=page, **({"pageSize": 1000} | query))
            found += said[name]
            if page >= said["pagination"]["pageCount"]:
                return found
        raise AssertionError("the pages do not end")

    def token(self, data: dict[str, str], auth: tuple[str, str] | None = None) -> requests.Response:
        """Ask the token endpoint, with the first app's credentials in the form unless told otherwise."""
        app = self.server.app
        own = {} if auth or "client_id" in data else {"client_id": app.client_id, "client_secret": app.client_secret}
        return requests.post(f"{self.server.url}/connect/token", data=own | data, auth=auth, timeout=10)


class Official:
    """The vendor's own client; its first call refreshes the token."""

    def __init__(self, server: Server) -> None:
        TokenApi.refresh_token_url = TokenApi.client_credentials_token_url = f"{server.url}/connect/token"
        access, refresh = server.grant()
        self.store: dict[str, Any] = {
            "access_token": access, "refresh_token": refresh, "expires_in": 1800, "expires_at": 0,
            "token_type": "Bearer", "scope": ["offline_access"],
        }  # fmt: skip
        configuration = Configuration()  # a copy of the first that was ever made, token and all
        configuration.oauth2_token = OAuth2Token(client_id=server.app.client_id, client_secret=server.app.client_secret)
        client = ApiClient(
            configuration,
            oauth2_token_getter=lambda: self.store,
            oauth2_token_saver=self.store.update,
        )
        self.identity = IdentityApi(client, base_url=server.url)
        self.accounting = AccountingApi(client, base_url=server.api)

    def rows(self, tenant: str, name: str, size: int = 100, **query: Any) -> list[Any]:
        """Return a whole list, page by page; `name` as in the client's own methods."""
        found: list[Any] = []
        for page in range(1, 1000):
            said = getattr(self.accounting, f"get_{name}")(tenant, page=page, page_size=size, **query)
            found += getattr(said, name)
            if page >= said.pagination.page_count:
                return found
        raise AssertionError("the pages do not end")
