"""Sage Intacct's XML gateway: what its queries pick, how it writes, and what it counts."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.intacct.server import Server
from include.sandbox.ledger import Ledger
from tests.sandbox.intacct_reader import INVOICE, Gateway, Reader, condition, errors, query


def test_pages_are_cut_by_offset_and_say_how_many_remain(gateway: Gateway) -> None:
    inside = "<orderby><order><field>RECORDNO</field><ascending/></order></orderby>"
    first = gateway.data(query("ARINVOICE", "RECORDNO", inside=inside, size=60))
    total = int(first.get("totalcount"))
    assert dict(first.attrib) == {
        "listtype": "ARINVOICE", "totalcount": str(total), "offset": "0", "count": "60", "numremaining": str(total - 60)
    }  # fmt: skip
    last = gateway.data(query("ARINVOICE", "RECORDNO", inside=inside, size=60, offset=total - 5))
    assert (last.get("count"), last.get("numremaining"), len(last)) == ("5", "0", 5)
    keys = [int(row["RECORDNO"]) for row in gateway.rows("ARINVOICE", "RECORDNO", inside=inside, size=60)]
    assert keys == sorted(set(keys)) and len(keys) == total
    unordered = [int(row["RECORDNO"]) for row in gateway.rows("ARINVOICE", "RECORDNO", size=60)]
    assert sorted(unordered) == keys != unordered
    down = inside.replace("ascending", "descending")
    assert [int(row["RECORDNO"]) for row in gateway.rows("ARINVOICE", "RECORDNO", inside=down)] == keys[::-1]


def test_what_entities_own_is_hidden_from_the_top_level_unless_it_is_asked_for(gateway: Gateway) -> None:
    shown = gateway.rows("ARINVOICE", "MEGAENTITYID", private=False)
    every = gateway.rows("ARINVOICE", "MEGAENTITYID")
    assert {row["MEGAENTITYID"] for row in shown} == {None}
    assert {row["MEGAENTITYID"] for row in every} == {None, "E100", "E200"} and len(every) > len(shown) > 0


@pytest.mark.parametrize(
    ("filter_", "holds"),
    [
        (condition("equalto", "STATE", "Partially Paid"), lambda r: r["STATE"] == "Partially Paid"),
        (condition("notequalto", "STATE", "Paid"), lambda r: r["STATE"] != "Paid"),
        (condition("greaterthan", "TRX_TOTALDUE", 500), lambda r: Decimal(r["TRX_TOTALDUE"]) > 500),
        (condition("between", "TRX_TOTALDUE", 10, 500), lambda r: 10 <= Decimal(r["TRX_TOTALDUE"]) <= 500),
        (condition("in", "STATE", "Paid", "Draft"), lambda r: r["STATE"] in ("Paid", "Draft")),
        (condition("notin", "STATE", "Paid", "Draft"), lambda r: r["STATE"] not in ("Paid", "Draft")),
        (condition("like", "RECORDID", "CN-%"), lambda r: r["RECORDID"].startswith("CN-")),
        (condition("notlike", "RECORDID", "_N-%"), lambda r: r["RECORDID"][1:3] != "N-"),
        (condition("isnull", "WHENPAID"), lambda r: r["WHENPAID"] is None),
        (condition("isnotnull", "WHENPAID"), lambda r: r["WHENPAID"] is not None),
        (condition("like", "CUSTOMER.NAME", "%7"), lambda r: r["CUSTOMER.NAME"].endswith("7")),
        (
            f"<and>{condition('equalto', 'STATE', 'Paid')}<or>{condition('like', 'RECORDID', 'CN%')}"
            f"{condition('greaterthanorequalto', 'WHENCREATED', '01/01/2026')}</or></and>",
            lambda r: r["STATE"] == "Paid" and (r["RECORDID"].startswith("CN") or r["WHENCREATED"].endswith("2026")),
        ),
    ],
)
def test_a_filter_picks_what_it_says(gateway: Gateway, filter_: str, holds: Any) -> None:
    names = ("RECORDNO", "RECORDID", "STATE", "TRX_TOTALDUE", "WHENPAID", "CUSTOMER.NAME", "WHENCREATED")
    every = gateway.rows("ARINVOICE", *names)
    found = gateway.rows("ARINVOICE", *names, inside=f"<filter>{filter_}</filter>")
    assert {row["RECORDNO"] for row in found} == {row["RECORDNO"] for row in every if holds(row)}
    assert 0 < len(found) < len(every)


def test_case_may_be_ignored(gateway: Gateway) -> None:
    inside = f"<filter>{condition('equalto', 'STATE', 'paid')}</filter>"
    assert gateway.rows("ARINVOICE", "RECORDNO", inside=inside) == []
    options = "<options><caseinsensitive>true</caseinsensitive><showprivate>true</showprivate></options>"
    assert gateway.rows("ARINVOICE", "RECORDNO", inside=inside + options)


@pytest.mark.parametrize(
    "inside",
    [
        "<filter/>",
        f"<filter>{condition('equalto', 'STATE', 'a')}{condition('equalto', 'STATE', 'b')}</filter>",
        f"<filter><and>{condition('equalto', 'STATE', 'a')}</and></filter>",
        f"<filter>{condition('between', 'TRX_TOTALDUE', 1)}</filter>",
        f"<filter>{condition('greaterthan', 'WHENDUE', '2026-01-01')}</filter>",
        f"<filter>{condition('resembles', 'STATE', 'a')}</filter>",
        f"<filter>{condition('in', 'RECORDNO', *range(1001))}</filter>",
        "<orderby><order><field>NONSENSE</field></order></orderby>",
    ],
)
def test_a_query_that_cannot_be_understood_fails_as_a_result(gateway: Gateway, inside: str) -> None:
    reply = gateway.call(query("ARINVOICE", "RECORDNO", inside=inside))
    assert reply.findtext("operation/result/status") == "failure"
    assert errors(reply)[0][0] == "Query Failed"


def test_all_fields_at_once_and_pages_above_2000_are_not_to_be_had(gateway: Gateway) -> None:
    for bad in (query("ARINVOICE", "*"), query("ARINVOICE", "RECORDNO", size=2001), query("NONSENSE", "RECORDNO")):
        assert errors(gateway.call(bad))[0][0] == "Query Failed"
    assert gateway.call(query("ARINVOICE", "RECORDNO", size=2000)).findtext("operation/result/status") == "success"


def test_functions_of_groups_count_and_add_up(gateway: Gateway) -> None:
    rows = gateway.rows("ARINVOICE", "CURRENCY", "TRX_TOTALDUE")
    select = "<select><field>CURRENCY</field><count>RECORDNO</count><sum>TRX_TOTALDUE</sum></select>"
    options = "<options><showprivate>true</showprivate></options>"
    data = gateway.data(f"<query><object>ARINVOICE</object>{select}{options}</query>")
    found = {each.findtext("CURRENCY"): (int(each.findtext("COUNT.RECORDNO")), Decimal(each.findtext("TRX_TOTALDUE")))
             for each in data}  # fmt: skip
    assert (
        found
        == {
            currency: (
                sum(r["CURRENCY"] == currency for r in rows),
                sum((Decimal(r["TRX_TOTALDUE"]) for r in rows if r["CURRENCY"] == currency), Decimal(0)),
            )
            for currency in {r["CURRENCY"] for r in rows}
        }
        and len(found) > 3
    )
    assert data.get("totalcount") == str(len(found))


def test_a_reply_may_be_json_or_csv_but_an_error_is_xml(gateway: Gateway) -> None:
    form = "<options><showprivate>true</showprivate><returnformat>{}</returnformat></options>"
    rows = gateway.rows("ARINVOICE", "RECORDNO", "WHENPAID")
    request = gateway.request(query("ARINVOICE", "RECORDNO", "WHENPAID", inside=form.format("json"), size=2000))
    said = gateway.post(request)
    assert said.headers["Content-Type"] == "application/json" and said.json() == rows
    table = gateway.post(request.replace(">json<", ">csv<"))
    assert table.headers["Content-Type"].startswith("text/csv") and len(table.text.splitlines()) == len(rows) + 1
    wrong = gateway.post(request.replace("WHENPAID", "NONSENSE"))
    assert wrong.headers["Content-Type"] == "application/xml" and b"Query Failed" in wrong.content


@pytest.mark.parametrize(
    ("date_format", "gmt_offset", "clock", "day", "moment"),
    [
        ("/mdY", "-05:00", "24", "%m/%d/%Y", "%m/%d/%Y %H:%M:%S"),
        (".dmY", "+09:30", "24", "%d.%m.%Y", "%d.%m.%Y %H:%M:%S"),
        ("-Ymd", "+00:00", "12", "%Y-%m-%d", "%Y-%m-%d %I:%M:%S %p"),
        ("/dmy", "-03:30", "12", "%d/%m/%y", "%d/%m/%y %I:%M:%S %p"),
    ],
)
def test_days_and_moments_are_written_and_compared_in_the_users_format_and_zone(
    company_with: Any, date_format: str, gmt_offset: str, clock: str, day: str, moment: str
) -> None:
    with company_with(date_format=date_format, gmt_offset=gmt_offset, clock_hours=clock) as server:
        gateway = Gateway(server)
        user = gateway.data(
            "<readByName><object>USERINFO</object><keys>reader</keys><fields>RECORDNO</fields></readByName>"
        )
        said = gateway.data(f"<readUserFormatting><key>{user.findtext('USERINFO/RECORDNO')}</key></readUserFormatting>")
        assert [said.findtext(f"userformatting/{n}") for n in ("dateformat", "gmtoffset", "clock")] == [
            date_format, gmt_offset, clock
        ]  # fmt: skip
        names = ("RECORDNO", "WHENCREATED", "AUWHENCREATED")
        rows = {row["RECORDNO"]: row for row in gateway.rows("ARINVOICE", *names)}
        zone = datetime.strptime(gmt_offset, "%z").tzinfo
        for row in Reader(server).rows(INVOICE, "key", "invoiceDate", "audit.createdDateTime"):
            mine = rows[row["key"]]
            assert str(datetime.strptime(mine["WHENCREATED"], day).replace(tzinfo=zone).date()) == row["invoiceDate"]
            local = datetime.strptime(mine["AUWHENCREATED"], moment).replace(tzinfo=zone)
            assert local == datetime.fromisoformat(row["audit.createdDateTime"])
        middle = rows[sorted(rows, key=int)[len(rows) // 2]]  # numbers follow the moments of creation
        inside = f"<filter>{condition('greaterthanorequalto', 'AUWHENCREATED', middle['AUWHENCREATED'])}</filter>"
        later = gateway.rows("ARINVOICE", "RECORDNO", inside=inside)
        assert len(rows) // 3 < len(later) < len(rows) and middle["RECORDNO"] in {r["RECORDNO"] for r in later}


def test_what_never_changed_has_no_moment_of_change_though_rest_says_when_it_was_created(gateway: Gateway) -> None:
    rows = gateway.rows("ARINVOICE", "RECORDNO", "AUWHENCREATED", "WHENMODIFIED")
    unchanged = {row["RECORDNO"] for row in rows if row["WHENMODIFIED"] is None}
    names = ("audit.createdDateTime", "audit.modifiedDateTime")
    said = Reader(gateway.server).rows(INVOICE, "key", *names)
    assert unchanged == {row["key"] for row in said if row[names[0]] == row[names[1]]} and len(unchanged) > 10
    never = gateway.rows("ARINVOICE", "RECORDNO", inside=f"<filter>{condition('isnull', 'WHENMODIFIED')}</filter>")
    assert {row["RECORDNO"] for row in never} == unchanged
    since = f"<filter>{condition('greaterthan', 'WHENMODIFIED', '01/01/2000 00:00:00')}</filter>"
    found = {row["RECORDNO"] for row in gateway.rows("ARINVOICE", "RECORDNO", inside=since)}
    assert found == {row["RECORDNO"] for row in rows} - unchanged, "who asks for changes alone misses the others"


def test_amounts_may_be_written_short_or_in_full(company: Server, company_with: Any) -> None:
    short = [row["TRX_TOTALENTERED"] for row in Gateway(company).rows("ARINVOICE", "TRX_TOTALENTERED")]
    assert any("." not in text for text in short) and not any(re.search(r"\.\d*0$", text) for text in short)
    with company_with(amounts_in_xml="full") as server:
        full = [row["TRX_TOTALENTERED"] for row in Gateway(server).rows("ARINVOICE", "TRX_TOTALENTERED")]
        assert sorted(map(Decimal, full)) == sorted(map(Decimal, short)) and any(t.endswith("0") for t in full)


def test_a_legacy_query_comes_in_pages_of_which_each_is_asked_for_by_the_last(company: Server) -> None:
    gateway = Gateway(company, "E100")
    page = gateway.data(
        "<readByQuery><object>ARINVOICE</object><fields>*</fields><query></query><pagesize>50</pagesize></readByQuery>"
    )
    rows = list(page)
    while page.get("numremaining") != "0":
        page = gateway.data(f"<readMore><resultId>{page.get('resultId')}</resultId></readMore>")
        rows += list(page)
    assert {each.tag for each in rows} == {"arinvoice"} and len(rows) == int(page.get("totalcount"))
    assert len({each.findtext("RECORDNO") for each in rows}) == len(rows)
    assert errors(gateway.call("<readMore><resultId>none</resultId></readMore>"))


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("STATE = 'Paid'", lambda r: r["STATE"] == "Paid"),
        ("TRX_TOTALDUE &gt; 500", lambda r: Decimal(r["TRX_TOTALDUE"]) > 500),
        ("NOT STATE = 'Paid' AND TRX_TOTALDUE &lt;= 500",
         lambda r: r["STATE"] != "Paid" and Decimal(r["TRX_TOTALDUE"]) <= 500),
        ("RECORDID like 'CN-%' OR STATE in ('Draft', 'Reversed')",
         lambda r: r["RECORDID"].startswith("CN-") or r["STATE"] in ("Draft", "Reversed")),
        ("(RECORDID not like 'CN-%') and WHENPAID is not null",
         lambda r: not r["RECORDID"].startswith("CN-") and r["WHENPAID"] is not None),
        ("WHENCREATED &gt;= '01/01/2026'", lambda r: r["WHENCREATED"].endswith("2026")),
    ],
)  # fmt: skip
def test_the_legacy_language_picks_what_it_says(company: Server, said: str, holds: Any) -> None:
    gateway = Gateway(company, "E100")
    names = ("RECORDNO", "RECORDID", "STATE", "TRX_TOTALDUE", "WHENPAID", "WHENCREATED")
    every = gateway.rows("ARINVOICE", *names)
    data = gateway.data(
        f"<readByQuery><object>ARINVOICE</object><fields>{','.join(names)}</fields><query>{said}</query>"
        "<pagesize>1000</pagesize></readByQuery>"
    )
    assert {each.findtext("RECORDNO") for each in data} == {row["RECORDNO"] for row in every if holds(row)}
    assert 0 < len(data) < len(every)


@pytest.mark.parametrize(
    "said", ["STATE", "STATE = ", "STATE ~ 'a'", "(STATE = 'a'", "STATE = 'a' STATE = 'b'", "X = 1"]
)
def test_a_legacy_query_that_cannot_be_understood_fails(gateway: Gateway, said: str) -> None:
    function = f"<readByQuery><object>ARINVOICE</object><fields>*</fields><query>{said}</query></readByQuery>"
    assert errors(gateway.call(function))[0][0] == "Query Failed"


def test_records_are_read_by_number_and_by_name_and_objects_have_a_definition(gateway: Gateway) -> None:
    customer = gateway.rows("CUSTOMER", "RECORDNO", "CUSTOMERID", "NAME")[0]
    for function, key in (("read", "RECORDNO"), ("readByName", "CUSTOMERID")):
        asked = (
            f"<{function}><object>CUSTOMER</object><keys>{customer[key]},nobody</keys><fields>*</fields></{function}>"
        )
        data = gateway.data(asked)
        assert len(data) == 1 and data.findtext("CUSTOMER/NAME") == customer["NAME"]
    data = gateway.data("<lookup><object>ARINVOICE</object></lookup>")
    types = {each.findtext("ID"): each.findtext("DATATYPE") for each in data.iter("Field")}
    assert (types["RECORDNO"], types["WHENDUE"], types["WHENMODIFIED"]) == ("INTEGER", "DATE", "TIMESTAMP")
    assert {each.findtext("OBJECTPATH") for each in data.iter("Relationship")} == {
        "CUSTOMER",
        "CONTACT",
        "BILLTO",
        "SHIPTO",
    }
    for name in types:
        assert gateway.call(query("ARINVOICE", name, size=1)).findtext("operation/result/status") == "success", name


def test_the_aging_counts_periods_one_customer_and_an_earlier_day(gateway: Gateway, group: Ledger) -> None:
    ask = "<get_araging><agingperiods>{}</agingperiods>{}</get_araging>"

    def total(periods: str, more: str = "") -> Decimal:
        data = gateway.data(ask.format(periods, more))
        return sum((Decimal(each.text or 0) for each in data.iter("totalamount")), Decimal(0))

    assert total("0-30,31-60,61-") == total("0-") == total("0-30") + total("31-60") + total("61-")
    one = gateway.data(ask.format("0-", "")).findtext("araging/customerid")
    mine = gateway.data(ask.format("0-", f"<customerid>{one}</customerid><showdetails>true</showdetails>"))
    assert [each.text for each in mine.iter("customerid")] == [one]
    due = sum((Decimal(each.text or 0) for each in mine.iter("totaldue")), Decimal(0))
    assert due == Decimal(mine.findtext("araging/aging/totalamount") or 0)
    day = "<asofdate><year>2020</year><month>1</month><day>1</day></asofdate>"
    assert total("0-", day) == 0
    assert errors(gateway.call(ask.format("soon", "")))


@pytest.mark.parametrize(("setting", "number"), [("forbidden", "PL04000055"), ("forbidden_without_errorno", None)])
def test_the_audit_history_may_be_forbidden_even_without_a_number(
    company_with: Any, setting: str, number: str | None
) -> None:
    with company_with(audit_history=setting) as server:
        reply = Gateway(server).call(query("AUDITHISTORY", "OBJECTKEY"))
        assert errors(reply)[0][0] == number and "permission" in errors(reply)[0][1]
