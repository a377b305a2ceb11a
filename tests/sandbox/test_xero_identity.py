from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from include.sandbox.xero.grants import challenge_of
from include.sandbox.xero.server import Server
from tests.sandbox.reader import Reader

REDIRECT = "http://127.0.0.1:9/callback"
SCOPES = "accounting.invoices.read accounting.contacts.read offline_access"


def authorize(server: Server, **changed: str) -> requests.Response:
    asked = {
        "response_type": "code", "client_id": server.app.client_id, "redirect_uri": REDIRECT, "scope": SCOPES,
        "state": "a b/c",
    } | changed  # fmt: skip
    return requests.get(f"{server.url}/identity/connect/authorize", params=asked, allow_redirects=False, timeout=10)


def said(response: requests.Response) -> dict[str, str]:
    """Return what the redirect carries."""
    assert response.status_code == 302 and response.headers["Location"].startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


@pytest.fixture
def reader(server: Server) -> Reader:
    return Reader(server)


@pytest.mark.parametrize("way", ["form", "basic"])
def test_consent_gives_a_code_that_is_exchanged_once_for_tokens_of_every_organisation(
    server: Server, reader: Reader, way: str
) -> None:
    back = said(authorize(server))
    assert back["state"] == "a b/c"
    data = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}
    auth = (server.app.client_id, server.app.client_secret) if way == "basic" else None
    first = reader.token(data, auth)
    assert first.status_code == 200
    assert set(first.json()) == {"access_token", "refresh_token", "expires_in", "token_type", "scope"}
    assert (first.json()["expires_in"], set(first.json()["scope"].split())) == (1800, set(SCOPES.split()))
    again = reader.token(data, auth)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    head = {"Authorization": f"Bearer {first.json()['access_token']}"}
    tenants = requests.get(f"{server.url}/connections", headers=head, timeout=10).json()
    assert [t["tenantId"] for t in tenants] == list(server.face.ledger.books)
    assert {t["tenantType"] for t in tenants} == {"ORGANISATION"} and not tenants[0]["createdDateUtc"].endswith("Z")


def test_a_code_counts_only_with_its_redirect_its_verifier_and_in_time(server: Server, reader: Reader) -> None:
    def exchange(code: str, **more: str) -> int:
        return reader.token(
            {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code": code} | more
        ).status_code

    challenge = {"code_challenge": challenge_of("v" * 50), "code_challenge_method": "S256"}
    assert exchange(said(authorize(server))["code"], redirect_uri=REDIRECT + "x") == 400
    assert exchange(said(authorize(server, **challenge))["code"]) == 400
    assert exchange(said(authorize(server, **challenge))["code"], code_verifier="w" * 50) == 400
    assert exchange(said(authorize(server, **challenge))["code"], code_verifier="v" * 50) == 200
    late = said(authorize(server))["code"]
    server.skip(301)
    assert exchange(late) == 400


def test_an_app_of_after_march_2026_is_refused_the_old_scope_and_an_older_one_is_not(server: Server) -> None:
    broad = "accounting.transactions.read offline_access"
    assert said(authorize(server, scope=broad))["error"] == "invalid_scope"
    old = next(app for app in server.face.settings.apps if not app.is_new)
    assert "code" in said(authorize(server, scope=broad, client_id=old.client_id))
    reader = Reader(server, "accounting.transactions.read", app=old)
    assert reader.get("/Invoices", page=1).status_code == 200
    assert reader.get("/Contacts", page=1).status_code == 401


def test_nobody_is_redirected_away_from_this_machine_or_for_an_unknown_app(server: Server) -> None:
    for changed in ({"redirect_uri": "https://elsewhere.example/"}, {"client_id": "nobody"}):
        response = authorize(server, **changed)
        assert response.status_code == 400 and "Location" not in response.headers


def test_a_refresh_token_rotates_and_the_one_before_works_for_its_grace(server: Server, reader: Reader) -> None:
    first = reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh}).json()
    assert first["refresh_token"] != reader.refresh
    server.skip(1799)
    again = reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh})
    assert again.status_code == 200, "within half an hour the previous one still counts"


def test_a_refresh_token_used_after_its_grace_ends_the_whole_family(server: Server, reader: Reader) -> None:
    first = reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh}).json()
    server.skip(1801)
    late = reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh})
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})
    current = reader.token({"grant_type": "refresh_token", "refresh_token": first["refresh_token"]})
    assert (current.status_code, current.json()) == (400, {"error": "invalid_grant"})


def test_tokens_end_an_access_token_after_half_an_hour_a_refresh_token_after_sixty_days(
    server: Server, reader: Reader
) -> None:
    assert reader.get("/Organisation").status_code == 200
    server.skip(1801)
    refused = reader.get("/Organisation")
    assert refused.status_code == 401 and refused.json()["Detail"] == "AuthenticationUnsuccessful"
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    server.skip(60 * 86_400)
    assert reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh}).status_code == 400


def test_revoking_ends_every_token_of_the_grant(server: Server, reader: Reader) -> None:
    app = server.app
    done = requests.post(
        f"{server.url}/connect/revocation",
        data={"token": reader.refresh}, auth=(app.client_id, app.client_secret), timeout=10,
    )  # fmt: skip
    assert done.status_code == 200
    assert reader.get("/Organisation").status_code == 401
    assert reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh}).status_code == 400


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "nothing"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "client_id": "SANDBOXWEBAPP", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
def test_what_the_token_endpoint_refuses(reader: Reader, data: dict[str, str], error: str) -> None:
    refused = reader.token(data)
    assert (refused.status_code, refused.json()) == (400, {"error": error})


def test_a_custom_connection_needs_no_user_no_tenant_and_gets_no_refresh_token(server: Server, reader: Reader) -> None:
    app = server.custom_app
    got = reader.token(
        {"grant_type": "client_credentials", "scope": "accounting.invoices.read"}, (app.client_id, app.client_secret)
    ).json()
    assert "refresh_token" not in got
    head = {"Authorization": f"Bearer {got['access_token']}", "Accept": "application/json"}
    assert len(requests.get(f"{server.url}/connections", headers=head, timeout=10).json()) == 1
    assert requests.get(f"{server.api}/Invoices?page=1", headers=head, timeout=10).status_code == 200
    assert requests.get(f"{server.api}/Contacts?page=1", headers=head, timeout=10).status_code == 401


def test_a_call_without_its_scope_is_refused_and_says_that_it_is_about_rights(server: Server, serving: Any) -> None:
    reader = Reader(server, "accounting.invoices.read")
    assert reader.get("/Invoices", page=1).status_code == 200
    for path in ("/Payments", "/Contacts", "/Organisation", "/Reports/TrialBalance"):
        refused = reader.get(path)
        assert refused.status_code == 401 and refused.json()["Detail"] == "AuthorizationUnsuccessful"
    with serving(missing_scope=403, problem_case="lower") as other:
        refused = Reader(other, "accounting.invoices.read").get("/Payments")
        assert refused.status_code == 403 and refused.json()["detail"] == "AuthorizationUnsuccessful"


def test_a_tenant_must_be_named_and_be_one_of_the_grants(server: Server, reader: Reader) -> None:
    assert reader.get("/Organisation", headers={"xero-tenant-id": ""}).status_code == 403
    assert reader.get("/Organisation", headers={"xero-tenant-id": "0" * 8}).status_code == 403
    server.face.grants.drop_tenant(reader.tenant)
    assert reader.get("/Organisation").status_code == 403
    head = {"Authorization": f"Bearer {reader.access}"}
    for path in ("connections", "Connections"):
        rows = requests.get(f"{server.url}/{path}", headers=head, timeout=10).json()
        assert reader.tenant in [row["tenantId"] for row in rows], "what was lost is still listed"
