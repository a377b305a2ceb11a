"""Logging in: Oracle's published vectors, a new signature for every attempt, an assertion for every token."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from include.connectors import assertion
from include.connectors.base import Connection
from include.connectors.netsuite.settings import Settings
from include.connectors.netsuite.signing import TokenSignature
from include.errors import ConfigurationError
from tests.netsuite.records import CONNECTION

ORACLES = TokenSignature(
    "123456",
    ("ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
     "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5"),
    ("2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
     "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295"),
)  # fmt: skip
"""Consumer and token of the example in Oracle's help, section_1534941088."""
EMPLOYEE = "https://123456.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40"


def parts(header: str) -> dict[str, str]:
    """Return the values of an Authorization header."""
    assert header.startswith("OAuth ")
    found = (part.partition("=") for part in header.removeprefix("OAuth ").split(", "))
    return {name: unquote(value.strip('"')) for name, _, value in found}


def test_oracles_published_example_is_signed_as_oracle_signs_it() -> None:
    said = parts(ORACLES.header("GET", EMPLOYEE, "fjaLirsIcCGVZWzBX0pg", "1508242306"))
    assert said["oauth_signature"] == "B5OIWznZ2YP0OB7VrJrGkYsTh+8H+5T9Hag+o92q0zY="
    assert (said["realm"], said["oauth_signature_method"]) == ("123456", "HMAC-SHA256")


def test_the_addresss_parameters_are_signed() -> None:
    made = {parts(ORACLES.header("POST", f"{EMPLOYEE}?limit={limit}", "nonce", "1508242306"))["oauth_signature"]
            for limit in (10, 1000)}  # fmt: skip
    assert len(made) == 2


def test_every_attempt_is_signed_with_a_nonce_of_its_own() -> None:
    class Request:
        method, url = "POST", EMPLOYEE

        def __init__(self) -> None:
            self.headers: dict[str, str] = {}

    made = [parts(ORACLES(Request()).headers["Authorization"]) for _ in range(3)]
    assert len({said["oauth_nonce"] for said in made}) == len({said["oauth_signature"] for said in made}) == 3


def test_a_sandbox_account_is_spelt_in_capitals_in_the_realm_and_with_hyphens_in_its_address() -> None:
    for written in ("1234567_SB1", "1234567-sb1"):
        settings = Settings.of(replace(CONNECTION, host="", extra={**CONNECTION.extra, "account": written}))
        assert (settings.account, settings.host) == ("1234567_SB1", "https://1234567-sb1.suitetalk.api.netsuite.com")


def pem(key: Any) -> str:
    """Return a private key as the file that people have."""
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return str(key.private_bytes(*form).decode())


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(65537, 3072), "PS256"),
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
    ],
)
def test_an_assertion_says_who_asks_whom_for_what_and_is_signed_by_the_keys_own_algorithm(
    key: Any, algorithm: str
) -> None:
    connection = Connection("netsuite", "https://1.example", login="client", password=pem(key).replace("\n", "\\n"))
    made = assertion.signed(connection, "https://1.example/token", ("rest_webservices",), "cert-1")
    public = (RSAKey if algorithm == "PS256" else ECKey).import_key(pem(key))
    token = jwt.decode(made, public, algorithms=[algorithm])
    assert token.header == {"typ": "JWT", "alg": algorithm, "kid": "cert-1"}
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["scope"]) == (
        "client",
        "https://1.example/token",
        ["rest_webservices"],
    )
    assert 0 < claims["exp"] - claims["iat"] <= 3600


@pytest.mark.parametrize("password", ["", "secret", pem(ec.generate_private_key(ec.SECP256K1()))])
def test_what_is_no_key_that_can_sign_is_told_and_not_repeated(password: str) -> None:
    with pytest.raises(ConfigurationError, match="no private key") as told:
        assertion.signed(
            Connection("netsuite", "https://1.example", login="c", password=password), "https://a", (), "k"
        )
    assert not password or password not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"account": "1 OR 1=1"}, "account"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"page_size": 1001}, "page_size"),
        ({"concurrency": "many"}, "concurrency"),
        ({"custom_fields": {"transaction": ["custbody_x FROM transaction--"]}}, "custom_fields"),
        ({"custom_fields": {"invoice": ["custbody_x"]}}, "custom_fields"),
        ({"token_secret": ""}, "log in"),
        ({"certificate_id": "both"}, "log in"),
        ({"compare_balances": "perhaps"}, "compare_balances"),
        ({"base_currency": "XXY"}, "base_currency"),
    ],
)
def test_a_wrong_setting_is_told_by_its_name(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=key):
        Settings.of(replace(CONNECTION, extra={**CONNECTION.extra, **changes}))


def test_settings_tell_no_secret_when_they_are_shown() -> None:
    assert "token-secret" not in repr(Settings.of(CONNECTION)) and json.dumps(CONNECTION.extra)
