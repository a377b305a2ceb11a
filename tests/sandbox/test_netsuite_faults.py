"""What goes wrong between a client and NetSuite's sandbox: limits, failing servers, torn pages, ended grants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from include.sandbox.faults import Fault
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import Server, serve
from include.sandbox.netsuite.settings import Settings
from tests.sandbox.netsuite_reader import Reader

IDS = "SELECT id FROM transaction ORDER BY id"


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger(seed=11, entities=2, invoices=120)


@pytest.fixture
def server(ledger: Ledger) -> Iterator[Server]:
    with serve(ledger) as running:
        yield running


@pytest.fixture
def reader(server: Server) -> Reader:
    return Reader(server)


def test_more_than_the_account_allows_at_once_are_refused_without_saying_how_long(ledger: Ledger) -> None:
    with serve(ledger, replace(Settings(), latency=0.6, concurrent_limit=3)) as server:
        server.face.render()
        replies: list[requests.Response] = []
        readers = [Reader(server) for _ in range(5)]
        threads = [threading.Thread(target=lambda r=r: replies.append(r.ask(IDS, limit=1))) for r in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        refused = [reply for reply in replies if reply.status_code != 200]
        assert len(replies) == 5 and sorted(reply.status_code for reply in refused) == [400, 429]
        for reply in refused:
            assert reply.json()["o:errorDetails"][0]["o:errorCode"] == "CONCURRENCY_LIMIT_EXCEEDED"
            assert "Retry-After" not in reply.headers
        assert server.face.most_at_once == 3
        assert readers[0].ask(IDS, limit=1).status_code == 200, "they have ended"


@pytest.mark.parametrize(("setting", "told"), [(0, [429, 400, 429]), (429, [429] * 3), (400, [400] * 3)])
def test_the_limit_can_be_ordered_in_both_spellings(ledger: Ledger, setting: int, told: list[int]) -> None:
    with serve(ledger, Settings(concurrency_status=setting)) as server:
        reader = Reader(server)
        server.fault("concurrent", times=3)
        assert [reader.error(IDS)[:2] for _ in told] == [(status, "CONCURRENCY_LIMIT_EXCEEDED") for status in told]
        assert reader.ask(IDS, limit=1).status_code == 200


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.UNAVAILABLE])
def test_the_server_fails(server: Server, reader: Reader, fault: Fault) -> None:
    server.fault(fault)
    assert reader.error(IDS)[:2] == (int(fault), "UNEXPECTED_ERROR")
    assert reader.ask(IDS, limit=1).status_code == 200


def test_json_ends_in_the_middle_and_a_page_for_people_comes_with_status_200(server: Server, reader: Reader) -> None:
    server.fault(Fault.CUT)
    cut = reader.ask(IDS)
    assert cut.status_code == 200 and "json" in cut.headers["Content-Type"]
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    server.fault(Fault.HTML)
    page = reader.ask(IDS)
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (200, "text/html")


def test_an_answer_is_slow_or_breaks_off(server: Server, reader: Reader) -> None:
    server.fault(Fault.SLOW, seconds=0.5)
    before = time.monotonic()
    assert reader.ask(IDS, limit=1).status_code == 200 and time.monotonic() - before >= 0.5
    server.fault(Fault.RESET)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        reader.ask(IDS)
    assert reader.ask(IDS, limit=1).status_code == 200


def test_a_page_comes_without_its_rows_or_from_another_order(server: Server, reader: Reader) -> None:
    server.fault(Fault.DROPPED_PAGE, skip=1)
    first, second = (reader.said(IDS, limit=50, offset=offset) for offset in (0, 50))
    assert (first["count"], second["count"], second["items"]) == (50, 0, [])
    assert first["totalResults"] == second["totalResults"] and second["hasMore"]
    server.fault(Fault.SHUFFLED, times=3)
    ids = [row["id"] for offset in (0, 50, 100) for row in reader.said(IDS, limit=50, offset=offset)["items"]]
    assert len(ids) == 150 and len(set(ids)) < 150
    assert len({row["id"] for row in reader.rows(IDS, limit=50)}) == first["totalResults"], "afterwards all is well"


def test_an_access_token_ends_early_and_an_assertion_goes_on(server: Server, reader: Reader) -> None:
    server.fault(Fault.EXPIRED)
    assert reader.error(IDS)[:2] == (401, "INVALID_LOGIN")
    reader.bearer = reader.token(reader.assertion()).json()["access_token"]
    assert reader.ask(IDS, limit=1).status_code == 200


def test_a_certificate_is_revoked_and_its_assertions_with_it(server: Server, reader: Reader) -> None:
    server.fault(Fault.REVOKED)
    assert reader.error(IDS)[:2] == (401, "INVALID_LOGIN")
    assert reader.token(reader.assertion()).json() == {"error": "invalid_grant"}
    assert reader.ask(IDS, headers={"Authorization": reader.signed()}).status_code == 401, "the tokens, too"


def test_the_token_endpoint_fails_only_where_it_is_named(server: Server, reader: Reader) -> None:
    server.fault("503")
    server.fault("503", path="/oauth2/v1/token")
    assert [reader.token(reader.assertion()).status_code for _ in "12"] == [503, 200]
    assert server.face.tokens.bought == 1
    assert reader.ask(IDS).status_code == 503, "the other one still waited for its query"


def test_a_fault_waits_for_a_part_of_a_query(server: Server, reader: Reader) -> None:
    server.fault("500", path="from CUSTOMER")
    assert reader.ask(IDS, limit=1).status_code == 200
    assert reader.ask("SELECT id FROM customer ORDER BY id", limit=1).status_code == 500


def test_calls_are_remembered_without_a_secret_and_without_what_was_bound(server: Server, reader: Reader) -> None:
    query = "SELECT id FROM customer WHERE email = ?"
    reader.ask(query, "someone@example.com", limit=5)
    assert list(server.face.calls)[-1] == {
        "path": "/services/rest/query/v1/suiteql", "query": "limit=5", "tenant": "1234567_SB1", "status": 200,
        "q": query, "problem": "",
    }  # fmt: skip
    assert reader.bearer not in repr(server.face.calls) and "someone" not in repr(server.face.calls)


def test_every_reply_says_when_it_is_by_the_ledgers_clock_and_what_is_not_there_is_not_found(
    server: Server, reader: Reader
) -> None:
    head: dict[str, Any] = {"Authorization": f"Bearer {reader.bearer}"}
    limits = requests.get(f"{server.url}/services/rest/system/v1/governanceLimits", headers=head, timeout=10)
    assert limits.json()["accountConcurrencyLimit"] == 5 and limits.headers["Date"] == "Tue, 30 Jun 2026 18:00:00 GMT"
    missing = requests.get(f"{server.url}/services/rest/record/v1/customer/1", headers=head, timeout=10)
    assert (missing.status_code, missing.json()["o:errorDetails"][0]["o:errorCode"]) == (404, "NONEXISTENT_ID")
    assert requests.get(f"{server.url}/services/rest/record/v1/customer/1", timeout=10).status_code == 401


DEFECTS = {
    "missing_due_date": "SELECT tranid FROM transaction WHERE type IN ('CustInvc', 'CustChrg') AND duedate IS NULL",
    "amounts_do_not_add_up": "SELECT t.tranid FROM transaction t WHERE t.type IN ('CustInvc', 'CustChrg') "
    "AND t.posting = 'T' AND t.voided = 'F' AND t.foreigntotal - t.foreignamountunpaid <> NVL((SELECT "
    "SUM(l.foreignamount) FROM previoustransactionlinelink l WHERE l.previousdoc = t.id), 0)",
    "outstanding_above_gross": "SELECT tranid FROM transaction WHERE foreignamountunpaid > foreigntotal AND "
    "type IN ('CustInvc', 'CustChrg')",
    "unknown_currency": "SELECT t.tranid FROM transaction t, currency c WHERE c.id = t.currency AND c.symbol = 'QQQ'",
    "missing_customer": "SELECT t.tranid FROM transaction t WHERE t.type = 'CustInvc' AND NOT EXISTS (SELECT 1 FROM "
    "customer c WHERE c.id = t.entity)",
    "impossible_amount": "SELECT tranid FROM transaction WHERE ROUND(foreigntotal, 3) <> foreigntotal",
    "due_before_issue": "SELECT tranid FROM transaction WHERE duedate < trandate",
    "missing_number": "SELECT id FROM transaction WHERE tranid IS NULL AND type = 'CustInvc'",
    "future_stamp": "SELECT tranid FROM transaction WHERE trandate > TO_DATE('2027-01-01', 'YYYY-MM-DD')",
    "lines_do_not_add_up": "SELECT t.tranid FROM transaction t, transactionline l WHERE l.transaction = t.id AND "
    "t.type IN ('CustInvc', 'CustChrg') GROUP BY t.tranid HAVING SUM(l.foreignamount) <> 0",
}


def test_every_defect_shows_in_the_tables_where_it_was_planted_and_nowhere_else() -> None:
    ledger = Ledger(seed=11, entities=2, invoices=120)
    with serve(ledger) as server:
        reader = Reader(server)
        assert {name: rows for name, query in DEFECTS.items() if (rows := reader.rows(query))} == {}
        ledger.plant(1)
        books = ledger.entity(1)
        spoilt = {books.documents[key].number for key in books.spoilt() if key in books.documents}
        for name, query in DEFECTS.items():
            told = {row.get("tranid", "") for row in reader.rows(query)}
            assert {books.documents[key].number for key in books.defects[name]} <= told <= spoilt, name
