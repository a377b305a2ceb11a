"""Columns that depend on other rows: root customer, exclusion, effective contacts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.errors import ConfigurationError
from tests.warehouse.batches import ACME, NOW, Batch, rows

Read = Callable[..., Batch]
LATER = NOW + timedelta(days=1)


def roots(engine: Engine) -> dict[str, str]:
    return {key[-1]: row["root_external_id"][-1] for key, row in rows(engine, "customers").items()}


def tree(read: Read, **parents: str) -> Batch:
    """Return a read of customers a, b, c …, each with its parent, "" for none."""
    batch = read("customers")
    for name, parent in parents.items():
        batch.row("customers", f"party:{name}", parent_external_id=f"party:{parent}" if parent else None)
    return batch


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"a": ""}, {"a": "a"}),
        ({"d": "c", "c": "b", "b": "a", "a": ""}, {"a": "a", "b": "a", "c": "a", "d": "a"}),
        ({"b": "x"}, {"b": "b"}),  # a parent that is not here
        ({"a": "b", "b": "a"}, {"a": "a", "b": "b"}),
        ({"a": "a", "b": "a"}, {"a": "a", "b": "b"}),
        ({"a": "b", "b": "c", "c": "a", "d": "c", "e": ""}, {"a": "a", "b": "b", "c": "c", "d": "d", "e": "e"}),
    ],
)
def test_root_is_the_top_of_the_tree_and_cycles_end(
    engine: Engine, read: Read, parents: dict[str, str], expected: dict[str, str]
) -> None:
    summary = tree(read, **parents).load(engine)
    assert roots(engine) == expected
    assert (summary.inserted, summary.updated) == ({"customers": len(parents)}, {})
    assert tree(read, **parents).load(engine).written == 0


def test_root_follows_a_parent_that_moves_appears_or_goes(engine: Engine, read: Read) -> None:
    tree(read, c="b", b="a").load(engine)
    assert roots(engine) == {"b": "b", "c": "b"}
    summary = tree(read, a="").load(engine, now=LATER, run_id="night-2")
    assert roots(engine) == {"a": "a", "b": "a", "c": "a"}
    assert (summary.inserted, summary.updated) == ({"customers": 1}, {"customers": 2})
    assert rows(engine, "customers")["party:c"]["run_id"] == "night-2"
    summary = read("customers").load(engine, deleted=["party:a"])
    assert roots(engine) == {"b": "b", "c": "b"}
    assert (summary.deleted, summary.updated) == ({"customers": 1}, {"customers": 2})


def test_root_stays_inside_the_organization(engine: Engine, read: Read) -> None:
    read("customers", "beta").row("customers", "party:a").load(engine)
    tree(read, b="a").load(engine)
    assert roots(engine) == {"b": "b"}


def exclusions(engine: Engine) -> dict[str, str | None]:
    return {key: row["exclusion_reason"] for key, row in rows(engine, "customers").items()}


def customers(read: Read) -> Batch:
    return (
        read("customers")
        .row("customers", "party:1")
        .row("customers", "party:2", is_active=False, is_intercompany=True)
        .row("customers", "party:3", is_intercompany=True)
        .row("customers", "party:4", category="Staff", number="77")
        .row("customers", "party:5", category="Staff", number="78")
    )


def test_why_collections_leave_a_customer_out(engine: Engine, read: Read) -> None:
    customers(read).load(engine, exclude=[{"category": "Staff", "number": "77"}, {"category": "Shop"}])
    assert exclusions(engine) == {
        "party:1": None, "party:2": "inactive", "party:3": "intercompany", "party:4": "by_rule", "party:5": None,
    }  # fmt: skip


def test_a_changed_rule_is_applied_without_a_load(engine: Engine, read: Read) -> None:
    before = customers(read).load(engine).data_version
    assert warehouse.recompute(engine, "acme", "night-2", [{"category": "Staff"}], LATER) == 2
    assert exclusions(engine)["party:5"] == "by_rule"
    assert warehouse.recompute(engine, "acme", "night-2", [{"category": "Staff"}], LATER) == 0
    with engine.connect() as connection:
        assert warehouse.data_version(connection, "acme") == before + 1


@pytest.mark.parametrize("rule", [{"categroy": "Staff"}, {"exclusion_reason": "inactive"}, {}])
def test_a_rule_on_no_column_of_customers_is_refused(engine: Engine, read: Read, rule: Mapping[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="exclude"):
        customers(read).load(engine, exclude=[rule])
    assert not rows(engine, "customers")


def effective(engine: Engine) -> dict[str, bool]:
    return {key: row["is_effective"] for key, row in rows(engine, "contacts").items()}


def test_an_active_contact_of_another_source_replaces_those_of_the_erp(engine: Engine, read: Read) -> None:
    warehouse.bind(engine, "acme", ACME, NOW)

    def erp() -> Batch:
        batch = read("customers")
        for key in ("party:1", "party:2"):
            batch.row("customers", key).child("contacts", f"{key}/a", key, customer_external_id=key, source="fake")
        return batch

    def salesforce(is_active: bool) -> Batch:
        return read("people").record("salesforce/Contact:1").child(
            "contacts", "salesforce/Contact:1", "salesforce/Contact:1", customer_external_id="party:1",
            source="salesforce", is_active=is_active,
        )  # fmt: skip

    erp().load(engine)
    assert effective(engine) == {"party:1/a": True, "party:2/a": True}
    assert salesforce(True).load(engine).updated == {"contacts": 1}
    assert effective(engine) == {"party:1/a": False, "party:2/a": True, "salesforce/Contact:1": True}
    assert erp().load(engine).written == 0
    assert salesforce(False).load(engine).updated == {"contacts": 2}
    assert effective(engine)["party:1/a"] is True
    salesforce(True).load(engine)
    assert read("people").record("salesforce/Contact:1").load(engine).updated == {"contacts": 1}
    assert effective(engine) == {"party:1/a": True, "party:2/a": True}
