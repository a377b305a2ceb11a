from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from include.sandbox.faults import Fault
from include.sandbox.intacct.server import Server
from include.sandbox.ledger import Ledger
from tests.sandbox.intacct_reader import ENTITY, INVOICE, Gateway, Reader, errors, query

ASK = query("LOCATIONENTITY", "NAME")


@pytest.fixture
def reader(company: Server) -> Reader:
    return Reader(company, "E100")


@pytest.fixture
def gateway(company: Server) -> Gateway:
    return Gateway(company, "E100")


def test_every_reply_says_what_is_left(company_with: Any) -> None:
    with company_with(hour_limit=10, minute_limit=2) as server:
        replies = [Reader(server).query(ENTITY, "id") for _ in range(3)]
        assert [r.headers["X-IA-Hour-Rate-Limit-Remaining"] for r in replies] == ["9", "8", "7"]
        assert [r.headers["X-IA-Minute-Rate-Limit-Remaining"] for r in replies] == ["1", "0", "-1"], "it is soft"
        assert {r.status_code for r in replies} == {200}
        names = ("X-IA-Throttle-Limit", "X-IA-TENANT-Throttle-Limit")
        assert [(replies[0].headers[n], replies[0].headers[f"{n}-Remaining"]) for n in names] == [
            ("6", "5"),
            ("8", "7"),
        ]


@pytest.mark.parametrize("status", [429, 503])
def test_the_hours_limit_is_hard_says_how_long_and_ends_then(company_with: Any, status: int) -> None:
    with company_with(hour_limit=2, refused_by=status) as server:
        reader = Reader(server)
        replies = [reader.query(ENTITY, "id") for _ in range(3)]
        assert [r.status_code for r in replies] == [200, 200, status]
        assert replies[2].json()["ia::error"]["code"] == "GW-0010"
        assert 3590 <= int(replies[2].headers["X-IA-Hour-Rate-Limit-Retry-After"]) <= 3600
        server.skip(3601)
        reader = Reader(server)
        assert reader.query(ENTITY, "id").status_code == 200
        assert server.face.limits.transactions == 3


def test_more_than_six_at_once_are_refused(company: Server, reader: Reader) -> None:
    limits = company.face.limits
    others = [limits.enter() for _ in range(5)]
    assert others == [None] * 5 and reader.query(ENTITY, "id").status_code == 200, "the sixth"
    limits.enter()
    refused = reader.query(ENTITY, "id")
    assert refused.status_code == 429 and refused.headers["X-IA-Throttle-Limit-RetryAfter"] == "1"
    assert refused.headers["X-IA-Throttle-Limit-Remaining"] == "0" and limits.most_at_once == 6
    for _ in range(6):
        limits.leave()
    assert [reader.query(ENTITY, "id").status_code for _ in "12"] == [200, 200], "each call leaves when it ends"


def test_a_latency_keeps_a_call_under_way(company_with: Any) -> None:
    with company_with(latency=0.2) as server:
        before = time.monotonic()
        assert Reader(server).query(ENTITY, "id").status_code == 200 and time.monotonic() - before >= 0.2


@pytest.mark.parametrize("fault", ["minute", "day", "concurrent"])
def test_limits_can_be_ordered_for_either_protocol(
    company: Server, reader: Reader, gateway: Gateway, fault: str
) -> None:
    company.fault(fault, times=2, seconds=7)
    for refused in (reader.query(ENTITY, "id"), gateway.post(gateway.request(ASK))):
        assert refused.status_code == 429 and refused.json()["ia::error"]["code"] == "GW-0010"
        wait = "X-IA-Throttle-Limit-RetryAfter" if fault == "concurrent" else "X-IA-Hour-Rate-Limit-Retry-After"
        assert refused.headers[wait] == ("1" if fault == "concurrent" else "7")
    assert reader.query(ENTITY, "id").status_code == 200


def test_the_gateway_may_refuse_within_a_reply_of_status_200(company_with: Any) -> None:
    with company_with(gateway_limit="text") as server:
        gateway = Gateway(server)
        server.fault("minute")
        reply = gateway.call(ASK)
        assert "API rate limit exceeded" in errors(reply)[0][1] and reply.findtext("control/status") == "failure"


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.UNAVAILABLE])
def test_the_server_fails(company: Server, reader: Reader, gateway: Gateway, fault: Fault) -> None:
    company.fault(fault, times=2)
    for said in (reader.query(ENTITY, "id"), gateway.post(gateway.request(ASK))):
        assert said.status_code == int(fault) and said.json()["ia::error"]["code"] == "GW-0001"
    assert reader.query(ENTITY, "id").status_code == 200


def test_a_reply_ends_in_the_middle_is_a_page_for_people_is_slow_or_breaks_off(
    company: Server, reader: Reader, gateway: Gateway
) -> None:
    company.fault(Fault.CUT)
    cut = reader.query(INVOICE, "key")
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    company.fault(Fault.HTML)
    page = gateway.post(gateway.request(ASK))
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    company.fault(Fault.SLOW, seconds=0.4)
    before = time.monotonic()
    assert reader.query(ENTITY, "id").status_code == 200 and time.monotonic() - before >= 0.4
    company.fault(Fault.RESET, times=2)
    for ask in (lambda: reader.query(INVOICE, "key"), lambda: gateway.post(gateway.request(ASK))):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            ask()


def test_a_page_comes_without_its_records_or_in_another_order(
    company: Server, reader: Reader, gateway: Gateway
) -> None:
    company.fault(Fault.DROPPED_PAGE, times=2)
    empty = reader.query(INVOICE, "key", size=10).json()
    assert empty["ia::result"] == [] and empty["ia::meta"]["next"] == 11
    data = gateway.data(query("ARINVOICE", "RECORDNO", size=10))
    assert len(data) == 0 and int(data.get("totalcount")) > 10
    company.fault(Fault.SHUFFLED, times=30)
    order = [{"key": "asc"}]
    shuffled = [row["key"] for row in reader.rows(INVOICE, "key", size=20, orderBy=order)]
    assert len(set(shuffled)) < len(shuffled)
    company.face.faults.clear()
    assert len({row["key"] for row in reader.rows(INVOICE, "key", size=20, orderBy=order)}) == len(shuffled)


def test_a_token_ends_early_and_the_refresh_token_or_new_credentials_go_on(company: Server, reader: Reader) -> None:
    company.fault(Fault.EXPIRED)
    assert reader.query(ENTITY, "id").status_code == 401
    said = reader.token(grant_type="refresh_token", refresh_token=reader.refresh).json()
    reader.access = said["access_token"]
    assert reader.query(ENTITY, "id").status_code == 200
    company.fault(Fault.REVOKED)
    assert reader.query(ENTITY, "id").status_code == 401
    for form in ({"grant_type": "refresh_token", "refresh_token": said["refresh_token"]},
                 {"grant_type": "client_credentials", "username": "reader@acme"}):  # fmt: skip
        assert reader.token(**form).status_code == 401


def test_a_session_ends_early_and_a_user_loses_the_right_to_sign_in(company: Server, gateway: Gateway) -> None:
    company.fault(Fault.EXPIRED, path="LOCATIONENTITY")
    assert gateway.call(query("ARTERM", "NAME")).findtext("operation/authentication/status") == "success"
    assert gateway.call(ASK).findtext("operation/authentication/status") == "failure"
    again = Gateway(company)
    company.fault(Fault.REVOKED)
    assert again.call(ASK).findtext("operation/authentication/status") == "failure"
    login = Gateway(company, session=False)
    assert login.call(ASK).findtext("operation/authentication/status") == "failure"


def test_the_token_endpoint_fails_only_where_it_is_named(company: Server, reader: Reader) -> None:
    form = {"grant_type": "client_credentials", "username": "reader@acme"}
    company.fault("503")
    company.fault("503", path="/oauth2/token")
    assert [reader.token(**form).status_code for _ in "12"] == [503, 200]
    assert reader.query(ENTITY, "id").status_code == 503


def test_a_fault_may_be_ordered_for_one_object(company: Server, reader: Reader, gateway: Gateway) -> None:
    company.fault("500", path=INVOICE)
    company.fault("500", path="ARPYMT")
    assert [reader.query(name, "key").status_code for name in (ENTITY, INVOICE, INVOICE)] == [200, 500, 200]
    asked = [gateway.request(query(name, "RECORDNO")) for name in ("ARTERM", "ARPYMT", "ARPYMT")]
    assert [gateway.post(each).status_code for each in asked] == [200, 500, 200]


def test_a_fault_is_one_entitys_own(company: Server, reader: Reader, gateway: Gateway) -> None:
    company.fault("500", entity="E200", times=2)
    assert reader.query(ENTITY, "id").status_code == gateway.post(gateway.request(ASK)).status_code == 200
    assert Reader(company, "E200").query(ENTITY, "id").status_code == 500
    other = Gateway(company, "E200", session=False)
    assert other.post(other.request(ASK)).status_code == 500


def test_calls_and_faults_are_remembered_without_a_secret(company: Server, reader: Reader, group: Ledger) -> None:
    company.fault("slow", seconds=0)
    gateway = Gateway(company, session=False)
    gateway.call(ASK)
    reader.query(ENTITY, "id")
    assert list(company.face.calls)[-2:] == [
        {"method": "POST", "path": "/ia/xml/xmlgw.phtml", "query": "", "entity": "", "status": 200},
        {"method": "POST", "path": "/ia/api/v1/services/core/query", "query": "", "entity": "E100", "status": 200},
    ]
    assert company.face.faults.done == [(Fault.SLOW, "/ia/xml/xmlgw.phtml?LOCATIONENTITY")]
    known = company.face.credentials()
    remembered = repr(company.face.calls) + repr(company.face.faults.done)
    for secret in (reader.access, known["user_password"], known["client_secret"], known["sender_password"]):
        assert secret not in remembered
