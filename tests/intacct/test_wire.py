"""How Sage Intacct writes replies and refusals, each variant by itself, as documents and recorded traffic show it."""

from __future__ import annotations

from typing import Any

import pytest

from include import exact_json
from include.connectors import resolutions
from include.connectors.http import Answer
from include.connectors.intacct import gateway, refusals, xml
from include.connectors.intacct.conditions import Both, Is, both, either, rest
from include.connectors.intacct.objects import CUSTOMER, INVOICE
from include.connectors.intacct.rest import Rest
from include.connectors.intacct.written import Writing
from include.connectors.intacct.xml import SessionOver
from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable

CONTROL = "<control><status>success</status><senderid>s</senderid></control>"
SIGNED_IN = "<authentication><status>success</status><userid>u</userid></authentication>"


def reply(result: str, control: str = CONTROL, authentication: str = SIGNED_IN) -> bytes:
    operation = f"<operation>{authentication}{result}</operation>"
    return f'<?xml version="1.0" encoding="UTF-8"?><response>{control}{operation}</response>'.encode()


def failed(number: str, said: str) -> str:
    return (
        f"<errormessage><error><errorno>{number}</errorno><description></description>"
        f"<description2>{said}</description2><correction></correction></error></errormessage>"
    )


def meaning(body: bytes, is_signing_in: bool = False) -> Exception:
    with pytest.raises((GreenlightError, SessionOver)) as caught:
        xml.result(xml.parse(body), is_signing_in)
    return caught.value


# -- REST


def test_a_rest_record_is_flat_with_texts_for_amounts_and_nothing_that_was_not_asked_for() -> None:
    body = (
        b'{"ia::result":[{"key":"292","totalTxnAmountDue":"68400.00","invoiceDate":"2024-09-24","state":"posted",'
        b'"customer.key":"1","entity":{"id":null},"API_QUERY_ALIAS__25":"1"}],'
        b'"ia::meta":{"totalCount":1,"start":1,"pageSize":100,"next":null,"previous":null}}'
    )
    assert Rest.rows(INVOICE, body) == [
        {"key": "292", "totalTxnAmountDue": "68400.00", "invoiceDate": "2024-09-24", "state": "posted",
         "customer.key": "1", "entity.id": None}
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"", b"<html></html>", b"[]", b'{"ia::result":{}}', b'{"ia::result":["x"]}', b'{"ia::result":[{"ke']
)
def test_what_is_no_list_of_records_is_waited_for(body: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        Rest.rows(INVOICE, body)


SHAPES = {
    "plain": {"ia::error": {"code": "invalidRequest", "message": "Version is not supported.", "supportId": "63av"}},
    "nested": {"ia::result": {"ia::error": {
        "code": "invalidRequest", "message": "Field is write-only", "errorId": "REST-1106",
        "additionalInfo": {"messageId": "IA.X", "placeholders": {"FIELD": "action"}, "propertySet": {}},
    }}},
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_both_shapes_of_an_error_are_read(shape: str) -> None:
    error = refusals.of_body(exact_json.encode(SHAPES[shape]))
    assert error["code"] == "invalidRequest"
    assert refusals.codes(error) == ["invalidRequest", *(["REST-1106"] if shape == "nested" else [])]


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "GW-0011", "message": "Invalid Request", "details": {"requestId": "AC47"}}, ConfigurationError),
        (400, {"code": "GW-0012", "message": "Missing Tenant Data"}, ConfigurationError),
        (429, {"code": "GW-0010", "message": "API rate limit exceeded"}, SourceUnavailable),
        (500, {"code": "GW-0001", "message": "Unable to process request"}, SourceUnavailable),
        (403, {"code": "operationNotAllowed", "message": "You do not have permission"}, MissingRights),
        (422, {"code": "operationFailed", "details": [{"code": "BL01001973", "message": "x"}]}, SourceUnavailable),
        (400, {"code": "invalidRequest", "message": "Entity E9 is not valid"}, ConfigurationError),
        (401, {}, ConfigurationError),
    ],
)
def test_a_refusal_of_rest_says_what_its_reader_must_do(status: int, error: dict[str, Any], kind: type) -> None:
    answer = Answer(status, {}, exact_json.encode({"ia::error": error}))
    found = resolutions.error(answer, resolutions.resolve(answer, refusals.REST))
    assert type(found) is kind and found.next_step
    assert "x" not in str(found).split() and "E9" not in str(found), "nothing of what it says is passed on"


@pytest.mark.parametrize("header", refusals.RETRY_HEADERS)
def test_the_vendors_own_headers_say_how_long_to_wait(header: str) -> None:
    row = resolutions.resolve(Answer(429, {header: "17"}, b""), refusals.REST)
    assert row.retry_after == 17 and row.is_passing and row.is_shared


def test_a_token_that_is_over_is_told_from_a_malformed_request() -> None:
    assert refusals.is_of_token(Answer(400, {}, b'{"ia::error":{"code":"GW-0031","message":"Invalid Token"}}'))
    assert refusals.is_of_token(Answer(400, {}, b"The token is not valid"))
    assert not refusals.is_of_token(Answer(400, {}, b'{"ia::error":{"code":"invalidRequest"}}'))
    assert not refusals.is_of_token(Answer(403, {}, b"Invalid token"))


def test_filters_are_numbered_and_tied_by_an_expression() -> None:
    condition = both(
        Is("entity.id", "$eq", "E100"),
        either(Is("invoiceDate", "$gte", "2024-01-01"), Is("totalTxnAmountDue", "$ne", 0)),
        either(Is("state", "$eq", "draft"), Both((Is("state", "$eq", "posted"), Is("key", "$gt", "7")))),
    )
    filters, expression = rest(condition)
    assert expression == "1 and (2 or 3) and (4 or (5 and 6))"
    assert filters[0] == {"$eq": {"entity.id": "E100"}} and filters[2] == {"$ne": {"totalTxnAmountDue": 0}}
    assert filters[5] == {"$gt": {"key": "7"}}
    assert rest(None) == ([], "")


# -- the XML gateway


def test_one_record_and_dotted_names_are_read_as_many_are() -> None:
    data = (
        '<result><status>success</status><function>query</function><data listtype="CUSTOMER" totalcount="1" offset="0" '
        'count="1" numremaining="0"><CUSTOMER><RECORDNO>18</RECORDNO><NAME>Böhm &amp; Söhne</NAME><PARENTKEY/>'
        "<BILLTO.CONTACTNAME>Ackman, Alice</BILLTO.CONTACTNAME><ONHOLD>false</ONHOLD><STATUS>active</STATUS>"
        "<WHENMODIFIED>02/07/2022 20:21:01</WHENMODIFIED></CUSTOMER></data></result>"
    )
    assert gateway.rows(CUSTOMER, reply(data), Writing(gmt_offset="-0800")) == [
        {"key": "18", "name": "Böhm & Söhne", "parent.key": None, "contacts.billTo.id": "Ackman, Alice",
         "isOnHold": False, "status": "active", "audit.modifiedDateTime": "2022-02-08T04:21:01Z"}
    ]  # fmt: skip


def test_an_error_on_each_of_the_three_levels_says_what_its_reader_must_do() -> None:
    control = "<control><status>failure</status></control>" + failed("XL03000006", "Incorrect Sender ID or password")
    assert "Web Services authorizations" in str(meaning(reply("", control=control)))
    refused = "<authentication><status>failure</status></authentication>" + failed("XL03000006", "Sign-in incorrect")
    assert "refuses the sign-in" in str(meaning(reply("", authentication=refused), is_signing_in=True))
    assert isinstance(meaning(reply("", authentication=refused)), SessionOver), "the session, not the password"
    result = "<result><status>failure</status><function>query</function>{}</result>"
    assert isinstance(meaning(reply(result.format(failed("PL04000005", "no permission")))), MissingRights)
    without_number = failed("", "You do not have permission to view audit history")
    assert isinstance(meaning(reply(result.format(without_number))), MissingRights)
    assert isinstance(meaning(reply(result.format(failed("Query Failed", "Field X")))), SourceUnavailable)
    busy = meaning(reply(result.format(failed("", "API rate limit exceeded"))))
    assert isinstance(busy, SourceUnavailable) and busy.retry_after


def test_an_aborted_operation_is_a_failure_too() -> None:
    result = (
        "<result><status>aborted</status><function>query</function>" + failed("XL03000009", "aborted") + "</result>"
    )
    assert isinstance(meaning(reply(result)), SourceUnavailable)


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><response>&b;</response>',
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]><response>&f;</response>',
        b'<?xml version="1.0"?><!DOCTYPE response SYSTEM "http://127.0.0.1:9/x.dtd"><response/>',
        b"<response><control>", b"", b"API rate limit exceeded", b"\xff\xfe",
    ],
)  # fmt: skip
def test_what_is_no_reply_is_refused_before_anything_of_it_is_used(body: bytes) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        xml.result(xml.parse(body))
    assert "root:" not in str(caught.value)


def test_a_reply_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "LARGEST_REPLY", 100)
    with pytest.raises(SourceUnavailable, match="larger"):
        xml.parse(b"<response>" + b" " * 200 + b"</response>")


def test_a_request_writes_values_and_never_lets_one_become_markup() -> None:
    control = xml.Control("snd", "p<&>")
    made = xml.filter_of(Is("id", "$in", ("A&B", "</value>")), lambda name: "CONTACTNAME", lambda name, value: value)
    said = xml.request(control, {"sessionid": "s"}, xml.function("query", {"filter": {"": made}}), "c1").decode()
    assert "<password>p&lt;&amp;&gt;</password>" in said
    assert "<in><field>CONTACTNAME</field><value>A&amp;B</value><value>&lt;/value&gt;</value></in>" in said
    assert '<function controlid="c1"><query>' in said and "<uniqueid>false</uniqueid>" in said


@pytest.mark.parametrize(
    ("writing", "day", "moment"),
    [
        (Writing("/mdY", "24", "+0000"), "07/28/2025", "07/28/2025 23:05:09"),
        (Writing(".dmY", "24", "+0200"), "28.07.2025", "29.07.2025 01:05:09"),
        (Writing("-Ymd", "12", "-0530"), "2025-07-28", "2025-07-28 05:35:09 PM"),
    ],
)
def test_days_and_moments_are_written_as_the_user_has_them(writing: Writing, day: str, moment: str) -> None:
    said = {"WHENDUE": day, "WHENMODIFIED": moment, "STATE": "Partially Paid", "MODULEKEY": "8.SO"}
    row = writing.row(INVOICE, said)
    assert row == {"dueDate": "2025-07-28", "audit.modifiedDateTime": "2025-07-28T23:05:09Z", "state": "partiallyPaid",
                   "moduleKey": "orderEntry"}  # fmt: skip
    assert writing.asked(INVOICE, "dueDate", "2025-07-28") == day
    assert writing.asked(INVOICE, "audit.modifiedDateTime", "2025-07-28T23:05:09Z") == moment
    assert writing.asked(INVOICE, "state", "partiallyPaid") == "Partially Paid"


def test_what_is_not_as_the_user_writes_it_stays_for_the_mapping_to_refuse() -> None:
    assert Writing().row(INVOICE, {"WHENDUE": "31.12.2025"}) == {"dueDate": "31.12.2025"}


@pytest.mark.parametrize(
    "odd", [("/mdY", "25", "+0000"), ("mdY", "24", "+0000"), ("/mmY", "24", "+0000"), ("", "", "")]
)
def test_preferences_that_cannot_be_read_back_are_a_matter_of_configuration(odd: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigurationError, match="preferences"):
        Writing.of(*odd)
