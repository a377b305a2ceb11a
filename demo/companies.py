"""The demo that starts by default: two companies in a real Tryton, two organisations in Xero's sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.processes import Processes
from demo.tryton_server import TrytonServer
from demo.xero_sandbox import PROJECT, XeroSandbox

TRYTON = PROJECT / ".tryton"
"""Tryton's environment and, beside it, the blank database that set-up made."""
LOGIN = "greenlight"


class Companies:
    """Two systems, in each a company that is clean and one with planted defects."""

    filling = "a real Tryton with two companies, and the Xero sandbox with two organisations"
    systems = "Tryton's and Xero's"

    def __init__(self, processes: Processes, folder: Path) -> None:
        self.tryton = TrytonServer(TRYTON / "bin" / "python", folder / "tryton", template=TRYTON / "blank.sqlite")
        self.xero = XeroSandbox(processes, folder / "xero")
        self.seeded: list[dict[str, Any]] = []

    def start(self, environment: Mapping[str, str]) -> None:
        """Start the sandbox, which fills itself while Tryton is filled by its own client."""
        self.xero.start(environment)
        self.seeded = self.tryton.seed()["companies"]
        self.tryton.start()

    def connections(self) -> dict[str, str]:
        """Return a connection to each, Tryton's as a user that may only read receivables."""
        self.xero.wait()
        passwords = json.loads(self.tryton.reader_passwords_file.read_text())
        reader = {
            "conn_type": "tryton",
            "host": self.tryton.url,
            "login": LOGIN,
            "password": passwords[LOGIN],
            "extra": {"database": self.tryton.database},
        }
        return {"tryton_demo": json.dumps(reader), "xero_demo": self.xero.connection()}

    def planted(self) -> list[dict[str, Any]]:
        """Return what was planted in all four of them."""
        return self.seeded + self.xero.planted()

    def work_a_day(self) -> None:
        """Pay, bill, credit and cancel, in both."""
        self.tryton.ask("tryton_day.py")
        self.xero.work_a_day()

    def truth(self) -> list[dict[str, Any]]:
        """Return what proteus and xero-python say."""
        companies: list[dict[str, Any]] = self.tryton.ask("tryton_truth.py")["companies"]
        return companies + self.xero.truth()

    def objections(self, organizations: list[dict[str, Any]], warehouse: Path) -> list[str]:
        """Nothing else: the companies have nothing in common."""
        return []

    def stop(self) -> None:
        """End Tryton."""
        self.tryton.stop()
