"""OAuth 2: a connector declares endpoints and scopes as data, and gets the `auth` of its Http.

    OAUTH = OAuth(
        host="https://api.example.com",
        token_url="https://identity.example.com/connect/token",
        authorize_url="https://login.example.com/authorize",
        scopes=("offline_access", "invoices.read"),
    )

    bearer = Bearer(connection, OAUTH)                 # in the connector's __init__; costs no request
    http = Http(connection.host, auth=bearer, …)       # refreshes before a call, and once after a 401

and returns the bearer from its `authorization()`, which is what `include.connect --authorize` asks for.

On the Airflow connection, `login` is the client id and `password` the client secret. Extra may hold
`refresh_token` (else `--authorize` gets one), `grant` ("client_credentials" or "authorization_code", where
the vendor has both), and `token_url` or `authorize_url` where they are elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from include.access.leases import TokenStore
from include.connectors import redaction
from include.connectors.http import Answer, Auth
from include.connectors.token_endpoint import Refusal, TokenEndpoint
from include.errors import ConfigurationError

if TYPE_CHECKING:
    from requests import PreparedRequest
    from sqlalchemy import Engine

    from include.access.token import Token
    from include.connectors.base import Connection

GRANTS = ("authorization_code", "client_credentials")


@dataclass(frozen=True, slots=True)
class OAuth:
    """A vendor's endpoints and what is asked of them.

    Args:
        host: the vendor's API. A connection whose host is another one finds all endpoints there, by the
            same paths, so that it can be pointed at any server.
        authorize_url: where a person consents; not needed for client_credentials.
        scopes: asked for; `Bearer.missing_scopes` tells which of them were not granted.
        grant: how a token is got; a connection's extra may name the other one.
        client_auth: how the client proves itself to the token endpoint, in Authlib's words; private_key_jwt signs an
            assertion with the private key (PEM) in the connection's password, and names scopes in it alone.
        key_id: by which the vendor knows the key of private_key_jwt; part of who asks, as the key is.
        refusals: error code of the token endpoint, "" for a refusal without one → what it means, where it differs
            from token_endpoint.py's table.
        pkce: sends a code challenge (S256) with the consent, where the vendor takes one.
        parameters: the vendor's own, for the consent page.
        token_parameters: the vendor's own, for a token of the client itself; part of who asks, as its secret is.
        loopback: host of the redirect address, as the vendor lets it be registered.
    """

    host: str
    token_url: str
    authorize_url: str = ""
    scopes: tuple[str, ...] = ()
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    client_auth: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] = "client_secret_basic"
    key_id: str = ""
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    pkce: bool = True
    parameters: Mapping[str, str] = field(default_factory=dict)
    token_parameters: Mapping[str, str] = field(default_factory=dict)
    loopback: str = "localhost"

    def of(self, connection: Connection) -> OAuth:
        """Return what this connection makes of it.

        Raises:
            ConfigurationError: its extra names a grant that there is not.
        """
        grant = connection.extra.get("grant") or self.grant
        if grant not in GRANTS:
            raise ConfigurationError(
                f"extra of connection {connection.id!r} names a grant that there is not",
                next_step=f"write one of: {', '.join(GRANTS)}",
            )
        return replace(
            self,
            grant=grant,
            token_url=self._address("token_url", self.token_url, connection),
            authorize_url=self._address("authorize_url", self.authorize_url, connection),
        )

    def _address(self, name: str, url: str, connection: Connection) -> str:
        if given := str(connection.extra.get(name) or ""):
            return given
        here, vendor = urlsplit(connection.host), urlsplit(self.host)
        if not url or here.netloc == vendor.netloc:
            return url
        return urlsplit(url)._replace(scheme=here.scheme, netloc=here.netloc).geturl()


class Bearer(Auth):
    """A bearer token that renews itself, shared by all processes that use the connection.

    Args:
        store: the access store; by default the one beside connection `warehouse`.
    """

    def __init__(self, connection: Connection, oauth: OAuth, store: Engine | None = None) -> None:
        self.oauth = oauth.of(connection)
        self.endpoint = TokenEndpoint(connection, self.oauth)
        refresh_token = str(connection.extra.get("refresh_token") or "")
        for_itself = self.oauth.grant == "client_credentials"
        self._seeds = [""] if for_itself else [refresh_token] if refresh_token else []
        as_whom = (*self.oauth.scopes, *self.oauth.token_parameters.values(), self.oauth.key_id)
        secret = (connection.password, *as_whom) if for_itself else (refresh_token,)
        # The address belongs to it: no token of one server is ever presented to another one.
        seed = "\n".join((self.oauth.token_url, connection.login, *secret))
        self.tokens = TokenStore(connection.id, seed, store)
        self._token: Token | None = None
        self._has_worked = False

    @property
    def request_count(self) -> int:
        """Requests for tokens."""
        return self.endpoint.http.request_count

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token that `prepare` saw to; it may have ended while the call waited for its turn."""
        if self._token is None or self._token.expires_at <= datetime.now(UTC):
            self._renew(refused="")
        assert self._token
        request.headers["Authorization"] = f"Bearer {self._token.access}"
        return request

    def token(self) -> Token:
        """Return a token that may be used now.

        Raises:
            ConfigurationError: the connection must be authorized, or its client corrected.
            SourceUnavailable: the vendor gives none now.
        """
        if self._token is None or not self._token.is_good(datetime.now(UTC)):
            self._renew(refused="")
        assert self._token
        return self._token

    def prepare(self) -> None:
        """Refresh before a slot is taken."""
        self.token()

    def renew(self, answer: Answer) -> bool:
        """After a 401, take the token another process got meanwhile, or get one."""
        if "insufficient_scope" in answer.headers.get("WWW-Authenticate", ""):
            return False
        refused = self._token.access if self._token else ""
        self._renew(refused)
        return self._token is not None and self._token.access != refused

    def worked(self) -> None:
        """Note, once a token, that the vendor accepted it."""
        if self._token and not self._has_worked:
            self.tokens.worked(self._token)
            self._has_worked = True

    def keep(self, token: Token) -> None:
        """Keep what a person has authorized, for all processes."""
        self.tokens.keep(token)
        self._token, self._has_worked = token, False

    def missing_scopes(self, wanted: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return which scopes, by default all that were asked for, the vendor says it did not grant."""
        granted = self.token().scopes
        return tuple(s for s in (self.oauth.scopes if wanted is None else wanted) if granted and s not in granted)

    def _renew(self, refused: str) -> None:
        self._token = self.tokens.get(self.endpoint.refresh, self._seeds, refused)
        self._has_worked = False
        redaction.hide((self._token.access, self._token.refresh))
