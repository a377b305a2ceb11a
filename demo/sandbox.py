"""A sandbox for the demo: a server that speaks a vendor's protocol over a ledger of its own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import requests

from demo.processes import Processes

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


class Sandbox:
    """A server of the demo's own, started by the sandbox's public command with yesterday's books."""

    face: ClassVar[str]
    options: ClassVar[tuple[str, ...]]
    """What the command is told besides: entities, defects, settings."""
    client: ClassVar[Path]
    """The Python of the environment in which a client that is not ours is installed."""

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.processes, self.folder = processes, folder
        self.log, self.file = folder / "server.log", folder / "credentials.json"
        self.credentials: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.credentials["url"])

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it; `wait` tells when it is up."""
        self.folder.mkdir()
        yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        command = [sys.executable, "-m", "include.sandbox", self.face, "--invoices", "60", "--months", "12",
                   "--now", yesterday.isoformat(), "--credentials", str(self.file), *self.options]  # fmt: skip
        self.processes.start(command, self.log, environment, PROJECT)

    def wait(self) -> None:
        """Wait until it answers.

        Raises:
            RuntimeError: it did not come up; names its log.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.credentials = json.loads(self.file.read_text())
                requests.get(f"{self.url}/sandbox", timeout=5).raise_for_status()
                return
            except (OSError, ValueError):  # not written yet, or not to its end; nobody answers yet
                time.sleep(0.2)
        raise RuntimeError(f"the sandbox of {self.face} did not come up; its log is {self.log}")

    def entities(self) -> list[dict[str, Any]]:
        """Return the ledger's entities, each with the keys of its planted defects."""
        entities: list[dict[str, Any]] = requests.get(f"{self.url}/sandbox", timeout=20).json()["entities"]
        return entities

    def ledger(self, number: int) -> dict[str, Any]:
        """Return what the books of an entity, from 0, amount to; amounts as text in major units."""
        said = requests.get(f"{self.url}/sandbox/truth", params={"entity": number}, timeout=20)
        said.raise_for_status()
        truth: dict[str, Any] = said.json()
        return truth

    def ask_its_client(self, *arguments: str, **environment: str) -> dict[str, Any]:
        """Return what a client that is not ours reads: `demo/<face>_truth.py`, run by its own Python.

        Raises:
            RuntimeError: it could not read it; the sentence names its log.
        """
        command = [str(self.client), "-W", "ignore", f"demo/{self.face}_truth.py", *arguments]
        what = f"asking the client of {self.face}"
        said: dict[str, Any] = json.loads(
            self.processes.run(command, self.folder / "client.log", environment, PROJECT, what)
        )
        return said

    def work_a_day(self) -> None:
        """Let a day pass in every entity."""
        requests.post(f"{self.url}/sandbox/advance", params={"days": 1}, timeout=60).raise_for_status()
