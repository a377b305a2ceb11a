"""The fence, the cursor and the run record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.errors import ContractError, StaleManifest
from include.warehouse import StreamState, Summary
from tests.warehouse.batches import NOW, Batch, rows

Read = Callable[..., Batch]
MONDAY = datetime(2026, 3, 9, 6, 0, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)


def party(read: Read, number: int = 1) -> Batch:
    return read("customers").row("customers", f"party:{number}")


def runs(engine: Engine) -> list[dict[str, object]]:
    table = warehouse.table("sync_runs")
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(table.select().order_by(table.c.version)).mappings()]


def test_a_stream_that_never_loaded_stands_at_zero(engine: Engine) -> None:
    assert warehouse.state(engine, "acme", "customers") == StreamState(0, None, None, None)


def test_every_load_raises_the_version_of_its_stream_only(engine: Engine, read: Read) -> None:
    for _ in range(2):
        party(read).load(engine)
    assert warehouse.state(engine, "acme", "customers").version == 2
    assert warehouse.state(engine, "acme", "invoices").version == 0
    assert warehouse.state(engine, "beta", "customers").version == 0


def test_a_manifest_loads_once_and_returns_the_first_summary_again(engine: Engine, read: Read) -> None:
    manifest = party(read).manifest()
    first = warehouse.load(engine, manifest, NOW)
    party(read, 2).load(engine)
    again = warehouse.load(engine, manifest, NOW + timedelta(hours=1))
    assert first == Summary(inserted={"customers": 1}, data_version=1)
    assert again == Summary(inserted={"customers": 1}, data_version=1, already_loaded=True)
    assert warehouse.state(engine, "acme", "customers").version == 2


def test_a_manifest_that_another_load_overtook_is_refused_and_changes_nothing(engine: Engine, read: Read) -> None:
    late = party(read, 1).manifest()
    party(read, 2).load(engine)
    with pytest.raises(StaleManifest, match="version 1, this read began at 0") as caught:
        warehouse.load(engine, late, NOW)
    assert caught.value.organization == "acme"
    assert "clear the task extract" in str(caught.value)
    assert set(rows(engine, "customers")) == {"party:2"}
    assert warehouse.state(engine, "acme", "customers").version == 1
    assert len(runs(engine)) == 1


def test_two_loads_of_one_manifest_at_once_load_it_once(engine: Engine, read: Read) -> None:
    batch = read("customers")
    for number in range(50):
        batch.row("customers", f"party:{number}")
    manifest = batch.manifest()
    with ThreadPoolExecutor(4) as threads:
        summaries = list(threads.map(lambda _: warehouse.load(engine, manifest, NOW), range(4)))
    assert sorted(summary.already_loaded for summary in summaries) == [False, True, True, True]
    assert {summary.inserted["customers"] for summary in summaries} == {50}
    assert warehouse.state(engine, "acme", "customers").version == 1
    assert len(rows(engine, "customers")) == 50


def test_of_two_reads_from_the_same_state_one_loads(engine: Engine, read: Read) -> None:
    manifests = [party(read, number).manifest() for number in range(4)]

    def load(number: int) -> str:
        try:
            warehouse.load(engine, manifests[number], NOW)
        except StaleManifest:
            return "stale"
        return "loaded"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(load, range(4))) == ["loaded", "stale", "stale", "stale"]
    assert len(rows(engine, "customers")) == 1


def test_the_cursor_moves_forward_only(engine: Engine, read: Read) -> None:
    party(read).load(engine, cursor_after=TUESDAY.isoformat())
    party(read).load(engine, cursor_after=MONDAY.isoformat())
    assert warehouse.state(engine, "acme", "customers").cursor == TUESDAY
    party(read).load(engine, cursor_after=None)
    assert warehouse.state(engine, "acme", "customers").cursor == TUESDAY


def test_a_full_refresh_may_take_the_cursor_back(engine: Engine, read: Read) -> None:
    party(read).load(engine, cursor_after=TUESDAY.isoformat())
    party(read).load(engine, cursor_after=MONDAY.isoformat(), full_refresh=True)
    assert warehouse.state(engine, "acme", "customers").cursor == MONDAY


def test_a_limited_read_raises_the_version_and_nothing_else(engine: Engine, read: Read) -> None:
    party(read).load(engine, now=NOW, cursor_after=MONDAY.isoformat(), started_at=MONDAY.isoformat(), swept=True)
    before = warehouse.state(engine, "acme", "customers")
    party(read, 2).load(engine, now=NOW, cursor_after=TUESDAY.isoformat(), limited=True, swept=True)
    after = warehouse.state(engine, "acme", "customers")
    assert before == StreamState(1, MONDAY, MONDAY, MONDAY)
    assert after == StreamState(2, MONDAY, MONDAY, MONDAY)
    assert len(rows(engine, "customers")) == 2


def test_a_source_clock_ahead_of_ours_makes_nothing_fresher_than_now(engine: Engine, read: Read) -> None:
    party(read).load(engine, now=NOW, started_at=(NOW + timedelta(hours=5)).isoformat())
    assert warehouse.state(engine, "acme", "customers").read_to_end_at == NOW


def test_an_unchanged_read_goes_through_the_fence(engine: Engine, read: Read) -> None:
    party(read).load(engine, cursor_after=MONDAY.isoformat())
    manifest = read("customers").manifest(1, "night-2", cursor_after=TUESDAY.isoformat(), request_count=3)
    assert warehouse.record_unchanged(engine, manifest, NOW) == Summary(data_version=1)
    assert warehouse.record_unchanged(engine, manifest, NOW).already_loaded
    assert warehouse.state(engine, "acme", "customers") == StreamState(2, TUESDAY, NOW, None)
    run = runs(engine)[-1]
    assert (run["kind"], run["requests"], run["run_id"]) == ("unchanged", 3, "night-2")
    with pytest.raises(StaleManifest):
        warehouse.record_unchanged(engine, read("customers").manifest(1), NOW)


def test_a_read_with_changes_cannot_be_recorded_as_unchanged(engine: Engine, read: Read) -> None:
    for manifest in (party(read).manifest(), read("customers").manifest(deleted=["party:1"])):
        with pytest.raises(ContractError):
            warehouse.record_unchanged(engine, manifest, NOW)


def test_the_run_record_counts_what_was_read_and_written(engine: Engine, read: Read) -> None:
    party(read).load(engine, run_id="night-1", cursor_after=MONDAY.isoformat(), started_at=TUESDAY.isoformat())
    batch = party(read, 2).reject("party:3").record("party:4")
    summary = batch.load(
        engine, run_id="night-2", cursor_before=MONDAY.isoformat(), cursor_after=TUESDAY.isoformat(),
        deleted=["party:1"], request_count=7, byte_count=4321,
    )  # fmt: skip
    first, second = runs(engine)
    assert first["kind"] == "full"
    assert {name: second[name] for name in ("kind", "version", "records", "requests", "bytes", "rejected")} == {
        "kind": "incremental", "version": 2, "records": 3, "requests": 7, "bytes": 4321, "rejected": 1,
    }  # fmt: skip
    assert (second["inserted"], second["updated"], second["deleted"]) == (1, 0, 1)
    assert (second["cursor_before"], second["cursor_after"], second["loaded_at"]) == (MONDAY, TUESDAY, NOW)
    assert second["summary"] == summary.as_dict()
    assert warehouse.run_started_at(engine, "acme", "night-1") == TUESDAY
    assert warehouse.run_started_at(engine, "acme", "night-9") is None


@pytest.mark.parametrize(
    ("fields", "kind", "expected"),
    [({"limited": True}, None, "limited"), ({"limited": True}, "complete", "complete"),
     ({"full_refresh": True, "cursor_before": MONDAY.isoformat()}, None, "full"), ({}, "repair", "repair")],
)  # fmt: skip
def test_the_kind_of_a_run(engine: Engine, read: Read, fields: dict[str, object], kind: str, expected: str) -> None:
    party(read).load(engine, kind=kind, **fields)
    assert runs(engine)[0]["kind"] == expected


def test_data_version_counts_loads_that_changed_something(engine: Engine, read: Read) -> None:
    assert party(read).load(engine).data_version == 1
    assert party(read).load(engine).data_version == 1
    assert read("customers").reject("party:2").load(engine).data_version == 2
    assert read("customers").reject("party:2").load(engine).data_version == 2
    assert read("customers").load(engine, deleted=["party:1"]).data_version == 3
    assert read("customers", "beta").row("customers", "party:1").load(engine).data_version == 1
