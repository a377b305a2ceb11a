"""The public command: what the demo, and anyone at a shell, gets."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests

from include.sandbox import __main__ as command
from include.sandbox.ledger import Ledger

pytestmark = pytest.mark.e2e


@contextmanager
def served(*words: str, face: str = "xero") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    line = [sys.executable, "-m", "include.sandbox", face, "--until-eof", *words]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout and process.stdin
            yield process.stdout.readline().strip(), process
            process.stdin.close()
            assert process.wait(10) == 0, "it ends when its standard input does"
        finally:
            process.kill()


def test_it_serves_writes_what_a_client_needs_tells_the_truth_and_ends_with_its_parent(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    words = ["--seed", "3", "--entities", "2", "--invoices", "60", "--defects", "second", "--credentials", str(file)]
    with served(*words) as (url, _):
        said = json.loads(file.read_text())
        assert said["url"] == url and file.stat().st_mode & 0o777 == 0o600
        app = said["apps"][0]
        form = {"grant_type": "refresh_token", "refresh_token": said["refresh_token"]}
        token = requests.post(url + said["token"], data=form, auth=(app["client_id"], app["client_secret"]), timeout=10)
        head = {
            "Authorization": f"Bearer {token.json()['access_token']}", "Accept": "application/json",
            "xero-tenant-id": said["tenants"][0],
        }  # fmt: skip

        def due() -> Decimal:
            where = 'Type=="ACCREC" AND Status=="AUTHORISED"'
            query = {"page": 1, "pageSize": 1000, "where": where}
            answer = requests.get(f"{url}{said['api']}/Invoices", params=query, headers=head, timeout=10)
            rows = json.loads(answer.text, parse_float=Decimal)["Invoices"]
            return sum((Decimal(row["AmountDue"]) for row in rows), Decimal(0))

        def owed() -> Decimal:
            truth = requests.get(f"{url}/sandbox/truth?entity=0", timeout=10).json()
            return sum((Decimal(amount) for amount in truth["owed"].values()), Decimal(0))

        before = owed()
        assert due() == before
        now = requests.post(f"{url}/sandbox/advance?days=2", timeout=10).json()["now"]
        assert now == "2026-07-02T18:00:00+00:00" and due() == owed() != before
        about = requests.get(f"{url}/sandbox", timeout=10).json()
        assert [bool(entity["defects"]) for entity in about["entities"]] == [False, True]


def test_the_control_addresses_answer_this_machine_only_and_say_what_is_wrong() -> None:
    with served("--invoices", "30") as (url, _):

        def ask(method: str, path: str, **more: Any) -> requests.Response:
            return requests.request(method, f"{url}/sandbox{path}", timeout=10, **more)

        assert ask("GET", "", headers={"Host": "sandbox.example"}).status_code == 403
        refused = ask("POST", "/faults", json={"fault": "nonsense"})
        assert refused.status_code == 400 and "known faults: minute" in refused.json()["error"]
        assert ask("POST", "/defects", json={"names": ["nonsense"]}).status_code == 400
        assert ask("GET", "/truth?entity=7").status_code == 400
        assert ask("POST", "/defects", json={"names": ["missing_number"]}).json()["planted"]["missing_number"]
        tokens = ask("POST", "/grant", json={"scopes": ["accounting.settings.read"]}).json()
        assert set(tokens) == {"access_token"}
        tenant = ask("GET", "").json()["entities"][0]["id"]
        head = {"Authorization": f"Bearer {tokens['access_token']}", "xero-tenant-id": tenant}
        ask("POST", "/faults", json={"fault": "503", "path": "/Organisation"})
        address = f"{url}/api.xro/2.0/Organisation"
        assert [requests.get(address, headers=head, timeout=10).status_code for _ in "12"] == [503, 200]
        assert [call["status"] for call in ask("GET", "/calls").json()] == [503, 200]
        ask("DELETE", "/grant")
        assert requests.get(address, headers=head, timeout=10).status_code == 401
        assert ask("POST", "/render").json()["records"] > 30


def test_the_truth_over_the_wire_is_the_librarys() -> None:
    with served("--seed", "9", "--invoices", "40", "--now", "2025-05-05T05:05:05") as (url, _):
        said = requests.get(f"{url}/sandbox/truth", timeout=10).json()
    truth = Ledger(seed=9, invoices=40, now=command._moment("2025-05-05T05:05:05")).truth()
    assert said["totals"] == {currency: str(amount) for currency, amount in truth.totals.items()}
    assert {key: b["outstanding"] for key, b in said["documents"].items()} == {
        key: str(b.outstanding) for key, b in truth.documents.items()
    }
    assert len(said["links"]) == len(truth.links) and said["counts"] == truth.counts


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--defects", "third"], "this ledger has first"),
        (["--set", "nonsense=1"], "no setting nonsense"),
        (["--set", "nonsense"], "NAME=VALUE is expected"),
        (["--defects", "first:nonsense"], "nonsense"),
    ],
)
def test_a_wrong_word_ends_with_a_sentence(capsys: pytest.CaptureFixture[str], words: list[str], sentence: str) -> None:
    with pytest.raises(SystemExit):
        command.main(["xero", "--invoices", "20", *words])
    assert sentence in capsys.readouterr().err


def test_the_faces_are_the_packages_beside_the_command() -> None:
    assert command.faces() == ["intacct", "netsuite", "xero"]


def test_it_serves_a_group_as_one_account_of_another_vendor(tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    words = ["--entities", "3", "--shared", "2", "--invoices", "40", "--credentials", str(file)]
    with served(*words, "--set", "date_format=DD/MM/YYYY", "--set", "line_stamps=false", face="netsuite") as (url, _):
        said = json.loads(file.read_text())
        head = {"Authorization": f"Bearer {said['access_token']}", "Prefer": "transient"}
        query = "SELECT id, currency FROM subsidiary ORDER BY id"
        told = requests.post(url + said["query"], json={"q": query}, headers=head, timeout=20).json()
        assert [item["id"] for item in told["items"]] == ["1", "2", "3"]
        assert said["private_key"].startswith("-----BEGIN PRIVATE KEY-----") and said["certificates"][0]["client_id"]
        entities = requests.get(f"{url}/sandbox", timeout=10).json()["entities"]
        assert len(entities) == 3
