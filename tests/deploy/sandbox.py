"""The project's own sandbox as one more system: its service, a connection and a file made as a person makes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.deploy.stack import Stack

ORGANIZATION = "from_sandbox"
CONNECTION = "sandbox"
CREDENTIALS = "/tmp/credentials.json"
CALLS_PER_MINUTE = 600


def options() -> str:
    """Return what the service `sandbox` is started with: a small company's books, up to yesterday."""
    yesterday = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    return (
        f"xero --invoices 60 --months 12 --now {yesterday.isoformat()} "
        f"--set minute_limit={CALLS_PER_MINUTE} --credentials {CREDENTIALS}"
    )


def connect(stack: Stack) -> str:
    """Make the connection over Airflow's API and write the organization's file; return its DAG's id."""
    said = json.loads(stack.inside("sandbox", "cat", CREDENTIALS))
    app = said["apps"][0]
    extra = {
        "refresh_token": said["refresh_token"],
        "calls_per_minute": CALLS_PER_MINUTE,
        "balances_include_credits": True,
    }
    connection = {
        "connection_id": CONNECTION, "conn_type": "xero", "host": said["url"],
        "login": app["client_id"], "password": app["client_secret"], "extra": json.dumps(extra),
    }  # fmt: skip
    answer = stack.airflow.session.post(f"{stack.airflow.url}/api/v2/connections", json=connection, timeout=30)
    answer.raise_for_status()
    (stack.organizations / f"{ORGANIZATION}.yaml").write_text(
        f"connector: xero\nconnection: {CONNECTION}\nentity: {said['tenants'][0]}\n"
    )
    return f"sync__{ORGANIZATION}"
