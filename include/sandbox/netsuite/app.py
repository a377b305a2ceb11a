"""The face as an ASGI application: its addresses, and what every call goes through."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from email.utils import format_datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from include.sandbox import spoil
from include.sandbox.faults import Fault, Faults, Order
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite import problems, view
from include.sandbox.netsuite.answers import Answers, Page, asked, read
from include.sandbox.netsuite.settings import Settings
from include.sandbox.netsuite.signatures import Signatures
from include.sandbox.netsuite.tokens import TOKEN_PATH, Denied, Tokens

QUERY_PATH = "/services/rest/query/v1/suiteql"
LIMITS_PATH = "/services/rest/system/v1/governanceLimits"
LIMITS = (Fault.TOO_MANY_AT_ONCE, Fault.TOO_MANY_A_MINUTE, Fault.TOO_MANY_A_DAY)
"""This vendor limits what is under way at once, nothing else."""
REMEMBERED = 100_000
"""So many calls are remembered."""


class Face:
    """NetSuite over a ledger: `app` is what a server runs; `calls` is what was asked so far."""

    def __init__(self, ledger: Ledger, settings: Settings, private_key: str = "") -> None:
        """`private_key` is that of the sandbox's own certificate, to be told to whoever asks on this machine."""
        self.ledger, self.settings, self._private_key = ledger, settings, private_key
        self.skipped = 0.0
        """Seconds by which the clock of tokens and signatures was put forward."""
        self.tokens, self.signatures = Tokens(settings, self.clock), Signatures(settings, self.clock)
        self.answers = Answers(ledger, settings)
        self.rights = view.restricted(settings)
        """What the role may see; a test may change it."""
        self.faults = Faults()
        self.audit: list[str] = []
        """The login audit trail: why somebody was not let in."""
        self.calls: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.running = self.most_at_once = 0
        self._statuses = itertools.cycle([settings.concurrency_status] if settings.concurrency_status else [429, 400])
        self.app = Starlette(
            routes=[
                Route(TOKEN_PATH, self._token, methods=["POST"]),
                Route(QUERY_PATH, self._suiteql, methods=["POST"]),
                Route(LIMITS_PATH, self._governance, methods=["GET"]),
                Route("/{path:path}", self._other, methods=["GET", "POST"]),
            ]
        )

    def clock(self) -> float:
        """Return the time that tokens and signatures live by, in seconds."""
        return self.settings.clock() + self.skipped

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens and signatures forward."""
        self.skipped += seconds

    def render(self) -> int:
        """Fill the tables beforehand, and return how many transactions there are."""
        with self.ledger.lock:
            engine = self.answers.engine(self.rights)
            return engine.count("transaction")

    def credentials(self) -> dict[str, Any]:
        """Return the account, its integrations, and where to go with them."""
        return {
            "account": self.settings.account, "token": TOKEN_PATH, "query": QUERY_PATH,
            "certificates": [
                {"certificate_id": each.id, "client_id": each.client_id} for each in self.settings.certificates
            ],
            "private_key": self._private_key,
            "tokens": [
                {
                    "consumer_key": each.consumer_key, "consumer_secret": each.consumer_secret,
                    "token_id": each.token_id, "token_secret": each.token_secret,
                }
                for each in self.settings.tokens
            ],
        }  # fmt: skip

    def consent(self, scopes: list[str]) -> dict[str, str]:
        """Return an access token without an assertion; this vendor's machines have one scope."""
        return {"access_token": self.tokens.issue(self.settings.certificates[0].client_id)}

    def revoke_all(self) -> None:
        """End every certificate and every token."""
        self.tokens.revoke()
        self.signatures.ended |= {token.token_id for token in self.settings.tokens}

    async def _token(self, request: Request) -> Response:
        order = self.faults.take(self.settings.account, request.url.path, named_only=True)

        async def answer() -> Response:
            form = {name: str(value) for name, value in (await request.form()).items()}
            try:
                return JSONResponse(self.tokens.buy(form, str(request.url.replace(query=""))))
            except Denied as denied:
                self.audit.append(denied.reason)
                return JSONResponse({"error": denied.code}, 400)

        return self._finished(request, await spoil.spoil(order, answer, problems.broken, "NetSuite"))

    async def _suiteql(self, request: Request) -> Response:
        unread: problems.Refused | None = None
        query: str = ""
        binds: list[Any] = []
        try:
            query, binds = read(await request.body())
        except problems.Refused as refused:
            unread = refused
        order = self.faults.take(self.settings.account, f"{request.url.path}?{request.url.query} {query}")
        if refusal := self._login(request, order):
            return self._finished(request, refusal, query)
        if (order and order.fault in LIMITS) or self.running >= self.settings.concurrent_limit:
            crowded = problems.crowded(next(self._statuses))
            return self._finished(request, problems.response(crowded), query, crowded.code)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            if self.settings.latency:
                await asyncio.sleep(self.settings.latency)
            if unread:
                raise unread
            page = self._page(request)

            async def answer() -> Response:
                return self._rows(query, binds, page, request, order)

            return self._finished(request, await spoil.spoil(order, answer, problems.broken, "NetSuite"), query)
        except problems.Refused as refused:
            return self._finished(request, problems.response(refused), query, refused.code)
        finally:
            self.running -= 1

    def _page(self, request: Request) -> Page:
        """Return which page is asked for.

        Raises:
            Refused: the role may not query, or the request lacks what every query needs.
        """
        for needed in ("REST Web Services", "SuiteAnalytics Workbook"):
            if needed in self.rights.without:
                raise problems.no_permission(needed)
        if "transient" not in request.headers.get("Prefer", "").replace(" ", "").split(","):
            raise problems.Refused(
                400, "INVALID_REQUEST", "Required header 'Prefer' with the value 'transient' is missing.",
                ("o:errorHeader", "Prefer"),
            )  # fmt: skip
        if "json" not in request.headers.get("Content-Type", ""):
            raise problems.Refused(400, "INVALID_CONTENT", "The content type is application/json.")
        return asked(request.query_params, self.settings)

    def _rows(self, query: str, binds: list[Any], page: Page, request: Request, order: Order | None) -> Response:
        with self.ledger.lock:
            address = str(request.url.replace(query=""))
            body = self.answers.answer(query, binds, page, address, self.rights, order)
        return Response(body, media_type="application/vnd.oracle.resource+json; type=collection")

    async def _governance(self, request: Request) -> Response:
        if refusal := self._login(request, None):
            return self._finished(request, refusal)
        limit = self.settings.concurrent_limit
        return self._finished(
            request,
            JSONResponse({"links": [], "accountConcurrencyLimit": limit, "accountUnallocatedConcurrencyLimit": limit}),
        )

    async def _other(self, request: Request) -> Response:
        refused = problems.Refused(404, "NONEXISTENT_ID", "The requested resource does not exist.")
        return self._finished(request, self._login(request, None) or problems.response(refused))

    def _login(self, request: Request, order: Order | None) -> Response | None:
        """Return why a request is not let in, if it is not; more is said in the audit trail."""
        if order and order.fault is Fault.EXPIRED:
            self.tokens.expire()
        if order and order.fault is Fault.REVOKED:
            self.revoke_all()
        header = request.headers.get("Authorization", "")
        scheme, _, value = header.partition(" ")
        if signed := scheme.lower() == "oauth":
            reason = self.signatures.fault(request.method, str(request.url), header)
            needed = "Log in using Access Tokens"
        else:
            reason = "" if scheme.lower() == "bearer" and self.tokens.lives(value) else "invalid_token"
            needed = "Log in using OAuth 2.0 Access Tokens"
        if not reason and needed in self.rights.without:
            reason = "permission_denied"
        if not reason:
            return None
        self.audit.append(reason)
        return problems.login(self.settings.account, bearer=not signed)

    def _finished(self, request: Request, response: Response, query: str = "", problem: str = "") -> Response:
        """Add what every reply carries, and remember the call, but nothing that is secret or bound."""
        response.headers["Date"] = format_datetime(self.ledger.now, usegmt=True)
        self.calls.append(
            {
                "path": request.url.path, "query": request.url.query, "tenant": self.settings.account,
                "status": response.status_code, "q": query, "problem": problem,
            }
        )  # fmt: skip
        return response
