"""A proxy on loopback: it hands on what is asked, and spoils the answers that it was ordered to spoil."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from email.utils import formatdate
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ALWAYS = 10**9
UPSTREAM_SECONDS = 60
OF_ONE_CONNECTION = (
    "connection", "keep-alive", "transfer-encoding", "content-length", "accept-encoding", "content-encoding", "host",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; `target` is its path with the query."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def credentials(self) -> str:
        """What a server that is not careful would repeat."""
        return " ".join(value for _, value in self.headers) + self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as the system gave it, read whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def having(self, **headers: str | None) -> Answer:
        """Return it with other headers; None takes one away."""
        names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        kept = [(name, value) for name, value in self.headers if name.lower() not in names]
        return replace(self, headers=(*kept, *((name.title(), value) for name, value in names.items() if value)))

    def head(self, length: int | str | None = None, version: str = "HTTP/1.1") -> bytes:
        """Return status line and headers; `length` is what is claimed of the body."""
        lines = [f"{version} {self.status} As Ordered", *(f"{name}: {value}" for name, value in self.headers)]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def whole(self) -> bytes:
        """Return it as it should go out."""
        return self.head(len(self.body)) + self.body


@dataclass(slots=True)
class Exchange:
    """One request, what the system answered to it, and the wire back.

    Args:
        before: earlier exchanges of this order's kind of request, oldest first.
        ended: is set when the proxy is told to stop.
    """

    asked: Asked
    answer: Answer
    before: Sequence[tuple[Asked, Answer]]
    connection: socket.socket
    ended: threading.Event
    is_open: bool = True

    def send(self, *parts: bytes, every: float = 0.0) -> None:
        """Send the parts, one after the other; a client that has gone away ends it."""
        for part in parts:
            if every and self.ended.wait(every):
                break
            try:
                self.connection.sendall(part)
            except OSError:
                self.is_open = False
                return

    def hang_up(self) -> None:
        """Close the connection once this exchange is over."""
        self.is_open = False

    def reset(self) -> None:
        """Close hard, so that the client sees a reset."""
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.is_open = False


Spoil = Callable[[Exchange], None]
"""Sends something else than the answer, or nothing."""


@dataclass(slots=True)
class Order:
    """A fault that waits for its requests: after `skip` of those that match it spoils `times` of them."""

    spoil: Spoil
    matches: Callable[[Asked], bool] = lambda asked: True
    skip: int = 0
    times: int = 1


class Proxy(ThreadingHTTPServer):
    """Stands before the server at `upstream`; one order at a time, from one thread at a time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.order: Order | None = None
        self.log: list[tuple[Asked, Answer]] = []
        self.spoilt = 0
        self.ended = threading.Event()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def expect(self, order: Order | None = None) -> None:
        """Forget what was, and wait with this order."""
        with self._lock:
            self.order, self.log, self.spoilt = order, [], 0

    def take(self, asked: Asked, answer: Answer) -> tuple[Spoil | None, Sequence[tuple[Asked, Answer]]]:
        """Return what is to become of the answer, and the earlier ones of this kind."""
        with self._lock:
            order = self.order
            before = [seen for seen in self.log if order and order.matches(seen[0])]
            self.log.append((asked, answer))
            if order is None or not order.matches(asked):
                return None, before
            if order.skip:
                order.skip -= 1
                return None, before
            if not order.times:
                return None, before
            order.times -= 1
            self.spoilt += 1
            return order.spoil, before

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients go away in the middle, that is the point."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"
    _to: HTTPConnection | None = None

    def do_GET(self) -> None:
        """Hand one request on, and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, tuple(self.headers.items()), body)
        answer = self._ask(asked)
        spoil, before = self.server.take(asked, answer)
        exchange = Exchange(asked, answer, before, self.connection, self.server.ended)
        if spoil is None:
            exchange.send(answer.whole())
        else:
            spoil(exchange)
        self.close_connection = self.close_connection or not exchange.is_open

    do_POST = do_GET  # noqa: N815 - the name that the library calls

    def _ask(self, asked: Asked) -> Answer:
        """Ask the real server, once more where it has closed the connection meanwhile."""
        headers = {name: value for name, value in asked.headers if name.lower() not in OF_ONE_CONNECTION}
        headers["Accept-Encoding"] = "gzip"  # trytond says gzip of a large answer, whether it is asked for or not
        for is_last in (False, True):
            if self._to is None:
                self._to = HTTPConnection(urlsplit(self.server.upstream).netloc, timeout=UPSTREAM_SECONDS)
            try:
                self._to.request(asked.method, asked.target, asked.body or None, headers)
                said = self._to.getresponse()
                kept = tuple((n, v) for n, v in said.getheaders() if n.lower() not in OF_ONE_CONNECTION)
                body = said.read()
                return Answer(said.status, kept, gzip.decompress(body) if said.getheader("Content-Encoding") else body)
            except (OSError, HTTPException):
                self._to.close()
                self._to = None
                if is_last:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def finish(self) -> None:
        """Close both ends."""
        if self._to is not None:
            self._to.close()
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Stand before a server while the block runs."""
    made = Proxy(upstream)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made
    finally:
        made.ended.set()
        made.shutdown()
        made.server_close()


def now(offset: float = 0.0) -> str:
    """Return a Date header, so many seconds from now."""
    return formatdate(time.time() + offset, usegmt=True)
