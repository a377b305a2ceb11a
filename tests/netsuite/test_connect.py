"""`python -m include.connect` on NetSuite: what a person reads who has set something up wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include import connect, environment
from include.connectors.base import Connection
from include.connectors.netsuite import NetSuite
from include.errors import ConfigurationError
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import serve
from tests.netsuite.conftest import SETTINGS, Running

Said = tuple[int, str]


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """Books that no test here changes."""
    return Ledger(invoices=20, customers=10, entities=2, now=datetime.now(UTC))


@pytest.fixture
def served(ledger: Ledger) -> Iterator[Callable[..., Running]]:
    """Serve the books by settings."""
    with ExitStack() as ended:
        yield lambda **changes: Running(ended.enter_context(serve(ledger, replace(SETTINGS, **changes))), ledger)


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command on a connection of the environment; return its status and all that it printed."""
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path))
    monkeypatch.setattr(environment, "load", lambda: None)

    def run(made: Connection, *words: str) -> Said:
        told = {"conn_type": "netsuite", "host": made.host, "login": made.login, "password": made.password}
        name = f"netsuite_{len(made.id)}"
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(told | {"extra": dict(made.extra)}))
        status = connect.main([name, *words])
        printed = capsys.readouterr()
        words_said = printed.out + printed.err
        assert made.password not in words_said and "Traceback" not in words_said
        assert str(made.extra.get("token_secret") or "no-secret") not in words_said
        return status, words_said

    return run


@pytest.mark.parametrize("way", ["certified", "signed"])
def test_it_lists_the_subsidiaries_and_writes_a_file_for_each(
    served: Callable[..., Running], said: Callable[..., Said], way: str, tmp_path: Path
) -> None:
    running = served()
    status, words = said(getattr(running, way)(), "--all")
    assert status == 0, words
    assert all(books.entity.name in words for books in running.ledger.books.values())
    written = [path.read_text() for path in tmp_path.glob("*.yaml")]
    assert len(written) == 2 and all("connector: netsuite" in each for each in written)


WRONG: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a certificate that is not mapped": ("certified", {"extra": {"certificate_id": "gone"}},
                                         "refuses the certificate, the client or the account", "certificate_id"),
    "another client": ("certified", {"login": "0" * 64}, "refuses the certificate, the client", "client id"),
    "another account (token)": ("signed", {"extra": {"account": "7654321"}}, "refuses the login", "Login Audit Trail"),
    "another token": ("signed", {"extra": {"token_id": "gone"}}, "refuses the login", "revoked token"),
    "a wrong secret": ("signed", {"password": "no-sesame-4711"}, "refuses the login", "Login Audit Trail"),
    "no key": ("certified", {"password": "no-sesame-4711"}, "private key", "key"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_connection_is_said_with_what_to_do(
    served: Callable[..., Running], said: Callable[..., Said], what: str
) -> None:
    way, changes, reason, step = WRONG[what]
    status, words = said(getattr(served(), way)(**changes))
    assert status != 0 and reason in words and step in words, words


@pytest.mark.parametrize(("way", "reason"), [("certified", "refuses the certificate"), ("signed", "refuses the login")])
def test_a_revoked_login_is_said(
    served: Callable[..., Running], said: Callable[..., Said], way: str, reason: str
) -> None:
    running = served()
    assert said(getattr(running, way)(id="n"))[0] == 0
    running.server.face.revoke_all()
    status, words = said(getattr(running, way)(id="again"))
    assert status != 0 and reason in words, words


def test_a_certificate_that_has_ended_is_said(served: Callable[..., Running], said: Callable[..., Said]) -> None:
    running = served()
    running.server.skip(3 * 365 * 86_400)
    status, words = said(running.certified())
    assert status != 0 and "refuses the certificate" in words and "expired" in words, words


PERMISSIONS = {
    "Find Transaction": "Transactions › Find Transaction", "Customers": "Lists › Customers",
    "Accounts": "Lists › Accounts", "REST Web Services": "REST Web Services",
    "SuiteAnalytics Workbook": "SuiteAnalytics Workbook",
}  # fmt: skip


@pytest.mark.parametrize("refused", ["not_found", "permission"])
@pytest.mark.parametrize("right", PERMISSIONS)
def test_the_permission_that_is_missing_is_named(
    served: Callable[..., Running], said: Callable[..., Said], right: str, refused: str
) -> None:
    status, words = said(served(without=right, refused_record=refused).certified())
    needed = PERMISSIONS[right]
    assert status != 0 and (needed in words or needed.rpartition(" › ")[2] in words), words
    assert "docs/connect/netsuite.md" in words, words
    others = {name for name in PERMISSIONS.values() if name != needed and name not in needed}
    assert not [name for name in others if name in words], "no other one is blamed"


def test_a_closed_subsidiary_is_told_and_harms_no_other(
    served: Callable[..., Running], said: Callable[..., Said]
) -> None:
    first, second = (entity.id for entity in NetSuite(served().certified()).entities())
    running = served(closed=second)
    with pytest.raises(ConfigurationError, match=rf"subsidiary {second} \(.+\) is inactive") as told:
        running.connector(entity=second).identity()
    assert "make it active again" in str(told.value.next_step)
    other = running.connector(entity=first)
    assert list(other.read_open(other.stream("invoices")))
    status, words = said(running.certified())
    assert status == 0 and running.ledger.entity(1).entity.name not in words, "what is closed is not offered"
