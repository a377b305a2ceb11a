"""What NetSuite's refusals mean, in both spellings, and what is waited for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.connectors import resolutions
from include.connectors.http import Answer
from include.connectors.netsuite import NetSuite
from include.connectors.netsuite.refusals import RESOLUTIONS, FieldMissing, TableMissing
from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable
from tests.netsuite.answering import CLOCK, answered, page

OPEN_TO_ALL = "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1"


def refusal(status: int, code: str, detail: str = "", kind: str = OPEN_TO_ALL) -> Answer:
    """Return a refusal as NetSuite writes it."""
    said = {"type": kind, "title": "Bad Request", "status": status,
            "o:errorDetails": [{"detail": detail, "o:errorCode": code}]}  # fmt: skip
    return Answer(status, CLOCK, json.dumps(said).encode())


def meaning(answer: Answer) -> GreenlightError:
    """Return the error that an answer becomes."""
    return resolutions.error(answer, resolutions.resolve(answer, RESOLUTIONS))


@pytest.mark.parametrize("status", [400, 429])
@pytest.mark.parametrize("kind", [OPEN_TO_ALL, "http://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1"])
def test_too_many_requests_are_waited_for_however_they_are_spelt(status: int, kind: str) -> None:
    answer = refusal(status, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.", kind)
    row = resolutions.resolve(answer, RESOLUTIONS)
    assert row.is_passing and row.is_shared and isinstance(meaning(answer), SourceUnavailable)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (refusal(401, "INVALID_LOGIN", "Invalid login attempt."), ConfigurationError, "Login Audit Trail"),
        (refusal(403, "INSUFFICIENT_PERMISSION", "Permission Violation: You need the 'Lists -> Customers' "
                 "permission to access this page."), MissingRights, "Lists -> Customers"),
        (refusal(403, "INSUFFICIENT_PERMISSION"), MissingRights, "permission"),
        (refusal(400, "INVALID_PARAMETER", "Invalid search query. Detailed unprocessed description follows. "
                 "Search error occurred: Record 'subsidiary' was not found."), TableMissing, "Lists › Subsidiaries"),
        (refusal(400, "INVALID_PARAMETER", "Search error occurred: Field 'void' for record 'transaction' was not "
                 "found. Reason: REMOVED - Field is removed"), FieldMissing, "'void'"),
        (refusal(400, "INVALID_PARAMETER", "Unknown identifier 't.void'"), FieldMissing, "'void'"),
        (refusal(400, "INVALID_PARAMETER", "Invalid search query"), SourceUnavailable, "INVALID_PARAMETER"),
        (refusal(404, "NONEXISTENT_ID"), ConfigurationError, "REST Web Services"),
        (refusal(500, "UNEXPECTED_ERROR"), SourceUnavailable, "NetSuite failed"),
        (Answer(400, CLOCK, b"<html>no</html>"), SourceUnavailable, "no code"),
        (Answer(401, {**CLOCK, "WWW-Authenticate": 'Bearer error="invalid_token"'}, b""), ConfigurationError, "login"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_its_reader_must_do(answer: Answer, error: type[Exception], says: str) -> None:
    told = meaning(answer)
    assert isinstance(told, error) and says in str(told) and told.next_step


def test_a_sentence_of_the_systems_is_never_passed_on() -> None:
    told = meaning(refusal(403, "INSUFFICIENT_PERMISSION", "Jane Doe jane@acme.example lacks 'x@y.example' permission"))
    assert "jane" not in str(told).lower() and "@" not in str(told)


def test_a_column_that_is_not_there_is_left_out_and_the_read_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(text: str, values: list[Any]) -> Any:
        for name in ("otherrefnum", "linelastmodifieddate"):
            if name in text:
                raise meaning(
                    refusal(400, "INVALID_PARAMETER", f"Field '{name}' for record 'x' was not found. Reason: R")
                )
        return []

    made, answering = answered(monkeypatch, rows)
    assert list(made.read_open(NetSuite.stream("invoices"))) == []
    assert made._client.missing == {"otherrefnum"}
    assert "otherrefnum" not in answering.asked[-1][0] and "tranid" in answering.asked[-1][0]


def test_a_column_that_is_needed_and_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(text: str, values: list[Any]) -> Any:
        raise meaning(refusal(400, "INVALID_PARAMETER", "Unknown identifier 'foreigntotal'"))

    made, _ = answered(monkeypatch, rows)
    with pytest.raises(FieldMissing, match="foreigntotal"):
        list(made.read_open(NetSuite.stream("invoices")))


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        page([{"id": "1"}], count=2),
        page([{"id": "1"}], totalResults=7),
        page([{"id": "2"}, {"id": "1"}]),
        page([{"id": "9"}, {"id": "10"}, {"id": "9"}]),
        page([], has_more=True),
        page([{"tranid": "no id"}]),
        json.dumps({"items": "all", "hasMore": False, "count": 3, "totalResults": 3}).encode(),
    ],
)
def test_an_answer_that_is_no_whole_ordered_page_is_told_not_half_read(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = answered(monkeypatch)
    made._reader()
    monkeypatch.setattr(made._client.http, "post", lambda *_, **__: Answer(200, CLOCK, body))
    with pytest.raises(SourceUnavailable):
        list(made.read_open(NetSuite.stream("invoices")))


def test_the_numbers_of_ids_are_compared_not_their_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = answered(monkeypatch)
    monkeypatch.setattr(
        made._client.http, "post", lambda *_, **__: Answer(200, CLOCK, page([{"id": "9"}, {"id": "10"}]))
    )
    assert [row["id"] for row in made._client.rows(lambda: _ids())] == ["9", "10"]


def _ids() -> Any:
    from include.connectors.netsuite.suiteql import Query

    return Query(("t.id",), "transaction t", (), ("t.id",))


def test_another_account_that_answers_is_refused_before_its_rows_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _ = answered(monkeypatch)
    links = [{"rel": "self", "href": "https://7654321.suitetalk.api.netsuite.com/services/rest/query/v1/suiteql"}]
    body = page([{"id": "1", "symbol": "USD"}], links=links)
    monkeypatch.setattr(made._client.http, "post", lambda *_, **__: Answer(200, CLOCK, body))
    with pytest.raises(ConfigurationError, match="account 7654321 answers, not 1234567_SB1"):
        made.entities()


def test_an_account_without_subsidiaries_is_one_entity(monkeypatch: pytest.MonkeyPatch) -> None:
    made, answering = answered(monkeypatch, entity="")

    def post(path: str, *, json: Any = None, **more: Any) -> Answer:
        if "FROM subsidiary" in json["q"]:
            raise meaning(refusal(400, "INVALID_PARAMETER", "Record 'subsidiary' was not found."))
        if "FROM currency" in json["q"]:
            return Answer(200, CLOCK, page([{"id": "1", "symbol": "USD"}] if not json["params"] else []))
        answering.asked.append((json["q"], json["params"]))
        return Answer(200, CLOCK, page([]))

    monkeypatch.setattr(made._client.http, "post", post)
    assert [(entity.id, entity.base_currency) for entity in made.entities()] == [("account", "USD")]
    list(made.read_open(NetSuite.stream("invoices")))
    assert answering.asked and all("subsidiary" not in text for text, _ in answering.asked)
