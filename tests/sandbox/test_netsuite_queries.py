"""How NetSuite's sandbox answers queries: its dialect, its pages, its values, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.schema import visible
from include.sandbox.netsuite.server import Server, serve
from include.sandbox.netsuite.settings import Settings
from include.sandbox.netsuite.suiteql import understood
from tests.sandbox.netsuite_reader import Reader

IDS = "SELECT id FROM transaction ORDER BY id"
SEARCH = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return Ledger(seed=11, entities=2, invoices=60, shared=1)


@pytest.fixture(scope="module")
def server(ledger: Ledger) -> Iterator[Server]:
    with serve(ledger) as running:
        yield running


@pytest.fixture
def reader(server: Server) -> Iterator[Reader]:
    yield Reader(server)
    server.restrict()


def asked(ledger: Ledger, query: str, *params: Any, **settings: Any) -> list[dict[str, str]]:
    """Return the rows of a query where other settings rule."""
    with serve(ledger, replace(Settings(), **settings)) as server:
        return Reader(server).rows(query, *params)


def test_every_value_is_text_null_is_left_out_and_names_are_small(reader: Reader) -> None:
    (row,) = reader.rows("SELECT ID, Voided, ForeignTotal AS Amount, Reversal, TranDate FROM Transaction WHERE id = 1")
    assert set(row) == {"id", "voided", "amount", "trandate"}
    assert (row["id"], row["voided"]) == ("1", "F") and all(isinstance(value, str) for value in row.values())
    item = reader.said("SELECT id FROM transaction WHERE id = 1")["items"][0]
    assert item == {"links": [], "id": "1"}
    assert set(reader.rows("SELECT COUNT(*), MAX(id) FROM transaction")[0]) == {"expr1", "expr2"}
    (same,) = reader.rows("SELECT t.id, c.id FROM transaction t, customer c WHERE c.id = t.entity AND t.id = 1")
    assert set(same) == {"id", "id_0"}


def test_a_page_says_what_it_is_part_of(reader: Reader) -> None:
    whole = reader.said(IDS)
    assert (whole["count"], whole["hasMore"], whole["offset"]) == (whole["totalResults"], False, 0)
    page = reader.said(IDS, limit=50, offset=50)
    assert (page["count"], page["hasMore"], page["totalResults"]) == (50, True, whole["count"])
    rels = {link["rel"]: link["href"] for link in page["links"]}
    assert set(rels) == {"self", "first", "last", "next", "prev"} and rels["next"].endswith("?limit=50&offset=100")
    last = reader.said(IDS, limit=50, offset=whole["count"] // 50 * 50)
    assert not last["hasMore"] and last["count"] == whole["count"] % 50
    assert [row["id"] for row in reader.rows(IDS, limit=50)] == [item["id"] for item in whole["items"]]


@pytest.mark.parametrize(
    ("page", "name"),
    [({"limit": 1001}, "limit"), ({"limit": 0}, "limit"), ({"limit": 50, "offset": 75}, "offset"),
     ({"limit": 10, "offset": 10_000}, "offset"), ({"limit": 1000, "offset": 100_000}, "offset"),
     ({"limit": "many"}, "limit")],
)  # fmt: skip
def test_a_page_is_no_larger_than_a_thousand_rows_and_begins_where_one_can(
    reader: Reader, page: dict[str, Any], name: str
) -> None:
    refused = reader.ask(IDS, **page)
    assert refused.status_code == 400
    assert refused.json()["o:errorDetails"][0]["o:errorQueryParam"] == name


def test_no_more_rows_than_the_cap_are_ever_reached_though_all_are_counted(ledger: Ledger) -> None:
    with serve(ledger, Settings(most_rows=100)) as server:
        reader = Reader(server)
        last = reader.said(IDS, limit=40, offset=80)
        assert (last["count"], last["hasMore"]) == (20, False) and last["totalResults"] > 100
        assert len(reader.rows(IDS, limit=40)) == 100
        assert reader.error(IDS, limit=50, offset=100)[:2] == (400, "INVALID_PARAMETER")
    with serve(ledger, Settings(most_rows=100, total_above_cap="capped")) as server:
        assert Reader(server).said(IDS)["totalResults"] == 100


@pytest.mark.parametrize("query", ["SELECT id FROM transaction", "SELECT id FROM transaction ORDER BY type"])
def test_without_a_unique_order_pages_overlap_and_rows_are_lost(reader: Reader, query: str) -> None:
    ids = [row["id"] for row in reader.rows(query, limit=40)]
    assert len(ids) == reader.said(IDS)["count"] and len(set(ids)) < len(ids)


def test_an_order_that_is_unique_is_kept_also_over_columns_that_are_not(reader: Reader) -> None:
    rows = reader.rows("SELECT type, id FROM transaction ORDER BY type DESC, id", limit=40)
    assert [(row["type"], int(row["id"])) for row in rows] == sorted(
        sorted(((row["type"], int(row["id"])) for row in rows), key=lambda pair: pair[1]), key=lambda pair: pair[0],
        reverse=True,
    )  # fmt: skip
    both = "SELECT id FROM customer UNION ALL SELECT id FROM contact ORDER BY id"
    assert [int(row["id"]) for row in reader.rows(both)] == sorted(int(row["id"]) for row in reader.rows(both))


@pytest.mark.parametrize(
    ("rest", "is_decided"),
    [
        ("transaction t ORDER BY t.type, t.id", True),
        ("transaction t ORDER BY t.type", False),
        ("transaction t, customer c WHERE c.id = t.entity ORDER BY t.id DESC", True),
        ("transaction t, customer c WHERE c.id = t.entity ORDER BY c.id", False),
        ("transaction t, transactionline l WHERE l.transaction = t.id AND l.mainline = 'T' ORDER BY t.id", True),
        ("transaction t, transactionline l WHERE l.transaction = t.id AND l.mainline = 'F' ORDER BY t.id", False),
        ("transaction t, transactionline l WHERE l.transaction = t.id AND l.id = ? ORDER BY t.id", True),
        ("transaction t, transactionline l WHERE l.transaction = t.id OR l.id = 0 ORDER BY t.id", False),
        ("customer t LEFT JOIN currency u ON u.id = t.currency ORDER BY t.id", True),
        ("customer t LEFT JOIN currency u ON u.id = t.id ORDER BY u.id", False),
        ("(SELECT id FROM transaction) t ORDER BY t.id", False),
    ],
)
def test_dice_decide_wherever_keys_do_not(rest: str, is_decided: bool) -> None:
    sql = understood(f"SELECT t.id FROM {rest}", visible("", frozenset())).sql
    assert ("NS_SHUFFLE" not in sql) is is_decided


def test_a_query_must_be_transient_and_json(server: Server, reader: Reader) -> None:
    refused = reader.ask(IDS, headers={"Prefer": None})
    assert refused.status_code == 400 and refused.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"
    assert reader.ask(IDS, headers={"Prefer": "respond-async, transient"}).status_code == 200
    assert reader.ask(IDS, headers={"Content-Type": "text/plain"}).status_code == 400
    for body in ({}, {"q": ""}, {"q": 5}, [], {"q": IDS, "params": [None]}, {"q": IDS, "params": "x"}):
        refused = reader.ask("", body=body)
        assert refused.json()["o:errorDetails"][0]["o:errorCode"] == "INVALID_CONTENT"


def test_a_date_is_shown_in_the_users_format_without_its_time(ledger: Ledger) -> None:
    query = "SELECT createddate, TO_CHAR(createddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction WHERE id = 1"
    shapes = {
        "M/D/YYYY": "{d.month}/{d.day}/{d.year}", "DD/MM/YYYY": "{d.day:02d}/{d.month:02d}/{d.year}",
        "D.M.YYYY": "{d.day}.{d.month}.{d.year}", "YYYY-MM-DD": "{d:%Y-%m-%d}",
    }  # fmt: skip
    for user_format, shape in shapes.items():
        (row,) = asked(ledger, query, date_format=user_format)
        assert row["createddate"] == shape.format(d=datetime.fromisoformat(row["at"]))


def test_moments_are_the_accounts_and_sysdate_is_the_data_centres(ledger: Ledger) -> None:
    query = (
        "SELECT TO_CHAR(t.createddate, 'YYYY-MM-DD HH24:MI:SS') AS made, "
        "TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI') AS now, "
        "TO_CHAR(CURRENT_TIMESTAMP, 'HH24:MI TZH:TZM') AS ours, "
        "TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD\"T\"HH24:MI:SS') AS utc "
        "FROM transaction t ORDER BY t.createddate, t.id FETCH FIRST 1 ROWS ONLY"
    )
    first = min(document.created_at for books in ledger.books.values() for document in books.documents.values())
    (row,) = asked(ledger, query, account_zone="Asia/Tokyo")
    made = datetime.fromisoformat(row["made"] + "+09:00")
    assert made == first.replace(microsecond=0)
    assert (row["now"], row["ours"], row["utc"]) == ("2026-06-30 11:00", "03:00 +09:00", "2026-06-30T18:00:00")
    assert ledger.now == datetime(2026, 6, 30, 18, tzinfo=UTC)


def test_dates_are_compared_with_dates_and_a_text_is_read_in_the_users_format(reader: Reader) -> None:
    count = "SELECT COUNT(*) AS n FROM transaction WHERE trandate >= {}"
    there = reader.rows(count.format("TO_DATE('2026-01-15', 'YYYY-MM-DD')"))
    assert 0 < int(there[0]["n"]) < reader.said(IDS)["count"]
    assert reader.rows(count.format("TO_DATE(?, 'YYYY-MM-DD')"), "2026-01-15") == there
    assert reader.rows(count.format("TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS.FF3')"), "2026-01-15 00:00:00.000") == there
    assert reader.rows(count.format("'1/15/2026'")) == reader.rows(count.format("?"), "1/15/2026") == there
    status, code, detail = reader.error(count.format("?"), "2026-01-15")
    assert (status, code) == (400, "INVALID_PARAMETER")
    assert detail.endswith(
        'Parse of date/time "2026-01-15" failed with date format "M/d/yyyy" in time zone Europe/Berlin'
    )


def test_hh_is_the_hour_of_a_half_day(reader: Reader) -> None:
    rows = reader.rows(
        "SELECT TO_CHAR(createddate, 'HH24:MI') AS whole, TO_CHAR(createddate, 'HH:MI') AS half FROM transaction"
    )
    assert {int(row["half"][:2]) for row in rows} <= set(range(1, 13)) < {int(row["whole"][:2]) for row in rows} | {0}
    assert all(int(row["whole"][:2]) % 12 == int(row["half"][:2]) % 12 for row in rows)


def test_oracles_functions_and_arithmetic(reader: Reader) -> None:
    query = (
        "SELECT NVL(t.memo, 'none') AS memo, NVL2(t.memo, 'a', 'b') AS n2, DECODE(t.type, 'CustInvc', 'I', 'x') AS d, "
        "t.id || '-' || t.memo || t.type AS joined, t.foreigntotal - t.foreignamountunpaid AS paid, "
        "t.foreignamountpaid AS told, ROUND(10 / 4, 0) AS rounded, TRUNC(2.79, 1) AS cut, ABS(-3) AS three, "
        "0.1 + 0.2 AS exact, CASE WHEN t.id > 0 THEN 'yes' ELSE 'no' END AS c, TO_CHAR(ADD_MONTHS(TO_DATE("
        "'2026-01-31', 'YYYY-MM-DD'), 1), 'YYYY-MM-DD') AS month, TO_CHAR(TO_DATE('2026-01-31', 'YYYY-MM-DD') + 1, "
        "'YYYY-MM-DD') AS day, TO_DATE('2026-02-01', 'YYYY-MM-DD') - TO_DATE('2026-01-31', 'YYYY-MM-DD') AS days, "
        "TO_CHAR(TRUNC(TO_DATE('2026-01-31', 'YYYY-MM-DD'), 'MM'), 'YYYY-MM-DD') AS first, "
        "UPPER('ß' || LOWER('É')) AS up, SUBSTR(t.type, 1, 4) AS cut4, TO_NUMBER('5.50') + 1 AS six FROM transaction t "
        "WHERE t.type = 'CustInvc' AND t.posting = 'T' ORDER BY t.id FETCH FIRST 1 ROWS ONLY"
    )
    (row,) = reader.rows(query)
    assert row["paid"] == row["told"] and row["joined"].endswith("-CustInvc")
    assert {name: row[name] for name in ("memo", "n2", "d", "rounded", "cut", "three", "exact", "c", "month", "day",
            "days", "first", "up", "cut4", "six")} == {
        "memo": "none", "n2": "b", "d": "I", "rounded": "3", "cut": "2.7", "three": "3", "exact": "0.3", "c": "yes",
        "month": "2026-02-28", "day": "2026-02-01", "days": "1", "first": "2026-01-01", "up": "SSÉ", "cut4": "Cust",
        "six": "6.5",
    }  # fmt: skip


def test_built_in_functions_show_what_a_column_points_at(ledger: Ledger, reader: Reader) -> None:
    (row,) = reader.rows(
        "SELECT BUILTIN.DF(t.status) AS st, BUILTIN.CF(t.status) AS code, BUILTIN.DF(t.type) AS kind, "
        "BUILTIN.DF(t.entity) AS who, c.companyname, BUILTIN.DF(tl.subsidiary) AS sub, BUILTIN.DF(t.trandate) AS day, "
        "t.trandate, t.status FROM transaction t, transactionline tl, customer c WHERE tl.transaction = t.id "
        "AND tl.mainline = 'T' AND c.id = t.entity AND BUILTIN.CF(t.status) IN ('CustInvc:B') AND tl.subsidiary = 2 "
        "ORDER BY t.id FETCH FIRST 1 ROWS ONLY"
    )
    first, second = (books.entity.name for books in ledger.books.values())
    assert (row["st"], row["code"], row["kind"], row["status"]) == (
        "Invoice : Paid In Full",
        "CustInvc:B",
        "Invoice",
        "B",
    )
    assert row["who"] == row["companyname"] and row["sub"] == f"{first} : {second}" and row["day"] == row["trandate"]


def test_joins_of_both_manners_give_the_same_but_are_not_to_be_mixed(reader: Reader) -> None:
    oracle = ("SELECT t.id, l.nextdoc FROM transaction t, previoustransactionlinelink l WHERE l.previousdoc(+) = t.id "
              "AND t.type = 'CustInvc' ORDER BY t.id, l.nextdoc, l.nextline, l.linktype")  # fmt: skip
    ansi = ("SELECT t.id, l.nextdoc FROM transaction t LEFT JOIN previoustransactionlinelink l ON l.previousdoc = t.id "
            "WHERE t.type = 'CustInvc' ORDER BY t.id, l.nextdoc, l.nextline, l.linktype")  # fmt: skip
    rows = reader.rows(oracle)
    assert rows == reader.rows(ansi) and any("nextdoc" not in row for row in rows)
    mixed = ("SELECT t.id FROM transaction t JOIN customer c ON c.id = t.entity, previoustransactionlinelink l "
             "WHERE l.previousdoc(+) = t.id ORDER BY t.id")  # fmt: skip
    assert reader.error(mixed)[0] == 400


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("SELECT nothing FROM transaction", "Field 'nothing' for record 'transaction' was not found. Reason: REMOVED - "
         "Field is removed"),
        ("SELECT t.nothing FROM transaction t, customer c", "Field 'nothing' for record 'transaction' was not found. "
         "Reason: REMOVED - Field is removed"),
        ("SELECT subsidiary FROM transaction", "Field 'subsidiary' for record 'transaction' was not found. Reason: "
         "REMOVED - Field is removed"),
        ("SELECT x.id FROM transaction t", "Unknown identifier 'id'"),
        ("SELECT id FROM nowhere", "Record 'nowhere' was not found."),
        ("SELECT NOSUCH(id) FROM transaction", "Unknown function 'NOSUCH'"),
        ("SELECT BUILTIN.NOSUCH(id) FROM transaction", None),
        ("SELECT id FROM transaction LIMIT 5", "Invalid or unsupported search"),
        ("SELECT id FROM transaction t WHERE (t.id, t.entity) > (1, 2)", "Invalid or unsupported search"),
        ("SELECT [id] FROM transaction", "Invalid or unsupported search"),
        ("SELECT id FROM transaction; DROP TABLE transaction", "Invalid or unsupported search"),
        ("UPDATE transaction SET id = 1", "Invalid or unsupported search"),
        ("SELECT id FROM", "Invalid or unsupported search"),
        ("SELECT 1 / 0 FROM dual", "divisor is equal to zero"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused_with_its_reason(reader: Reader, query: str, detail: str | None) -> None:
    status, code, told = reader.error(query)
    assert (status, code) == (400, "INVALID_PARAMETER") and told.startswith(SEARCH)
    assert detail is None or told == SEARCH + detail


def test_values_are_bound_in_their_order_and_never_read_as_part_of_the_query(reader: Reader) -> None:
    rows = reader.rows(
        "SELECT id FROM transaction WHERE id BETWEEN ? AND ? AND type <> ? ORDER BY id", 3, 6, "x' OR 1=1"
    )
    assert [row["id"] for row in rows] == ["3", "4", "5", "6"]
    assert reader.rows("SELECT id FROM transaction WHERE id IN (?, ?) ORDER BY id", "2", 1) == [
        {"id": "1"},
        {"id": "2"},
    ]
    assert reader.rows("SELECT id FROM customer WHERE companyname = ?", "'; DROP TABLE customer --") == []
    assert reader.error("SELECT id FROM transaction WHERE id = ?")[0] == 400
    assert reader.error("SELECT id FROM transaction WHERE id = 1", 5)[0] == 400


def test_rownum_limits_what_was_put_in_order_before(reader: Reader) -> None:
    rows = reader.rows("SELECT id FROM (SELECT id FROM transaction ORDER BY id DESC) WHERE ROWNUM <= 3")
    newest = reader.rows("SELECT MAX(id) AS id FROM transaction")
    assert len(rows) == 3 and {"id": newest[0]["id"]} in rows
    assert len(reader.rows("SELECT id FROM transaction WHERE id > 5 AND ROWNUM < 3")) == 2


def test_a_feature_that_is_off_takes_its_tables_and_columns_away(ledger: Ledger) -> None:
    off = "subsidiary,customersubsidiaryrelationship,transactionline.foreignamountunpaid"
    with serve(ledger, Settings(off=off)) as server:
        reader = Reader(server)
        assert reader.error("SELECT id FROM subsidiary")[2].endswith("Record 'subsidiary' was not found.")
        assert reader.error("SELECT foreignamountunpaid FROM transactionline")[0] == 400
        assert reader.rows("SELECT DISTINCT subsidiary FROM transactionline ORDER BY subsidiary")[0] == {
            "subsidiary": "1"
        }
        assert "subsidiary" in reader.rows("SELECT * FROM transaction WHERE id = 1")[0], "and what is not off is there"
    with serve(ledger, Settings(removed_field="500")) as server:
        assert Reader(server).error("SELECT nothing FROM transaction")[:2] == (500, "UNEXPECTED_ERROR")


def test_a_role_does_not_see_what_it_has_no_right_to(server: Server, reader: Reader) -> None:
    types = "SELECT type, COUNT(*) AS n FROM transaction GROUP BY type ORDER BY type"
    before = {row["type"]: row["n"] for row in reader.rows(types)}
    server.restrict("Credit Memo", "Deleted Records")
    after = {row["type"]: row["n"] for row in reader.rows(types)}
    assert before.pop("CustCred") and after == before, "its rows are simply not there"
    assert reader.rows("SELECT nextdoc FROM previoustransactionlinelink WHERE nexttype = 'CustCred'") == []
    assert reader.error("SELECT recordid FROM deletedrecord")[2] == SEARCH + "Record 'deletedrecord' was not found."
    for needed in ("REST Web Services", "SuiteAnalytics Workbook"):
        server.restrict(needed)
        status, code, detail = reader.error(types)
        assert (status, code) == (403, "INSUFFICIENT_PERMISSION") and f"'{needed}'" in detail


def test_a_missing_right_may_be_named(ledger: Ledger) -> None:
    with serve(ledger, Settings(without="Customers", refused_record="permission")) as server:
        status, code, detail = Reader(server).error("SELECT id FROM customer")
        assert (status, code) == (403, "INSUFFICIENT_PERMISSION") and "'Customers'" in detail


def test_a_role_of_one_subsidiary_sees_nothing_of_the_other(server: Server, reader: Reader) -> None:
    lines = "SELECT DISTINCT subsidiary FROM transactionline ORDER BY subsidiary"
    assert reader.rows(lines) == [{"subsidiary": "1"}, {"subsidiary": "2"}]
    everybody = reader.said("SELECT id FROM customer ORDER BY id")["count"]
    server.restrict(subsidiaries=(2,))
    assert reader.rows(lines) == [{"subsidiary": "2"}]
    assert reader.rows("SELECT id FROM subsidiary") == [{"id": "2"}]
    assert 0 < reader.said("SELECT id FROM customer ORDER BY id")["count"] < everybody
    shared = reader.rows("SELECT isprimarysub FROM customersubsidiaryrelationship WHERE isprimarysub = 'F'")
    assert len(shared) == 1, "whom both share is seen, though the other one is primary"
