"""The face as an ASGI application: its addresses, and what every call goes through."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from include.sandbox.faults import Fault, Faults, Order
from include.sandbox.intacct import problems
from include.sandbox.intacct.company import TOP, Company
from include.sandbox.intacct.gateway import LIMITS, Gateway
from include.sandbox.intacct.grants import Grant, Grants
from include.sandbox.intacct.limits import HOUR, Limits
from include.sandbox.intacct.problems import Refused
from include.sandbox.intacct.rest import Asked, Rest
from include.sandbox.intacct.sessions import NODE, Sessions
from include.sandbox.intacct.settings import Settings
from include.sandbox.intacct.tokens import Tokens, may_enter
from include.sandbox.intacct.view import MAKERS, Views
from include.sandbox.ledger import Ledger
from include.sandbox.spoil import spoil

BASE = "/ia/api/v1"
TOKEN = BASE + "/oauth2/token"
GATEWAY = "/ia/xml/xmlgw.phtml"
ENTITY_HEADERS = ("X-IA-API-Param-Entity", "X-IA-API-ParamEntity")
"""Clients send the first, one copy of the documentation prints the second."""
REMEMBERED = 100_000
OBJECT = re.compile(rb"""<object>\s*(\w+)\s*</object>|"object"\s*:\s*"([\w/-]+)\"""")


class Face:
    """Sage Intacct over a ledger: `app` is what a server runs; `calls` is what was asked so far."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self.skipped = 0.0
        """Seconds by which the clock of tokens, sessions and limits was put forward."""
        self.company = Company(ledger, settings)
        self.grants = Grants(settings, self.clock)
        self.sessions = Sessions(settings.session_lifetime, self.clock)
        self.limits = Limits(settings, self.clock)
        self.views = Views(self.company, settings)
        self.rest = Rest(self.views.now, self._new_session)
        self.gateway = Gateway(self.company, settings, self.views, self.sessions)
        self.tokens = Tokens(self.company, settings, self.grants)
        self.faults = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.app = Starlette(
            routes=[
                Route(TOKEN, self._token, methods=["POST"]),
                Route(BASE + "/{path:path}", self._rest, methods=["GET", "POST", "PATCH", "DELETE"]),
                Route(GATEWAY, self._gateway, methods=["POST"]),
                Route(NODE, self._gateway, methods=["POST"]),
            ]
        )

    def clock(self) -> float:
        """Return the time that tokens, sessions and limits live by, in seconds."""
        return self.settings.clock() + self.skipped

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens, sessions and limits forward."""
        self.skipped += seconds

    def render(self) -> int:
        """Make every row beforehand, and return how many there are."""
        with self.ledger.lock:
            return sum(len(self.views.now().rows(path)) for path in MAKERS)

    def credentials(self) -> dict[str, Any]:
        """Return the application, the sender, the user and the entities, and where to go with them."""
        app, user = self.settings.app, self.settings.user
        assert app, "the server has registered one"
        return {
            "api": BASE, "token": TOKEN, "gateway": GATEWAY, "company": self.settings.company,
            "client_id": app.client_id, "client_secret": app.client_secret, "sender_id": app.sender_id,
            "sender_password": app.sender_password, "user_id": user.id, "user_password": user.password,
            "entities": {entity: books.entity.id for entity, books in self.company.entities.items()},
        }  # fmt: skip

    def consent(self, scopes: list[str], entity: str = TOP) -> dict[str, str]:
        """Return tokens for an entity, or for the top level; this vendor has no scopes that narrow what is read."""
        self.grants.closed = False
        access, refresh = self.grants.issue(self.grants.open(entity))
        return {"access_token": access, "refresh_token": refresh}

    def revoke_all(self) -> None:
        """Take the application's and the user's right to come in."""
        self.grants.revoke_all()
        self.sessions.close_all()
        self.gateway.sign_in.closed = True

    def _new_session(self, entity: str) -> dict[str, Any]:
        session = self.sessions.open(entity)
        return {"sessionId": session.id, "expiresIn": int(self.settings.session_lifetime)}

    async def _token(self, request: Request) -> Response:
        order = self.faults.take(TOP, request.url.path, named_only=True)
        response = await spoil(order, lambda: self.tokens.token(request), problems.broken, "Sage Intacct")
        return self._finished(request, response, TOP)

    async def _rest(self, request: Request) -> Response:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return self._finished(request, problems.gateway_error(401, 34, "Invalid Authorization Header"), TOP)
        grant = self.grants.of_access(token.strip())
        header = next((found for name in ENTITY_HEADERS if (found := request.headers.get(name))), "")
        entity = header or (grant.entity if grant else TOP)
        body = await request.body()
        order = self.faults.take(entity, f"{request.url.path}?{_objects(body)}")
        if grant and order and order.fault in (Fault.EXPIRED, Fault.REVOKED):
            self._end(grant, order)
            grant = None
        if not grant:
            said = (
                "Invalid Token" if self.settings.expired_token == 401 else "Invalid token"
            )  # as a client looks for it
            refused = problems.gateway_error(self.settings.expired_token, 31, said)
            return self._finished(request, refused, entity)
        if refusal := self._limit(order):
            return self._finished(request, refusal, entity)
        path, parameters = request.path_params["path"].strip("/"), dict(request.query_params)
        asked = Asked(request.method, path, entity, body, parameters, order)
        return await self._within_limits(request, entity, order, lambda: self._answer(asked))

    async def _answer(self, asked: Asked) -> Response:
        try:
            if len(asked.body) > self.settings.largest_request:
                raise Refused(413, "invalidRequest", "The request is too large")
            if not may_enter(self.company, asked.entity):
                place = f"Entity {asked.entity}" if asked.entity else "The top level"
                raise Refused(400, "invalidRequest", f"{place} is not available to the user")
            with self.ledger.lock:
                body = self.rest.answer(asked)
        except Refused as error:
            return problems.rest_error(error, self.settings)
        return Response(body, media_type="application/json")

    async def _gateway(self, request: Request) -> Response:
        body = await request.body()
        entity = self.gateway.entity_of(body)
        order = self.faults.take(entity, f"{request.url.path}?{_objects(body)}")
        if order and order.fault in (Fault.EXPIRED, Fault.REVOKED):
            self.sessions.close_all()
            if order.fault is Fault.REVOKED:
                self.gateway.sign_in.closed = True
        inside = self.settings.gateway_limit == "text"
        if not (inside and order and order.fault in LIMITS) and (refusal := self._limit(order)):
            return self._finished(request, refusal, entity)
        base = f"{request.url.scheme}://{request.url.netloc}"

        async def answer() -> Response:
            with self.ledger.lock:
                return self.gateway.answer(body, base, request.url.path, order)

        return await self._within_limits(request, entity, order, answer)

    async def _within_limits(
        self, request: Request, entity: str, order: Order | None, answer: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Answer a call that the limits have let in."""
        try:
            if self.settings.latency:
                await asyncio.sleep(self.settings.latency)
            response = await spoil(order, answer, problems.broken, "Sage Intacct")
            headers = self.limits.headers()
        finally:
            self.limits.leave()
        response.headers.update(headers)
        return self._finished(request, response, entity)

    def _limit(self, order: Order | None) -> Response | None:
        """Count a call that begins, or return its refusal: one that was ordered, or one that is due."""
        wait: float | None = None
        if order and order.fault in LIMITS:
            wait = 0 if order.fault is Fault.TOO_MANY_AT_ONCE else min(order.seconds, HOUR)
        else:
            wait = self.limits.enter()
        if wait is None:
            return None
        return problems.too_many(self.settings.refused_by, self.limits.headers(wait))

    def _end(self, grant: Grant, order: Order) -> None:
        if order.fault is Fault.REVOKED:
            self.grants.revoke_all()
        else:
            grant.access.clear()

    def _finished(self, request: Request, response: Response, entity: str) -> Response:
        """Add what every reply carries, and remember the call, but nothing that is secret."""
        response.headers["Date"] = format_datetime(self.ledger.now, usegmt=True)
        self.calls.append(
            {
                "method": request.method, "path": request.url.path, "query": request.url.query, "entity": entity,
                "status": response.status_code,
            }
        )  # fmt: skip
        return response


def _objects(body: bytes) -> str:
    """Return the objects that a request names in its body, by which a fault may be ordered for one of them."""
    return " ".join(name.decode("ascii", "replace") for found in OBJECT.findall(body) for name in found if name)
