"""Sage Intacct's XML gateway: who is let in, for how long, and what a request that goes wrong is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import requests

from include.sandbox.intacct.server import Server
from include.sandbox.intacct.settings import User
from include.sandbox.ledger import Ledger
from tests.sandbox.intacct_reader import INVOICE, Gateway, Reader, errors, query


def test_a_session_comes_with_an_endpoint_and_answers_nowhere_else(gateway: Gateway) -> None:
    assert urlsplit(gateway.address).path != urlsplit(gateway.server.gateway).path
    request = gateway.request(query("LOCATIONENTITY", "LOCATIONID"))
    assert b"<LOCATIONID>E100</LOCATIONID>" in gateway.post(request).content
    elsewhere = ElementTree.fromstring(gateway.post(request, gateway.server.gateway).content)
    assert elsewhere.findtext("operation/authentication/status") == "failure"
    assert errors(elsewhere)[0][0] == "XL03000006"


def test_a_session_may_be_let_in_at_the_first_address(company_with: Any) -> None:
    with company_with(endpoint="any") as server:
        gateway = Gateway(server)
        gateway.address = server.gateway
        assert len(gateway.rows("LOCATIONENTITY", "LOCATIONID")) == 2


def test_a_session_lives_on_while_it_is_used_and_then_ends(gateway: Gateway) -> None:
    for _ in range(3):
        gateway.server.skip(3000)
        reply = gateway.call(query("LOCATIONENTITY", "LOCATIONID"))
        inside = reply.find("operation/authentication")
        stamps = [datetime.fromisoformat(inside.findtext(f"session{name}")) for name in ("timestamp", "timeout")]
        assert inside.findtext("status") == "success" and stamps[1] - stamps[0] == timedelta(hours=1)
    gateway.server.skip(3601)
    ended = gateway.call(query("LOCATIONENTITY", "LOCATIONID"))
    assert ended.findtext("operation/authentication/status") == "failure" and ended.find("operation/result") is None


def test_a_login_in_every_request_needs_no_session_and_may_name_an_entity(company: Server) -> None:
    gateway = Gateway(company, "E200", session=False)
    reply = gateway.call(query("ARINVOICE", "MEGAENTITYID", size=1))
    assert reply.findtext("operation/authentication/locationid") == "E200"
    assert reply.findtext("operation/result/data/ARINVOICE/MEGAENTITYID") == "E200"


def test_a_session_of_another_entity_comes_of_a_session(gateway: Gateway) -> None:
    for entity in ("E200", ""):
        api = gateway.data(f"<getAPISession><locationid>{entity}</locationid></getAPISession>").find("api")
        assert (api.findtext("locationid") or "") == entity
        gateway.session_id = api.findtext("sessionid")
    refused = gateway.call("<getAPISession><locationid>E900</locationid></getAPISession>")
    assert "E900" in errors(refused)[0][1]
    mixed = gateway.call("<getAPISession/>", query("LOCATIONENTITY", "LOCATIONID"))
    assert [each.findtext("status") for each in mixed.iter("result")] == ["failure", "success"]


def test_a_session_may_come_from_rest(company: Server) -> None:
    said = Reader(company, "E100").ask("GET", "/services/core/session/id").json()["ia::result"]
    gateway = Gateway(company)
    gateway.session_id = said["sessionId"]
    assert {row["MEGAENTITYID"] for row in gateway.rows("ARINVOICE", "MEGAENTITYID")} == {"E100"}


@pytest.mark.parametrize(
    ("change", "level"),
    [
        (("<senderid>sandbox.sender", "<senderid>other"), "control"),
        (("<companyid>acme", "<companyid>other"), "authentication"),
        (("<userid>reader", "<userid>nobody"), "authentication"),
        (("</login>", "<locationid>E900</locationid></login>"), "authentication"),
        (("LOCATIONID</field>", "NONSENSE</field>"), "result"),
    ],
)
def test_an_error_stands_at_its_own_level_within_a_reply_of_status_200(
    company: Server, change: tuple[str, str], level: str
) -> None:
    gateway = Gateway(company, session=False)
    reply = gateway.post(gateway.request(query("LOCATIONENTITY", "LOCATIONID")).replace(*change))
    root = ElementTree.fromstring(reply.content)
    places = {
        "control": root.findtext("control/status"),
        "authentication": root.findtext("operation/authentication/status"),
        "result": root.findtext("operation/result/status"),
    }
    assert reply.status_code == 200 and places.pop(level) == "failure"
    assert set(places.values()) <= {"success", None} and len(errors(root)) == 1
    outer = {"control": root, "authentication": root.find("operation"), "result": root.find("operation/result")}
    assert outer[level].find("errormessage/error/description2") is not None


def test_a_session_ends_with_its_entity_and_a_user_of_entities_has_no_top_level(
    company: Server, company_with: Any
) -> None:
    gateway = Gateway(company, "E200")
    assert gateway.call(query("ARTERM", "NAME")).findtext("operation/authentication/status") == "success"
    company.face.company.close("E200")
    ended = gateway.call(query("ARTERM", "NAME"))
    assert ended.findtext("operation/authentication/status") == "failure" and "E200" in errors(ended)[0][1]
    with company_with(user=User(entities=frozenset({"E100"}))) as server:
        for entity, status in (("", "failure"), ("E200", "failure"), ("E100", "success")):
            login = Gateway(server, entity, session=False)
            assert login.call(query("ARTERM", "NAME")).findtext("operation/authentication/status") == status
        opened = Gateway(server, "E100")
        assert errors(opened.call("<getAPISession><locationid/></getAPISession>"))[0][0] == "PL04000055"


def test_a_sender_that_the_company_has_not_authorised_is_refused(company_with: Any) -> None:
    with company_with(sender_is_authorised=False) as server:
        gateway = Gateway(server, session=False)
        assert errors(gateway.call(query("LOCATIONENTITY", "LOCATIONID")))[0][0] == "XL03000006"


def test_functions_fail_each_for_itself_unless_they_are_one_transaction(gateway: Gateway) -> None:
    good, bad = query("LOCATIONENTITY", "LOCATIONID"), query("LOCATIONENTITY", "NONSENSE")
    reply = gateway.call(good, bad, good)
    assert [each.findtext("status") for each in reply.iter("result")] == ["success", "failure", "success"]
    assert [each.findtext("controlid") for each in reply.iter("result")] == ["f0", "f1", "f2"]
    aborted = gateway.call(good, bad, operation='<operation transaction="true">')
    assert [each.findtext("status") for each in aborted.iter("result")] == ["aborted", "failure"]
    assert errors(aborted)[0][0] == "XL03000009" and aborted.find("operation/result/data") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<request>",
        b"<other/>",
        b'<!DOCTYPE r [<!ENTITY a "b">]><request><control><senderid>&a;</senderid></control></request>',
        b'<!DOCTYPE r SYSTEM "http://127.0.0.1/x.dtd"><request><control/></request>',
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><request>&x;</request>',
        b"<request>" + b"<a>" * 100 + b"</a>" * 100 + b"</request>",
        b"<request>" + b" " * 1_000_001 + b"</request>",
    ],
)
def test_what_is_no_request_is_refused_with_status_400_and_nothing_is_expanded(gateway: Gateway, body: bytes) -> None:
    reply = gateway.post(body)
    root = ElementTree.fromstring(reply.content)
    assert (reply.status_code, root.findtext("control/status")) == (400, "failure")
    assert errors(root)[0][0] == "XL03000003"


def test_a_reply_is_laid_out_for_people_unless_that_was_refused(gateway: Gateway) -> None:
    request = gateway.request(query("LOCATIONENTITY", "LOCATIONID"))
    assert b"\n  <" not in gateway.post(request).content
    plain = request.replace("<includewhitespace>false</includewhitespace>", "")
    assert b"\n  <" in gateway.post(plain).content


def test_an_object_may_be_kept_from_the_user(company_with: Any) -> None:
    with company_with(user=User(denied=frozenset({"accounts-receivable/payment"}))) as server:
        gateway = Gateway(server)
        assert "permission" in errors(gateway.call(query("ARPYMT", "RECORDNO")))[0][1]
        assert gateway.rows("ARINVOICE", "RECORDNO")


def test_the_gateway_shares_the_limits_with_rest(company_with: Any) -> None:
    with company_with(hour_limit=3) as server:
        gateway, reader = Gateway(server), Reader(server)
        assert reader.query(INVOICE, "key").status_code == 200
        assert gateway.post(gateway.request(query("LOCATIONENTITY", "NAME"))).status_code == 200
        for refused in (reader.query(INVOICE, "key"), gateway.post(gateway.request(query("LOCATIONENTITY", "NAME")))):
            assert refused.status_code == 429 and refused.json()["ia::error"]["code"] == "GW-0010"


def test_a_request_without_a_server_clock_says_when_it_was_answered(gateway: Gateway, group: Ledger) -> None:
    said = requests.post(gateway.address, data=gateway.request(query("LOCATIONENTITY", "NAME")), timeout=10)
    stamp = datetime.strptime(said.headers["Date"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert stamp == group.now
