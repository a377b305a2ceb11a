"""The face as an ASGI application: its addresses, and what every data call goes through."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.sandbox.faults import Fault, Faults, Order
from include.sandbox.ledger import Ledger
from include.sandbox.xero import problems
from include.sandbox.xero.answers import Answers, Asked
from include.sandbox.xero.grants import Grant, Grants
from include.sandbox.xero.identity import Identity
from include.sandbox.xero.limits import Limits, Reached
from include.sandbox.xero.settings import App, Settings
from include.sandbox.xero.spoil import spoil
from include.sandbox.xero.where import BadFilter, BadParameter
from include.sandbox.xero.xml import as_xml

BASE = "/api.xro/2.0"
AUTHORIZE, TOKEN = "/identity/connect/authorize", "/connect/token"
REMEMBERED = 100_000
"""So many calls are remembered."""


class Face:
    """Xero over a ledger: `app` is what a server runs; `calls` is what was asked so far."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self.skipped = 0.0
        """Seconds by which the clock of tokens and limits was put forward."""
        self.grants = Grants(settings, self.clock)
        self.limits = Limits(settings, self.clock)
        self.identity = Identity(ledger, settings, self.grants)
        self.answers = Answers(ledger, settings)
        self.faults = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        identity = self.identity
        self.app = Starlette(
            routes=[
                Route(AUTHORIZE, identity.authorize, methods=["GET"]),
                Route(TOKEN, self._token, methods=["POST"]),
                Route("/connect/revocation", identity.revocation, methods=["POST"]),
                Route(BASE + "/{path:path}", self._data, methods=["GET"]),
                Route("/{path:path}", self._other, methods=["GET"]),
            ]
        )

    def clock(self) -> float:
        """Return the time that tokens and limits live by, in seconds."""
        return self.settings.clock() + self.skipped

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens and limits forward."""
        self.skipped += seconds

    def render(self) -> int:
        """Render every record beforehand, and return how many there are."""
        return self.answers.render()

    def credentials(self) -> dict[str, Any]:
        """Return the registered apps, the tenants, and where to go with them."""
        return {
            "api": BASE, "token": TOKEN, "authorize": AUTHORIZE, "tenants": list(self.ledger.books),
            "apps": [
                {
                    "client_id": app.client_id, "client_secret": app.client_secret, "is_custom": app.is_custom,
                    "is_new": app.is_new,
                }
                for app in self.settings.apps
            ],
        }  # fmt: skip

    def consent(self, scopes: list[str], app: App | None = None) -> dict[str, str]:
        """Let the user consent without a browser, and return the tokens.

        Without scopes: to every read scope that there is, and to offline access.
        """
        wanted = frozenset(scopes or {*self.settings.scopes.values(), "offline_access"})
        grant = self.grants.consent(app or self.settings.apps[0], wanted, tuple(self.ledger.books))
        access, refresh = self.grants.issue(grant)
        return {"access_token": access} | ({"refresh_token": refresh} if refresh else {})

    def revoke_all(self) -> None:
        """End every grant."""
        self.grants.revoke_all()

    async def _token(self, request: Request) -> Response:
        return await self._of_identity(request, self.identity.token)

    async def _other(self, request: Request) -> Response:
        """Answer /connections, whose case does not matter."""
        if request.url.path.lower().rstrip("/") == "/connections":
            return await self._of_identity(request, self.identity.connections)
        return problems.not_found()

    async def _of_identity(self, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        order = self.faults.take("", request.url.path, named_only=True)
        return self._finished(request, await spoil(order, lambda: answer(request)), "")

    async def _data(self, request: Request) -> Response:
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if len(str(request.url)) > self.settings.longest_url:
            return self._finished(request, Response(status_code=self.settings.url_too_long), "")
        tenant = request.headers.get("xero-tenant-id", "").lower()
        grant = self.identity.bearer(request)
        order = self.faults.take(tenant, address)
        if grant and order and order.fault in (Fault.EXPIRED, Fault.REVOKED):
            self._end(grant, order)
            grant = None
        if not grant:
            refused = problems.problem(401, "AuthenticationUnsuccessful", self.settings, token_is_bad=True)
            return self._finished(request, refused, tenant)
        if not tenant and grant.app.is_custom:
            tenant = grant.tenants[0]
        if tenant not in grant.tenants or tenant in grant.lost:
            return self._finished(request, problems.problem(403, "AuthenticationUnsuccessful", self.settings), tenant)
        app = grant.app.client_id
        if reached := _ordered_limit(order) or self.limits.enter(tenant, app):
            refused = problems.too_many(reached.problem, reached.wait)
            return self._finished(request, refused, tenant, app)
        try:
            if self.settings.latency:
                await asyncio.sleep(self.settings.latency)
            path, since = request.path_params["path"].strip("/"), request.headers.get("If-Modified-Since", "")
            asked = Asked(tenant, path, address, dict(request.query_params), since, order)
            response = await spoil(order, lambda: self._answer(asked, grant, request.headers.get("Accept", "")))
        finally:
            self.limits.leave(tenant)
        return self._finished(request, response, tenant, app)

    async def _answer(self, asked: Asked, grant: Grant, accept: str) -> Response:
        """Answer what was asked, as JSON or, unless that was asked for, as XML."""
        if (scope := self.answers.scope(asked.path)) and not _has(grant, scope):
            return problems.problem(self.settings.missing_scope, "AuthorizationUnsuccessful", self.settings)
        try:
            with self.ledger.lock:
                body = self.answers.answer(asked)
        except BadParameter as error:
            return problems.validation(str(error))
        except BadFilter as error:
            return problems.query_error(str(error))
        if body is None:
            return problems.not_found()
        if "json" in accept:
            return Response(body, media_type="application/json; charset=utf-8")
        return Response(as_xml(body), media_type="text/xml; charset=utf-8")

    def _end(self, grant: Grant, order: Order) -> None:
        if order.fault is Fault.REVOKED:
            self.grants.revoke(grant)
        else:
            grant.access.clear()

    def _finished(self, request: Request, response: Response, tenant: str, app: str = "") -> Response:
        """Add what every reply carries, and remember the call, but nothing that is secret."""
        response.headers["Date"] = format_datetime(self.ledger.now, usegmt=True)
        if app:
            response.headers.update(self.limits.headers(tenant, app))
        self.calls.append(
            {
                "path": request.url.path, "query": request.url.query, "tenant": tenant, "status": response.status_code,
                "modified_since": request.headers.get("If-Modified-Since", ""),
                "problem": response.headers.get("X-Rate-Limit-Problem", ""),
            }
        )  # fmt: skip
        return response


def _has(grant: Grant, scope: str) -> bool:
    """Whether the grant has the scope, for writing too, or an old app's broad one."""
    broad = "accounting.reports.read" if scope.startswith("accounting.reports.") else "accounting.transactions"
    wanted = {scope, scope.removesuffix(".read")}
    if not scope.startswith(("accounting.contacts", "accounting.settings")):
        wanted |= {broad, f"{broad.removesuffix('.read')}.read"}
    return bool(wanted & grant.scopes)


def _ordered_limit(order: Order | None) -> Reached | None:
    if order and order.fault in (Fault.TOO_MANY_A_MINUTE, Fault.TOO_MANY_A_DAY):
        return Reached(order.fault.value, order.seconds)
    return Reached("concurrent", None) if order and order.fault is Fault.TOO_MANY_AT_ONCE else None
