"""A bearer token in use: refreshed before it ends and after a 401, its trouble told apart."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from include import access
from include.connectors.base import Connection
from include.connectors.http import Http
from include.connectors.oauth import Bearer, OAuth
from include.errors import ConfigurationError, GrantRefused, MissingRights, SourceUnavailable
from tests.machinery.conftest import Connect
from tests.machinery.vendor import CLIENT_ID, CLIENT_SECRET, OAUTH, Vendor


@pytest.fixture
def http(store: Engine, vendor: Vendor, connect: Connect) -> Http:
    """A session whose connection has a refresh token."""
    return Http(vendor.url, auth=Bearer(connect(refresh_token=vendor.new_refresh_token()), OAUTH, store))


def test_a_call_carries_the_token_and_every_request_is_counted(http: Http, vendor: Vendor) -> None:
    assert http.get("/invoices").json() == {"path": "/invoices"}
    http.get("/invoices")
    assert http.request_count == 3 and len(vendor.token_requests) == 1


def test_a_token_that_ends_is_refreshed_before_it_is_used(http: Http, vendor: Vendor) -> None:
    vendor.lifetime = 30  # less than the leeway
    http.get("/invoices")
    http.get("/invoices")
    assert len(vendor.token_requests) == 2 and all(h["Authorization"] for _, _, h in vendor.calls)


def test_a_token_that_was_revoked_is_refreshed_once(http: Http, vendor: Vendor) -> None:
    http.get("/invoices")
    vendor.access_tokens.clear()
    assert http.get("/invoices").status == 200
    assert len(vendor.token_requests) == 2 and len(vendor.calls) == 3


def test_a_401_that_stays_is_a_matter_of_configuration(http: Http, vendor: Vendor) -> None:
    vendor.faults = [(401, {}, {}), (401, {}, {})]
    with pytest.raises(ConfigurationError, match="credentials"):
        http.get("/invoices")
    assert len(vendor.calls) == 2 and len(vendor.token_requests) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_missing_scope_is_told_from_wrong_credentials(http: Http, vendor: Vendor, status: int) -> None:
    vendor.faults = [(status, {}, {"WWW-Authenticate": 'Bearer error="insufficient_scope"'})]
    with pytest.raises(MissingRights, match="scope"):
        http.get("/invoices")
    assert len(vendor.calls) == 1 and len(vendor.token_requests) == 1


def test_scopes_that_were_not_granted_are_named(store: Engine, vendor: Vendor, connect: Connect) -> None:
    vendor.scope = "offline_access"
    bearer = Bearer(connect(refresh_token=vendor.new_refresh_token()), OAUTH, store)
    assert bearer.missing_scopes() == ("invoices.read",)
    assert bearer.missing_scopes(("offline_access", "reports.read")) == ("reports.read",)


def test_client_credentials_need_no_refresh_token(store: Engine, vendor: Vendor, connect: Connect) -> None:
    connection = connect(grant="client_credentials")
    for _ in range(2):
        Http(vendor.url, auth=Bearer(connection, OAUTH, store)).get("/invoices")
    assert vendor.token_requests == [{"grant_type": "client_credentials", "scope": "offline_access invoices.read"}]
    vendor.access_tokens.clear()
    Http(vendor.url, auth=Bearer(connection, OAUTH, store)).get("/invoices")
    assert len(vendor.token_requests) == 2


def test_a_client_may_prove_itself_in_the_form(store: Engine, vendor: Vendor, connect: Connect) -> None:
    in_form = OAuth(OAUTH.host, OAUTH.token_url, client_auth="client_secret_post", grant="client_credentials")
    Bearer(connect(), in_form, store).token()
    assert vendor.token_requests[0]["client_id"] == CLIENT_ID


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ((400, {"error": "invalid_grant", "error_description": CLIENT_SECRET}), GrantRefused, "authorize"),
        ((401, {"error": "invalid_client"}), ConfigurationError, "client id or secret"),
        ((400, {"error": "invalid_scope"}), MissingRights, "scopes"),
        ((400, {"error": ["odd"]}), ConfigurationError, "guide"),
        ((400, b"<html>"), SourceUnavailable, "web page"),
        ((503, {}), SourceUnavailable, "not available"),
        ((500, b"boom"), SourceUnavailable, "not available"),
        ((200, b"[]"), SourceUnavailable, "no token"),
        ((200, {"access_token": ""}), SourceUnavailable, "no token"),
        ((200, {"access_token": "a", "expires_in": "soon"}), SourceUnavailable, "no token"),
        ((302, {}), ConfigurationError, "redirect"),
    ],
)
def test_a_token_endpoints_refusals_are_sorted(
    http: Http, vendor: Vendor, fault: tuple[int, object], error: type[Exception], words: str
) -> None:
    vendor.token_fault = fault
    with pytest.raises(error, match=words) as caught:
        http.get("/invoices")
    assert type(caught.value) is error and CLIENT_SECRET not in str(caught.value)
    vendor.token_fault = None
    assert http.get("/invoices").status == 200, "the lease was not given back"


def test_a_status_that_a_connector_accepts_proves_no_token(store: Engine, vendor: Vendor, connect: Connect) -> None:
    bearer = Bearer(connect(refresh_token=vendor.new_refresh_token()), OAUTH, store)
    vendor.lifetime = 1
    bearer.token()
    vendor.faults = [(404, {}, {})]
    Http(vendor.url, auth=bearer).get("/invoices", accepts=(200, 404))
    with store.connect() as connection:
        assert connection.scalar(select(access.tokens.c.previous)) is not None
    Http(vendor.url, auth=bearer).get("/invoices")
    with store.connect() as connection:
        assert connection.scalar(select(access.tokens.c.previous)) is None


def test_a_connection_with_another_host_finds_every_endpoint_there(connect: Connect, vendor: Vendor) -> None:
    here = OAUTH.of(connect())
    assert here.token_url == f"{vendor.url}/connect/token" and here.authorize_url == f"{vendor.url}/authorize"
    assert OAUTH.of(connect(token_url="http://127.0.0.1:9/t")).token_url == "http://127.0.0.1:9/t"
    real = Connection("books", OAUTH.host, "id", "secret")
    assert OAUTH.of(real) == OAUTH


def test_what_the_connection_lacks_or_misspells_is_said(store: Engine, connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match="authorization_code, client_credentials"):
        Bearer(connect(grant="password"), OAUTH, store)
    nobody = Connection("books", connect().host, "", "", {"refresh_token": "r"})
    with pytest.raises(ConfigurationError, match="has no client id"):
        Bearer(nobody, OAUTH, store).token()
