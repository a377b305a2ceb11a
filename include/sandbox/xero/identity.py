"""The identity server: authorize, token, revocation; and the list of connections."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from include.sandbox.ledger import Ledger
from include.sandbox.xero.grants import Grant, Grants, Refused
from include.sandbox.xero.problems import oauth_error, problem
from include.sandbox.xero.settings import App, Settings
from include.sandbox.xero.shapes import long_moment, named_id

BROAD = ("accounting.transactions", "accounting.transactions.read", "accounting.reports.read")
"""Scopes that an app made since March 2026 is refused."""
OPEN_ID = ("openid", "profile", "email", "offline_access")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Identity:
    """Answers for identity, on behalf of the sandbox's one user, who consents to all tenants."""

    def __init__(self, ledger: Ledger, settings: Settings, grants: Grants) -> None:
        self._ledger, self._settings, self._grants = ledger, settings, grants

    async def authorize(self, request: Request) -> Response:
        """Redirect at once, with a code or with what is wrong; never to an address that is not the app's."""
        asked = dict(request.query_params)
        app = self._app(asked.get("client_id", ""))
        redirect = asked.get("redirect_uri", "")
        if not app or app.is_custom or not _may_redirect(app, redirect):
            return oauth_error("unauthorized_client")
        state = {"state": asked["state"]} if "state" in asked else {}
        scopes = frozenset(asked.get("scope", "").split())
        if asked.get("response_type") != "code":
            return _back(redirect, {"error": "unsupported_response_type"} | state)
        if not self._are_allowed(app, scopes):
            return _back(redirect, {"error": self._settings.refused_scope} | state)
        grant = self._grants.consent(app, scopes, tuple(self._ledger.books))
        code = self._grants.code(grant, redirect, asked.get("code_challenge", ""))
        return _back(redirect, {"code": code, "scope": " ".join(sorted(scopes))} | state)

    async def token(self, request: Request) -> Response:
        """Exchange a code, a refresh token, or an app's own credentials."""
        form = await _form(request)
        if not (app := self._authenticated(request, form)):
            return oauth_error("invalid_client")
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    asked = [form.get(name, "") for name in ("code", "redirect_uri", "code_verifier")]
                    grant = self._grants.exchange(app, *asked)
                case "refresh_token":
                    grant = self._grants.refresh(app, form.get("refresh_token", ""))
                case "client_credentials":
                    grant = self._own(app, frozenset(form.get("scope", "").split()))
                case _:
                    raise Refused("unsupported_grant_type")
        except Refused as error:
            return oauth_error(str(error))
        access, refresh = self._grants.issue(grant)
        said = {"access_token": access, "expires_in": self._settings.access_lifetime, "token_type": "Bearer"}
        said |= {"scope": " ".join(sorted(grant.scopes))} | ({"refresh_token": refresh} if refresh else {})
        return JSONResponse(said, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    async def revocation(self, request: Request) -> Response:
        """End the grant of a refresh token; an unknown one is no error, RFC 7009."""
        form = await _form(request)
        if not (app := self._authenticated(request, form)):
            return oauth_error("invalid_client")
        grant = self._grants.of_refresh(form.get("token", ""))
        if grant and grant.app == app:
            self._grants.revoke(grant)
        return Response(status_code=200)

    async def connections(self, request: Request) -> Response:
        """Return the tenants of the grant, as a bare array; those that were lost too."""
        if not (grant := self.bearer(request)):
            return problem(401, "AuthenticationUnsuccessful", self._settings, token_is_bad=True)
        rows = [self._connection(grant, tenant) for tenant in grant.tenants]
        return Response(msgspec.json.encode(rows), media_type="application/json")

    def bearer(self, request: Request) -> Grant | None:
        """Return the grant of the request's access token, if it is a living one."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        return self._grants.of_access(token.strip()) if kind.lower() == "bearer" else None

    def _connection(self, grant: Grant, tenant: str) -> dict[str, str]:
        entity = self._ledger.books[tenant].entity
        created = long_moment(entity.created_at)
        return {
            "id": named_id("connection", tenant), "authEventId": named_id("event", grant.event), "tenantId": tenant,
            "tenantType": "ORGANISATION", "tenantName": entity.name, "createdDateUtc": created,
            "updatedDateUtc": created,
        }  # fmt: skip

    def _own(self, app: App, scopes: frozenset[str]) -> Grant:
        """Return a grant for an app's own credentials: a custom connection, which has one organisation."""
        if not app.is_custom:
            raise Refused("unauthorized_client")
        if not self._are_allowed(app, scopes):
            raise Refused(self._settings.refused_scope)
        return self._grants.consent(
            app, scopes or frozenset(self._settings.scopes.values()), tuple(self._ledger.books)[:1]
        )

    def _are_allowed(self, app: App, scopes: frozenset[str]) -> bool:
        granular = {name for scope in self._settings.scopes.values() for name in (scope, scope.removesuffix(".read"))}
        granular |= {"accounting.banktransactions", "accounting.banktransactions.read", *OPEN_ID}
        return scopes <= (granular if app.is_new else granular | set(BROAD))

    def _app(self, client_id: str) -> App | None:
        return next((app for app in self._settings.apps if app.client_id == client_id), None)

    def _authenticated(self, request: Request, form: dict[str, str]) -> App | None:
        """Return the app, authenticated by basic auth or within the form."""
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if kind.lower() == "basic":
            try:
                name, _, word = base64.b64decode(encoded, validate=True).decode().partition(":")
            except ValueError:
                return None
            client_id, secret = unquote(name), unquote(word)
        app = self._app(client_id)
        return app if app and hmac.compare_digest(app.client_secret.encode(), secret.encode()) else None


def _may_redirect(app: App, redirect: str) -> bool:
    return redirect in app.redirects if app.redirects else urlsplit(redirect).hostname in LOOPBACK


def _back(redirect: str, said: dict[str, str]) -> Response:
    return RedirectResponse(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(said)}", 302)


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
