"""`python -m include.connect` on Sage Intacct: what a person reads who has set something up wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from include import connect, environment
from include.sandbox.intacct.server import serve
from include.sandbox.intacct.settings import Settings, User
from include.sandbox.ledger import Ledger
from tests.intacct.conftest import TRANSPORTS, Running, Transport

Said = tuple[int, str]
both = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    """Books that no test here changes."""
    return Ledger(invoices=30, customers=15, entities=2)


@pytest.fixture
def served(ledger: Ledger) -> Iterator[Callable[..., Running]]:
    """Serve the books by settings, over a transport."""
    with ExitStack() as ended:

        def made(transport: Transport, settings: Settings | None = None, owner: str = "E100") -> Running:
            server = ended.enter_context(serve(ledger, settings))
            return Running(server, ledger, transport, owner=owner)

        yield made


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command on a connection of the environment; return its status and all that it printed."""
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path))
    monkeypatch.setattr(environment, "load", lambda: None)

    def run(running: Running, *words: str, **changes: Any) -> Said:
        made = running.connection(**changes)
        told = {"conn_type": "intacct", "host": made.host, "login": made.login, "password": made.password}
        monkeypatch.setenv("AIRFLOW_CONN_INTACCT_GROUP", json.dumps(told | {"extra": dict(made.extra)}))
        status = connect.main(["intacct_group", *words])
        printed = capsys.readouterr()
        words_said = printed.out + printed.err
        assert made.password not in words_said and "Traceback" not in words_said
        assert str(made.extra.get("sender_password") or "no-sender") not in words_said
        return status, words_said

    return run


@both
def test_it_lists_the_entities_and_writes_a_file_for_each(
    served: Callable[..., Running], said: Callable[..., Said], transport: Transport, tmp_path: Path
) -> None:
    status, words = said(served(transport), "--all")
    assert status == 0 and "signed in to acme as reader" in words and "E100" in words and "E200" in words
    written = [path.read_text() for path in tmp_path.glob("*.yaml")]
    assert len(written) == 2 and all("connector: intacct" in each for each in written)


WRONG: dict[str, tuple[Transport, dict[str, Any], str, str]] = {
    "another company (REST)": ("rest", {"extra": {"username": "reader@nobody"}}, "no such company", "username"),
    "another user (REST)": ("rest", {"extra": {"username": "somebody@acme"}}, "no such company, user", "username"),
    "a wrong client id (REST)": ("rest", {"login": "nobody"}, "client", "client id"),
    "a wrong secret (REST)": ("rest", {"password": "no-sesame-4711"}, "secret is wrong", "(client secret)"),
    "a username without a company (REST)": ("rest", {"extra": {"username": "reader"}}, "user@company", "correct it"),
    "another company (gateway)": ("gateway", {"extra": {"company_id": "nobody"}}, "company or password is wrong",
                                  "company_id"),
    "a wrong password (gateway)": ("gateway", {"password": "no-sesame-4711"}, "password is wrong", "password"),
    "a wrong sender (gateway)": ("gateway", {"extra": {"sender_password": "no-sesame-4711"}}, "the sender id is wrong",
                                 "sender_password"),
    "an entity to sign in to that is none (gateway)": ("gateway", {"extra": {"location_id": "E900"}},
                                                       "refuses the entity", "access"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_connection_is_said_with_what_to_do(
    served: Callable[..., Running], said: Callable[..., Said], what: str
) -> None:
    transport, changes, reason, step = WRONG[what]
    status, words = said(served(transport), **changes)
    assert status != 0 and reason in words and step in words, words


@both
def test_a_revoked_right_is_said(
    served: Callable[..., Running], said: Callable[..., Said], transport: Transport
) -> None:
    running = served(transport)
    assert said(running)[0] == 0
    running.server.face.revoke_all()
    status, words = said(running, id="again")
    assert status != 0 and ("client" in words if transport == "rest" else "refuses the sign-in" in words), words


PERMISSIONS = {
    "accounts-receivable/customer": "Accounts Receivable > Customers",
    "accounts-receivable/invoice": "Accounts Receivable > Invoices",
    "accounts-receivable/adjustment": "Accounts Receivable > Adjustments",
    "accounts-receivable/payment": "Accounts Receivable > Payments",
    "accounts-receivable/payment-detail": "Accounts Receivable > Payments",
    "accounts-receivable/advance": "Accounts Receivable > Advances",
    "company-config/contact": "Company > Contacts",
}


@both
@pytest.mark.parametrize("denied", PERMISSIONS)
def test_the_permission_that_is_missing_is_named(
    served: Callable[..., Running], said: Callable[..., Said], transport: Transport, denied: str
) -> None:
    status, words = said(served(transport, Settings(user=User(denied=frozenset({denied})))))
    assert status != 0 and PERMISSIONS[denied] in words and "docs/connect/intacct.md" in words, words
    others = {name for name in PERMISSIONS.values() if name != PERMISSIONS[denied]}
    assert not [name for name in others if name in words], "no other one is blamed"


def test_documents_of_the_top_level_that_nobody_owns_are_told(
    served: Callable[..., Running], said: Callable[..., Said]
) -> None:
    status, words = said(served("rest", owner=""))
    assert status == 0 and "documents of the top level belong to no organization: set top_level_entity" in words


def test_a_user_without_top_level_access_is_told(served: Callable[..., Running], said: Callable[..., Said]) -> None:
    running = served("rest", Settings(user=User(entities=frozenset({"E200"}))), owner="")
    status, words = said(running, extra={"username": "reader@acme|E200"})
    assert status == 0 and "documents of the top level cannot be seen" in words, words
