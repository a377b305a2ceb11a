"""Does to an answer what an ordered fault wants, as this vendor fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.responses import Response

from include.sandbox import spoil as sandbox
from include.sandbox.faults import Order
from include.sandbox.xero import problems


async def spoil(order: Order | None, answer: Callable[[], Awaitable[Response]]) -> Response:
    """Return the answer, or what becomes of it."""
    return await sandbox.spoil(order, answer, problems.broken, "Xero")
