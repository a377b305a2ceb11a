"""Paging while records change, and servers that page as they should not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from include.connectors.base import Page, Window
from include.connectors.http import Answer
from include.connectors.xero import Xero, scope
from include.connectors.xero.client import Organisation, Reply
from include.connectors.xero.pages import Reader
from include.connectors.xero.settings import Settings
from include.errors import SourceUnavailable
from include.sandbox.ledger import Ledger
from include.sandbox.xero.server import serve
from tests.xero.conftest import FAST, Running
from tests.xero.records import connector

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
INVOICES = Xero.stream("invoices")
CLOCK = {"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}
Row = dict[str, Any]


MINE = Organisation("id", "Org", "NZD", "", "!x")


@dataclass
class Books:
    """A list of invoices as a server has it, and what happens to it after each page that it gave."""

    rows: list[Row]
    size: int = 10
    meanwhile: Callable[[Books, int], None] = lambda books, asked: None
    settings: Settings = field(default_factory=Settings)
    organisation: Organisation = MINE
    asked: int = 0

    def page(self, name: str, number: int, asked: Mapping[str, str], since: datetime | None = None,
             size: int = 0) -> Reply:  # fmt: skip
        """Answer as Xero does: by id, or, of what changed, by the time of change."""
        found = [row for row in self.rows if not since or _at(row) >= since.replace(microsecond=0)]
        found.sort(key=lambda row: _at(row) if "Updated" in asked["order"] else row["InvoiceID"])
        part = found[(number - 1) * self.size : number * self.size]
        body, now = json.dumps({name: part}).encode(), START + timedelta(days=1)
        reply = Reply([dict(row) for row in part], number, -(-len(found) // self.size), len(found), body, now)
        self.asked += 1
        self.meanwhile(self, self.asked)
        return reply

    def touch(self, index: int) -> None:
        """Change a record now, later than all others."""
        self.rows[index]["UpdatedDateUTC"] = _stamp(max(map(_at, self.rows)) + timedelta(seconds=5))


def books(count: int, step: timedelta = timedelta(seconds=7), **changes: Any) -> Books:
    """Return so many paid invoices, each changed a step after the one before."""
    rows = [
        {"Type": "ACCREC", "InvoiceID": f"{n * 7919 % 100_000:08d}-0000-4000-8000-000000000000", "Status": "PAID",
         "Date": "/Date(1772323200000+0000)/", "UpdatedDateUTC": _stamp(START + n * step)}
        for n in range(count)
    ]  # fmt: skip
    return Books(rows, **changes)


def read(source: Any, since: datetime | None = None, resume: str | None = None) -> list[Page]:
    """Read invoices from the source."""
    return list(Reader(source).read(INVOICES, Window(date(2000, 1, 1), since=since, resume=resume)))


def keys(pages: list[Page]) -> list[str]:
    """Return the keys of the pages, as often as they came."""
    return [item.key for page in pages for item in page.items]


def _stamp(at: datetime) -> str:
    return f"/Date({int(at.timestamp() * 1000)}+0000)/"


def _at(row: Row) -> datetime:
    return datetime.fromtimestamp(int(row["UpdatedDateUTC"][6:19]) / 1000, UTC)


@pytest.mark.parametrize("since", [None, START])
def test_a_record_that_changes_while_pages_are_read_hides_no_other(since: datetime | None) -> None:
    source = books(95, meanwhile=lambda books, asked: books.touch(asked))
    found = keys(read(source, since))
    assert set(found) == {f"Invoice:{row['InvoiceID']}" for row in source.rows}
    touched = {f"Invoice:{row['InvoiceID']}" for row in source.rows[: source.asked + 1]}
    assert not {key for key in found if found.count(key) > 1} - touched


def test_many_changes_of_one_second_come_whole_and_once() -> None:
    source = books(64, step=timedelta(0))
    found = keys(read(source, START))
    assert len(found) == len(set(found)) == 64


def test_bursts_come_whole_and_once() -> None:
    source = books(90)
    for n, row in enumerate(source.rows):
        row["UpdatedDateUTC"] = _stamp(START + timedelta(seconds=n // 30))
    found = keys(read(source, START))
    assert len(found) == len(set(found)) == 90


def test_changes_cost_hardly_more_than_their_pages() -> None:
    source = books(1000, size=100)
    assert len(keys(read(source, START))) == 1000
    assert source.asked <= 11, "each page is asked for again from its last record's second on"


@pytest.mark.parametrize("since", [None, START])
def test_a_read_goes_on_after_any_page(since: datetime | None) -> None:
    source = books(73)
    pages = read(source, since)
    for at, page in enumerate(pages):
        found, rest = keys(read(source, since, page.token)), keys(pages[at + 1 :])
        assert found[len(found) - len(rest) :] == rest
        assert len(found) - len(rest) <= (1 if since else 0), "of changes, the last second's may come again"


def test_what_changed_before_the_moment_does_not_come() -> None:
    source = books(20)
    since = START + timedelta(seconds=70)
    assert len(keys(read(source, since))) == 10


@dataclass
class Deaf(Books):
    """A server that ignores the number of the page."""

    def page(self, name: str, number: int, asked: Mapping[str, str], since: datetime | None = None,
             size: int = 0) -> Reply:  # fmt: skip
        first = Books.page(self, name, 1, asked, since)
        return Reply(first.rows, number, first.page_count, first.item_count, first.body, first.at)


@pytest.mark.parametrize("since", [None, START])
def test_a_server_that_repeats_a_page_is_told(since: datetime | None) -> None:
    rows = books(30, step=timedelta(0)).rows
    with pytest.raises(SourceUnavailable, match="repeats"):
        read(Deaf(rows), since)


def test_changes_that_come_in_turns_for_ever_are_told() -> None:
    """A, B, A, B: no page repeats the one before it, and there is always a following one."""
    turns = books(20, step=timedelta(0)).rows

    class Turns(Books):
        def page(self, name: str, number: int, asked: Mapping[str, str], since: datetime | None = None,
                 size: int = 0) -> Reply:  # fmt: skip
            part = turns[:10] if number % 2 else turns[10:]
            return Reply(part, number, 10**9, 10**10, b"{}", START)

    with pytest.raises(SourceUnavailable, match="page 3 of Invoices repeats"):
        read(Turns(turns), START)


def test_changes_out_of_order_are_told() -> None:
    class Unsorted(Books):
        def page(self, *given: Any, **named: Any) -> Reply:
            reply = Books.page(self, *given, **named)
            return Reply(reply.rows[::-1], reply.page, reply.page_count, reply.item_count, reply.body, reply.at)

    with pytest.raises(SourceUnavailable, match="order"):
        read(Unsorted(books(30).rows), START)


def test_a_list_whose_order_changes_between_pages_is_told_not_half_read() -> None:
    class Turning(Books):
        def page(self, name: str, number: int, asked: Mapping[str, str], since: datetime | None = None,
                 size: int = 0) -> Reply:  # fmt: skip
            found = self.rows if number < 3 else self.rows[::-1]
            part = found[(number - 1) * 10 : number * 10]
            return Reply([*part], number, 3, 30, b"{}", START)

    with pytest.raises(SourceUnavailable, match="20 of 30 came"):
        read(Turning(books(30).rows))


def test_the_sandbox_shuffles_a_page_and_the_read_is_told() -> None:
    ledger = Ledger(invoices=90)
    with serve(ledger, FAST) as server:
        running = Running(server, ledger, extra={"page_size": 20})
        server.fault("shuffled", path="Invoices", times=100)
        with pytest.raises(SourceUnavailable, match="changed their order"):
            list(running.connector().read(INVOICES, Window(date(2000, 1, 1))))


@pytest.mark.parametrize(
    "said",
    [
        {"Invoices": []},
        {"pagination": {"page": 1}, "Invoices": []},
        {"pagination": {"page": 2, "pageSize": 10, "pageCount": 3, "itemCount": 30}, "Invoices": []},
        {"pagination": {"page": 1, "pageSize": 10, "pageCount": 1, "itemCount": 1}},
        {"pagination": {"page": 1, "pageSize": 10, "pageCount": 1, "itemCount": 1}, "Invoices": None},
        [],
    ],
)
def test_an_answer_that_is_no_page_is_told(said: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = connector()._client
    monkeypatch.setattr(client.http, "get", lambda *_, **__: Answer(200, CLOCK, json.dumps(said).encode()))
    with pytest.raises(SourceUnavailable):
        client.page("Invoices", 1, {})


@pytest.mark.parametrize(
    "body",
    [
        b'{"Reports": [{"Rows": [{}]}], "Accounts": [{}], "Reports": [], "Accounts": []}',
        b'{"Reports": [], "Accounts": []}', b'{"Reports": [{"Rows": null}], "Accounts": null}',
        b'{"Reports": [{"Rows": [1]}], "Accounts": ["AR"]}', b'{"Reports": [{}]}', b"[]", b'"busy"', b"null",
    ],
)  # fmt: skip
def test_a_report_or_chart_that_has_no_rows_is_told(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of no rows the sum would be nothing owed."""
    client = connector()._client
    monkeypatch.setattr(client.http, "get", lambda *_, **__: Answer(200, CLOCK, body))
    with pytest.raises(SourceUnavailable):
        client.report("TrialBalance", {})
    with pytest.raises(SourceUnavailable):
        client.accounts()


@pytest.mark.parametrize(("count", "came"), [(30, 0), (30, 9), (13, 10), (9, 10)])
def test_a_page_that_lacks_what_its_list_counts_is_told(count: int, came: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty page in the middle, a short one, a total that is not what comes."""
    client = connector()._client
    number = 1 if count < 10 else 2
    said = {"pagination": {"page": number, "pageSize": 10, "pageCount": -(-count // 10), "itemCount": count},
            "Invoices": [{}] * came}  # fmt: skip
    monkeypatch.setattr(client.http, "get", lambda *_, **__: Answer(200, CLOCK, json.dumps(said).encode()))
    with pytest.raises(SourceUnavailable, match=f"{came} records"):
        client.page("Invoices", number, {})


def test_every_page_is_asked_for_as_xero_wants_it(running: Running) -> None:
    calls = running.server.face.calls
    calls.clear()
    stream = Xero.stream("invoices")
    since = running.ledger.now - timedelta(days=90)
    list(running.connector().read(stream, Window(date(2000, 1, 1), since=since)))
    asked = [call for call in calls if call["path"].endswith("/Invoices")]
    assert asked
    for call in asked:
        assert "page=" in call["query"] and "pageSize=1000" in call["query"] and "page_size" not in call["query"]
        assert "order=UpdatedDateUTC+ASC" in call["query"]
    earlier = since.replace(microsecond=0) - timedelta(seconds=1)  # whether the very second counts is not documented
    assert asked[0]["modified_since"] == f"{earlier:%Y-%m-%dT%H:%M:%S}"


def test_ids_are_asked_for_in_addresses_that_are_not_too_long() -> None:
    ids = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(500)]
    for the_list in (scope.INVOICES, scope.PAYMENTS):
        filters = list(scope.filters_by_id(the_list, the_list.id_field, ids))
        assert sum(str(asked).count("-0000-4000-8000-") for asked in filters) == 500
        assert max(len(str(asked)) for asked in filters) < 2000
    assert len(list(scope.filters_by_id(scope.INVOICES, "InvoiceID", ids))) < 15


def test_a_supplier_is_no_customer_until_a_sales_document_names_it(running: Running) -> None:
    parties = running.ledger.entity(0).parties.values()
    suppliers = {f"Contact:{p.id}" for p in parties if p.is_supplier and not p.is_customer}
    strangers = {f"Contact:{p.id}" for p in parties if not p.is_supplier and not p.is_customer}
    found = set(keys(list(_customers(running))))
    assert suppliers and not found & (suppliers | strangers)
    assert {f"Contact:{p.id}" for p in parties if p.is_customer} <= found, "archived and merged ones too"


def _customers(running: Running) -> Iterator[Page]:
    return running.connector().read(Xero.stream("customers"), Window(date(2000, 1, 1)))


@pytest.mark.parametrize(
    ("record", "is_in"),
    [
        ({"Status": "PAID", "Date": "/Date(1767225600000+0000)/"}, True),  # 2026-01-01
        ({"Status": "PAID", "Date": "/Date(1767139200000+0000)/"}, False),  # the day before
        ({"Status": "PAID"}, True),
        ({"Status": "AUTHORISED", "Date": "/Date(1500000000000+0000)/"}, True),
        ({"Status": "DRAFT", "Date": "/Date(1500000000000+0000)/"}, True),
        ({"Status": "VOIDED", "Date": "/Date(1500000000000+0000)/"}, False),
        ({"Status": "PAID", "Date": "/Date(1500000000000)/", "FullyPaidOnDate": "/Date(1767225600000)/"}, True),
        ({"Status": "PAID", "Date": "/Date(1500000000000)/", "Payments": [{"Date": "/Date(1767225600000)/"}]}, True),
        ({"Status": "PAID", "Date": "/Date(1500000000000)/", "Allocations": [{"Date": "/Date(1767225600000)/"}]}, True),
        ({"Status": "AUTHORISED", "PaymentType": "ACCRECPAYMENT", "Date": "/Date(1500000000000)/"}, False),
        ({"Status": "AUTHORISED", "PaymentType": "ACCRECPAYMENT", "Date": "/Date(1767225600000)/"}, True),
    ],
)
def test_what_lies_within_the_history(record: Row, is_in: bool) -> None:
    assert scope.is_in_range(record, date(2026, 1, 1)) is is_in


@pytest.mark.parametrize("odd", ["soon", "/Date(9999999999999999)/", 20260101])
def test_a_record_whose_day_cannot_be_read_is_in_range_and_hides_no_other(odd: Any) -> None:
    """The mapping rejects it by name."""
    rows = [{"Status": "PAID", "Date": day} for day in ("/Date(1767225600000)/", odd, "/Date(1767139200000)/")]
    choose = Reader.__new__(Reader)._within(INVOICES, Window(history_from=date(2026, 1, 1)))
    assert choose(rows) == rows[:2]
