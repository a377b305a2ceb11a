from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.intacct.server import Server
from include.sandbox.intacct.settings import User
from include.sandbox.ledger import Ledger
from tests.sandbox.intacct_reader import CONTACT, CUSTOMER, DETAIL, ENTITY, INVOICE, Reader

PAID_ON = "paymentInformation.fullyPaidDate"


@pytest.fixture
def reader(company: Server) -> Reader:
    return Reader(company)


def error(response: Any) -> dict[str, Any]:
    """Return the error, whichever of the two shapes it has."""
    said = response.json()
    return said["ia::error"] if "ia::error" in said else said["ia::result"]["ia::error"]


# -- getting in


def test_credentials_of_the_application_and_a_user_give_a_token_for_half_a_day_and_a_refresh_token(
    reader: Reader,
) -> None:
    said = reader.token(grant_type="client_credentials", username="reader@acme|E100").json()
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 43_200) and said["refresh_token"]
    reader.access = said["access_token"]
    assert {row["entity.id"] for row in reader.rows(INVOICE, "entity.id")} == {"E100"}
    reader.server.skip(43_201)
    assert reader.query(ENTITY, "id").status_code == 401
    again = reader.token(grant_type="refresh_token", refresh_token=said["refresh_token"]).json()
    reader.access = again["access_token"]
    assert {row["entity.id"] for row in reader.rows(INVOICE, "entity.id")} == {"E100"}, "the entity stays"
    used = reader.token(grant_type="refresh_token", refresh_token=said["refresh_token"])
    assert (used.status_code, error(used)["code"]) == (401, "GW-0031")


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"client_secret": "wrong"}, 401, "GW-0011"),
        ({"client_id": ""}, 400, "GW-0037"),
        ({"username": ""}, 400, "GW-0036"),
        ({"username": "reader"}, 400, "GW-0012"),
        ({"username": "reader@other"}, 401, "GW-0011"),
        ({"username": "nobody@acme"}, 401, "GW-0011"),
        ({"username": "reader@acme|E900"}, 400, "GW-0011"),
        ({"grant_type": "password"}, 400, "GW-0032"),
    ],
)
def test_a_wrong_request_for_a_token_is_refused_by_its_number(
    reader: Reader, form: dict[str, str], status: int, code: str
) -> None:
    said = reader.token(**({"grant_type": "client_credentials", "username": "reader@acme"} | form))
    assert (said.status_code, error(said)["code"]) == (status, code) and error(said)["details"]["requestId"]


def test_without_a_good_token_nothing_is_read(reader: Reader) -> None:
    bare = reader.query(ENTITY, "id", headers={"Authorization": "Basic abc"})
    assert (bare.status_code, error(bare)["code"]) == (401, "GW-0034")
    reader.access = "no.token"
    assert error(reader.query(ENTITY, "id"))["code"] == "GW-0031"


@pytest.mark.parametrize("header", ["X-IA-API-Param-Entity", "X-IA-API-ParamEntity"])
def test_the_entity_may_stand_in_a_header_of_either_spelling(reader: Reader, header: str) -> None:
    for entity in ("E100", "E200"):
        said = reader.query(INVOICE, "entity.id", headers={header: entity}).json()
        assert {row["entity.id"] for row in said["ia::result"]} == {entity}
    unknown = reader.query(INVOICE, "id", headers={header: "E900"})
    assert unknown.status_code == 400 and "E900" in error(unknown)["message"]


def test_an_entity_that_was_closed_is_entered_no_more(reader: Reader) -> None:
    reader.server.face.company.close("E200")
    assert reader.query(INVOICE, "id", headers={"X-IA-API-Param-Entity": "E200"}).status_code == 400
    assert reader.token(grant_type="client_credentials", username="reader@acme|E200").status_code == 400
    assert {r["id"]: r["status"] for r in reader.rows(ENTITY, "id", "status")} == {"E100": "active", "E200": "inactive"}


def test_a_user_may_be_kept_to_entities_and_from_objects(company_with: Any) -> None:
    user = User(denied=frozenset({CUSTOMER}), entities=frozenset({"E100"}))
    with company_with(user=user) as server:
        reader = Reader(server, "E100")
        assert reader.query(INVOICE, "id").status_code == 200
        refused = reader.query(CUSTOMER, "id")
        assert refused.status_code == 403 and CUSTOMER in error(refused)["message"]
        assert reader.ask("GET", f"/objects/{CUSTOMER}/1").status_code == 403
        assert reader.query(INVOICE, "id", headers={"X-IA-API-Param-Entity": "E200"}).status_code == 400
        for place, status in (("", 400), ("|E200", 400), ("|E100", 200)):
            said = reader.token(grant_type="client_credentials", username=f"reader@acme{place}")
            assert said.status_code == status


# -- pages and order


def test_pages_start_at_1_and_the_last_has_no_next(company: Server) -> None:
    reader = Reader(company, "E100")
    first = reader.query(INVOICE, "key", size=40, orderBy=[{"key": "asc"}]).json()
    total = first["ia::meta"]["totalCount"]
    assert first["ia::meta"] == {"totalCount": total, "start": 1, "pageSize": 40, "next": 41, "previous": None}
    rows = first["ia::result"]
    while start := first["ia::meta"]["next"]:
        first = reader.query(INVOICE, "key", size=40, start=start, orderBy=[{"key": "asc"}]).json()
        assert first["ia::meta"]["previous"] == start - 40
        rows += first["ia::result"]
    keys = [int(row["key"]) for row in rows]
    assert len(keys) == total and keys == sorted(set(keys)), "keys are text that is ordered as numbers"
    assert reader.query(INVOICE, "key", start=total + 1).json()["ia::result"] == []


def test_without_an_order_rows_come_in_nobodys(reader: Reader, company_with: Any) -> None:
    keys = [int(row["key"]) for row in reader.rows(INVOICE, "key", size=50)]
    assert keys != sorted(keys) and len(set(keys)) == len(keys)
    with company_with(unordered="each_page_another") as server:
        again = Reader(server)
        missed = [row["key"] for row in again.rows(INVOICE, "key", size=50)]
        assert len(missed) == len(keys) > len(set(missed)), "some come twice, and so others never"
        ordered = again.rows(INVOICE, "key", size=50, orderBy=[{"key": "asc"}])
        assert len({row["key"] for row in ordered}) == len(keys)


def test_an_order_may_have_parts_ways_and_other_records_fields(reader: Reader) -> None:
    rows = reader.rows(INVOICE, "customer.name", "dueDate", orderBy=[{"customer.name": "desc"}, {"dueDate": "asc"}])
    found = [(row["customer.name"], row["dueDate"]) for row in rows]
    assert found == sorted(sorted(found, key=lambda pair: pair[1] or "9"), key=lambda pair: pair[0], reverse=True)


def test_a_page_has_a_largest_size(reader: Reader, company_with: Any) -> None:
    assert reader.query(INVOICE, "key", size=4000).status_code == 200
    assert reader.query(INVOICE, "key", size=4001).status_code == 400
    with company_with(largest_page=20, oversized_page="clamp") as server:
        meta = Reader(server, "E100").query(INVOICE, "key", size=1000).json()["ia::meta"]
        assert (meta["pageSize"], meta["next"]) == (20, 21)


# -- what rows look like


def test_amounts_are_text_keys_too_nulls_are_there_and_related_fields_are_flat(reader: Reader) -> None:
    names = ("key", "totalTxnAmount", "dueInDays", "isSystemGeneratedDocument", "currency.exchangeRate.rate",
             "customer.status", "customer.term.id", "attachment.id", "href")  # fmt: skip
    rows = reader.rows(INVOICE, *names)
    assert all(set(row) == {*names, "API_QUERY_ALIAS__25"} for row in rows), "a key that nobody asked for"
    row = next(row for row in rows if row["totalTxnAmount"].endswith(".00"))
    assert isinstance(row["key"], str) and isinstance(row["dueInDays"], int) and row["attachment.id"] is None
    assert row["isSystemGeneratedDocument"] is False and row["customer.status"] in ("active", "inactive")
    assert row["href"] == f"/objects/{INVOICE}/{row['key']}"
    assert any(Decimal(r["totalTxnAmount"]).as_tuple().exponent == -3 for r in rows), "some currencies have three"
    assert "API_QUERY_ALIAS__25" not in reader.rows(CUSTOMER, "key")[0]


def test_moments_are_in_utc_and_what_never_changed_says_when_it_was_created_or_nothing(
    reader: Reader, company_with: Any
) -> None:
    names = ("audit.createdDateTime", "audit.modifiedDateTime")
    rows = reader.rows(INVOICE, *names)
    assert all(row[name].endswith("Z") and len(row[name]) == 20 for row in rows for name in names)
    same = sum(row[names[0]] == row[names[1]] for row in rows)
    with company_with(never_modified="null") as server:
        nulls = [row for row in Reader(server).rows(INVOICE, *names) if row[names[1]] is None]
        assert len(nulls) == same > 10


def test_a_single_record_is_nested_and_has_its_lists(reader: Reader) -> None:
    restricted = reader.rows(CUSTOMER, "key", filters=[{"$eq": {"customerRestriction": "restricted"}}])
    said = [reader.one(CUSTOMER, row["key"]) for row in restricted]
    assert all(one["restrictedLocations"][0]["location"]["id"] in ("E100", "E200") for one in said)
    listed = [one for row in reader.rows(CUSTOMER, "key") if (one := reader.one(CUSTOMER, row["key"]))["contactList"]]
    entry = listed[0]["contactList"][0]
    contact = reader.one(CONTACT, entry["contact"]["key"])
    assert entry["categoryName"] == "Accounting" and contact["id"] == entry["contact"]["id"]
    assert contact["mailingAddress"]["isoCountryCode"] and contact["entity"] == {"key": None, "id": None, "name": None}
    invoice = reader.one(INVOICE, reader.rows(INVOICE, "key", filters=[{"$eq": {"state": "paid"}}])[0]["key"])
    lines = sum(Decimal(line["totalTxnAmount"]) for line in invoice["lines"])
    assert lines == Decimal(invoice["totalTxnAmount"]) and invoice["currency"]["exchangeRate"]["rate"]
    assert reader.ask("GET", f"/objects/{INVOICE}/999999").status_code == 404


def test_names_of_contacts_are_unique_in_the_company(reader: Reader) -> None:
    names = [row["id"] for row in reader.rows(CONTACT, "id")]
    assert len(names) == len(set(names)) > 30


# -- filters


@pytest.mark.parametrize(
    ("filters", "expression", "holds"),
    [
        ([{"$eq": {"state": "paid"}}], "", lambda r: r["state"] == "paid"),
        ([{"$ne": {"state": "paid"}}], "", lambda r: r["state"] != "paid"),
        ([{"$in": {"state": ["paid", "draft"]}}], "", lambda r: r["state"] in ("paid", "draft")),
        ([{"$notIn": {"state": ["paid", "draft"]}}], "", lambda r: r["state"] not in ("paid", "draft")),
        ([{"$gt": {"totalTxnAmount": "500"}}], "", lambda r: Decimal(r["totalTxnAmount"]) > 500),
        ([{"$lte": {"totalTxnAmount": 500}}], "", lambda r: Decimal(r["totalTxnAmount"]) <= 500),
        (
            [{"$between": {"invoiceDate": ["2026-01-01", "2026-03-31"]}}],
            "",
            lambda r: "2026-01-01" <= r["invoiceDate"] <= "2026-03-31",
        ),
        ([{"$startsWith": {"invoiceNumber": "CN"}}], "", lambda r: r["invoiceNumber"].startswith("CN")),
        ([{"$notContains": {"invoiceNumber": "CN"}}], "", lambda r: "CN" not in r["invoiceNumber"]),
        ([{"$endsWith": {"customer.name": "7"}}], "", lambda r: r["customer.name"].endswith("7")),
        ([{"$eq": {PAID_ON: None}}], "", lambda r: r[PAID_ON] is None),
        ([{"$ne": {PAID_ON: None}}], "", lambda r: r[PAID_ON] is not None),
        (
            [{"$eq": {"state": "paid"}}, {"$gt": {"totalTxnAmount": 500}}],
            "",
            lambda r: r["state"] == "paid" and Decimal(r["totalTxnAmount"]) > 500,
        ),
        (
            [{"$eq": {"state": "paid"}}, {"$gt": {"totalTxnAmount": 500}}],
            "1 or 2",
            lambda r: r["state"] == "paid" or Decimal(r["totalTxnAmount"]) > 500,
        ),
        (
            [{"$eq": {"state": "paid"}}, {"$eq": {"state": "draft"}}, {"$gt": {"totalTxnAmount": 500}}],
            "(1 or 2) and 3",
            lambda r: r["state"] in ("paid", "draft") and Decimal(r["totalTxnAmount"]) > 500,
        ),
        ([{"$eq": {"state": "paid"}}, {"$eq": {"state": "draft"}}], "or", lambda r: r["state"] in ("paid", "draft")),
    ],
)
def test_a_filter_picks_what_it_says(reader: Reader, filters: Any, expression: str, holds: Any) -> None:
    names = ("key", "state", "totalTxnAmount", "invoiceDate", "invoiceNumber", "customer.name", PAID_ON)
    every = reader.rows(INVOICE, *names)
    found = reader.rows(INVOICE, *names, filters=filters, **({"filterExpression": expression} if expression else {}))
    assert {row["key"] for row in found} == {row["key"] for row in every if holds(row)}
    assert 0 < len(found) < len(every)


def test_text_is_compared_by_case_unless_told_otherwise_and_days_may_be_relative(reader: Reader, group: Ledger) -> None:
    def count(**parameters: Any) -> int:
        filters = [{"$eq": {"state": "PAID"}}]
        said = reader.query(INVOICE, "key", filters=filters, filterParameters={"includePrivate": True} | parameters)
        return said.json()["ia::meta"]["totalCount"]

    assert count() == 0 < count(caseSensitiveComparison=False)
    anchor = str(date(2026, 3, 1))
    more = {"filterParameters": {"asOfDate": anchor, "includePrivate": True}}
    found = reader.query(INVOICE, "invoiceDate", filters=[{"$lt": {"invoiceDate": "today"}}], **more).json()
    assert found["ia::result"] and all(row["invoiceDate"] < anchor for row in found["ia::result"])


def test_a_moment_is_compared_to_the_second(reader: Reader, group: Ledger) -> None:
    since = group.now
    group.advance()
    filters = [{"$gte": {"audit.modifiedDateTime": since.strftime("%Y-%m-%dT%H:%M:%SZ")}}]
    found = {row["key"] for row in reader.rows(INVOICE, "key", filters=filters)}
    changed = [
        document
        for books in group.books.values()
        for document in books.documents.values()
        if document.updated_at > since and document.kind == "invoice" and document.state != "deleted"
    ]
    assert len(found) >= len(changed) > 5


def test_what_changed_just_now_is_found_by_its_moment_only_later(company_with: Any, group: Ledger) -> None:
    with company_with(lag=7200) as server:
        reader = Reader(server)
        books = group.entity(0)
        invoice = next(d for d in books.kinds("invoice") if d.outstanding)
        books.touch(invoice, group.now)
        since = (group.now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        modified = "audit.modifiedDateTime"
        for hours, found in ((0, 0), (1, 0), (3, 1)):
            group.now += timedelta(hours=hours)
            rows = reader.rows(INVOICE, "key", filters=[{"$gte": {modified: since}}])
            assert len(rows) == found
        assert max(row[modified] for row in reader.rows(INVOICE, modified)) > since, "it was there all the time"


# -- what cannot be asked


@pytest.mark.parametrize("field", ["action", "createAPBill"])
def test_a_field_that_is_only_written_is_refused_in_the_nested_shape(reader: Reader, field: str) -> None:
    said = reader.query(INVOICE, "key", field)
    inside = said.json()["ia::result"]["ia::error"]
    assert (said.status_code, inside["errorId"]) == (400, "REST-1106")
    assert inside["additionalInfo"]["placeholders"] == {"FIELD": field, "OBJECT": INVOICE, "VERSION": "v1"}


@pytest.mark.parametrize(
    "body",
    [
        {"fields": ["*"]},
        {"fields": ["nonsense"]},
        {"fields": ["customer.nonsense"]},
        {"fields": ["lines.txnAmount"]},
        {"fields": []},
        {"object": "accounts-receivable/nonsense"},
        {"filters": [{"$near": {"state": "paid"}}]},
        {"filters": [{"field": "state", "operator": "$eq", "value": "paid"}]},
        {"filters": [{"$eq": {"href": "/x"}}]},
        {"filters": [{"$gt": {"totalTxnAmount": "much"}}]},
        {"filters": [{"$eq": {"state": "paid"}}], "filterExpression": "1 and 2"},
        {"filters": [{"$eq": {"state": "paid"}}], "filterExpression": "(1"},
        {"orderBy": [{"href": "asc"}]},
        {"orderBy": [{"key": "sideways"}]},
        {"start": 0},
        {"size": 0},
        {"nonsense": 1},
    ],
)
def test_what_cannot_be_understood_is_refused_in_the_plain_shape(reader: Reader, body: dict[str, Any]) -> None:
    said = reader.ask("POST", "/services/core/query", json={"object": INVOICE, "fields": ["key"]} | body)
    assert said.status_code == 400
    assert said.json()["ia::error"]["code"] == "invalidRequest"
    assert said.json()["ia::meta"] == {"totalCount": 1, "totalSuccess": 0, "totalError": 1}


def test_either_shape_of_an_error_may_be_the_only_one(company_with: Any) -> None:
    for shape, key in (("plain", "ia::error"), ("nested", "ia::result")):
        with company_with(error_shape=shape) as server:
            reader = Reader(server)
            for field in ("action", "nonsense"):
                assert key in reader.query(INVOICE, field).json()


def test_empty_parts_of_a_query_are_no_mistake_and_broken_json_is_one(reader: Reader) -> None:
    empty = {"filters": [], "filterExpression": None, "orderBy": [], "filterParameters": {}, "start": 1, "size": 2000}
    assert reader.query(INVOICE, "key", **empty).status_code == 200
    assert reader.ask("POST", "/services/core/query", data="{").status_code == 400
    assert reader.ask("POST", "/services/core/query", data=" " * 1_000_001).status_code == 413
    assert reader.ask("GET", "/nonsense").status_code == 404
    assert reader.ask("DELETE", f"/objects/{INVOICE}/1").status_code == 405


def test_the_model_tells_fields_references_and_what_is_only_written(reader: Reader) -> None:
    said = reader.ask("GET", "/services/core/model", params={"name": INVOICE, "schema": "true"}).json()["ia::result"]
    assert said["fields"]["dueDate"]["format"] == "date" and said["fields"]["action"]["writeOnly"] is True
    assert said["groups"]["audit"]["fields"]["createdDateTime"]["format"] == "date-time"
    assert said["groups"]["currency"]["groups"]["exchangeRate"]["fields"]["rate"]["type"] == "number"
    assert said["refs"]["customer"]["apiObject"] == CUSTOMER and said["lists"] == [
        {"lines": {"apiObject": "accounts-receivable/invoice-line"}}
    ]
    assert reader.ask("GET", "/services/core/model", params={"name": "nonsense"}).status_code == 400


def test_a_list_names_keys_only_and_a_detail_every_kind_of_reference(reader: Reader) -> None:
    said = reader.ask("GET", f"/objects/{INVOICE}").json()
    assert set(said["ia::result"][0]) == {"key", "id", "href"}
    detail = reader.one(DETAIL, reader.rows(DETAIL, "key")[0]["key"])
    names = ("arInvoice", "positiveAdjustment", "inlineTxn", "arAdvance", "postedAdvance", "arPostedOverPayment",
             "negativeInvoice", "arAdjustment", "arPayment")  # fmt: skip
    assert all(set(detail[name]) == {"key", "id"} for name in names)
