"""Two organisations of Xero for the demo: the sandbox, which speaks Xero's protocol over a ledger of its own."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from demo.processes import Processes

PROJECT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
DEFECTS = {
    "missing_due_date": ("Invoice", "critical"),
    "duplicate_number": ("Invoice", "critical"),
    "impossible_amount": ("Invoice", "critical"),
    "amounts_do_not_add_up": ("Invoice", "critical"),
    "due_before_issue": ("Invoice", "warning"),
}
"""What is planted in the second organisation: record type and severity."""
CALLS_PER_MINUTE = 600
"""Ten times Xero's own limit: the demo's two nights are a minute apart."""


class XeroSandbox:
    """A server of the demo's own, started by the sandbox's public command."""

    def __init__(self, processes: Processes, folder: Path, client_python: Path) -> None:
        self.processes = processes
        self.folder = folder
        self.client_python = client_python
        self.credentials: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.credentials["url"])

    @property
    def app(self) -> dict[str, str]:
        """The app that the user consented to."""
        app: dict[str, str] = self.credentials["apps"][0]
        return app

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it with yesterday's books, and wait until it answers.

        Raises:
            RuntimeError: it did not come up; names its log.
        """
        self.folder.mkdir()
        log, credentials = self.folder / "server.log", self.folder / "credentials.json"
        yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
        command = [
            sys.executable, "-m", "include.sandbox", "xero", "--entities", "2", "--invoices", "60", "--months", "12",
            "--now", yesterday.isoformat(), "--defects", f"second:{','.join(DEFECTS)}",
            "--set", f"minute_limit={CALLS_PER_MINUTE}", "--credentials", str(credentials),
        ]  # fmt: skip
        self.processes.start(command, log, environment, PROJECT)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.credentials = json.loads(credentials.read_text())
                requests.get(f"{self.url}/sandbox", timeout=5).raise_for_status()
                return
            except (OSError, ValueError):  # not written yet, or not to its end; nobody answers yet
                time.sleep(0.2)
        raise RuntimeError(f"the Xero sandbox did not come up; its log is {log}")

    def connection(self) -> str:
        """Return the Airflow connection of one grant, which sees both organisations."""
        extra = {
            "refresh_token": self.credentials["refresh_token"],
            "calls_per_minute": CALLS_PER_MINUTE,
            "balances_include_credits": True,
        }
        return json.dumps(
            {
                "conn_type": "xero",
                "host": self.url,
                "login": self.app["client_id"],
                "password": self.app["client_secret"],
                "extra": extra,
            }
        )

    def planted(self) -> list[dict[str, Any]]:
        """Return each organisation with its planted defects: their severity and the records' keys."""
        return [
            {
                "company_id": entity["id"],
                "planted": [
                    {"severity": severity, "records": [f"{kind}:{key}" for key in entity["defects"][name]]}
                    for name, (kind, severity) in DEFECTS.items()
                    if name in entity["defects"]
                ],
            }
            for entity in requests.get(f"{self.url}/sandbox", timeout=20).json()["entities"]
        ]

    def ask_its_client(self) -> list[dict[str, Any]]:
        """Return what Xero's own client reads from both organisations.

        Raises:
            RuntimeError: it could not read them; names its log.
        """
        consent = requests.post(f"{self.url}/sandbox/grant", json={}, timeout=20).json()
        command = [str(self.client_python), "demo/xero_truth.py", self.url, self.app["client_id"]]
        log = self.folder / "client.log"
        said = self.processes.run(
            command, log, {"XERO_ACCESS_TOKEN": consent["access_token"]}, PROJECT, "asking Xero's own client"
        )
        companies: list[dict[str, Any]] = json.loads(said)["companies"]
        return companies

    def work_a_day(self) -> None:
        """Let a day pass in both organisations."""
        requests.post(f"{self.url}/sandbox/advance", params={"days": 1}, timeout=60).raise_for_status()
