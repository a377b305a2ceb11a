"""A tiny local server that speaks for the sample system: `python -m tests.conformance.sample_server --folder DIR`.

DIR holds one JSON ledger per entity and may hold faults.json; both are read again whenever they
change. It prints its port, and serves until it is ended. Secret: the header `X-Sesame`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.conformance import sample_answers as answers
from tests.conformance.books import Row

SECRET = "open-sesame-91c5"
PAGE_SIZE = 7
FAULTS = "faults.json"
SLOW_SECONDS = 2.0
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Running:
    """A running server: its base address, and the folder it reads."""

    url: str
    folder: Path


class Sample(ThreadingHTTPServer):
    """Serves the ledgers of one folder."""

    daemon_threads = True

    def __init__(
        self, folder: Path, port: int = 0, host: str = "127.0.0.1", clock: Callable[[], float] = time.time
    ) -> None:
        """`clock` gives what the answers' Date header says, in seconds since 1970."""
        super().__init__((host, port), _Handler)
        self.folder = folder
        self.clock = clock
        self._cache: dict[str, tuple[tuple[int, int], Any]] = {}
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stored(self, name: str) -> Any:
        """Return a file of the folder as it is now; None when there is none."""
        path = self.folder / name
        try:
            state = path.stat()
        except FileNotFoundError:
            return None
        stamp = (state.st_mtime_ns, state.st_ino)
        with self._lock:
            if self._cache.get(name, (None,))[0] != stamp:
                self._cache[name] = (stamp, json.loads(path.read_text(encoding="utf-8")))
            return self._cache[name][1]

    def entities(self) -> dict[str, Row]:
        """Return every entity's ledger by id."""
        names = sorted(p.stem for p in self.folder.glob("*.json") if p.name != FAULTS and p.name[0] != ".")
        return {name: self.stored(f"{name}.json") for name in names}

    def fault(self, entity: str, side: str, what: str) -> str:
        """Return the fault switched on for this entity's reads or figures, for all or for one by name."""
        asked = ((self.stored(FAULTS) or {}).get(entity) or {}).get(side, "")
        return str(asked.get(what, "") if isinstance(asked, dict) else asked)


class _Handler(BaseHTTPRequestHandler):
    server: Sample
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, else each answer waits for an acknowledgement

    def do_GET(self) -> None:
        """Answer one request."""
        address = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        if self.headers.get("X-Sesame") != SECRET:
            self._send(401, {"oops": f"{self.headers.get('X-Sesame')} is no sesame"})
            return
        match address.path.strip("/").split("/"):
            case ["api", "dir"]:
                self._send(200, {"dir": [
                    {"id": name, "label": e["label"], "base": e["base"], "tz": e["tz"], "acct": e["acct"]}
                    for name, e in reversed(self.server.entities().items())
                ]})  # fmt: skip
            case ["api", entity, ("rows" | "keys" | "tell") as how, what] if entity in self.server.entities():
                self._answer(entity, how, what, query)
            case _:
                self._send(404, {"oops": "nothing here"})

    def _answer(self, entity: str, how: str, what: str, query: dict[str, str]) -> None:
        ledger = self.server.entities()[entity]
        fault = self.server.fault(entity, "figures" if how == "tell" else "read", what)
        if fault.startswith("slow"):
            time.sleep(float(fault.partition(":")[2] or SLOW_SECONDS))
        if fault.isdigit():
            self._send(int(fault), {"oops": "as ordered"})
        elif fault in ("html", "cut"):
            said = b"<html><body>Please log in</body></html>" if fault == "html" else b'{"rws": [{"ide'
            self._send(200, said)
        elif how == "rows":
            self._send(200, answers.rows(ledger, what, query, PAGE_SIZE, fault))
        elif how == "keys":
            self._send(200, {"keyz": answers.keys(ledger, what, query)})
        else:
            self._send(200, answers.tell(ledger, what, query, fault))

    def _send(self, status: int, said: Any) -> None:
        body = said if isinstance(said, bytes) else json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Tell the server's own time."""
        return super().date_time_string(self.server.clock() if timestamp is None else timestamp)  # type: ignore[arg-type]

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@contextmanager
def serving(folder: Path) -> Iterator[Running]:
    """Serve the folder from a thread of this process."""
    server = Sample(folder)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield Running(server.url, folder)
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def serving_elsewhere(folder: Path) -> Iterator[Running]:
    """Serve the folder from a process of its own."""
    command = [sys.executable, "-m", "tests.conformance.sample_server", "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        assert process.stdout, "the server prints its port"
        try:
            yield Running(f"http://127.0.0.1:{int(process.stdout.readline())}", folder)
        finally:
            process.terminate()


def order_faults(
    folder: Path, entity: str, read: str | dict[str, str] = "", figures: str | dict[str, str] = ""
) -> None:
    """Switch faults of an entity on; without any, switch them off.

    Args:
        read: a status (500, 401 …), html, cut, slow or slow:SECONDS, drop_page, halve or malformed; for all of
            its reads, or by endpoint: parties, documents, movements.
        figures: a status, html, cut, slow or halve; for all, or by endpoint: total, balances, open, types, counts.
    """
    path = folder / FAULTS
    ordered = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    part = folder / f".{FAULTS}"
    part.write_text(json.dumps({**ordered, entity: {"read": read, "figures": figures}}), encoding="utf-8")
    part.replace(path)


def main() -> None:
    """Print the port and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; 0.0.0.0 inside a container")
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    server = Sample(arguments.folder, arguments.port, arguments.host)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
