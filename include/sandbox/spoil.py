"""Does to an answer what an ordered fault wants, in whatever protocol the answer is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from include.sandbox.faults import Fault, Order

PAGE = "<!DOCTYPE html><html><head><title>{} | Maintenance</title></head><body>Back soon</body></html>"


class Torn(Response):
    """A reply whose connection breaks half-way through the body that it announced."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the head and half the body; the server then closes the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": False})


async def spoil(
    order: Order | None, answer: Callable[[], Awaitable[Response]], broken: Callable[[int], Response], title: str
) -> Response:
    """Return the answer, or what becomes of it; a server that fails has done nothing, a torn reply was meant.

    Args:
        broken: what the vendor says when its own server fails with a status.
        title: the vendor's name, as a page for people has it.
    """
    match order.fault if order else None:
        case Fault.SLOW:
            assert order, "a fault has its order"
            await asyncio.sleep(order.seconds)
        case Fault.SERVER_ERROR:
            return broken(500)
        case Fault.UNAVAILABLE:
            return broken(503)
        case Fault.HTML:
            return HTMLResponse(PAGE.format(title))
        case Fault.CUT:
            whole = await answer()
            return Response(bytes(whole.body)[: len(whole.body) // 2], whole.status_code, _kept(whole))
        case Fault.RESET:
            whole = await answer()
            return Torn(whole.body, whole.status_code, _kept(whole))
    return await answer()


def _kept(whole: Response) -> dict[str, str]:
    return {"Content-Type": whole.headers["Content-Type"]}
