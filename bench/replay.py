"""Serves the sandbox's own replies again, as fast as a disk's cache gives them: a server that is no bottleneck.

    python -m bench.replay --upstream URL --folder FOLDER [--latency SECONDS]

What was not asked before is asked of the sandbox and kept, status, headers and body as they came;
from then on the kept reply is sent over a kept-alive connection. So the sandbox can be ended once
everything was asked once, and what a connector reads stays the vendor's wire format to the last byte.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

LOOPBACK = "127.0.0.1"
SAID_ANEW = {"connection", "content-length", "keep-alive", "transfer-encoding"}
"""Headers that belong to a connection, not to the reply."""
ASKED = "asked.jsonl"
"""The file in the folder that lists what was asked: address and deciding headers."""
DECIDING = ("Accept", "xero-tenant-id", "If-Modified-Since")
"""Headers that make another request of the same address."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply: its head, ready to be sent, and the file of its body."""

    head: bytes
    body: Path
    size: int


class Replies:
    """What was asked so far; the first who asks for something waits for the sandbox."""

    def __init__(self, upstream: str, folder: Path, latency: float) -> None:
        self.upstream, self.folder, self.latency = upstream, folder, latency
        self._kept: dict[tuple[str, ...], Kept] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def of(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> Kept:
        """Return the reply to a request."""
        said = dict(headers)
        key = (method, path, *(said.get(name, "") for name in DECIDING))
        if key not in self._kept:
            with self._lock:
                self._kept[key] = self._kept.get(key) or self._ask(method, path, said, body)
        return self._kept[key]

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Kept:
        passed = {name: value for name, value in headers.items() if name.lower() not in {*SAID_ANEW, "host"}}
        answer = requests.request(method, f"{self.upstream}{path}", data=body, headers=passed, timeout=600)
        file = self.folder / f"{next(self._numbers):06d}"
        file.write_bytes(answer.content)
        lines = [f"HTTP/1.1 {answer.status_code} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items() if name.lower() not in SAID_ANEW]
        lines += [f"Content-Length: {len(answer.content)}", "Connection: keep-alive", "", ""]
        asked = {"path": path, "headers": {name: headers[name] for name in DECIDING if name in headers}}
        with (self.folder / ASKED).open("a") as listed:
            listed.write(json.dumps(asked) + "\n")
        return Kept("\r\n".join(lines).encode("latin-1"), file, len(answer.content))


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests, one after the other."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer from what is kept."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer from what is kept, whatever the body says: only tokens are posted."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        replies = self.server.replies
        kept = replies.of(self.command, self.path, self.headers.items(), body)
        if replies.latency:
            time.sleep(replies.latency)
        self.connection.sendall(kept.head)
        if kept.size:
            with kept.body.open("rb") as file:
                self.connection.sendfile(file)


class Server(ThreadingHTTPServer):
    """A thread per connection."""

    daemon_threads = True

    def __init__(self, replies: Replies) -> None:
        super().__init__((LOOPBACK, 0), Handler)
        self.replies = replies

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Take a connection whose small packets do not wait."""
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address


def main() -> int:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=0, help="seconds that every reply is held back")
    options = parser.parse_args()
    server = Server(Replies(options.upstream, options.folder, options.latency))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://{LOOPBACK}:{server.server_port}", flush=True)
    sys.stdin.buffer.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
