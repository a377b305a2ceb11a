"""Normalize: a value that cannot be rejects exactly its record, with a reason and a sentence; the others stay."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include import model, staging
from include.connectors.base import Item, Page, Stream, Window
from include.connectors.normalized import Normalized, Reject
from include.normalize import PAGES_PER_FILE, filled_columns, normalize
from include.normalized_files import REJECT_COLUMNS
from include.values import SENTENCES

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
INVOICES = Stream("invoices", ("invoice",), {"invoices": None, "installments": "invoices"}, cursor="changed")
CUSTOMERS = Stream("customers", ("party",), {"customers": None, "contacts": "customers"}, cursor="changed")


class Plain:
    """A connector whose records are already rows: `row` of its own table and `children` per table."""

    name: ClassVar[str] = "plain"
    streams: ClassVar[tuple[Stream, ...]] = (INVOICES, CUSTOMERS)

    @classmethod
    def stream(cls, name: str) -> Stream:
        return next(stream for stream in cls.streams if stream.name == name)

    def decode(self, stream: Stream, body: bytes) -> list[Any]:
        return RECORDS[body]

    def whole(self, stream: Stream, body: bytes) -> list[Any]:
        return self.decode(stream, body)

    def unknown_fields(self, stream: Stream, body: bytes, records: Sequence[Any]) -> set[str]:
        return set()

    def normalize(self, stream: Stream, records: Sequence[Any]) -> Normalized:
        said = Normalized.of(stream)
        for record in records:
            if "reject" in record:
                told = {name: record[name] for name in ("number", "customer", "currency") if name in record}
                said.rejects.append(
                    Reject(record["reject"], stream.name, "unmapped", "no mapping", is_open=True, **told)
                )
                continue
            said.add(stream.name, record["row"])
            for table, rows in record.get("children", {}).items():
                for row in rows:
                    said.add(table, row)
        return said


RECORDS: dict[bytes, list[Any]] = {}
"""What each staged body stands for, so that values no JSON could hold reach normalize."""


def invoice(ident: int, parts: int = 2, **values: Any) -> dict[str, Any]:
    key = f"invoice:{ident}"
    row = {
        "external_id": key, "source_document_type": "out", "customer_external_id": "party:1", "number": f"R-{ident}",
        "currency": "EUR", "gross_amount": Decimal("119.00"), "outstanding_amount": Decimal("19.00"),
        "status": "open", "source_status": "posted", "due_date": date(2026, 4, 1), "exchange_rate": Decimal("1.2345"),
        "custom_fields": {"b": 1, "a": ["ä", Decimal("1.5")]}, "source_updated_at": NOW, "is_sent": True,
    }  # fmt: skip
    part = {
        "invoice_external_id": key, "currency": "EUR", "amount": Decimal("59.50"),
        "outstanding_amount": Decimal("9.50"), "is_derived": False,
        "parent_stream": "invoices", "parent_external_id": key,
    }  # fmt: skip
    plan = [{**part, "external_id": f"{key}:{n}", "sequence": n} for n in range(1, parts + 1)]
    return {"row": {**row, **values}, "children": {"installments": plan}}


def customer(number: int, **values: Any) -> dict[str, Any]:
    return {"row": {"external_id": f"party:{number}", "name": "Ada", "is_active": True, **values}}


class Result:
    """The files that normalize wrote."""

    def __init__(self, manifest: staging.Manifest) -> None:
        self.manifest = manifest
        self.rejects = _rows([manifest.rejects])
        self.records = _rows(manifest.records)

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        return {row["external_id"]: row for row in _rows(self.manifest.tables[table])}


def _rows(addresses: Sequence[str]) -> list[dict[str, Any]]:
    return [row for a in addresses for row in pq.read_table(io.BytesIO(staging.read_bytes(a))).to_pylist()]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Normalize pages of records: `run([record, …], [record, …])`."""
    monkeypatch.setenv("GREENLIGHT_STAGING", f"file://{tmp_path}/staging")

    def normalized(*pages: list[Any], stream: str = "invoices") -> Result:
        folder = staging.Folder("acme", stream, "run", 1)
        folder.bind(Window(history_from=date(2024, 1, 1)))
        addresses = []
        for number, records in enumerate(pages, 1):
            body = f"page {number}".encode()
            RECORDS[body] = records
            keys = [r.get("key") or r.get("reject") or r["row"]["external_id"] for r in records]
            items = tuple(Item(key, f"digest of {key}", NOW) for key in keys)
            addresses.append(folder.write_page(number, Page(body, items, str(number), NOW), resumable=True))
        manifest = staging.Manifest(folder.manifest_address, "acme", stream, "run", 0, pages=addresses)
        manifest.write()
        done = normalize(Plain(), manifest)  # type: ignore[arg-type]
        assert staging.Manifest.read(done.normalized_address) == done
        return Result(done)

    yield normalized
    RECORDS.clear()


BAD: list[tuple[str, Any, str]] = [
    ("gross_amount", None, "missing_value"),
    ("gross_amount", "", "missing_value"),
    ("gross_amount", Decimal("1.005"), "impossible_amount"),
    ("gross_amount", Decimal("NaN"), "impossible_amount"),
    ("gross_amount", Decimal("Infinity"), "impossible_amount"),
    ("gross_amount", Decimal(10) ** 30, "impossible_amount"),
    ("gross_amount", 119.0, "impossible_amount"),
    ("gross_amount", "119.00", "impossible_amount"),
    ("net_amount", 100, "impossible_amount"),
    ("currency", "EURO", "unknown_currency"),
    ("currency", "XAU", "unknown_currency"),
    ("currency", 978, "unknown_currency"),
    ("base_currency", "???", "unknown_currency"),
    ("base_gross_amount", Decimal("1.00"), "unknown_currency"),
    ("exchange_rate", 1.2345, "impossible_amount"),
    ("exchange_rate", Decimal("NaN"), "impossible_amount"),
    ("exchange_rate", Decimal("1E+999999999"), "impossible_amount"),
    ("exchange_rate", Decimal("1E-999999999"), "impossible_amount"),
    ("outstanding_amount", Decimal("1E+999999999"), "impossible_amount"),
    ("currency", ["EUR"], "unknown_currency"),
    ("number", "7" * 501, "too_long"),
    ("customer_external_id", f"party:{'7' * 500}", "too_long"),
    ("custom_fields", {1: "a", "b": 2}, "impossible_text"),
    ("due_date", "2026-04-01", "impossible_date"),
    ("due_date", NOW, "impossible_date"),
    ("source_updated_at", datetime(2026, 3, 10), "naive_timestamp"),  # noqa: DTZ001
    ("source_updated_at", "2026-03-10T00:00:00Z", "naive_timestamp"),
    ("customer_external_id", "1", "malformed_key"),
    ("customer_external_id", "party:", "malformed_key"),
    ("customer_external_id", 1, "malformed_key"),
    ("customer_external_id", None, "missing_value"),
    ("status", "half paid", "unknown_value"),
    ("status", ["open"], "unknown_value"),
    ("number", 4711, "changed_type"),
    ("number", "R-\ud800", "impossible_text"),
    ("custom_fields", {"a": "\ud800"}, "impossible_text"),
    ("custom_fields", {"a": float("nan")}, "impossible_text"),
    ("customer_external_id", "party:\ud800", "impossible_text"),
    ("source_updated_at", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))), "impossible_date"),
    ("gross_amount", Decimal("1E+999999"), "impossible_amount"),
    ("gross_amount", Decimal("1.0000000000000000000000000000000001"), "impossible_amount"),
    ("is_sent", 1, "changed_type"),
    ("is_sent", "true", "changed_type"),
]


@pytest.mark.parametrize(("column", "value", "reason"), BAD, ids=lambda v: str(v)[:24])
def test_a_bad_value_rejects_its_record_and_no_neighbour(
    run: Callable[..., Result], column: str, value: Any, reason: str
) -> None:
    result = run([invoice(1), invoice(2, **{column: value}), invoice(3)], [invoice(4)])
    assert result.rows("invoices").keys() == {"invoice:1", "invoice:3", "invoice:4"}
    assert {row["parent_external_id"] for row in result.rows("installments").values()} == {
        "invoice:1", "invoice:3", "invoice:4"
    }  # fmt: skip
    (reject,) = result.rejects
    assert (reject["external_id"], reject["table_name"], reject["is_open"]) == ("invoice:2", "invoices", True)
    assert reject["reason"] == reason or column == "currency"
    assert reject["message"] == SENTENCES[reason].format(column=reject["column_name"])
    assert column in (reject["column_name"], "currency")
    assert result.manifest.reject_count == 1
    assert {r["external_id"]: r["status"] for r in result.records} == {
        "invoice:1": "ok", "invoice:2": "rejected", "invoice:3": "ok", "invoice:4": "ok"
    }  # fmt: skip


@pytest.mark.parametrize(("value", "reason"), [("Germany", "malformed_country"), ("de", "malformed_country")])
def test_a_country_is_two_capital_letters(run: Callable[..., Result], value: str, reason: str) -> None:
    result = run([customer(1), customer(2, address_country=value)], stream="customers")
    assert result.rows("customers").keys() == {"party:1"}
    assert [r["reason"] for r in result.rejects] == [reason]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("sequence", 2**31, "impossible_number"),
        ("sequence", "1", "changed_type"),
        ("sequence", True, "changed_type"),
        ("amount", Decimal("0.001"), "impossible_amount"),
        ("external_id", "part", "malformed_key"),
    ],
)
def test_a_childs_bad_value_rejects_the_record_that_lists_it_whole(
    run: Callable[..., Result], column: str, value: Any, reason: str
) -> None:
    bad = invoice(2)
    bad["children"]["installments"][1][column] = value
    result = run([invoice(1), bad])
    assert result.rows("invoices").keys() == {"invoice:1"}
    assert result.rows("installments").keys() == {"invoice:1:1", "invoice:1:2"}
    (reject,) = result.rejects
    assert (reject["external_id"], reject["table_name"], reject["reason"]) == ("invoice:2", "invoices", reason)
    assert (reject["column_name"], reject["number"]) == (f"installments.{column}", "R-2"), "found in the source by it"


@pytest.mark.parametrize(("status", "is_open"), [("open", True), ("paid", False)])
def test_a_childs_bad_value_blocks_only_if_its_document_is_open(
    run: Callable[..., Result], status: str, is_open: bool
) -> None:
    bad = invoice(2, status=status)
    bad["children"]["installments"][1]["sequence"] = "two"
    (reject,) = run([bad]).rejects
    assert (reject["is_open"], reject["amount"]) == (is_open, "19.00")


def test_a_record_whose_id_holds_colons_is_rejected_by_its_own_key(run: Callable[..., Result]) -> None:
    """Else its reject would never go again, and the index would say that it was read well and holds no row."""
    pages = [invoice("A:1"), invoice("A:2", status="?"), invoice("A:3")]  # type: ignore[arg-type]
    pages[2]["children"]["installments"][0]["sequence"] = "?"
    result = run(pages)
    assert result.rows("invoices").keys() == {"invoice:A:1"}
    assert [r["external_id"] for r in result.rejects] == ["invoice:A:2", "invoice:A:3"]
    assert [r["status"] for r in result.records] == ["ok", "rejected", "rejected"]


def test_a_record_that_stands_twice_on_a_page_counts_as_its_last_reading(run: Callable[..., Result]) -> None:
    result = run([invoice(1, parts=3), invoice(2), invoice(1, parts=1, title="later")])
    assert result.rows("invoices")["invoice:1"]["title"] == "later"
    assert [k for k in result.rows("installments") if k.startswith("invoice:1:")] == ["invoice:1:1"]
    result = run([invoice(1, status="?"), invoice(1)])
    assert result.rejects == [] and result.rows("invoices").keys() == {"invoice:1"}


def test_several_bad_values_of_a_record_are_one_reject(run: Callable[..., Result]) -> None:
    bad = invoice(2, status="?", due_date="soon", currency="EURO")
    bad["children"]["installments"][0]["sequence"] = None
    result = run([bad, invoice(3)])
    assert len(result.rejects) == result.manifest.reject_count == 1
    assert result.rows("invoices").keys() == {"invoice:3"}


def test_the_same_record_on_two_pages_counts_as_read_last(run: Callable[..., Result]) -> None:
    result = run([invoice(1, status="?")], [invoice(1)])
    assert result.rows("invoices").keys() == {"invoice:1"}
    assert result.records[-1]["status"] == "ok"
    assert result.rejects == []
    result = run([invoice(1)], [invoice(1, status="?")])
    assert len(result.rejects) == 1
    assert result.rows("invoices") == {}


def test_what_the_connector_could_not_map_is_kept_raw_and_its_neighbours_stay(run: Callable[..., Result]) -> None:
    record = {"reject": "invoice:2", "amount": "12,3O", "who": "Nuñez"}
    result = run([invoice(1), record])
    (reject,) = result.rejects
    assert (reject["external_id"], reject["reason"], reject["message"]) == ("invoice:2", "unmapped", "no mapping")
    assert json.loads(reject["raw"]) == record
    assert result.rows("invoices").keys() == {"invoice:1"}


def test_what_a_connector_tells_of_a_reject_may_be_any_text(run: Callable[..., Result]) -> None:
    half = "R-\ud800" + "7" * 5000
    (reject,) = run([{"reject": "invoice:2", "number": half, "customer": half, "currency": half}]).rejects
    assert {reject["number"], reject["customer_external_id"]} == {("R-\\ud800" + "7" * 5000)[:500]}
    assert reject["currency"] == "", "what is no code may be a person's"


def test_a_reject_keeps_its_raw_record_and_what_a_person_needs_and_nothing_personal(
    run: Callable[..., Result],
) -> None:
    bad = invoice(2, title="Nuñez", due_date="Nuñez")
    (reject,) = run([bad]).rejects
    assert json.loads(reject["raw"]) == json.loads(json.dumps(bad, default=str))
    assert reject == reject | {
        "number": "R-2", "customer_external_id": "party:1", "currency": "EUR", "amount": "19.00",
        "column_name": "due_date",
    }  # fmt: skip
    assert not any("Nuñez" in str(value) for name, value in reject.items() if name != "raw")
    assert tuple(reject) == REJECT_COLUMNS


@pytest.mark.parametrize(("status", "is_open"), [("open", True), ("draft", True), ("paid", False), ("voided", False)])
def test_a_reject_blocks_unless_its_record_is_surely_closed(
    run: Callable[..., Result], status: str, is_open: bool
) -> None:
    (reject,) = run([invoice(1, status=status, due_date="soon")]).rejects
    assert reject["is_open"] is is_open


def test_an_empty_page_and_no_page_are_well(run: Callable[..., Result]) -> None:
    for pages in ([[]], [], [[], [invoice(1)], []]):
        result = run(*pages)
        assert result.rejects == []
        assert len(result.records) == len(result.rows("invoices")) == sum(map(len, pages))


def test_the_files_types_are_the_models(run: Callable[..., Result]) -> None:
    kinds = {
        model.Kind.MONEY: pa.int64(), model.Kind.INTEGER: pa.int64(), model.Kind.FLAG: pa.bool_(),
        model.Kind.DATE: pa.date32(), model.Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    result = run([invoice(1)])
    for name in ("invoices", "installments"):
        (address,) = result.manifest.tables[name]
        schema = pq.read_schema(io.BytesIO(staging.read_bytes(address)))
        table = model.TABLES[name]
        assert {f.name: f.type for f in schema} == {
            c.name: kinds.get(c.kind, pa.string()) for c in filled_columns(table)
        }, name  # fmt: skip
        ours = {"record_id", *model.RECOMPUTED.get(name, ())}
        assert set(schema.names) == {"external_id", *(c.name for c in table.all_columns)} - ours


def test_values_are_exact(run: Callable[..., Result]) -> None:
    result = run([
        invoice(1, currency="JPY", gross_amount=Decimal(119), outstanding_amount=Decimal("1E+1")),
        invoice(2, currency="KWD", gross_amount=Decimal("1.234"), outstanding_amount=Decimal("0.001"), is_sent=None),
        invoice(3, gross_amount=Decimal("90071992547409.92"), outstanding_amount=Decimal("-0.00"), number=""),
    ])  # fmt: skip
    rows = result.rows("invoices")
    # Installments of the first two are in another currency's decimals; those records are about the document.
    assert result.rejects == []
    assert [(r["gross_amount"], r["outstanding_amount"]) for r in rows.values()] == [
        (119, 10), (1234, 1), (2**53, 0)
    ]  # fmt: skip
    first = rows["invoice:1"]
    assert (first["exchange_rate"], first["custom_fields"]) == ("1.2345", '{"a": ["ä", "1.5"], "b": 1}')
    assert (first["due_date"], first["source_updated_at"]) == (date(2026, 4, 1), NOW)
    assert rows["invoice:2"]["is_sent"] is None and rows["invoice:3"]["number"] is None


def test_many_pages_are_spread_over_files_without_losing_a_row(run: Callable[..., Result]) -> None:
    count = PAGES_PER_FILE * 2 + 3
    result = run(*([invoice(n)] for n in range(1, count + 1)))
    assert len(result.manifest.tables["invoices"]) == 3
    assert len(result.rows("invoices")) == count and len(result.rows("installments")) == 2 * count


def test_the_records_index_lists_what_was_read_with_its_digest(run: Callable[..., Result]) -> None:
    result = run([invoice(1), invoice(2, status="?")])
    assert result.records == [
        {"external_id": "invoice:1", "digest": "digest of invoice:1", "source_updated_at": NOW, "status": "ok"},
        {"external_id": "invoice:2", "digest": "digest of invoice:2", "source_updated_at": NOW, "status": "rejected"},
    ]
