"""The cursor: the smaller of the newest timestamp and the vendor's clock, moved by whole reads only."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from include.errors import ConfigurationError
from include.extract import Options
from tests.conformance.sample import INVOICES
from tests.pipeline.night import STREAMS, Pipeline, after
from tests.pipeline.truth import assert_equal


def stamps(pipeline: Pipeline, kind: str = "documents") -> list[datetime]:
    with pipeline.books() as books:
        found = [row["mod"] or row["made"] for row in books[kind]]
    return sorted(datetime.fromisoformat(stamp) for stamp in found if stamp)


def touch(pipeline: Pipeline, at: datetime, number: int = -1) -> str:
    """Change a bill's title at that moment, by default of the newest one; return its key."""
    with pipeline.books() as books:
        bill = [row for row in books["documents"] if row["kynd"] == "B"][number]
        bill |= {"ttl": f"{bill['ttl']} {at}", "mod": at.isoformat()}
    return f"Bill:{bill['ident']}"


def test_it_stands_at_the_newest_timestamp_read(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    assert on_sqlite.state("invoices").cursor == stamps(on_sqlite)[-1]
    at = after(2)
    touch(on_sqlite, at)
    on_sqlite.sync()
    assert on_sqlite.state("invoices").cursor == at


def test_records_of_the_future_are_loaded_and_do_not_move_it(on_sqlite: Pipeline) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    newest = stamps(on_sqlite)[-1]
    key = touch(on_sqlite, tomorrow)
    for _ in range(2):  # the second night sees it again, as an old acquaintance
        night = on_sqlite.sync()
        assert night.manifests["invoices"].future == 1
        assert on_sqlite.state("invoices").cursor == newest
        assert str(tomorrow) in on_sqlite.rows("invoices")[key]["title"]
    assert night.manifests["invoices"].is_unchanged


def test_the_vendors_clock_bounds_it_as_of_the_start_of_the_read(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that is stamped while the pages are read may have neighbours that come too late for them."""
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    touch(on_sqlite, later - timedelta(seconds=30))
    whole = on_sqlite.connector.read

    def slow(self: object, *arguments: object) -> object:
        from dataclasses import replace

        pages = list(whole(self, *arguments))
        yield from pages[:1]
        yield from (replace(page, source_time=later) for page in pages[1:])

    monkeypatch.setattr(on_sqlite.connector, "read", slow)
    manifest = on_sqlite.extract("invoices")
    assert manifest.cursor_after == manifest.started_at
    assert datetime.fromisoformat(manifest.started_at or "") < later - timedelta(seconds=30)


def test_it_never_goes_back_but_by_a_full_refresh(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    before = on_sqlite.state("invoices").cursor
    assert before
    with on_sqlite.books() as books:  # the newest ones are stamped back
        for row in books["documents"]:
            if datetime.fromisoformat(row["mod"] or row["made"]) > before - timedelta(days=30):
                row["mod"] = (before - timedelta(days=30)).isoformat()
    night = on_sqlite.sync()
    assert night.manifests["invoices"].cursor_after == before.isoformat()
    assert on_sqlite.state("invoices").cursor == before
    on_sqlite.sync(Options(full_refresh=True))
    assert on_sqlite.state("invoices").cursor == stamps(on_sqlite)[-1] < before


def test_a_read_starts_before_it_by_the_overlap_and_no_more(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_sqlite.sync()
    asked = []
    whole = on_sqlite.connector.read
    monkeypatch.setattr(
        on_sqlite.connector, "read", lambda self, stream, window: asked.append(window) or whole(self, stream, window)
    )
    on_sqlite.extract("invoices")
    cursor = on_sqlite.state("invoices").cursor
    assert cursor and [window.since for window in asked] == [cursor - INVOICES.overlap]


def test_what_was_committed_late_with_an_earlier_stamp_is_read_within_the_overlap(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    cursor = on_sqlite.state("invoices").cursor
    assert cursor
    key = touch(on_sqlite, cursor - timedelta(minutes=4))
    on_sqlite.sync()
    assert str(cursor - timedelta(minutes=4)) in on_sqlite.rows("invoices")[key]["title"]


@pytest.mark.parametrize("left", [0, 1])
def test_records_without_any_timestamp_are_loaded_and_move_nothing(on_sqlite: Pipeline, left: int) -> None:
    """With none at all there is no cursor, so that each night reads the whole."""
    with on_sqlite.books() as books:
        rest = len(books["documents"]) - left
        for row in books["documents"][:rest]:
            row["mod"] = row["made"] = None
        stamped = [row["mod"] or row["made"] for row in books["documents"][rest:]]
    for _ in range(2):
        on_sqlite.sync()
        assert_equal(on_sqlite)
        cursor = on_sqlite.state("invoices").cursor
        assert cursor == (datetime.fromisoformat(stamped[0]) if stamped else None)
        assert on_sqlite.state("invoices").read_to_end_at is not None


@pytest.mark.parametrize(
    "options",
    [
        Options(streams=STREAMS),
        Options(customers=("Party:1", "Party:2")),
        Options(changed_from=datetime.now(UTC) - timedelta(days=30)),
        Options(changed_to=datetime.now(UTC)),
        Options(full_refresh=True, streams=STREAMS),
    ],
    ids=["streams", "customers", "from", "to", "full refresh of streams"],
)
def test_a_limited_run_loads_and_moves_no_cursor_and_refreshes_nothing(on_sqlite: Pipeline, options: Options) -> None:
    on_sqlite.sync()
    before = {name: on_sqlite.state(name) for name in STREAMS}
    with on_sqlite.books() as books:
        bill = next(row for row in books["documents"] if row["prty"] in (1, 2) and row["kynd"] == "B")
        bill |= {"ttl": "anders", "mod": after(2).isoformat()}
    night = on_sqlite.sync(options)
    assert on_sqlite.rows("invoices")[f"Bill:{bill['ident']}"]["title"] == "anders"
    assert {run["kind"] for run in on_sqlite.of_run("sync_runs", night.run_id)} == {"limited", "reconcile"}
    for name in STREAMS:
        state = on_sqlite.state(name)
        assert (state.cursor, state.read_to_end_at, state.swept_at) == (
            before[name].cursor, before[name].read_to_end_at, before[name].swept_at
        )  # fmt: skip
        assert state.version > before[name].version, "behind the fence like any load"
    assert_equal(on_sqlite)


def test_a_first_run_that_is_limited_leaves_every_stream_unread(on_sqlite: Pipeline) -> None:
    night = on_sqlite.sync(Options(customers=("Party:1",)))
    assert {on_sqlite.state(name).read_to_end_at for name in STREAMS} == {None}
    assert on_sqlite.blocking(night.run_id)["stream_fresh"] == sorted(STREAMS)


@pytest.mark.parametrize("wrong", ["nonsense", "Bill:1", "1"])
def test_what_is_no_customers_key_is_refused_and_reads_nothing(
    on_sqlite: Pipeline, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_sqlite.connector, "read", lambda *_: pytest.fail("a row was read"))
    with pytest.raises(ConfigurationError, match=re.escape(repr(wrong))):
        on_sqlite.extract("invoices", Options(customers=("Party:1", wrong)))
