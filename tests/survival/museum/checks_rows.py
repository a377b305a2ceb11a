"""Checks of what a load leaves in the warehouse: all of it, once, and nobody else's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.errors import ConfigurationError, StaleManifest
from include.warehouse import fence
from tests.conformance.sample import Sample
from tests.survival.museum.checks_reading import patched
from tests.survival.museum.room import Room
from tests.warehouse.batches import ACME, NOW, Batch, rows

LATER = NOW + timedelta(days=1)


def invoice(room: Room, key: str = "inv:1", organization_id: str = "acme", digest: str = "", **values: Any) -> Batch:
    """Return one read of one invoice with two installments."""
    batch = room.read("documents", organization_id)
    batch.record(key, digest=digest)
    batch.row("invoices", key, customer_external_id="party:1", number="R-1", **values)
    for part in ("1", "2"):
        batch.child("installments", f"{key}:{part}", key, invoice_external_id=key)
    return batch


def everything(engine: Engine, organization_id: str) -> dict[str, list[str]]:
    return {table: sorted(rows(engine, table, organization_id)) for table in ("invoices", "installments", "contacts")}


def an_installment_that_is_gone_from_its_invoice_is_gone(room: Room) -> None:
    invoice(room).load(room.engine)
    batch = invoice(room, digest="changed")
    del batch.rows["installments"][1]
    batch.load(room.engine, now=LATER)
    assert set(rows(room.engine, "installments")) == {"inv:1:1"}


def a_stream_leaves_the_children_of_another_one_alone(room: Room) -> None:
    for stream in ("customers", "people"):
        batch = room.read(stream).record("party:1", digest=stream)
        batch.child("contacts", f"{stream}/person:1", "party:1", customer_external_id="party:1").load(room.engine)
    assert set(rows(room.engine, "contacts")) == {"customers/person:1", "people/person:1"}


def of_two_readings_the_later_one_counts(room: Room) -> None:
    batch = invoice(room, title="first")
    batch.rows["invoices"].append({**batch.rows["invoices"][0], "title": "latest"})
    batch.load(room.engine, files=2)
    assert rows(room.engine, "invoices")["inv:1"]["title"] == "latest"


def of_two_pages_the_later_reading_counts(room: Room) -> None:
    """A record that changes while it is read comes twice: as it was, and as it is."""
    key = room.bill("O")
    with room.world.books() as books:
        for row in books.ledger["documents"]:
            row |= {"ttl": "before", "mod": room.world.now.isoformat()}
    whole = Sample.read_open

    def changed_meanwhile(*asked: Any) -> Any:
        room.change(key, ttl="after")
        return whole(*asked)

    with patched("read_open", changed_meanwhile):
        room.acme.load(room.acme.extract("invoices"))
    assert room.title(key) == "after"


def what_did_not_change_is_not_written(room: Room) -> None:
    invoice(room).load(room.engine)
    assert invoice(room, digest="read again").load(room.engine, now=LATER).written == 0


def a_value_where_there_was_none_is_written(room: Room) -> None:
    invoice(room).load(room.engine)
    invoice(room, digest="changed", purchase_order="PO-1").load(room.engine, now=LATER)
    assert rows(room.engine, "invoices")["inv:1"]["purchase_order"] == "PO-1"


def what_comes_back_after_its_deletion_is_alive(room: Room) -> None:
    invoice(room).load(room.engine)
    room.read().load(room.engine, now=LATER, deleted=["inv:1"])
    assert not rows(room.engine, "invoices")
    invoice(room).load(room.engine, now=LATER + timedelta(days=1))
    assert everything(room.engine, "acme") == {
        "invoices": ["inv:1"], "installments": ["inv:1:1", "inv:1:2"], "contacts": []
    }  # fmt: skip


def a_load_that_is_tried_again_has_succeeded(room: Room) -> None:
    manifest = invoice(room).manifest()
    first = warehouse.load(room.engine, manifest, NOW)
    again = warehouse.load(room.engine, manifest, LATER)
    assert (again.already_loaded, again.inserted) == (True, first.inserted)


def each_stream_of_a_run_is_loaded(room: Room) -> None:
    invoice(room).load(room.engine)
    room.read("customers").row("customers", "party:1").load(room.engine)
    assert set(rows(room.engine, "customers")) == {"party:1"}


def a_read_from_before_another_load_is_refused(room: Room) -> None:
    late = invoice(room, title="old").manifest(0, run_id="run-0")
    invoice(room, digest="new", title="new").load(room.engine)
    with pytest.raises(StaleManifest):
        warehouse.load(room.engine, late, LATER)
    assert rows(room.engine, "invoices")["inv:1"]["title"] == "new"


def a_load_that_fails_midway_moves_no_cursor(room: Room) -> None:
    manifest = invoice(room).manifest(cursor_after=NOW.isoformat())
    with pytest.MonkeyPatch.context() as patch:

        def cut(*_: Any) -> None:
            raise ConnectionError("the connection was cut")

        patch.setattr(fence, "record", cut)
        with pytest.raises(ConnectionError):
            warehouse.load(room.engine, manifest, NOW)
    state = warehouse.state(room.engine, "acme", "documents")
    assert (state.cursor, state.version, rows(room.engine, "invoices")) == (None, 0, {})
    assert warehouse.load(room.engine, manifest, LATER).inserted == {"invoices": 1, "installments": 2}


def a_reject_is_kept_and_counted(room: Room) -> None:
    before = _data_version(room)
    invoice(room).reject("inv:2").load(room.engine)
    assert set(rows(room.engine, "rejected_records")) == {"inv:2"}
    assert _data_version(room) > before


def a_reject_that_was_mended_is_forgotten(room: Room) -> None:
    room.read().reject("inv:1").load(room.engine)
    invoice(room, digest="mended").load(room.engine, now=LATER)
    assert not rows(room.engine, "rejected_records")


def an_older_reject_does_not_replace_a_newer_one(room: Room) -> None:
    room.read().reject("inv:1", at=LATER, reason="impossible_amount").load(room.engine)
    room.read().reject("inv:1", at=NOW, reason="unknown_currency").load(room.engine, now=LATER)
    assert rows(room.engine, "rejected_records")["inv:1"]["reason"] == "impossible_amount"


def an_old_record_that_is_tried_again_does_not_replace_a_newer_one(room: Room) -> None:
    invoice(room, title="new", source_updated_at=LATER).load(room.engine)
    room.read().record("inv:1", digest="new", at=LATER).row("invoices", "inv:1", customer_external_id="party:1",
                                                           title="new").load(room.engine)  # fmt: skip
    old = room.read().record("inv:1", digest="old", at=NOW)
    old.row("invoices", "inv:1", customer_external_id="party:1", title="old").load(
        room.engine, now=LATER, kind="repair"
    )
    assert rows(room.engine, "invoices")["inv:1"]["title"] == "new"


def a_merged_customer_hands_its_identity_on(room: Room) -> None:
    room.read("customers").row("customers", "party:1").load(room.engine)
    identity = rows(room.engine, "customers")["party:1"]["record_id"]
    merged = room.read("customers").row("customers", "party:1", superseded_by_external_id="party:2")
    merged.row("customers", "party:2").load(room.engine, now=LATER)
    assert rows(room.engine, "customers")["party:2"]["record_id"] == identity


def an_invoice_issued_again_under_another_key_keeps_its_identity(room: Room) -> None:
    invoice(room).load(room.engine)
    identity = rows(room.engine, "invoices")["inv:1"]["record_id"]
    invoice(room, "inv:2").load(room.engine, now=LATER, deleted=["inv:1"])
    assert rows(room.engine, "invoices")["inv:2"]["record_id"] == identity


def a_deletion_is_one_organizations_own(room: Room) -> None:
    for name in ("acme", "beta"):
        invoice(room, organization_id=name).load(room.engine)
    untouched = everything(room.engine, "beta")
    room.read().load(room.engine, now=LATER, deleted=["inv:1"])
    assert everything(room.engine, "beta") == untouched
    assert not rows(room.engine, "invoices")


def equal_keys_of_two_organizations_are_two_rows(room: Room) -> None:
    for name in ("acme", "beta"):
        invoice(room, "inv:9", organization_id=name).load(room.engine)  # a table without rows has none to compare with
        invoice(room, organization_id=name, title=name).load(room.engine)
    found = {name: rows(room.engine, "invoices", name).get("inv:1") for name in ("acme", "beta")}
    assert {name: row and row["title"] for name, row in found.items()} == {"acme": "acme", "beta": "beta"}


def open_documents_are_one_organizations_own(room: Room) -> None:
    invoice(room, "inv:9", "beta").load(room.engine)
    invoice(room).load(room.engine)
    assert warehouse.open_keys(room.engine, "acme", ("inv",)) == ["inv:1"]


def another_company_behind_the_connection_is_refused(room: Room) -> None:
    warehouse.bind(room.engine, "acme", ACME, NOW)
    with pytest.raises(ConfigurationError):
        warehouse.bind(room.engine, "acme", replace(ACME, account="account-2"), LATER)


def writers_of_one_database_wait_for_each_other(room: Room) -> None:
    """A writer that has only read so far must hold its turn, or it fails when it begins to write."""
    file = str(room.engine.url.database)
    locked = pytest.raises(sqlite3.OperationalError, match="locked")
    with warehouse.begin(room.engine, "acme"), closing(sqlite3.connect(file, timeout=0)) as other, locked:
        other.execute("BEGIN IMMEDIATE")


def _data_version(room: Room) -> int:
    with warehouse.read(room.engine) as connection:
        return warehouse.data_version(connection, "acme")
