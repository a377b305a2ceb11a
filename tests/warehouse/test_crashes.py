"""Nothing lost, nothing doubled: killed anywhere and tried again, by many at once, the rows are the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import pytest
from sqlalchemy import Engine, event

from include import model, warehouse
from include.staging import Manifest
from tests.warehouse.batches import NOW, Batch

Read = Callable[..., Batch]
FORK = get_context("fork")
OPERATIONAL = (
    "organizations", "source_records", "source_lines", "sync_cursors", "sync_runs", "rejected_records",
    "record_changes",
)  # fmt: skip


def everything(engine: Engine, organization_id: str = "acme") -> dict[str, list[dict[str, Any]]]:
    """Return every row of an organization, but for what names the single try."""
    left_out = {"id", "manifest", "organization_id", "record_id"}
    found = {}
    with warehouse.read(engine) as connection:
        for name in (*model.TABLES, *OPERATIONAL):
            table = warehouse.table(name)
            names = [column.name for column in table.c if column.name not in left_out]
            query = table.select().where(table.c.organization_id == organization_id)
            rows = [{name: row[name] for name in names} for row in connection.execute(query).mappings()]
            found[name] = sorted(rows, key=repr)
    return found


def first(read: Read, organization_id: str = "acme") -> Batch:
    batch = read("documents", organization_id)
    for number in range(30):
        key = f"inv:{number}"
        batch.row("invoices", key, customer_external_id="party:1", number=f"R-{number}")
        batch.record(key, digest=f"first {number}")
        batch.child("installments", f"{key}:1", key, invoice_external_id=key)
    return batch.reject("inv:90").reject("inv:91")


def second(read: Read, organization_id: str = "acme") -> Batch:
    """A batch that inserts, updates, deletes, supersedes, rejects and resolves a reject."""
    batch = read("documents", organization_id)
    for number in [*range(10), 90, 120]:
        key = f"inv:{number}"
        batch.row("invoices", key, customer_external_id="party:1", number=f"R-{number % 100}", outstanding_amount=1)
        batch.record(key, digest=f"second {number}")
    return batch.reject("inv:11")


SECOND = {"deleted": ["inv:0", "inv:20"], "cursor_after": NOW.isoformat(), "run_id": "night-2"}


def load_and_die(engine: Engine, manifest: Manifest, statement: int | None) -> None:
    """Load, and be killed before this statement of the second phase, or right after the commit (None)."""
    seen = 0

    def count(connection: Any, *_: Any) -> None:
        nonlocal seen
        if connection.get_execution_options().get("greenlight_writes"):
            seen += 1
            if seen == statement:
                os.kill(os.getpid(), signal.SIGKILL)

    engine.dispose(close=False)  # the parent's connections stay the parent's
    event.listen(engine, "before_cursor_execute", count)
    warehouse.load(engine, manifest, NOW)
    if statement is None:
        os.kill(os.getpid(), signal.SIGKILL)


def in_a_process(target: Callable[..., None], *arguments: Any) -> int:
    child = FORK.Process(target=target, args=arguments)
    child.start()
    child.join(60)
    assert child.exitcode is not None, "the process hangs"
    return child.exitcode


def test_a_load_that_is_killed_anywhere_and_tried_again_gives_the_same_rows(engine: Engine, read: Read) -> None:
    first(read, "beta").load(engine)
    second(read, "beta").load(engine, **SECOND)
    undisturbed = everything(engine, "beta")
    first(read).load(engine)
    manifest, before = second(read).manifest(1, **SECOND), everything(engine)
    killed, statement = 0, 1
    while in_a_process(load_and_die, engine, manifest, statement) == -signal.SIGKILL:
        assert everything(engine) == before, f"killed before statement {statement}"
        killed, statement = killed + 1, statement + 5
    assert killed > 8
    assert everything(engine) == undisturbed
    assert warehouse.load(engine, manifest, NOW).already_loaded
    assert everything(engine) == undisturbed


def test_a_load_that_is_killed_after_its_commit_has_loaded(engine: Engine, read: Read) -> None:
    first(read, "beta").load(engine)
    manifest = first(read).manifest()
    assert in_a_process(load_and_die, engine, manifest, None) == -signal.SIGKILL
    assert warehouse.load(engine, manifest, NOW).already_loaded
    assert everything(engine) == everything(engine, "beta")


def load_both(engine: Engine, manifests: list[Manifest], start: Any) -> None:
    engine.dispose(close=False)
    start.wait()
    for manifest in manifests:
        warehouse.load(engine, manifest, NOW)


def test_sixteen_organizations_at_once_give_the_rows_of_one_alone(engine: Engine, read: Read) -> None:
    first(read, "alone").load(engine)
    second(read, "alone").load(engine, **SECOND)
    names = [f"organization_{number}" for number in range(16)]
    start = FORK.Barrier(len(names))
    children = []
    for name in names:
        manifests = [first(read, name).manifest(), second(read, name).manifest(1, **SECOND)]
        children.append(FORK.Process(target=load_both, args=(engine, manifests, start)))
    for child in children:
        child.start()
    for child in children:
        child.join(90)
    assert [child.exitcode for child in children] == [0] * len(names)
    alone = everything(engine, "alone")
    assert len(alone["invoices"]) == 32
    for name in names:
        assert everything(engine, name) == alone


def test_a_load_that_fails_midway_changes_nothing(engine: Engine, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    first(read).load(engine)
    before = everything(engine)

    def refuse(*_: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("include.warehouse.fence.record", refuse)
        with pytest.raises(OSError, match="no space"):
            second(read).load(engine, **SECOND)
    assert everything(engine) == before
    assert second(read).load(engine, **SECOND).inserted == {"invoices": 2}
