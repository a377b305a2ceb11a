"""What can be wrong with a connection to Tryton, and what the person who reads the error is told."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from demo.tryton_files import free_port
from include.connectors.base import Connection
from include.connectors.tryton import Tryton
from include.errors import ConfigurationError, GreenlightError, SourceUnavailable
from tests.tryton.books import EVERYTHING, HISTORY_FROM
from tests.tryton.conftest import BOTH, ONE, Running

WRONG = "no-sesame-4711"
PASSWORD = "a long enough password 4711"


def _error(connector: Tryton, ask: Callable[[Tryton], object] = Tryton.check) -> GreenlightError:
    with pytest.raises(GreenlightError) as caught:
        ask(connector)
    told = "".join(traceback.format_exception(caught.value))
    assert connector.connection.password not in told and caught.value.next_step
    return caught.value


def _read(connector: Tryton) -> list[str]:
    pages = connector.read(connector.stream("invoices"), EVERYTHING)
    return [item.key for page in pages for item in page.items]


@pytest.fixture(scope="module")
def strangers(tryton: Running) -> Running:
    """The server, with users who lack something."""
    tryton.ask("users.py", PASSWORD)
    return tryton


def test_check_says_as_whom_and_what_it_sees(tryton: Running) -> None:
    assert tryton.connector().check() == "logged in as greenlight, sees Northwind Traders, Contoso Services"
    assert tryton.connector(ONE).check() == "logged in as greenlight-northwind, sees Northwind Traders"


def test_wrong_password(tryton: Running) -> None:
    error = _error(tryton.connector(password=WRONG))
    assert isinstance(error, ConfigurationError) and "refuses the login" in str(error)
    assert tryton.connector().check(), "the right one still works"


def test_company_that_the_user_does_not_see(tryton: Running) -> None:
    connector = Tryton(tryton.connection(ONE), tryton.companies["Contoso Services"])
    for ask in (_read, Tryton.identity, lambda c: c.control_figures(datetime.now(UTC).date(), HISTORY_FROM)):
        error = _error(connector, ask)
        assert isinstance(error, ConfigurationError) and "1 (Northwind Traders)" in str(error)


def test_several_companies_and_none_named(tryton: Running) -> None:
    error = _error(Tryton(tryton.connection(BOTH)), _read)
    assert isinstance(error, ConfigurationError) and "none named" in str(error)
    assert _read(Tryton(tryton.connection(ONE))), "a single company need not be named"


def test_both_users_read_the_same(tryton: Running) -> None:
    assert _read(tryton.connector(BOTH)) == _read(tryton.connector(ONE))


def test_unknown_database(tryton: Running) -> None:
    error = _error(tryton.connector(extra={"database": "nowhere"}))
    assert isinstance(error, ConfigurationError) and "'nowhere'" in str(error)


def test_no_database(tryton: Running) -> None:
    connector = tryton.connector(extra={})
    error = _error(connector)
    assert isinstance(error, ConfigurationError) and "names no database" in str(error)
    assert connector.request_count == 0


def test_server_that_is_down() -> None:
    connection = Connection("tryton", f"http://127.0.0.1:{free_port()}", "greenlight", WRONG, {"database": "erp"})
    error = _error(Tryton(connection))
    assert isinstance(error, SourceUnavailable) and "127.0.0.1" in str(error)


@pytest.fixture
def login_page() -> Iterator[str]:
    """Serve a web page to whoever asks, as a proxy in between may."""

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Log in</title>")

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_web_page_instead_of_data(tryton: Running, login_page: str) -> None:
    error = _error(tryton.connector(host=login_page))
    assert isinstance(error, SourceUnavailable) and "web page" in str(error)


def test_user_without_rights_is_told_the_model(strangers: Running) -> None:
    error = _error(strangers.connector("nobody", password=PASSWORD))
    assert isinstance(error, ConfigurationError) and "account.invoice" in str(error)


def test_user_without_one_right_is_told_which(strangers: Running) -> None:
    error = _error(strangers.connector("no-reconciliation", password=PASSWORD))
    assert isinstance(error, ConfigurationError)
    assert error.message == "the user may not read account.move.reconciliation"


def test_module_that_is_not_activated_is_named(tryton: Running) -> None:
    error = _error(tryton.connector(), lambda c: c._client.search_read("sale.sale", [], ["number"]))
    assert isinstance(error, ConfigurationError) and error.message == "this Tryton knows no sale.sale"


def test_user_without_the_balances_is_told_the_model(strangers: Running) -> None:
    error = _error(strangers.connector("no-balance", password=PASSWORD))
    assert isinstance(error, ConfigurationError) and "account.account" in str(error)


def test_company_filter_must_be_all(strangers: Running) -> None:
    for ask in (Tryton.check, _read):
        error = _error(strangers.connector("current", password=PASSWORD), ask)
        assert isinstance(error, ConfigurationError) and "company filter" in str(error)


@pytest.mark.slow
def test_session_that_expires_in_the_middle_goes_on(another: Callable[..., Running]) -> None:
    connector = another("[session]\nmax_age = 2").connector()
    whole = _read(connector)
    before = connector.request_count
    time.sleep(3)
    assert _read(connector) == whole
    pages = 1 + 1
    assert connector.request_count - before > pages, "it logged in again"


@pytest.mark.slow
def test_too_many_failed_logins(another: Callable[..., Running]) -> None:
    running = another("[session]\nmax_attempt = 1")
    errors = [_error(running.connector(password=WRONG)) for _ in range(3)]
    assert isinstance(errors[0], ConfigurationError)
    assert isinstance(errors[-1], SourceUnavailable) and errors[-1].retry_after
