from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
import requests

from include.sandbox.faults import Fault
from include.sandbox.ledger import Ledger
from include.sandbox.xero.server import Server
from tests.sandbox.reader import Reader


@pytest.fixture
def reader(server: Server) -> Reader:
    return Reader(server)


def test_every_reply_says_what_is_left(serving: Any) -> None:
    with serving(minute_limit=5, day_limit=100) as server:
        reader = Reader(server)
        first, second = reader.get("/Organisation"), reader.get("/Nothing")
        names = ("X-DayLimit-Remaining", "X-MinLimit-Remaining", "X-AppMinLimit-Remaining")
        assert [first.headers[name] for name in names] == ["99", "4", "9999"]
        assert [second.headers[name] for name in names] == ["98", "3", "9998"]


@pytest.mark.parametrize(("setting", "name", "wait"), [("minute_limit", "minute", 60), ("day_limit", "day", 86_400)])
def test_a_limit_that_is_reached_says_how_long_and_ends_then(serving: Any, setting: str, name: str, wait: int) -> None:
    with serving(**{setting: 3}) as server:
        reader = Reader(server)
        assert [reader.get("/Organisation").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = reader.get("/Organisation")
        assert refused.headers["X-Rate-Limit-Problem"] == name
        assert wait - 5 <= int(refused.headers["Retry-After"]) <= wait
        assert Reader(server, entity=1).get("/Organisation").status_code == 200, "limits are each tenant's own"
        server.skip(wait)
        assert Reader(server).get("/Organisation").status_code == 200


def test_an_apps_own_limit_counts_over_its_tenants(serving: Any) -> None:
    with serving(app_minute_limit=2) as server:
        first, second = Reader(server), Reader(server, entity=1)
        assert [r.get("/Organisation").status_code for r in (first, second, first)] == [200, 200, 429]


def test_more_than_five_at_once_are_refused_without_saying_how_long(serving: Any) -> None:
    with serving(latency=0.4) as server:
        replies: list[requests.Response] = []
        readers = [Reader(server) for _ in range(8)]
        threads = [threading.Thread(target=lambda r=r: replies.append(r.get("/Organisation"))) for r in readers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(r.status_code for r in replies) == [200] * 5 + [429] * 3
        refused = [r for r in replies if r.status_code == 429]
        assert all(
            r.headers["X-Rate-Limit-Problem"] == "concurrent" and "Retry-After" not in r.headers for r in refused
        )
        assert server.face.limits.most_at_once[readers[0].tenant] == 5
        assert [readers[0].get("/Organisation").status_code for _ in range(2)] == [200] * 2, "they have ended"


@pytest.mark.parametrize(
    ("fault", "problem", "wait"), [("minute", "minute", "7"), ("day", "day", "7"), ("concurrent", "concurrent", None)]
)
def test_limits_can_be_ordered(server: Server, reader: Reader, fault: str, problem: str, wait: str | None) -> None:
    server.fault(fault, path="/invoices", times=2, seconds=7)
    assert reader.get("/Contacts").status_code == 200
    for _ in "12":
        refused = reader.get("/Invoices", page=1)
        assert refused.status_code == 429 and refused.headers["X-Rate-Limit-Problem"] == problem
        assert refused.headers.get("Retry-After") == wait
    assert reader.get("/Invoices", page=1).status_code == 200


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.UNAVAILABLE])
def test_the_server_fails(server: Server, reader: Reader, fault: Fault) -> None:
    server.fault(fault)
    assert reader.get("/Invoices", page=1).status_code == int(fault)
    assert reader.get("/Invoices", page=1).status_code == 200


def test_json_ends_in_the_middle(server: Server, reader: Reader) -> None:
    server.fault(Fault.CUT)
    response = reader.get("/Invoices", page=1)
    assert response.status_code == 200 and response.headers["Content-Type"].startswith("application/json")
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_a_page_for_people_comes_with_status_200(server: Server, reader: Reader) -> None:
    server.fault(Fault.HTML)
    response = reader.get("/Invoices", page=1)
    assert (response.status_code, response.headers["Content-Type"].split(";")[0]) == (200, "text/html")


def test_an_answer_is_slow(server: Server, reader: Reader) -> None:
    server.fault(Fault.SLOW, seconds=0.5)
    before = time.monotonic()
    assert reader.get("/Organisation").status_code == 200
    assert time.monotonic() - before >= 0.5


def test_the_connection_breaks_in_the_middle(server: Server, reader: Reader) -> None:
    server.fault(Fault.RESET)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        reader.get("/Invoices", page=1)
    assert reader.get("/Invoices", page=1).status_code == 200


def test_a_page_comes_without_its_records_though_they_are_counted(server: Server, reader: Reader) -> None:
    server.fault(Fault.DROPPED_PAGE, skip=1)
    first, second = (reader.said("/Invoices", page=page, pageSize=50) for page in (1, 2))
    assert len(first["Invoices"]) == 50 and second["Invoices"] == []
    assert first["pagination"]["itemCount"] == second["pagination"]["itemCount"] > 100


def test_pages_come_from_another_order_each_so_that_some_records_never_come(
    server: Server, reader: Reader, ledger: Ledger
) -> None:
    server.fault(Fault.SHUFFLED, times=3)
    pages = [reader.said("/Invoices", page=page, pageSize=60) for page in (1, 2, 3)]
    ids = [row["InvoiceID"] for said in pages for row in said["Invoices"]]
    assert len(ids) == pages[0]["pagination"]["itemCount"] and len(set(ids)) < len(ids)
    assert len({row["InvoiceID"] for row in reader.rows("Invoices")}) == len(ids), "afterwards all is well"


def test_an_access_token_ends_early_and_the_refresh_token_goes_on(server: Server, reader: Reader) -> None:
    server.fault(Fault.EXPIRED)
    assert reader.get("/Organisation").status_code == 401
    said = reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh}).json()
    reader.access = said["access_token"]
    assert reader.get("/Organisation").status_code == 200


def test_a_grant_ends_and_its_refresh_token_with_it(server: Server, reader: Reader) -> None:
    server.fault(Fault.REVOKED)
    assert reader.get("/Organisation").status_code == 401
    assert reader.token({"grant_type": "refresh_token", "refresh_token": reader.refresh}).json() == {
        "error": "invalid_grant"
    }


def test_the_identity_server_fails_only_where_it_is_named_and_then_has_not_rotated(
    server: Server, reader: Reader
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": reader.refresh}
    server.fault("503")
    server.fault("503", path="/connect/token")
    assert [reader.token(form).status_code for _ in "12"] == [503, 200]
    assert server.face.grants.refreshes == 1
    assert reader.get("/Organisation").status_code == 503, "the other one still waited for its data"


def test_a_new_pair_of_tokens_may_be_lost_on_its_way_so_that_only_the_grace_helps(
    server: Server, reader: Reader
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": reader.refresh}
    server.fault("reset", path="/connect/token")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        reader.token(form)
    assert server.face.grants.refreshes == 1
    assert reader.token(form).status_code == 200
    server.skip(1801)
    assert reader.token(form).status_code == 400


def test_a_fault_is_one_entitys_own(server: Server, reader: Reader) -> None:
    server.fault("500", entity=Reader(server, entity=1).tenant)
    assert reader.get("/Organisation").status_code == 200
    assert Reader(server, entity=1).get("/Organisation").status_code == 500
    assert server.face.faults.done == [(Fault.SERVER_ERROR, "/api.xro/2.0/Organisation")]


def test_calls_are_remembered_without_a_secret(server: Server, reader: Reader) -> None:
    reader.get("/Invoices", page=1, headers={"If-Modified-Since": "2026-01-02T03:04:05"})
    assert list(server.face.calls)[-1] == {
        "path": "/api.xro/2.0/Invoices", "query": "page=1", "tenant": reader.tenant, "status": 200,
        "modified_since": "2026-01-02T03:04:05", "problem": "",
    }  # fmt: skip
    assert reader.access not in repr(server.face.calls)


DEFECTS = {
    "missing_due_date": lambda row: "DueDate" not in row,
    "unknown_currency": lambda row: row["CurrencyCode"] == "QQQ",
    "missing_customer": lambda row: "Name" not in row["Contact"],
    "amounts_do_not_add_up": lambda row: row["AmountDue"] != row["Total"] - row["AmountPaid"] - row["AmountCredited"],
    "outstanding_above_gross": lambda row: row["AmountDue"] > row["Total"],
    "impossible_amount": lambda row: row["Total"].as_tuple().exponent == -5,
    "lines_do_not_add_up": lambda row: row["SubTotal"] + row["TotalTax"] != row["Total"],
    "due_before_issue": lambda row: row.get("DueDateString", "9") < row["DateString"],
    "missing_number": lambda row: not row["InvoiceNumber"],
    "future_stamp": lambda row: row["DateString"] > "2027",
}


def test_every_defect_shows_on_the_wire_where_it_was_planted_and_nowhere_else(server: Server, ledger: Ledger) -> None:
    ledger.plant(1)
    clean, spoilt = Reader(server), Reader(server, entity=1)
    defects, planted = ledger.entity(1).defects, ledger.entity(1).spoilt()
    posted = 'Type=="ACCREC" AND Status!="DRAFT" AND Status!="SUBMITTED" AND Status!="VOIDED" AND Status!="DELETED"'
    rows, good = spoilt.rows("Invoices", where=posted), clean.rows("Invoices", where=posted)
    for name, shows in DEFECTS.items():
        shown = {row["InvoiceID"] for row in rows if shows(row)}
        assert set(defects[name]) <= shown <= planted, name  # what is above its gross does not add up either
        assert not any(shows(row) for row in good), name
    numbers = [row["InvoiceNumber"] for row in rows]
    assert len(numbers) - len(set(numbers)) == 1
    contacts = {row["ContactID"]: row for row in spoilt.rows("Contacts", includeArchived="true")}
    assert not any(contacts[key]["EmailAddress"] for key in defects["missing_email"])
    assert all(len(contacts[key]["ContactPersons"]) == 2 for key in defects["several_main_contacts"])
