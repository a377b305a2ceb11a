"""One account of NetSuite for the demo: three subsidiaries, of which the first two bill some customers both."""

from __future__ import annotations

import json
from typing import Any

from demo.sandbox import PROJECT, Sandbox

SUBSIDIARIES, SHARED = 3, 3
DEFECTS = ("missing_due_date", "due_before_issue")
"""What is planted in the third subsidiary."""


class NetSuiteSandbox(Sandbox):
    """NetSuite over a ledger, read by the client `netsuite` besides."""

    face = "netsuite"
    options = ("--entities", str(SUBSIDIARIES), "--shared", str(SHARED), "--defects", f"third:{','.join(DEFECTS)}",
               "--set", "without=Deleted Records")  # fmt: skip
    client = PROJECT / ".netsuite" / "bin" / "python"

    def connection(self) -> str:
        """Return the Airflow connection of the account, with a certificate."""
        certificate = self.credentials["certificates"][0]
        extra = {
            "account": self.credentials["account"],
            "certificate_id": certificate["certificate_id"],
            "timezone": "Europe/Berlin",
        }
        return json.dumps(
            {
                "conn_type": "netsuite",
                "host": self.url,
                "login": certificate["client_id"],
                "password": self.credentials["private_key"],
                "extra": extra,
            }
        )

    def truth(self) -> dict[str, Any]:
        """Return what a client that is not ours reads of every subsidiary, and of the account as a whole.

        Raises:
            RuntimeError: it could not read them; names its log.
        """
        return self.ask_its_client(str(self.file))
