"""The public command serves Sage Intacct, too: what the demo, and anyone at a shell, gets."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import requests

pytestmark = pytest.mark.e2e


def test_it_serves_a_company_writes_what_a_client_needs_and_lets_a_shared_customer_pay_both(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    words = ["--entities", "2", "--invoices", "60", "--shared", "1", "--set", "gmt_offset=+01:00"]
    line = [sys.executable, "-m", "include.sandbox", "intacct", "--until-eof", "--credentials", str(file), *words]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stdin
            url = process.stdout.readline().strip()
            said = json.loads(file.read_text())
            form = {name: said[name] for name in ("client_id", "client_secret")} | {
                "grant_type": "client_credentials", "username": f"{said['user_id']}@{said['company']}"
            }  # fmt: skip
            token = requests.post(url + said["token"], data=form, timeout=10).json()["access_token"]
            head = {"Authorization": f"Bearer {token}"}

            def shares() -> list[tuple[str, str, Decimal]]:
                body = {
                    "object": "accounts-receivable/payment",
                    "fields": ["entity.id", "multiEntityPayment.key", "txnCurrency.totalAmount"],
                    "filters": [{"$ne": {"multiEntityPayment.key": None}}], "size": 1000,
                    "filterParameters": {"includePrivate": True},
                }  # fmt: skip
                reply = requests.post(f"{url}{said['api']}/services/core/query", json=body, headers=head, timeout=10)
                return [tuple(row.values()) for row in reply.json()["ia::result"]]

            assert shares() == []
            assert requests.post(f"{url}/sandbox/transfer", timeout=10).json()["transfer"]
            assert {entity for entity, *_ in shares()} == {"E100", "E200"} == set(said["entities"])
            assert requests.post(f"{url}/sandbox/render", timeout=10).json()["records"] > 100
            process.stdin.close()
            assert process.wait(10) == 0
        finally:
            process.kill()
