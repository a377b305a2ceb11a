"""Queries: values are bound and never written, every order is unique, every timestamp is asked for as text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from include.connectors.base import Window
from include.connectors.netsuite import NetSuite, scope
from include.connectors.netsuite.suiteql import Condition, Query, from_moment, one_of
from include.errors import ConfigurationError, ContractError, GreenlightError
from tests.netsuite.answering import answered

HOSTILE = ("3' OR '1'='1", "3; DROP TABLE transaction", "3 OR 1=1", "?", "3--", "３", "3\u0000", "-1", "1e3")
WORDS = re.compile(r"[\w\s.,()=<>?*:'-]*")
SINCE = datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC)


def written(text: str) -> str:
    """Return a query without the few literals that are our own."""
    return re.sub(r"'YYYY-MM-DD( HH24:MI:SS)?'", "", text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_subsidiary_reaches_no_query(hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, answering = answered(monkeypatch, entity=hostile)
    with pytest.raises(ConfigurationError, match="does not see subsidiary"):
        list(made.read(NetSuite.stream("invoices"), Window(date(2024, 1, 1))))
    assert all(hostile not in text for text, _ in answering.asked if hostile != "?")
    assert {table for text, _ in answering.asked for table in re.findall(r"FROM (\w+)", text)} == {
        "subsidiary",
        "currency",
    }


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_ids_are_nobodys(hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, answering = answered(monkeypatch)
    for stream in NetSuite.streams:
        assert list(made.read_ids(stream, [f"{stream.record_types[0]}:{hostile}", hostile])) == []
    assert answering.asked == [], "nothing is asked for what no id can be"


@pytest.mark.parametrize("hostile", [h for h in HOSTILE if h != "?"])
def test_hostile_customers_and_tokens_are_bound_or_refused(hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made, answering = answered(monkeypatch)
    for window in (
        Window(date(2024, 1, 1), customers=(f"customer:{hostile}", hostile)),
        Window(date(2024, 1, 1), resume=f"0|{hostile}"),
    ):
        try:
            list(made.read(NetSuite.stream("payments"), window))
        except (ValueError, GreenlightError):
            continue
    assert all(hostile not in text for text, _ in answering.asked)


def test_days_moments_and_ids_are_bound_in_the_order_of_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    made, answering = answered(monkeypatch)
    for stream in NetSuite.streams:
        list(made.read(stream, Window(date(2024, 1, 31), since=SINCE, customers=("customer:412",))))
        list(made.read_open(stream))
        list(made.read_ids(stream, [f"{stream.record_types[0]}:77"]))
        list(made.keys(stream, date(2024, 1, 31)))
    made.control_figures(date(2026, 3, 9), date(2024, 1, 31))
    list(made.deletions(SINCE))
    assert len(answering.asked) > 15
    for text, values in answering.asked:
        assert text.count("?") == len(values) and WORDS.fullmatch(text)
        assert "'" not in written(text), "a value stands in the text"
        assert not re.search(r"\d{4}", text), "a day or id stands in the text"
    texts = [text for text, _ in answering.asked]
    values = {value for _, bound in answering.asked for value in bound}
    assert {"2024-01-31", "2026-03-09 16:59:59", 77, 412, 3} <= values, "moments are the account's own"
    assert all("ORDER BY" in text for text in texts if not re.match(r"SELECT (SUM|COUNT)", text))


def test_timestamps_are_asked_for_as_text_of_24_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    made, answering = answered(monkeypatch, lambda text, values: [])
    for stream in NetSuite.streams:
        list(made.read(stream, Window(date(2024, 1, 31))))
    for text, _ in answering.asked:
        chosen = text.partition(" FROM ")[0]
        raw = re.sub(r"TO_CHAR\([\w.]+, '[^']+'\) AS \w+", "", chosen)
        assert not re.search(r"date\b", raw), f"a date is asked for raw: {raw}"
        assert "HH:" not in text


def test_rows_after_a_key_are_those_of_a_ladder_over_its_columns() -> None:
    query = Query(("k.a", "k.b", "k.c"), "k", (), ("k.a", "k.b", "k.c")).after((1, 2, "x"))
    assert query.text.endswith(
        "WHERE (k.a > ?) OR ((k.a = ?) AND (k.b > ?)) OR ((k.a = ?) AND (k.b = ?) AND (k.c > ?)) ORDER BY k.a, k.b, k.c"
    )
    assert query.values == (1, 1, 2, 1, 2, "x")


def test_alternatives_stay_together_beside_another_condition() -> None:
    query = Query(
        ("t.id",), "transaction t", (Condition("t.a <> 0 OR t.b <> 0"), Condition("t.id > ?", (7,))), ("t.id",)
    )
    assert "WHERE (t.a <> 0 OR t.b <> 0) AND (t.id > ?)" in query.text


def test_a_condition_that_lacks_a_value_is_no_condition() -> None:
    with pytest.raises(ContractError):
        Condition("t.id = ?")
    with pytest.raises(ContractError):
        one_of("t.id", [])
    with pytest.raises(ContractError):
        one_of("t.id", range(1001))


def test_the_hour_that_comes_twice_in_autumn_is_read_from_its_first_time_on() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    second = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)  # 01:30, an hour after the first 01:30
    assert from_moment("t.x", second, zone).values == ("2026-11-01 01:30:00",)
    assert NetSuite.stream("invoices").overlap.total_seconds() > 3600, "what it is read as lies an hour earlier"


def test_every_kind_of_transaction_is_in_one_stream() -> None:
    kinds = [kind for types in scope.TYPES.values() for kind in types]
    assert sorted(kinds) == sorted(set(scope.EVERY)) and set(scope.DEBITS) | set(scope.CREDITS) < set(kinds)
