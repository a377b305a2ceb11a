"""`python -m include.connect CONNECTION --authorize`: a person consents, the pair is kept, the command goes on."""

from __future__ import annotations

import re
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine

from include import access, authorize, connections, environment, warehouse
from include import connect as command_
from include.connectors import base
from include.connectors.base import Connection, Entity
from include.connectors.http import Http
from include.connectors.oauth import Bearer
from tests.machinery.conftest import Connect
from tests.machinery.vendor import CLIENT_SECRET, OAUTH, Vendor

Browser = Callable[[str], str]
Run = Callable[..., tuple[int, str, str]]


def visit(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode())
    except OSError:  # nobody listens any more
        return ""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@pytest.fixture
def run(
    vendor: Vendor, connect: Connect, tmp_path: Path, port: int,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> Run:  # fmt: skip
    """Run the command while a browser does what it is given: consent address → address it visits, if any."""
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path / "organizations"))
    monkeypatch.setattr(environment, "load", lambda: None)
    monkeypatch.setattr(connections, "warehouse_url", lambda: f"sqlite:///{tmp_path}/warehouse.sqlite")
    monkeypatch.setattr(base.Connector, "_registry", {})
    monkeypatch.setattr(base, "known", lambda: ["paper"])
    monkeypatch.setattr(connections, "system", lambda conn_id: "paper")
    monkeypatch.setattr(connections, "resolve", lambda conn_id: connect())
    warehouse.upgrade(warehouse.engine())

    class Paper(base.Connector):
        name, title = "paper", "Paper"

        def __init__(self, connection: Connection, entity: str = "") -> None:
            super().__init__(connection, entity)
            self.bearer = Bearer(connection, OAUTH)
            self.http = Http(connection.host, auth=self.bearer)

        def authorization(self) -> Bearer | None:
            return self.bearer

        def check(self) -> str:
            return f"reached {self.http.get('/invoices').json()['path']}"

        def entities(self) -> Sequence[Entity]:
            return ()

    Paper.__abstractmethods__ = frozenset()

    original = authorize.authorize

    def command(browser: Browser, wait: float = 60.0) -> tuple[int, str, str]:
        def with_browser(bearer: Bearer, say: Callable[[str], None], port: int) -> None:
            def tell(line: str) -> None:
                say(line)
                if address := re.search(r"^http\S+/authorize\S+", line, re.MULTILINE):
                    threading.Thread(target=lambda: visit(browser(address[0])), daemon=True).start()

            original(bearer, tell, port, wait)

        monkeypatch.setattr(authorize, "authorize", with_browser)
        status = command_.main(["books", "--authorize", "--port", str(port)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return command


def test_consent_is_kept_and_the_command_goes_on(run: Run, vendor: Vendor, port: int, connect: Connect) -> None:
    asked: list[str] = []

    def browser(address: str) -> str:
        asked.append(address)
        return vendor.consent(address)

    status, out, err = run(browser)
    assert (status, err) == (0, "")
    assert "Connection books is authorized.\nreached /invoices" in out
    sent = dict(parse_qsl(urlsplit(asked[0]).query))
    assert sent["redirect_uri"] == f"http://localhost:{port}/callback" and sent["code_challenge_method"] == "S256"
    assert (sent["response_type"], sent["scope"]) == ("code", "offline_access invoices.read")
    assert asked[0].startswith(f"{vendor.url}/authorize?")
    assert [form["grant_type"] for form in vendor.token_requests] == ["authorization_code"]
    for secret in (CLIENT_SECRET, *vendor.access_tokens, *vendor.refresh_tokens):
        assert secret not in out
    assert Bearer(connect(), OAUTH).token().access in vendor.access_tokens
    assert len(vendor.token_requests) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"state": "of-somebody-else"}, "its state differs"),
        ({"error": "access_denied", "code": ""}, "consent was refused"),
        ({"error": "<b>odd</b>"}, "refuses the request for a token"),
        ({"code": ""}, "brought no code"),
        ({"code": "made-up"}, "no longer accepts"),
    ],
)
def test_what_goes_wrong_is_one_clear_line(run: Run, vendor: Vendor, changes: dict[str, str], sentence: str) -> None:
    status, out, err = run(lambda address: vendor.consent(address, **changes))
    assert status == 2 and sentence in err and " → " in err and err.count("\n") == 1
    assert "odd" not in err and "made-up" not in err and "is authorized" not in out


def test_nobody_consents(run: Run) -> None:
    status, _, err = run(lambda address: "http://127.0.0.1:1/", wait=1.0)
    assert status == 2 and "nobody consented within 1 seconds → run the command again" in err


def test_the_port_is_taken(run: Run, port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        status, _, err = run(lambda address: address)
    assert status == 2 and f"port {port} cannot be listened on" in err and "--port" in err


def test_other_requests_of_the_browser_are_no_answer(run: Run, vendor: Vendor, port: int) -> None:
    pages: list[str] = []

    def browser(address: str) -> str:
        with socket.create_connection(("127.0.0.1", port)):  # opened ahead and never used
            pages.append(visit(f"http://127.0.0.1:{port}/favicon.ico"))
            pages.append(visit(vendor.consent(address)))
        return "http://127.0.0.1:1/"

    status, _, err = run(browser)
    assert (status, err) == (0, "")
    assert "nothing here" in pages[0] and "Greenlight is authorized" in pages[1]


def test_before_anybody_consents_the_store_must_be_there(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "warehouse_url", lambda: f"sqlite:///{tmp_path}/new.sqlite")
    status, out, err = run(lambda address: address)
    assert status == 2 and "run `python -m include.warehouse upgrade`" in err and "authorize?" not in out


def test_a_grant_of_the_client_itself_needs_nobody(run: Run, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "resolve", lambda conn_id: connect(grant="client_credentials"))
    status, _, err = run(lambda address: address)
    assert status == 2 and "nobody needs to authorize" in err


def test_a_system_without_consent_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base.get("paper"), "authorization", lambda self: None)
    status, _, err = run(lambda address: address)
    assert status == 2 and "Paper needs nobody's consent" in err


def test_the_access_store_is_where_the_warehouse_is(run: Run, tmp_path: Path) -> None:
    store: Engine = access.engine()
    assert str(store.url.database) == str(tmp_path / "warehouse-access.sqlite")
