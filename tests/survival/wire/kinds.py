"""What a kind of fault is, and the register of those that any system's answers may suffer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from tests.survival.wire.proxy import Answer, Exchange, Spoil

PERSON = ("Zoë Canary", "zoe.canary@people.example", "+49 30 5550199")
"""A name, an address and a number that servers' own words hold; no error may repeat them."""
QUICK = {"READ_SECONDS": 2.0, "ANSWER_SECONDS": 2.0}
"""Time-outs of include/connectors/http.py, in seconds: short, but a real server answers in time on a busy machine."""

Ending = Literal["success", "failure", "either"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Args:
        times: how many requests it spoils.
        ends: success: the connector itself must get over it; failure: nobody could; either: both are right.
        bounds: constants of include/connectors/http.py that are smaller while it lasts.
        host: instead of the proxy's, the address that the connection names; {proxy} stands for it.
    """

    name: str
    what: str
    spoil: Spoil
    times: int = 1
    ends: Ending = "either"
    bounds: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""


KINDS: dict[str, Kind] = {}


def kind(**options: Any) -> Callable[[Spoil], Spoil]:
    """Register a function as a kind of its name; its docstring says what happens."""

    def register(spoil: Spoil) -> Spoil:
        KINDS[spoil.__name__] = Kind(spoil.__name__, spoil.__doc__ or "", spoil, **options)
        return spoil

    return register


def refusal(exchange: Exchange, status: int, **headers: str | None) -> None:
    """Answer a status with a body that repeats what no error may repeat."""
    said = f"Sorry {' '.join(PERSON)}: {exchange.asked.credentials}".encode()
    answer = Answer(status, exchange.answer.headers, said).having(content_type="text/plain", **headers)
    exchange.send(answer.whole())


def instead(exchange: Exchange, body: bytes, **headers: str | None) -> None:
    """Answer another body, with the length that it has."""
    exchange.send(replace(exchange.answer, body=body).having(**headers).whole())


def page(exchange: Exchange, title: str) -> None:
    """Answer a page for people with status 200."""
    form = f"<!DOCTYPE html><html><title>{title}</title><body>Welcome back, {' '.join(PERSON)}</body></html>"
    instead(exchange, form.encode(), content_type="text/html")


def said(exchange: Exchange) -> Any:
    """Return the answer's JSON."""
    return json.loads(exchange.answer.body)
