"""Two organisations of Xero for the demo, the second one with planted defects."""

from __future__ import annotations

import json
from typing import Any

import requests

from demo.sandbox import PROJECT, Sandbox

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


class XeroSandbox(Sandbox):
    """Xero over a ledger, read by xero-python besides."""

    face = "xero"
    options = ("--entities", "2", "--defects", f"second:{','.join(DEFECTS)}",
               "--set", f"minute_limit={CALLS_PER_MINUTE}")  # fmt: skip
    client = PROJECT / ".xero" / "bin" / "python"

    def connection(self) -> str:
        """Return the Airflow connection of one grant, which sees both organisations."""
        app = self.credentials["apps"][0]
        extra = {
            "refresh_token": self.credentials["refresh_token"],
            "calls_per_minute": CALLS_PER_MINUTE,
            "balances_include_credits": True,
        }
        return json.dumps(
            {
                "conn_type": "xero",
                "host": self.url,
                "login": app["client_id"],
                "password": app["client_secret"],
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
            for entity in self.entities()
        ]

    def truth(self) -> list[dict[str, Any]]:
        """Return what Xero's own client reads from both organisations.

        Raises:
            RuntimeError: it could not read them; names its log.
        """
        consent = requests.post(f"{self.url}/sandbox/grant", json={}, timeout=20).json()
        app = self.credentials["apps"][0]
        said = self.ask_its_client(self.url, app["client_id"], XERO_ACCESS_TOKEN=consent["access_token"])
        companies: list[dict[str, Any]] = said["companies"]
        return companies
