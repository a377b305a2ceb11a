"""Loads of many rows: what the time and the memory of one must not depend on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.warehouse.batches import NOW, Batch

Read = Callable[..., Batch]
MANY = 3_000
"""Records whose keys do not fit into the little memory that the test leaves PostgreSQL for them."""

LOAD = """
import sys
from datetime import UTC, datetime
from include import staging, warehouse

url, manifest = sys.argv[1:]
print(warehouse.load(warehouse.engine(url), staging.Manifest.read(manifest), datetime.now(UTC)).written)
print(sorted({"great_expectations", "pandas"} & sys.modules.keys()))
"""


def invoices(read: Read, count: int) -> Batch:
    batch = read("invoices")
    for number in range(count):
        key = f"inv:{number:06}"
        batch.record(key, at=NOW).child("installments", f"{key}:1", key, invoice_external_id=key)
    (row,) = read("invoices").row("invoices", "any", customer_external_id="party:1").rows["invoices"]
    batch.rows["invoices"] = [row | {"external_id": record["external_id"]} for record in batch.records]
    return batch


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_is_no_longer_yielded_is_joined_not_looked_up_list_by_list(engine: Engine, read: Read) -> None:
    """A list that PostgreSQL cannot hash in its memory is gone through again for each row: a night per load."""
    plans: dict[str, str] = {}

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("UPDATE") and "synced_at" in statement:
            with cursor.connection.cursor() as another:
                another.execute("SET LOCAL work_mem = '64kB'")
                another.execute(f"EXPLAIN {statement}", parameters)
                plans[statement] = "\n".join(line for (line,) in another)

    batch = invoices(read, MANY)
    batch.load(engine)
    event.listen(engine, "before_cursor_execute", explain)
    try:
        assert batch.load(engine, full_refresh=True).written == 0
    finally:
        event.remove(engine, "before_cursor_execute", explain)
    assert {statement.split()[1] for statement in plans} >= {"invoices", "installments"}
    assert not [plan for plan in plans.values() if "SubPlan" in plan]


def test_a_load_imports_nothing_that_it_does_not_need(engine: Engine, read: Read, tmp_path: Path) -> None:
    manifest = invoices(read, 3).reject("inv:9").manifest().write(f"file://{tmp_path}/normalized.json")
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", LOAD, url, manifest]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["6", "[]"], done.stderr
