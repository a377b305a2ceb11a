"""OAuth 2's token endpoint: asked by Authlib, through our session, errors sorted by what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from urllib3.util import Retry

from include.access.token import Token
from include.connectors import redaction
from include.connectors.http import Answer, Http
from include.errors import ConfigurationError, GrantRefused, MissingRights, SourceUnavailable

if TYPE_CHECKING:
    from authlib.oauth2.client import OAuth2Client

    from include.connectors.base import Connection
    from include.connectors.oauth import OAuth

RETRIES = Retry(total=1, connect=1, read=0, status=0, other=0, backoff_factor=0.5, allowed_methods=None)
"""A refresh token may be good for one use only: when it is not known whether it was used, the next task asks."""
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ANSWER_SECONDS = 30.0
"""Time-out of a token endpoint; with connecting and one retry, less than a lease lasts."""

Refusal = tuple[type[ConfigurationError | SourceUnavailable], str, str]
"""Error, what happened, and the next step, in which {connection} stands for the connection's id."""
REFUSALS: Mapping[str, Refusal] = {
    "invalid_grant": (
        GrantRefused,
        "the system no longer accepts the connection's authorization: it was revoked, or unused for too long",
        "run `python -m include.connect {connection} --authorize`, or put a new refresh token into the connection",
    ),
    "invalid_client": (
        ConfigurationError,
        "the system refuses client id or secret",
        "correct login (client id) and password (client secret) of connection {connection}",
    ),
    "unauthorized_client": (
        ConfigurationError,
        "the app may not ask for a token in this way",
        "compare the kind of app and its redirect address with the set-up guide",
    ),
    "invalid_scope": (
        MissingRights,
        "the app may not ask for these scopes",
        "give the app the scopes of the set-up guide, then authorize the connection again",
    ),
    "unsupported_grant_type": (
        ConfigurationError,
        "the system knows no such grant",
        "compare the connection's token address with the set-up guide",
    ),
    "invalid_request": (ConfigurationError, "the system refuses the request for a token", "compare with the guide"),
    "access_denied": (GrantRefused, "consent was refused", "authorize again, as somebody who may consent"),
    "slow_down": (SourceUnavailable, "the system wants fewer requests for tokens", "wait; the task retries"),
    "temporarily_unavailable": (SourceUnavailable, "the system gives no tokens now", "wait; the task retries"),
    "server_error": (SourceUnavailable, "the system gives no tokens now", "wait; the task retries"),
}
"""Error code (RFC 6749, 4.1.2.1 and 5.2) → what it means for the reader; a vendor's own words are not passed on."""
NO_CODE = (ConfigurationError, "the system refuses the request for a token", "compare the connection with the guide")


class TokenEndpoint:
    """One connection's token endpoint and consent page."""

    def __init__(self, connection: Connection, oauth: OAuth) -> None:
        self.connection = connection
        self.oauth = oauth
        parts = urlsplit(oauth.token_url)
        refresh_token = str(connection.extra.get("refresh_token") or "")
        self.http = Http(
            f"{parts.scheme}://{parts.netloc}", secrets=(connection.password, refresh_token), retries=RETRIES,
            read_seconds=ANSWER_SECONDS,
        )  # fmt: skip

    def refresh(self, refresh_token: str) -> Token:
        """Return a new pair; without a refresh token, a token for the client itself.

        Raises:
            GrantRefused: this refresh token is over.
            ConfigurationError, SourceUnavailable: no refresh token would help.
        """
        url, asked_at = self.oauth.token_url, datetime.now(UTC)
        if refresh_token:
            said = self._ask(lambda client: client.refresh_token(url, refresh_token, scope=None))
        else:
            own = self.oauth.token_parameters
            said = dict(self._ask(lambda client: client.fetch_token(url, grant_type="client_credentials", **own)))
            said.pop("refresh_token", None)  # RFC 6749, 4.4.3 wants none: the client simply asks anew
        return self._token(said, asked_at, refresh_token)

    def consent_address(self, redirect_uri: str, state: str, verifier: str) -> str:
        """Return the address at which a person consents; `verifier` is sent as its challenge only."""
        address, _ = self._client(redirect_uri).create_authorization_url(
            self.oauth.authorize_url, state=state, code_verifier=verifier, **self.oauth.parameters
        )
        return str(address)

    def exchange(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Return the pair that the code of a consent is good for."""
        url, asked_at = self.oauth.token_url, datetime.now(UTC)
        proof = {"code_verifier": verifier} if self.oauth.pkce else {}
        redaction.hide((code, verifier))
        said = self._ask(
            lambda client: client.fetch_token(
                url, grant_type="authorization_code", code=code, redirect_uri=redirect_uri, **proof
            )
        )
        return self._token(said, asked_at, "")

    def refusal(self, error: str) -> ConfigurationError | SourceUnavailable:
        """Return what an error code of the token endpoint or the consent page means."""
        kind, message, next_step = self.oauth.refusals.get(error) or REFUSALS.get(error, NO_CODE)
        return kind(message, next_step=next_step.format(connection=self.connection.id))

    def _ask(self, request: Callable[[OAuth2Client], Mapping[str, Any]]) -> Mapping[str, Any]:
        try:
            return request(self._client(""))
        except (ValueError, KeyError, TypeError):
            raise _nonsense() from None

    def _client(self, redirect_uri: str) -> OAuth2Client:
        from authlib.oauth2.client import OAuth2Client

        if not self.connection.login:
            raise ConfigurationError(
                f"connection {self.connection.id!r} has no client id", next_step="write it into its login"
            )
        is_signed = self.oauth.client_auth == "private_key_jwt"
        client = OAuth2Client(
            _Session(self),
            client_id=self.connection.login,
            client_secret=self.connection.password,
            token_endpoint_auth_method=self.oauth.client_auth,
            scope="" if is_signed else " ".join(self.oauth.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256" if self.oauth.pkce else None,
        )
        if is_signed:
            client.register_client_auth_method(("private_key_jwt", self._add_assertion))
        return client

    def _add_assertion(self, auth: Any, method: str, url: str, headers: Any, body: str) -> tuple[str, Any, str]:
        """Add a fresh assertion, in the place of a secret, to what Authlib is about to post."""
        from include.connectors.assertion import signed

        assertion = signed(self.connection, self.oauth.token_url, self.oauth.scopes, self.oauth.key_id)
        redaction.hide((assertion,))
        proof = urlencode({"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})
        return url, headers, f"{body}&{proof}"

    def _token(self, said: Mapping[str, Any], asked_at: datetime, former_refresh: str) -> Token:
        try:
            token = Token.of(said, asked_at, former_refresh)
        except (KeyError, ValueError, TypeError):
            raise _nonsense() from None
        redaction.hide((token.access, token.refresh))
        return token


@dataclass(frozen=True, slots=True)
class _Session:
    """What Authlib posts its requests through."""

    endpoint: TokenEndpoint

    def post(self, url: str, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Said:
        url, sent, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        answer = self.endpoint.http.post(url, data=body, headers=sent, accepts=(200, 201, 400, 401, 403))
        if answer.status >= 400:
            said = answer.json()
            raise self.endpoint.refusal(str(said.get("error") or "") if isinstance(said, dict) else "")
        return _Said(answer.status, answer)


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer in the words of requests, as far as Authlib knows them."""

    status_code: int
    answer: Answer

    def json(self) -> Any:
        return self.answer.json()

    def raise_for_status(self) -> None:
        """Never called with an error: those were sorted before."""


def _nonsense() -> SourceUnavailable:
    return SourceUnavailable("the answer holds no token", next_step="check the connection's token address")
