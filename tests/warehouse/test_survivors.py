"""Supersession: identity outlives a key, when a number comes back or the source names the survivor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.warehouse.batches import NOW, Batch, rows

Read = Callable[..., Batch]
LATER = NOW + timedelta(days=1)


def invoice(read: Read, key: str, number: str | None = "R-1", customer: str = "party:1") -> Batch:
    return read("invoices").row("invoices", key, number=number, customer_external_id=customer)


def identity(engine: Engine, key: str, table: str = "invoices") -> str:
    record_id: str = rows(engine, table, live=False)[key]["record_id"]
    return record_id


def test_a_number_that_comes_back_in_the_same_load_keeps_its_identity(engine: Engine, read: Read) -> None:
    invoice(read, "inv:1").load(engine)
    summary = invoice(read, "inv:2").load(engine, now=LATER, deleted=["inv:1"])
    assert (summary.inserted, summary.updated, summary.deleted) == ({"invoices": 1}, {}, {"invoices": 1})
    assert identity(engine, "inv:2") == identity(engine, "inv:1")
    assert rows(engine, "invoices", live=False)["inv:1"]["superseded_by_external_id"] == "inv:2"
    assert invoice(read, "inv:2").load(engine).written == 0


def test_a_number_that_comes_back_in_a_later_load_keeps_its_identity(engine: Engine, read: Read) -> None:
    invoice(read, "inv:1").load(engine)
    read("invoices").load(engine, deleted=["inv:1"])
    summary = invoice(read, "inv:2").load(engine, now=LATER)
    assert summary.updated == {"invoices": 1}, "the predecessor, which was deleted by an earlier load"
    assert identity(engine, "inv:2") == identity(engine, "inv:1")


def test_a_successor_that_was_seen_first_inherits_when_the_old_key_goes(engine: Engine, read: Read) -> None:
    invoice(read, "inv:1").load(engine)
    invoice(read, "inv:2").load(engine, now=LATER)
    assert identity(engine, "inv:2") != identity(engine, "inv:1")
    read("invoices").load(engine, now=LATER + timedelta(days=1), deleted=["inv:1"])
    assert identity(engine, "inv:2") == identity(engine, "inv:1")
    assert rows(engine, "invoices", live=False)["inv:1"]["superseded_by_external_id"] == "inv:2"


def test_identity_is_handed_on_along_a_chain(engine: Engine, read: Read) -> None:
    invoice(read, "inv:1").load(engine)
    first = identity(engine, "inv:1")
    for day, (old, new) in enumerate([("inv:1", "inv:2"), ("inv:2", "inv:3")], start=1):
        invoice(read, new).load(engine, now=NOW + timedelta(days=day), deleted=[old])
    assert identity(engine, "inv:3") == first
    everything = rows(engine, "invoices", live=False)
    assert [everything[f"inv:{n}"]["superseded_by_external_id"] for n in (1, 2, 3)] == ["inv:2", "inv:3", None]


@pytest.mark.parametrize(("number", "customer"), [("R-2", "party:1"), ("R-1", "party:2"), (None, "party:1")], ids=str)
def test_another_number_or_customer_is_another_document(
    engine: Engine, read: Read, number: str | None, customer: str
) -> None:
    invoice(read, "inv:1", number=None if number is None else "R-1").load(engine)
    invoice(read, "inv:2", number=number, customer=customer).load(engine, deleted=["inv:1"])
    assert identity(engine, "inv:2") != identity(engine, "inv:1")
    assert rows(engine, "invoices", live=False)["inv:1"]["superseded_by_external_id"] is None


def test_two_candidates_are_none(engine: Engine, read: Read) -> None:
    invoice(read, "inv:1").load(engine)
    batch = invoice(read, "inv:2").row("invoices", "inv:3", number="R-1", customer_external_id="party:1")
    batch.load(engine, deleted=["inv:1"])
    assert len({identity(engine, f"inv:{n}") for n in (1, 2, 3)}) == 3


def test_two_documents_that_lived_together_stay_two(engine: Engine, read: Read) -> None:
    """The older of two equal numbers stays itself when the younger one goes."""
    invoice(read, "inv:1").load(engine)
    before = identity(engine, "inv:1")
    invoice(read, "inv:2").load(engine, now=LATER)
    read("invoices").load(engine, now=LATER + timedelta(days=1), deleted=["inv:2"])
    assert identity(engine, "inv:1") == before
    assert rows(engine, "invoices", live=False)["inv:2"]["superseded_by_external_id"] is None


def test_a_survivor_that_the_source_names_inherits_if_it_is_new(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").row("customers", "party:2").load(engine)
    batch = read("customers").row("customers", "party:3")
    for key in ("party:1", "party:2"):
        batch.row("customers", key, is_active=False, superseded_by_external_id="party:3")
    summary = batch.load(engine)
    assert identity(engine, "party:3", "customers") == identity(engine, "party:1", "customers")
    assert (summary.inserted, summary.updated) == ({"customers": 1}, {"customers": 2})
    assert batch.load(engine).written == 0


def test_a_survivor_that_comes_with_whom_it_replaces_inherits_in_the_first_load(engine: Engine, read: Read) -> None:
    batch = read("customers").row("customers", "party:2")
    batch.row("customers", "party:1", is_active=False, superseded_by_external_id="party:2")
    summary = batch.load(engine)
    assert identity(engine, "party:2", "customers") == identity(engine, "party:1", "customers")
    assert (summary.inserted, summary.updated) == ({"customers": 2}, {})
    assert batch.load(engine).written == 0


def test_a_survivor_that_was_there_before_keeps_its_own_identity(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").row("customers", "party:2").load(engine)
    before = identity(engine, "party:2", "customers")
    read("customers").row("customers", "party:1", superseded_by_external_id="party:2").load(engine)
    assert identity(engine, "party:2", "customers") == before


def test_documents_of_other_organizations_are_no_candidates(engine: Engine, read: Read) -> None:
    read("invoices", "beta").row("invoices", "inv:1", number="R-1", customer_external_id="party:1").load(engine)
    read("invoices", "beta").load(engine, deleted=["inv:1"])
    invoice(read, "inv:2").load(engine)
    assert identity(engine, "inv:2") != rows(engine, "invoices", "beta", live=False)["inv:1"]["record_id"]


@pytest.mark.parametrize("back", ["inv:1", "inv:2"])
def test_a_row_that_comes_back_beside_its_survivor_leaves_each_an_identity(
    engine: Engine, read: Read, back: str
) -> None:
    invoice(read, "inv:1").load(engine)
    first = identity(engine, "inv:1")
    invoice(read, "inv:2").load(engine, now=LATER, deleted=["inv:1"])
    if back == "inv:2":
        invoice(read, "inv:1").load(engine, now=LATER, deleted=["inv:2"])
        assert identity(engine, "inv:1") == first
    summary = invoice(read, back, number="R-7").load(engine, now=LATER + timedelta(days=1))
    assert len(rows(engine, "invoices")) == 2
    assert identity(engine, "inv:1") == first, "whose it was"
    assert identity(engine, "inv:2") != first
    assert summary.updated["invoices"] == (2 if back == "inv:1" else 1)
    assert invoice(read, back, number="R-7").load(engine).written == 0
