from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, RSAKey

from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import Server, serve
from include.sandbox.netsuite.settings import Certificate, Settings
from include.sandbox.netsuite.signatures import signature
from tests.sandbox.netsuite_reader import Reader

QUERY = "SELECT id FROM subsidiary ORDER BY id"
VECTOR = {  # Oracle's help, section_1534941088 and section_1534941295: a GET of an employee
    "realm": "123456",
    "oauth_consumer_key": "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
    "oauth_token": "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
    "oauth_nonce": "fjaLirsIcCGVZWzBX0pg", "oauth_timestamp": "1508242306", "oauth_signature_method": "HMAC-SHA256",
    "oauth_version": "1.0",
}  # fmt: skip
SECRETS = (
    "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
    "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
)


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger(invoices=10)


@pytest.fixture
def server(ledger: Ledger) -> Iterator[Server]:
    with serve(ledger) as running:
        yield running


@pytest.fixture
def reader(server: Server) -> Reader:
    return Reader(server)


def test_the_vendors_published_vectors_are_signed_as_published() -> None:
    url = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"
    assert signature("GET", url, VECTOR, SECRETS) == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="
    restlet = "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl?script=6&deploy=1"
    restlet += "&customParam=someValue&testParam=someOtherValue"  # its signature lost its plus where it is printed
    assert signature("POST", restlet, VECTOR, SECRETS) == "+KK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ="
    assert signature("GET", url + "?limit=5", VECTOR, SECRETS) != signature("GET", url, VECTOR, SECRETS)
    assert signature("GET", url, VECTOR | {"realm": "9"}, SECRETS) == signature("GET", url, VECTOR, SECRETS)


def test_an_assertion_buys_a_token_that_lives_for_an_hour(server: Server, reader: Reader) -> None:
    bought = reader.token(reader.assertion()).json()
    assert set(bought) == {"access_token", "expires_in", "token_type"}
    assert (bought["expires_in"], bought["token_type"], bought["access_token"].count(".")) == (3600, "bearer", 2)
    reader.bearer = bought["access_token"]
    assert reader.rows(QUERY) == [{"id": "1"}]
    server.skip(3601)
    refused = reader.ask(QUERY)
    assert refused.status_code == 401 and refused.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_LOGIN"
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    reader.bearer = reader.token(reader.assertion()).json()["access_token"]
    assert reader.rows(QUERY) == [{"id": "1"}]


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_certificate_of_rsa_verifies_ps256_and_no_rs256(ledger: Ledger, is_whole: bool) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key, pem = RSAKey.import_key(private), ""
    if is_whole:
        name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox")]), datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
        made = made.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=30))
        pem = made.sign(private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    pem = pem or key.as_pem(private=False).decode()
    settings = Settings(certificates=(Certificate("mapped", "client", pem, 4e9),))
    with serve(ledger, settings) as server:
        reader = Reader(server)
        assert reader.token(reader.assertion(key=key, alg="PS256")).status_code == 200
        assert reader.token(reader.assertion(key=key, alg="RS256")).status_code == 400
        assert reader.token(reader.assertion(key=ECKey.generate_key("P-256"))).status_code == 400


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"kid": "another"}, "invalid_grant"),
        ({"key": ECKey.generate_key("P-256")}, "invalid_grant"),
        ({"iss": "another client"}, "invalid_grant"),
        ({"aud": "https://7654321.suitetalk.api.netsuite.com/services/rest/auth/oauth2/v1/token"}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
        ({"exp": None}, "invalid_grant"),
        ({"iat": None}, "invalid_grant"),
        ({"scope": ["restlets"]}, "invalid_scope"),
        ({"scope": "restlets,rest_webservices"}, ""),
    ],
)
def test_an_assertion_counts_only_whole(reader: Reader, changed: dict[str, Any], error: str) -> None:
    said = reader.token(reader.assertion(**changed))
    assert (said.status_code, said.json().get("error", "")) == (400 if error else 200, error)


def test_an_assertion_for_more_than_an_hour_is_refused(server: Server, reader: Reader) -> None:
    now = int(server.face.clock())
    assert reader.token(reader.assertion(iat=now, exp=now + 3601)).status_code == 400
    assert server.face.audit == ["exp is too late"], "only the audit trail says why"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "other"}, "invalid_request"),
        ({"client_assertion": "no.token"}, "invalid_grant"),
    ],
)
def test_what_the_token_endpoint_refuses(reader: Reader, form: dict[str, str], error: str) -> None:
    said = reader.token(reader.assertion(), **form)
    assert (said.status_code, said.json()) == (400, {"error": error})


def test_a_certificate_that_was_revoked_or_is_two_years_old_buys_nothing(server: Server, reader: Reader) -> None:
    server.face.revoke_all()
    assert reader.ask(QUERY).status_code == 401, "what it bought has ended, too"
    assert reader.token(reader.assertion()).json() == {"error": "invalid_grant"}
    with serve(server.face.ledger) as other:
        other.skip(2 * 366 * 86_400)
        assert Reader(other).token(Reader(other).assertion()).json() == {"error": "invalid_grant"}


def test_a_signed_request_is_let_in_once(server: Server, reader: Reader) -> None:
    header = reader.signed(f"{server.query}?limit=5&offset=0", oauth_body_hash="a+b/c=")
    asked = {"headers": {"Authorization": header}, "limit": 5, "offset": 0}
    assert reader.ask(QUERY, **asked).json()["count"] == 1
    refused = reader.ask(QUERY, **asked)
    assert refused.status_code == 401 and server.face.audit == ["NonceUsed"]
    assert refused.headers["WWW-Authenticate"].startswith('OAuth realm="1234567_SB1"')
    assert reader.ask(QUERY, headers={"Authorization": reader.signed()}).status_code == 200, "signed anew"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"secret": "another"}, "InvalidSignature"),
        ({"oauth_consumer_key": "another"}, "consumer_key_unknown"),
        ({"oauth_token": "another"}, "token_rejected"),
        ({"oauth_signature_method": "HMAC-SHA1"}, "UnknownAlgorithm"),
        ({"oauth_timestamp": "1508242306"}, "InvalidTimestamp"),
        ({"oauth_nonce": ""}, "MissingParameter"),
        ({"realm": "1234567-sb1"}, "WrongAccount"),
    ],
)
def test_a_request_signed_wrongly_is_refused_and_only_the_audit_trail_says_why(
    server: Server, reader: Reader, changed: dict[str, str], reason: str
) -> None:
    assert reader.ask(QUERY, headers={"Authorization": reader.signed(**changed)}).status_code == 401
    assert server.face.audit == [reason]


def test_the_query_of_an_address_is_signed_as_well(server: Server, reader: Reader) -> None:
    header = reader.signed(f"{server.query}?limit=5&offset=0")
    assert reader.ask(QUERY, headers={"Authorization": header}, limit=5, offset=5).status_code == 401
    assert server.face.audit == ["InvalidSignature"]


def test_a_clock_may_be_five_minutes_off(server: Server, reader: Reader) -> None:
    for seconds, status in ((-290, 200), (290, 200), (-320, 401), (320, 401)):
        at = str(int(server.face.clock()) + seconds)
        assert reader.ask(QUERY, headers={"Authorization": reader.signed(oauth_timestamp=at)}).status_code == status


def test_nobody_is_let_in_without_a_token_or_without_the_right_to_log_in(server: Server, reader: Reader) -> None:
    for header in (None, "Basic abc", "Bearer abc", "OAuth "):
        assert reader.ask(QUERY, headers={"Authorization": header}).status_code == 401
    server.restrict("Log in using OAuth 2.0 Access Tokens")
    assert reader.ask(QUERY).status_code == 401 and server.face.audit[-1] == "permission_denied"
    assert reader.ask(QUERY, headers={"Authorization": reader.signed()}).status_code == 200
    server.restrict("Log in using Access Tokens")
    assert reader.ask(QUERY, headers={"Authorization": reader.signed()}).status_code == 401


def test_the_account_can_be_another_one(ledger: Ledger) -> None:
    with serve(ledger, replace(Settings(), account="7654321")) as server:
        reader = Reader(server)
        assert reader.ask(QUERY, headers={"Authorization": reader.signed(realm="1234567_SB1")}).status_code == 401
        assert reader.ask(QUERY, headers={"Authorization": reader.signed()}).status_code == 200
