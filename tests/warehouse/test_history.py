"""The append-only history: changes of tracked columns, balances by day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, select

from include import warehouse
from tests.warehouse.batches import NOW, Batch, rows

Read = Callable[..., Batch]
LATER = NOW + timedelta(days=1)
TODAY = date(2026, 3, 10)


def changes(engine: Engine, *names: str) -> list[tuple[Any, ...]]:
    table = warehouse.table("record_changes")
    with engine.connect() as connection:
        query = select(*(table.c[name] for name in names)).order_by(table.c.table_name, table.c.field)
        return [tuple(row) for row in connection.execute(query)]


def invoice(read: Read, **values: Any) -> Batch:
    key = "inv:1"
    batch = read("invoices").row("invoices", key, customer_external_id="party:1", **values)
    rest = values.get("outstanding_amount", 11900)
    return batch.child("installments", "inv:1:1", key, invoice_external_id=key, outstanding_amount=rest)


def test_updates_of_tracked_columns_are_kept_old_and_new(engine: Engine, read: Read) -> None:
    invoice(read).load(engine)
    assert changes(engine, "field") == []
    paid = {"outstanding_amount": 0, "status": "paid", "due_date": date(2026, 3, 31), "closed_on": TODAY}
    invoice(read, **paid, title="not tracked").load(engine, now=LATER, run_id="night-2")
    assert changes(engine, "table_name", "field", "old_value", "new_value") == [
        ("installments", "outstanding_amount", "11900", "0"),
        ("invoices", "closed_on", None, "2026-03-10"),
        ("invoices", "due_date", "2026-03-01", "2026-03-31"),
        ("invoices", "outstanding_amount", "11900", "0"),
        ("invoices", "status", "open", "paid"),
    ]
    record_id = rows(engine, "invoices")["inv:1"]["record_id"]
    assert set(changes(engine, "table_name", "external_id", "record_id", "run_id", "at")) == {
        ("installments", "inv:1:1", None, "night-2", LATER),
        ("invoices", "inv:1", record_id, "night-2", LATER),
    }
    invoice(read, **paid, title="not tracked").load(engine)
    assert len(changes(engine, "field")) == 5


def balance(
    engine: Engine, as_of: date = TODAY, organization_id: str = "acme"
) -> dict[tuple[str, str], dict[str, int]]:
    """Return that day's snapshot rows: (customer key, currency) → the amounts that are not zero."""
    table, customers = warehouse.table("balance_snapshots"), rows(engine, "customers", organization_id)
    keys = {row["record_id"]: key for key, row in customers.items()}
    names = [name for name, column in table.c.items() if column.type.python_type is int]
    query = table.select().where(table.c.organization_id == organization_id, table.c.as_of == as_of)
    with engine.connect() as connection:
        return {
            (keys[row["record_id"]], row["currency"]): {name: row[name] for name in names if row[name]}
            for row in connection.execute(query).mappings()
        }


def snapshot(engine: Engine, as_of: date = TODAY, organization_id: str = "acme") -> int:
    return warehouse.snapshot_balances(engine, organization_id, as_of, NOW)


def ledger(read: Read, organization_id: str = "acme") -> tuple[Batch, Batch]:
    """Return a customer with an installment due in every bucket, and everything that is unapplied."""
    documents = read("documents", organization_id).row("invoices", "inv:1", customer_external_id="party:1")
    for number, days in enumerate([-1, 0, 1, 30, 31, 60, 61, 90, 91, 400]):
        documents.child(
            "installments", f"inv:1:{number}", "inv:1", invoice_external_id="inv:1",
            outstanding_amount=10**number, due_date=TODAY - timedelta(days=days),
        )  # fmt: skip
    documents.row("credit_notes", "note:1", customer_external_id="party:1", unapplied_amount=7)
    documents.row("payments", "pay:1", customer_external_id="party:1", unapplied_amount=20)
    documents.row("refunds", "back:1", customer_external_id="party:1", unapplied_amount=4)
    return read("customers", organization_id).row("customers", "party:1"), documents


def test_a_snapshot_holds_due_overdue_unapplied_and_disputed(engine: Engine, read: Read) -> None:
    for batch in ledger(read):
        batch.load(engine)
    read("more").row("invoices", "inv:2", customer_external_id="party:1", is_disputed=True, currency="USD").child(
        "installments", "inv:2:1", "inv:2", invoice_external_id="inv:2", currency="USD", outstanding_amount=50,
        due_date=None,
    ).load(engine)  # fmt: skip
    assert snapshot(engine) == 2
    assert balance(engine) == {
        ("party:1", "EUR"): {
            "due": 11, "overdue_1_30": 1_100, "overdue_31_60": 110_000, "overdue_61_90": 11_000_000,
            "overdue_over_90": 1_100_000_000, "unapplied": 23,
        },
        ("party:1", "USD"): {"due": 50, "disputed": 50},
    }  # fmt: skip


def test_only_what_is_posted_and_alive_counts(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").load(engine)
    batch = read("documents")
    for number, values in enumerate([{"status": "draft"}, {"status": "voided"}]):
        key = f"inv:{number}"
        batch.row("invoices", key, customer_external_id="party:1", **values)
        rest = 0 if values["status"] == "voided" else 5
        batch.child("installments", f"{key}:1", key, invoice_external_id=key, outstanding_amount=rest)
    batch.row("payments", "pay:1", customer_external_id="party:1", unapplied_amount=5, status="pending")
    batch.row("payments", "pay:2", customer_external_id="party:1", unapplied_amount=5, on_receivable_account=False)
    batch.row("credit_notes", "note:1", customer_external_id="party:1")
    batch.load(engine)
    read("documents").load(engine, deleted=["note:1"])
    assert snapshot(engine) == 0


def test_a_day_without_a_change_leaves_no_row(engine: Engine, read: Read) -> None:
    for batch in ledger(read):
        batch.load(engine)
    assert snapshot(engine, TODAY) == 1
    read("documents").load(engine, deleted=["inv:1"])
    assert snapshot(engine, TODAY + timedelta(days=1)) == 1
    assert snapshot(engine, TODAY + timedelta(days=2)) == 0
    assert balance(engine, TODAY + timedelta(days=1)) == {("party:1", "EUR"): {"unapplied": 23}}


def test_a_settled_balance_is_written_as_zero_once(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").load(engine)
    invoice(read, outstanding_amount=100).load(engine)
    assert snapshot(engine, TODAY) == 1
    invoice(read, outstanding_amount=0, status="paid").load(engine)
    assert snapshot(engine, TODAY + timedelta(days=1)) == 1
    assert balance(engine, TODAY + timedelta(days=1)) == {("party:1", "EUR"): {}}
    assert snapshot(engine, TODAY + timedelta(days=2)) == 0


def test_a_later_run_of_the_same_day_replaces_that_day_only(engine: Engine, read: Read) -> None:
    read("customers").row("customers", "party:1").load(engine)
    for day, rest in [(0, 100), (1, 80), (1, 100)]:
        invoice(read, outstanding_amount=rest).load(engine)
        snapshot(engine, TODAY + timedelta(days=day))
    assert balance(engine, TODAY) == {("party:1", "EUR"): {"overdue_1_30": 100}}
    assert balance(engine, TODAY + timedelta(days=1)) == {}


def test_snapshots_of_organizations_are_apart(engine: Engine, read: Read) -> None:
    for organization in ("acme", "beta"):
        for batch in ledger(read, organization):
            batch.load(engine)
    assert snapshot(engine, organization_id="beta") == 1
    assert balance(engine) == {}
    assert len(balance(engine, organization_id="beta")) == 1


def test_a_day_that_is_over_is_never_written_again(engine: Engine, read: Read) -> None:
    """An older run that is cleared has today's rows before it, not those of its day."""
    read("customers").row("customers", "party:1").load(engine)
    invoice(read).load(engine)
    warehouse.snapshot_balances(engine, "acme", TODAY, NOW)
    before = balance(engine)
    assert before
    invoice(read, outstanding_amount=5000).load(engine, now=LATER)
    assert warehouse.snapshot_balances(engine, "acme", TODAY + timedelta(days=1), LATER) == 1
    assert warehouse.snapshot_balances(engine, "acme", TODAY, LATER) == 0
    assert balance(engine) == before
