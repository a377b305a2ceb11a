"""Whatever goes wrong, no secret is said: not in errors, tracebacks, logs, nor what is printed."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from copy import copy

import pytest
from sqlalchemy import Engine

from include.access.pacing import Limit, Pacer
from include.connectors.http import Http
from include.connectors.oauth import Bearer
from include.errors import GreenlightError
from tests.machinery.conftest import Connect
from tests.machinery.vendor import CLIENT_SECRET, OAUTH, Vendor

NAME = "JaneRoe"
Harm = Callable[[Vendor], None]


def harm(**changes: object) -> Harm:
    def do(vendor: Vendor) -> None:
        for name, value in changes.items():
            setattr(vendor, name, copy(value))  # faults are used up

    return do


HARMS = {
    "a 401 that stays": harm(faults=[(401, {}, {}), (401, {}, {})]),
    "a wait of hours": harm(faults=[(429, {}, {"Retry-After": "7200"})]),
    "a redirect": harm(faults=[(302, {}, {"Location": "http://127.0.0.1:9/take-it"})]),
    "a broken body": harm(faults=[(200, b"not gzip", {"Content-Encoding": "gzip"})] * 5),
    "an odd header": harm(faults=[(200, {}, {"Content-Encoding": "gzip, gzip, gzip"})] * 5),
    "a refused refresh": harm(token_fault=(400, {"error": "invalid_grant", "error_description": CLIENT_SECRET})),
    "a refused client": harm(token_fault=(401, {"error": "invalid_client", "hint": CLIENT_SECRET})),
    "a token that is none": harm(token_fault=(200, {"access_token": [CLIENT_SECRET], "expires_in": CLIENT_SECRET})),
}


@pytest.mark.parametrize("name", HARMS)
def test_no_secret_is_said(
    name: str, store: Engine, vendor: Vendor, connect: Connect,
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for logger in ("", "urllib3", "urllib3.connectionpool", "urllib3.util.retry", "authlib", "requests"):
        caplog.set_level(logging.DEBUG, logger=logger)
    bearer = Bearer(connect(refresh_token=vendor.new_refresh_token()), OAUTH, store)
    http = Http(vendor.url, auth=bearer, pacer=Pacer("books", (Limit(9, 60),), store))
    HARMS[name](vendor)
    with pytest.raises(GreenlightError) as caught:
        http.get("/invoices", params={"contact": NAME, "token": CLIENT_SECRET}, tenant="t")
    printed = capsys.readouterr()
    said = [record.getMessage() + str(record.exc_info) for record in caplog.records]
    everything = "\n".join([*said, *traceback.format_exception(caught.value), printed.out, printed.err])
    for secret in (CLIENT_SECRET, NAME, *vendor.access_tokens, *vendor.refresh_tokens):
        assert secret not in everything
    assert caught.value.next_step and "connectionpool" in {record.module for record in caplog.records}


def test_credentials_do_not_follow_a_redirect(store: Engine, vendor: Vendor, connect: Connect) -> None:
    vendor.faults = [(307, {}, {"Location": f"{vendor.url}/open/elsewhere"})]
    bearer = Bearer(connect(refresh_token=vendor.new_refresh_token()), OAUTH, store)
    with pytest.raises(GreenlightError, match="redirect"):
        Http(vendor.url, auth=bearer).get("/invoices")
    assert [path for _, path, _ in vendor.calls] == ["/invoices"]
