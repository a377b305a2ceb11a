"""The sandbox's own addresses, below /sandbox and beside the vendor's: let days pass, tell the truth, order faults.

They answer this machine only; the demo and other processes use them, tests hold the objects themselves.

    GET    /sandbox                     the clock, the entities, and the credentials that the face gives out
    GET    /sandbox/truth?entity=0      what the books amount to, amounts as text
    POST   /sandbox/advance?days=1      let days pass
    POST   /sandbox/transfer            let a shared customer pay the first two entities by one bank transfer
    POST   /sandbox/defects             {"entity": 0, "names": [...]}; all known ones without names
    POST   /sandbox/faults              {"fault": "minute", "path": "/Invoices", "times": 2, ...}
    DELETE /sandbox/faults              forget those that have not happened yet
    GET    /sandbox/calls               what was asked so far; DELETE forgets it
    POST   /sandbox/skip?seconds=1900   put the clock of tokens and limits forward
    POST   /sandbox/grant               {"scopes": [...]}: let the user consent; DELETE ends every grant
    POST   /sandbox/render              render every page beforehand
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from include.sandbox import defects, group
from include.sandbox.faults import Fault, Faults, Order
from include.sandbox.ledger import Ledger
from include.sandbox.truth import Truth

LOOPBACK = ("127.0.0.1", "::1", "localhost")
Handler = Callable[[Request], Awaitable[Response]]


class Face(Protocol):
    """What every face offers to the sandbox, whatever protocol it speaks."""

    ledger: Ledger
    faults: Faults
    calls: deque[dict[str, Any]]
    app: Starlette

    def skip(self, seconds: float) -> None:
        """Put the clock of tokens and limits forward."""

    def render(self) -> int:
        """Render everything beforehand, and return how many records that were."""

    def credentials(self) -> dict[str, Any]:
        """Return what a client needs to know to get in."""

    def consent(self, scopes: list[str]) -> dict[str, str]:
        """Let the user consent, to everything without scopes, and return the tokens."""

    def revoke_all(self) -> None:
        """End every grant."""


def around(face: Face) -> Starlette:
    """Return a face's application with the control addresses in front of it."""
    control = _Control(face)
    routes = [
        Route("/sandbox", _local(control.about), methods=["GET"]),
        Route("/sandbox/truth", _local(control.truth), methods=["GET"]),
        Route("/sandbox/advance", _local(control.advance), methods=["POST"]),
        Route("/sandbox/transfer", _local(control.transfer), methods=["POST"]),
        Route("/sandbox/defects", _local(control.defects), methods=["POST"]),
        Route("/sandbox/faults", _local(control.faults), methods=["POST", "DELETE"]),
        Route("/sandbox/calls", _local(control.calls), methods=["GET", "DELETE"]),
        Route("/sandbox/skip", _local(control.skip), methods=["POST"]),
        Route("/sandbox/grant", _local(control.grant), methods=["POST", "DELETE"]),
        Route("/sandbox/render", _local(control.render), methods=["POST"]),
    ]
    return Starlette(routes=[*routes, Mount("/", face.app)])


class _Control:
    def __init__(self, face: Face) -> None:
        self.face, self.ledger = face, face.ledger

    async def about(self, request: Request) -> Response:
        entities = [
            {"id": b.entity.id, "name": b.entity.name, "currency": b.entity.currency, "timezone": b.entity.timezone,
             "invoices": len(b.documents), "defects": dict(b.defects)}
            for b in self.ledger.books.values()
        ]  # fmt: skip
        about = {"now": self.ledger.now.isoformat(), "entities": entities}
        return JSONResponse(about | {"credentials": self.face.credentials()})

    async def truth(self, request: Request) -> Response:
        return JSONResponse(plain_truth(self.ledger.truth(int(request.query_params.get("entity", "0")))))

    async def advance(self, request: Request) -> Response:
        self.ledger.advance(int(request.query_params.get("days", "1")))
        return JSONResponse({"now": self.ledger.now.isoformat()})

    async def transfer(self, request: Request) -> Response:
        with self.ledger.lock:
            batch = group.transfer(self.ledger.entity(0), self.ledger.entity(1), self.ledger.now)
        return JSONResponse({"transfer": batch})

    async def defects(self, request: Request) -> Response:
        asked = await _body(request)
        self.ledger.plant(int(asked.get("entity", 0)), *asked.get("names", ()))
        return JSONResponse({"planted": dict(self.ledger.entity(int(asked.get("entity", 0))).defects)})

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.face.faults.clear()
        else:
            asked = await _body(request)
            self.face.faults.order(Order(Fault(asked.pop("fault")), **asked))
        return JSONResponse({"done": [[fault, path] for fault, path in self.face.faults.done]})

    async def calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.face.calls.clear()
        return JSONResponse(list(self.face.calls))

    async def skip(self, request: Request) -> Response:
        self.face.skip(float(request.query_params["seconds"]))
        return JSONResponse({})

    async def grant(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.face.revoke_all()
            return JSONResponse({})
        return JSONResponse(self.face.consent((await _body(request)).get("scopes", [])))

    async def render(self, request: Request) -> Response:
        return JSONResponse({"records": self.face.render()})


def plain_truth(truth: Truth) -> dict[str, Any]:
    """Return a truth as JSON has it: amounts and days as text, balances of parties below their currency."""
    documents = {
        key: {
            "kind": b.kind, "number": b.number, "party": b.party, "currency": b.currency, "state": b.state,
            "gross": str(b.gross), "outstanding": str(b.outstanding), "due_on": str(b.due_on) if b.due_on else None,
        }
        for key, b in truth.documents.items()
    }  # fmt: skip
    parties: dict[str, dict[str, str]] = {}
    for (party, currency), amount in truth.parties.items():
        parties.setdefault(party, {})[currency] = str(amount)
    return {
        "entity": truth.entity, "currency": truth.currency, "documents": documents, "parties": parties,
        "links": [asdict(link) | {"amount": str(link.amount)} for link in truth.links],
        "totals": {currency: str(amount) for currency, amount in truth.totals.items()},
        "owed": {currency: str(amount) for currency, amount in truth.owed.items()},
        "base_total": str(truth.base_total), "counts": truth.counts,
    }  # fmt: skip


def _local(answer: Handler) -> Handler:
    """Let only this machine in, also by the name that it asked for; a mistake is answered in one sentence."""

    async def guarded(request: Request) -> Response:
        if not request.client or request.client.host not in LOOPBACK or request.url.hostname not in LOOPBACK:
            return JSONResponse({"error": "these addresses answer this machine only"}, 403)
        try:
            return await answer(request)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            known = f"known faults: {', '.join(Fault)}; known defects: {', '.join(defects.DEFECTS)}"
            return JSONResponse({"error": f"{type(error).__name__}: {error}; {known}"}, 400)

    return guarded


async def _body(request: Request) -> dict[str, Any]:
    said = json.loads(await request.body() or b"{}")
    if not isinstance(said, dict):
        raise TypeError("the body is an object")
    return said
