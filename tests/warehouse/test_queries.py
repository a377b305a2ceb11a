"""What the warehouse answers before the source is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from include import warehouse
from tests.warehouse.batches import NOW, Batch

Read = Callable[..., Batch]


def test_digests_of_some_or_all_records_of_a_stream(engine: Engine, read: Read) -> None:
    batch = read("invoices")
    for number in range(1_200):
        batch.record(f"inv:{number}", digest=f"digest-{number}")
    batch.load(engine)
    read("payments").record("pay:1", digest="other").load(engine)
    read("invoices", "beta").record("inv:1", digest="foreign").load(engine)
    assert warehouse.digests(engine, "acme", "invoices", ["inv:1", "inv:nobody"]) == {"inv:1": "digest-1"}
    assert warehouse.digests(engine, "acme", "invoices", []) == {}
    everything = warehouse.digests(engine, "acme", "invoices")
    assert len(everything) == 1_200
    assert warehouse.digests(engine, "acme", "invoices", [*everything, "inv:nobody"]) == everything
    read("invoices").record("inv:1", digest="changed").load(engine)
    assert warehouse.digests(engine, "acme", "invoices", ["inv:1"]) == {"inv:1": "changed"}


def documents(read: Read) -> Batch:
    return (
        read("documents")
        .row("invoices", "inv:1", customer_external_id="party:1")
        .row("credit_notes", "note:1", customer_external_id="party:2", original_document_external_id="inv:7")
        .row("payments", "pay:1", customer_external_id="party:3")
        .child("allocations", "a1", "pay:1", source_type="payment", source_external_id="pay:1",
               target_external_id="inv:1")
        .child("allocations", "a2", "pay:1", source_type="credit_note", source_external_id="note:8",
               target_type="invoice", target_external_id="inv:9")
    )  # fmt: skip


def test_missing_references_are_what_live_rows_point_at(engine: Engine, read: Read) -> None:
    documents(read).load(engine)
    read("customers").row("customers", "party:1", parent_external_id="party:9").load(engine)
    read("customers", "beta").row("customers", "party:2").load(engine)
    assert warehouse.missing_references(engine, "acme") == [
        "inv:7", "inv:9", "note:8", "party:2", "party:3", "party:9",
    ]  # fmt: skip
    assert warehouse.missing_references(engine, "beta") == []


def test_a_deleted_target_is_missing_and_a_rejected_one_is_known(engine: Engine, read: Read) -> None:
    documents(read).load(engine)
    read("customers").row("customers", "party:1").load(engine)
    read("customers").load(engine, deleted=["party:1"])
    read("customers").reject("party:2").reject("party:3").load(engine)
    assert warehouse.missing_references(engine, "acme") == ["inv:7", "inv:9", "note:8", "party:1"]


def test_the_same_id_in_another_table_is_no_target(engine: Engine, read: Read) -> None:
    batch = read("documents").row("payments", "x:1", customer_external_id="party:1")
    batch.child("allocations", "a1", "x:1", target_type="invoice", target_external_id="x:1").load(engine)
    assert warehouse.missing_references(engine, "acme") == ["party:1", "x:1"]


STANDING: list[tuple[str, dict[str, Any], bool]] = [
    ("invoices", {"status": "open", "outstanding_amount": 0}, True),
    ("invoices", {"status": "draft", "outstanding_amount": 0}, True),
    ("invoices", {"status": "pending_approval", "outstanding_amount": 0}, True),
    ("invoices", {"status": "paid", "outstanding_amount": 0}, False),
    ("invoices", {"status": "paid", "outstanding_amount": 5}, True),
    ("credit_notes", {"status": "paid", "unapplied_amount": 0}, False),
    ("credit_notes", {"status": "paid", "unapplied_amount": 5}, True),
    ("payments", {"unapplied_amount": 0}, False),
    ("payments", {"unapplied_amount": -5}, True),
    ("payments", {"unapplied_amount": 0, "status": "pending"}, True),
    ("refunds", {"unapplied_amount": 5}, True),
]
"""Table, what a row of it says, and whether its record is read again until it is settled."""


def test_open_keys_are_those_with_a_rest_or_unfinished(engine: Engine, read: Read) -> None:
    batch = read("documents")
    for number, (table, values, _) in enumerate(STANDING):
        batch.row(table, f"kind:{number:02d}", customer_external_id="party:1", **values)
    batch.load(engine)
    expected = [f"kind:{number:02d}" for number, (_, _, is_open) in enumerate(STANDING) if is_open]
    assert warehouse.open_keys(engine, "acme", ("kind", "other")) == expected


def test_open_keys_are_those_of_the_stream_alive(engine: Engine, read: Read) -> None:
    batch = read("documents")
    for key in ("kind_a:2", "kind_a:1", "kind_ab:1", "kindXa:1", "Kind_a:1", "kind_a:3"):
        batch.row("invoices", key, customer_external_id="party:1")
    batch.load(engine)
    read("documents").load(engine, deleted=["kind_a:3"])
    assert warehouse.open_keys(engine, "acme", ("kind_a",)) == ["kind_a:1", "kind_a:2"]
    assert warehouse.open_keys(engine, "acme", ()) == []
    assert warehouse.open_keys(engine, "beta", ("kind_a",)) == []


def test_a_load_after_the_comparison_makes_it_speak_of_other_rows(engine: Engine, read: Read) -> None:
    """Clearing an older run's validate would judge today's rows by that day's figures."""
    documents(read).load(engine, run_id="night-1")
    since = warehouse.loaded_since_reconcile
    assert not since(engine, "acme", "night-1"), "not reconciled at all is for the checks to say"
    warehouse.store_reconciliation(engine, "acme", "night-1", NOW.date(), [], 1, NOW + timedelta(minutes=1))
    assert not since(engine, "acme", "night-1")
    read("customers", "beta").row("customers", "party:1").load(engine, now=NOW + timedelta(days=1))
    assert not since(engine, "acme", "night-1"), "another organization's"
    read("customers").row("customers", "party:1").load(engine, now=NOW + timedelta(days=1), run_id="night-2")
    assert since(engine, "acme", "night-1")
