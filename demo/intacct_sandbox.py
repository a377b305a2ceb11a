"""One company of Sage Intacct for the demo: two entities, and documents of the top level, which the first one owns."""

from __future__ import annotations

import json
from typing import Any

from demo.sandbox import PROJECT, Sandbox

ENTITIES = 2
TOP_LEVEL_ENTITY = "E100"


class IntacctSandbox(Sandbox):
    """Sage Intacct over a ledger, read by `sageintacctrestsdk` besides."""

    face = "intacct"
    options = ("--entities", str(ENTITIES), "--shared", "2", "--first", "3")
    client = PROJECT / ".intacct" / "bin" / "python"

    def connection(self) -> str:
        """Return the Airflow connection of the company, over REST."""
        username = f"{self.credentials['user_id']}@{self.credentials['company']}"
        return json.dumps(
            {
                "conn_type": "intacct",
                "host": self.url,
                "login": self.credentials["client_id"],
                "password": self.credentials["client_secret"],
                "extra": {"username": username, "top_level_entity": TOP_LEVEL_ENTITY},
            }
        )

    def truth(self) -> dict[str, Any]:
        """Return what a client that is not ours reads of every entity, and of the company as a whole.

        Raises:
            RuntimeError: it could not read them; names its log.
        """
        return self.ask_its_client(str(self.file), TOP_LEVEL_ENTITY)
