"""A Xero organisation of so many invoices, rendered by the sandbox, asked once, and served by the replay server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.replay import ASKED

PROJECT = Path(__file__).resolve().parent.parent
UNLIMITED = 10**9
"""Calls a minute and a day: limits that decide nothing."""
LIMITS = ("minute_limit", "day_limit", "app_minute_limit")


@dataclass(frozen=True, slots=True)
class Source:
    """Where the organisation answers, how to get in, how many invoices it has, and the folder of its replies."""

    folder: Path
    url: str
    entity: str
    client_id: str
    client_secret: str
    invoices: int

    def pages(self) -> list[tuple[str, dict[str, str]]]:
        """Return address and headers of every page of a whole read of the invoices, once it was asked for."""
        asked = [json.loads(line) for line in (self.folder / ASKED).read_text().splitlines()]
        return [
            (f"{self.url}{each['path']}", each["headers"])
            for each in asked
            if "/Invoices?" in each["path"] and "Statuses" not in each["path"]
            and "If-Modified-Since" not in each["headers"]
        ]  # fmt: skip


class Sandbox:
    """The sandbox as a process of its own; making its books and rendering their pages takes minutes."""

    def __init__(self, folder: Path, invoices: int, *words: str) -> None:
        folder.mkdir(parents=True)
        self.invoices, self.folder, self.file = invoices, folder, folder / "credentials.json"
        limits = [word for name in LIMITS for word in ("--set", f"{name}={UNLIMITED}")]
        command = [
            sys.executable, "-m", "include.sandbox", "xero", "--invoices", str(invoices), "--render", "--until-eof",
            *limits, "--credentials", str(self.file), *words,
        ]  # fmt: skip
        self._url = ""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT)

    def url(self) -> str:
        """Wait until it serves; return where.

        Raises:
            RuntimeError: it ended instead.
        """
        self._url = self._url or _first_line(self.process, "the Xero sandbox")
        return self._url

    def credentials(self) -> dict[str, Any]:
        """Return the registered apps and the tenants; known once it serves."""
        said: dict[str, Any] = json.loads(self.file.read_text())
        return said

    def stop(self) -> None:
        """End it."""
        _end(self.process)


@contextmanager
def serving(sandbox: Sandbox, latency: float = 0) -> Iterator[Source]:
    """Serve a sandbox's replies from a process of its own; a reply needs the sandbox the first time only."""
    pages = sandbox.folder / "pages"
    pages.mkdir()
    upstream = sandbox.url()
    command = [sys.executable, "-m", "bench.replay", "--upstream", upstream, "--folder", str(pages)]
    process = subprocess.Popen(
        [*command, "--latency", str(latency)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT
    )
    try:
        said = sandbox.credentials()
        app = next(app for app in said["apps"] if app["is_custom"])
        url = _first_line(process, "the replay server")
        yield Source(pages, url, said["tenants"][0], app["client_id"], app["client_secret"], sandbox.invoices)
    finally:
        _end(process)


def _first_line(process: subprocess.Popen[bytes], what: str) -> str:
    output: IO[bytes] | None = process.stdout
    assert output is not None
    if not (line := output.readline().decode().strip()):
        raise RuntimeError(f"{what} did not start (exit {process.wait()})")
    return line


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let it end with its standard input, firmly if it does not."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
