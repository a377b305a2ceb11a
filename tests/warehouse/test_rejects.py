"""Rejects: kept beside the rows, gone when the record loads, never stronger than a newer row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import Engine

from include import warehouse
from tests.warehouse.batches import NOW, Batch, rows

Read = Callable[..., Batch]
LATER = NOW + timedelta(days=1)


def rejects(engine: Engine) -> dict[str, dict[str, object]]:
    return rows(engine, "rejected_records")


def test_a_reject_is_kept_with_what_a_person_needs(engine: Engine, read: Read) -> None:
    batch = read("invoices").row("invoices", "inv:1", customer_external_id="party:1")
    batch.reject("inv:2", at=NOW, number="R-2", customer_external_id="party:1", currency="XXQ", amount="12.340",
                 column_name="currency", raw='{"id": 2, "nul": "\\u0000"}')  # fmt: skip
    assert batch.load(engine, run_id="night-1").rejected == 1
    reject = rejects(engine)["inv:2"]
    assert (reject["number"], reject["amount"], reject["is_open"]) == ("R-2", Decimal("12.34"), True)
    assert (reject["first_seen_at"], reject["last_seen_at"], reject["run_id"]) == (NOW, NOW, "night-1")
    assert reject["source_updated_at"] == NOW
    assert set(rows(engine, "invoices")) == {"inv:1"}
    assert set(warehouse.digests(engine, "acme", "invoices")) == {"inv:1", "inv:2"}


def test_a_reject_leaves_the_good_row_of_its_record_alone(engine: Engine, read: Read) -> None:
    read("invoices").row("invoices", "inv:1", customer_external_id="party:1").child(
        "installments", "inv:1:1", "inv:1", invoice_external_id="inv:1"
    ).load(engine)
    summary = read("invoices").reject("inv:1").load(engine)
    assert summary.written == 0
    assert set(rows(engine, "invoices")) == {"inv:1"}
    assert set(rows(engine, "installments")) == {"inv:1:1"}


def test_a_reject_seen_again_keeps_its_first_sight(engine: Engine, read: Read) -> None:
    read("invoices").reject("inv:1", reason="unknown_currency").load(engine, now=NOW)
    read("invoices").reject("inv:1", reason="impossible_amount").load(engine, now=LATER, run_id="night-2")
    reject = rejects(engine)["inv:1"]
    assert (reject["reason"], reject["run_id"]) == ("impossible_amount", "night-2")
    assert (reject["first_seen_at"], reject["last_seen_at"]) == (NOW, LATER)


def test_a_reject_disappears_when_its_record_loads(engine: Engine, read: Read) -> None:
    read("invoices").reject("inv:1").reject("inv:2").load(engine)
    summary = read("invoices").row("invoices", "inv:1", customer_external_id="party:1").load(engine)
    assert summary.data_version == 2
    assert set(rejects(engine)) == {"inv:2"}


def test_a_reject_disappears_when_its_record_is_gone(engine: Engine, read: Read) -> None:
    read("invoices").reject("inv:1").load(engine)
    summary = read("invoices").load(engine, deleted=["inv:1"])
    assert (summary.deleted, summary.data_version) == ({}, 2)
    assert not rejects(engine)
    assert warehouse.digests(engine, "acme", "invoices") == {}


def test_a_reject_without_a_key_of_its_own_is_kept(engine: Engine, read: Read) -> None:
    batch = read("invoices").reject("inv:?4711")
    batch.records.clear()
    batch.load(engine)
    assert set(rejects(engine)) == {"inv:?4711"}


def test_rejected_first_and_read_well_later_in_one_batch_is_no_reject(engine: Engine, read: Read) -> None:
    batch = read("invoices").reject("inv:1").record("inv:1")
    batch.row("invoices", "inv:1", customer_external_id="party:1").load(engine)
    assert not rejects(engine)
    assert set(rows(engine, "invoices")) == {"inv:1"}


def test_read_well_first_and_rejected_later_in_one_batch_is_a_reject(engine: Engine, read: Read) -> None:
    batch = read("invoices").row("invoices", "inv:1", customer_external_id="party:1")
    batch.child("installments", "inv:1:1", "inv:1", invoice_external_id="inv:1")
    assert batch.reject("inv:1").load(engine).written == 0
    assert set(rejects(engine)) == {"inv:1"}


def test_an_older_version_of_a_reject_does_not_overwrite_the_newer(engine: Engine, read: Read) -> None:
    read("invoices").reject("inv:1", at=LATER, number="new").load(engine)
    read("invoices").reject("inv:1", at=NOW, number="old").load(engine)
    assert rejects(engine)["inv:1"]["number"] == "new"


def test_a_reject_tried_again_never_overwrites_a_newer_row(engine: Engine, read: Read) -> None:
    def version(at: object, parts: int) -> Batch:
        batch = read("invoices").row(
            "invoices", "inv:1", customer_external_id="party:1", source_updated_at=at, title=f"{parts} parts"
        )
        for part in range(parts):
            batch.child("installments", f"inv:1:{part}", "inv:1", invoice_external_id="inv:1", sequence=part)
        return batch

    version(LATER, 2).load(engine)
    assert version(NOW, 1).load(engine, kind="repair").written == 0
    assert read("invoices").reject("inv:1", at=NOW).load(engine, kind="repair").rejected == 0
    assert not rejects(engine)
    assert rows(engine, "invoices")["inv:1"]["title"] == "2 parts"
    assert version(LATER + timedelta(hours=1), 3).load(engine, kind="repair").written == 2


def test_rejects_of_other_streams_and_organizations_stay(engine: Engine, read: Read) -> None:
    for organization in ("acme", "beta"):
        read("invoices", organization).reject("inv:1").load(engine)
    read("payments").reject("inv:1").load(engine)
    read("invoices").record("inv:1").load(engine)
    table = warehouse.table("rejected_records")
    with engine.connect() as connection:
        left = connection.execute(table.select()).mappings().all()
    assert {(row["organization_id"], row["stream"]) for row in left} == {("beta", "invoices"), ("acme", "payments")}
