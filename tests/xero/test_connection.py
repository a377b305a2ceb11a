"""What can be wrong with a connection to Xero, and what the person who reads the error is told."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from include.connectors.base import Connection, Window
from include.connectors.xero import Xero
from include.errors import ConfigurationError, GrantRefused, GreenlightError, MissingRights, SourceUnavailable
from include.sandbox.ledger import Ledger
from include.sandbox.xero.server import serve
from tests.xero.conftest import FAST, Running

READ = ("accounting.contacts.read", "accounting.invoices.read", "accounting.payments.read", "accounting.settings.read",
        "offline_access")  # fmt: skip


@pytest.fixture
def own() -> Iterator[Running]:
    """A sandbox of the test's own, with two organisations."""
    ledger = Ledger(invoices=40, entities=2)
    with serve(ledger, FAST) as server:
        yield Running(server, ledger)


def _error(connector: Xero, ask: Callable[[Xero], Any] = Xero.check) -> GreenlightError:
    with pytest.raises(GreenlightError) as caught:
        ask(connector)
    told = "".join(traceback.format_exception(caught.value))
    secrets = [connector.connection.password, str(connector.connection.extra.get("refresh_token") or "no token")]
    assert not any(secret in told for secret in secrets) and caught.value.next_step
    return caught.value


def _read(connector: Xero) -> int:
    pages = connector.read(connector.stream("invoices"), Window(date(2000, 1, 1)))
    return sum(len(page.items) for page in pages)


def test_check_says_for_whom(own: Running) -> None:
    names = [books.entity.name for _, books in sorted(own.ledger.books.items())]
    assert own.connector(own.consented()).check() == f"authorized for {', '.join(names)}"
    assert own.connector().check() == f"authorized for {own.ledger.entity(0).entity.name}", (
        "a custom connection sees one"
    )


def test_entities_are_the_organisations_with_their_time_zones(own: Running) -> None:
    found = own.connector(own.consented()).entities()
    assert [(e.id, e.name, e.base_currency, e.timezone) for e in found] == [
        (key, books.entity.name, books.entity.currency, books.entity.timezone)
        for key, books in sorted(own.ledger.books.items())
    ]


def test_two_organisations_of_one_grant_never_mix(own: Running) -> None:
    connection = own.consented()
    for number, (key, books) in enumerate(own.ledger.books.items()):
        connector = own.connector(connection, key)
        assert connector.identity().account == key and connector.identity().base_currency == books.entity.currency
        mine = {f"Invoice:{document}" for document in books.documents}
        pages = connector.read(connector.stream("invoices"), Window(date(2000, 1, 1)))
        found = {item.key for page in pages for item in page.items}
        assert found and found <= mine, number
    assert own.server.face.grants.refreshes == 1, "the token is shared"


def test_several_organisations_and_none_named(own: Running) -> None:
    error = _error(own.connector(own.consented(), entity=""), _read)
    assert isinstance(error, ConfigurationError) and "none was named" in str(error)
    assert _read(own.connector(own.custom(), entity="")), "a single one need not be named"


def test_an_organisation_that_the_user_has_lost(own: Running) -> None:
    connection = own.consented()
    lost, kept = list(own.ledger.books)
    own.server.face.grants.drop_tenant(lost)
    error = _error(own.connector(connection, lost), _read)
    assert isinstance(error, MissingRights) and "--authorize" in error.next_step
    assert [entity.id for entity in own.connector(connection, kept).entities()] == [kept]


def test_missing_scopes_are_named_with_what_is_lost(own: Running) -> None:
    connection = own.consented("accounting.contacts.read", "accounting.settings.read", "offline_access")
    error = _error(own.connector(connection))
    assert isinstance(error, MissingRights)
    assert "invoices and credit notes (accounting.invoices.read)" in str(error)
    assert "over- and prepayments" in str(error) and "customers" not in str(error)
    assert isinstance(_error(own.connector(connection), _read), MissingRights)


def test_without_the_report_the_check_says_which_figure_is_lost(own: Running) -> None:
    connector = own.connector(own.consented(*READ))
    assert "accounting.reports.trialbalance.read the open total is not compared" in connector.check()
    figures = connector.control_figures(datetime.now(UTC).date(), date(2000, 1, 1))
    assert "open_total" not in {figure.name for figure in figures.figures}
    assert "customer_balance" in {figure.name for figure in figures.figures} and not figures.unanswered
    assert "was not granted" in figures.asked["open_total"]


def test_an_older_app_with_its_broad_scopes(own: Running) -> None:
    scopes = ("accounting.contacts.read", "accounting.settings.read", "accounting.transactions.read",
              "accounting.reports.read", "offline_access")  # fmt: skip
    app = own.server.face.settings.apps[2]
    _, refresh = own.server.grant(*scopes, app=app)
    extra = {"refresh_token": refresh, "scopes": " ".join(scopes), "balances_include_credits": True}
    connector = own.connector(Connection("old", own.server.url, app.client_id, app.client_secret, extra))
    assert connector.check().startswith("authorized for") and "without" not in connector.check()


def test_wrong_secret(own: Running) -> None:
    error = _error(own.connector(own.custom(id="wrong", password="no-sesame-4711")))
    assert isinstance(error, ConfigurationError)


def test_a_grant_that_is_over(own: Running) -> None:
    connection = own.consented()
    assert _read(own.connector(connection))
    own.server.face.grants.revoke_all()
    assert isinstance(_error(own.connector(connection), _read), GrantRefused)


def test_an_access_token_that_ends_in_the_middle_is_renewed(own: Running) -> None:
    connector = own.connector(own.consented())
    whole = _read(connector)
    own.server.face.grants.expire_access()
    assert _read(connector) == whole


@pytest.mark.parametrize("fault", ["minute", "concurrent", "500", "503", "reset"])
def test_what_passes_is_asked_again(own: Running, fault: str) -> None:
    connector = own.connector()
    whole = _read(connector)
    own.server.fault(fault, path="Invoices", seconds=1)
    assert _read(connector) == whole


def test_the_days_calls_are_not_waited_for_in_the_task(own: Running) -> None:
    own.server.fault("day", path="Invoices", seconds=66_975)
    busy = own.custom(id="busy")
    error = _error(own.connector(busy), _read)
    assert isinstance(error, SourceUnavailable) and error.retry_after == 66_975
    assert "of this day" in str(error)
    asked = len(own.server.face.calls)
    assert isinstance(_error(own.connector(busy), _read), SourceUnavailable), "no process asks before that"
    assert len(own.server.face.calls) == asked


@pytest.mark.parametrize("fault", ["html", "cut"])
def test_what_is_no_answer_is_waited_for(own: Running, fault: str) -> None:
    own.server.fault(fault, path="Invoices", times=9)
    error = _error(own.connector(), _read)
    assert isinstance(error, SourceUnavailable) and "answer" in str(error)


@pytest.mark.parametrize(
    "extra",
    [{"page_size": 0}, {"page_size": 1001}, {"page_size": "many"}, {"rate_basis": "sideways"},
     {"balances_include_credits": "perhaps"}, {"calls_per_day": True}, {"grant": "password"}],
)  # fmt: skip
def test_a_setting_that_cannot_be(extra: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Xero(Connection("xero", "https://api.xero.com", "id", "secret", extra))
    assert next(iter(extra)) in str(caught.value)


def test_without_a_host_it_is_xeros_own() -> None:
    connector = Xero(Connection("xero", "", "id", "secret"))
    assert connector._client.http.base_url == "https://api.xero.com"
    assert connector.authorization().oauth.token_url == "https://identity.xero.com/connect/token"
