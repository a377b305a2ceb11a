"""The merge rules of a load, each alone, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.errors import ContractError
from tests.warehouse.batches import NOW, Batch, rows

Read = Callable[..., Batch]
LATER = NOW + timedelta(days=1)


def invoice(read: Read, number: int = 1, parts: int = 2, **values: object) -> Batch:
    """Return a read of one invoice with its installments."""
    key = f"inv:{number}"
    batch = read("invoices").row("invoices", key, customer_external_id="party:1", **values)
    for part in range(1, parts + 1):
        batch.child("installments", f"{key}:{part}", key, invoice_external_id=key, sequence=part)
    return batch


def test_new_rows_are_inserted_with_identity_and_bookkeeping(engine: Engine, read: Read) -> None:
    summary = invoice(read, exchange_rate="1.50", custom_fields='{"b":1,"a":"é"}').load(engine, run_id="night-1")
    assert summary.inserted == {"invoices": 1, "installments": 2}
    assert summary.updated == summary.deleted == {}
    assert summary.data_version == 1
    row = rows(engine, "invoices")["inv:1"]
    assert len(row["record_id"]) == 36
    assert (row["first_seen_at"], row["synced_at"], row["run_id"]) == (NOW, NOW, "night-1")
    assert row["exchange_rate"] == Decimal("1.5")
    assert row["custom_fields"] == {"a": "é", "b": 1}


def test_a_reload_without_news_writes_nothing(engine: Engine, read: Read) -> None:
    invoice(read, exchange_rate="1.50", custom_fields='{"a":1}').load(engine)
    before = rows(engine, "invoices"), rows(engine, "installments")
    again = invoice(read, exchange_rate="1.5", custom_fields='{"a":1}').load(engine, now=LATER, run_id="night-2")
    assert (again.inserted, again.updated, again.deleted) == ({}, {}, {})
    assert again.data_version == 1
    assert (rows(engine, "invoices"), rows(engine, "installments")) == before


def test_only_rows_that_differ_are_written(engine: Engine, read: Read) -> None:
    invoice(read, 1).load(engine)
    batch = invoice(read, 1, title="now with a title")
    batch.row("invoices", "inv:2", customer_external_id="party:1")
    summary = batch.load(engine, now=LATER, run_id="night-2")
    assert (summary.inserted, summary.updated, summary.deleted) == ({"invoices": 1}, {"invoices": 1}, {})
    row = rows(engine, "invoices")["inv:1"]
    assert (row["first_seen_at"], row["synced_at"], row["run_id"]) == (NOW, LATER, "night-2")
    assert rows(engine, "installments")["inv:1:1"]["run_id"] == "run-1"


def test_a_value_that_becomes_null_is_a_difference(engine: Engine, read: Read) -> None:
    invoice(read, title="a title").load(engine)
    assert invoice(read, title=None).load(engine).updated == {"invoices": 1}
    assert rows(engine, "invoices")["inv:1"]["title"] is None


@pytest.mark.parametrize("files", [1, 2])
def test_the_latest_reading_of_a_key_wins(engine: Engine, read: Read, files: int) -> None:
    batch = invoice(read, title="first").row("invoices", "inv:1", customer_external_id="party:1", title="second")
    assert batch.load(engine, files=files).inserted == {"invoices": 1, "installments": 2}
    assert rows(engine, "invoices")["inv:1"]["title"] == "second"


def test_a_reread_record_replaces_exactly_its_own_children(engine: Engine, read: Read) -> None:
    invoice(read, 1, parts=3).load(engine)
    invoice(read, 2, parts=2).load(engine)
    summary = invoice(read, 1, parts=2).load(engine, now=LATER)
    assert summary.deleted == {"installments": 1}
    everything = rows(engine, "installments", live=False)
    assert [key for key, row in everything.items() if row["deleted_at"]] == ["inv:1:3"]
    assert everything["inv:1:3"]["deleted_at"] == LATER


def test_a_child_that_comes_back_lives_again(engine: Engine, read: Read) -> None:
    for parts in (2, 1, 2):
        summary = invoice(read, parts=parts).load(engine)
    assert (summary.inserted, summary.updated) == ({}, {"installments": 1})
    assert len(rows(engine, "installments")) == 2


def test_children_that_another_stream_lists_stay(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").child(
        "contacts", "party:1/a", "party:1", customer_external_id="party:1"
    ).load(engine)
    read("people").record("salesforce/Account:1").child(
        "contacts", "salesforce/Contact:1", "salesforce/Account:1", customer_external_id="party:1", source="salesforce"
    ).load(engine)
    assert read("customers").row("customers", "party:1").load(engine).deleted == {"contacts": 1}
    assert set(rows(engine, "contacts")) == {"salesforce/Contact:1"}


def test_a_document_may_change_its_table(engine: Engine, read: Read) -> None:
    invoice(read, 1, parts=1).load(engine)
    summary = read("invoices").row("credit_notes", "inv:1", customer_external_id="party:1").load(engine)
    assert summary.inserted == {"credit_notes": 1}
    assert summary.deleted == {"invoices": 1, "installments": 1}
    assert not rows(engine, "invoices")


def test_a_record_that_yields_nothing_any_more_leaves_nothing(engine: Engine, read: Read) -> None:
    invoice(read).load(engine)
    assert read("invoices").record("inv:1").load(engine).deleted == {"invoices": 1, "installments": 2}


def test_the_lines_of_a_record_are_replaced_as_a_set(engine: Engine, read: Read) -> None:
    def journal(*lines: int) -> Batch:
        batch = read("journals").record("journal:7")
        for line in lines:
            batch.row("payments", f"journal:7:{line}", customer_external_id="party:1", unapplied_amount=5)
        return batch

    journal(1, 2, 3).load(engine)
    read("journals").row("payments", "journal:70", customer_external_id="party:1").load(engine)
    summary = journal(1, 4).load(engine)
    assert (summary.inserted, summary.deleted) == ({"payments": 1}, {"payments": 2})
    assert set(rows(engine, "payments")) == {"journal:7:1", "journal:7:4", "journal:70"}
    assert warehouse.open_keys(engine, "acme", ("journal",)) == ["journal:7"]
    assert read("journals").load(engine, deleted=["journal:7"]).deleted == {"payments": 2}
    assert set(rows(engine, "payments")) == {"journal:70"}


def test_keys_that_are_gone_take_their_rows_and_digests_along(engine: Engine, read: Read) -> None:
    invoice(read, 1).load(engine)
    invoice(read, 2).load(engine)
    summary = read("invoices").load(engine, now=LATER, deleted=["inv:1", "inv:unknown"])
    assert summary.deleted == {"invoices": 1, "installments": 2}
    assert rows(engine, "invoices", live=False)["inv:1"]["deleted_at"] == LATER
    assert set(warehouse.digests(engine, "acme", "invoices")) == {"inv:2"}


def test_a_key_that_was_read_and_reported_gone_was_there(engine: Engine, read: Read) -> None:
    assert invoice(read).load(engine, deleted=["inv:1"]).inserted == {"invoices": 1, "installments": 2}


def test_a_deleted_row_comes_back_as_it_was(engine: Engine, read: Read) -> None:
    invoice(read).load(engine)
    before = rows(engine, "invoices")["inv:1"]
    read("invoices").load(engine, deleted=["inv:1"])
    summary = invoice(read).load(engine, now=LATER)
    assert summary.updated == {"invoices": 1, "installments": 2}
    after = rows(engine, "invoices")["inv:1"]
    assert (after["record_id"], after["first_seen_at"]) == (before["record_id"], before["first_seen_at"])


def test_equal_ids_in_every_record_type_never_collide(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").child(
        "contacts", "address:1", "party:1", customer_external_id="party:1"
    ).load(engine)
    documents = read("documents")
    for table in ("invoices", "credit_notes", "payments", "refunds"):
        documents.row(table, f"{table}:1", customer_external_id="party:1")
    documents.child("installments", "line:1", "invoices:1", invoice_external_id="invoices:1")
    documents.child("allocations", "allocation:1", "payments:1", target_external_id="invoices:1")
    documents.load(engine)
    tables = ("customers", "contacts", "invoices", "credit_notes", "payments", "refunds", "installments", "allocations")
    found = [row for table in tables for row in rows(engine, table).values()]
    assert len(found) == 8
    assert len({row["record_id"] for row in found if "record_id" in row}) == 6
    assert documents.load(engine).written == 0


def test_equal_keys_of_two_organizations_are_two_records(engine: Engine, read: Read) -> None:
    ids = set()
    for organization in ("acme", "beta"):
        read("customers", organization).row("customers", "party:1").load(engine)
        ids.add(rows(engine, "customers", organization)["party:1"]["record_id"])
    read("customers", "beta").load(engine, deleted=["party:1"])
    assert len(ids) == 2
    assert set(rows(engine, "customers", "acme")) == {"party:1"}


def test_text_that_postgresql_cannot_hold_does_not_block_the_good_rows(engine: Engine, read: Read) -> None:
    invoice(read, title="a\0b", custom_fields=r'{"a":"x\u0000y","b":"\\u0000"}').load(engine)
    row = rows(engine, "invoices")["inv:1"]
    assert row["title"] == "ab"
    assert row["custom_fields"] == {"a": "xy", "b": "\\u0000"}


def test_text_arrives_as_it_is(engine: Engine, read: Read) -> None:
    texts = ["", '"', 'a "quoted", text', "two\nlines\r\n", "\\N", "NULL", "äöü €", "\\.", " ", "a\tb", "𝄞"]
    batch = read("invoices")
    for number, text in enumerate(texts):
        batch.row("invoices", f"inv:{number}", customer_external_id="party:1", title=text)
    batch.load(engine)
    assert [rows(engine, "invoices")[f"inv:{number}"]["title"] for number in range(len(texts))] == texts


def test_a_row_of_no_record_is_refused(engine: Engine, read: Read) -> None:
    batch = read("invoices").child("installments", "inv:9:1", "inv:9", invoice_external_id="inv:9")
    with pytest.raises(ContractError, match=r"1 rows of installments belong to no record .* inv:9:1"):
        batch.load(engine)


def test_a_missing_column_is_refused_by_name(engine: Engine, read: Read) -> None:
    import pyarrow.parquet as pq

    manifest = invoice(read).manifest()
    path = manifest.tables["invoices"][0].removeprefix("file://")
    pq.write_table(pq.read_table(path).drop_columns(["title"]), path)
    with pytest.raises(ContractError, match="lacks title"):
        warehouse.load(engine, manifest, NOW)
