"""Retries: an extract goes on where the last one stopped, and a full disk harms nothing."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import cycle, islice
from typing import Any

import pytest

from include import staging
from include.connectors.base import Page, Stream, Window
from include.errors import SourceUnavailable, StaleManifest, StorageError
from include.extract import Options
from tests.conformance.sample import Sample
from tests.pipeline.night import STREAMS, Pipeline
from tests.pipeline.truth import assert_equal


class Killed(Exception):
    pass


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the next reads of a kind end after so many pages: `kill("read", 2)`; None lets them live."""
    whole = {name: getattr(Sample, name) for name in ("read", "read_open", "read_ids")}

    def order(name: str, pages: int | None) -> None:
        def dying(self: Sample, *arguments: Any) -> Iterator[Any]:
            for number, page in enumerate(whole[name](self, *arguments)):
                if number == pages:
                    raise Killed
                yield page

        monkeypatch.setattr(Sample, name, whole[name] if pages is None else dying)

    return order


def pages_of(pipeline: Pipeline, stream: str, run_id: str) -> dict[str, int]:
    """Return try → pages staged by it."""
    run = staging.root() / pipeline.organization_id / stream / run_id
    return {str(t.name): len([p for p in t.iterdir() if p.name.endswith(".zst")]) for t in sorted(run.iterdir())}


@pytest.mark.parametrize("tries", [1, 3])
def test_a_retry_goes_on_after_the_last_staged_page(on_sqlite: Pipeline, kill: Callable[..., None], tries: int) -> None:
    for number in range(1, tries + 1):
        kill("read", 1)
        with pytest.raises(Killed):
            on_sqlite.extract("invoices", run_id="r", try_number=number)
    kill("read", None)
    manifest = on_sqlite.extract("invoices", run_id="r", try_number=tries + 1)
    staged = pages_of(on_sqlite, "invoices", "r")
    assert list(staged.values())[:-1] == [1] * tries
    whole = on_sqlite.extract("invoices", run_id="whole")
    assert sum(staged.values()) == len(manifest.pages) == len(whole.pages)
    assert [staging.page_items(p) for p in manifest.pages] == [staging.page_items(p) for p in whole.pages]
    for name in ("record_count", "changed_count", "byte_count", "cursor_after", "future"):
        assert getattr(manifest, name) == getattr(whole, name)
    assert manifest.request_count == whole.request_count - tries
    assert manifest.started_at and whole.started_at and manifest.started_at <= whole.started_at
    on_sqlite.load(on_sqlite.extract("customers"))
    on_sqlite.load(manifest)
    on_sqlite.load(on_sqlite.extract("payments"))
    assert_equal(on_sqlite)


def test_a_retry_after_the_windows_end_does_not_take_the_open_ones_tokens(
    on_sqlite: Pipeline, kill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tokens of other reads than the window's own mean nothing to it."""
    on_sqlite.sync()
    with on_sqlite.books() as books:
        for row in books["documents"]:
            row["ttl"] = "anders"
            row["mod"] = row["made"] = on_sqlite.state("invoices").cursor.isoformat()  # type: ignore[union-attr]
    kill("read", 1)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", run_id="r", try_number=1)
    kill("read", None)
    kill("read_open", 1)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", run_id="r", try_number=2)
    kill("read_open", None)
    asked, whole = [], Sample.read
    monkeypatch.setattr(
        Sample, "read", lambda self, stream, window: asked.append(window.resume) or whole(self, stream, window)
    )
    on_sqlite.load(on_sqlite.extract("invoices", run_id="r", try_number=3))
    notes = [json.loads(staging.read_bytes(str(p))) for t in ("001", "002")
             for p in sorted((staging.root() / "acme" / "invoices" / "r" / t).glob("0*.json"))]  # fmt: skip
    assert [note["resumable"] for note in notes].count(False) == 1
    assert asked == [[note["token"] for note in notes if note["resumable"]][-1]]
    assert {row["title"] for row in on_sqlite.rows("invoices").values()} == {"anders"}
    assert_equal(on_sqlite)


def test_what_changed_between_two_tries_is_read_by_the_next_run_at_the_latest(
    on_sqlite: Pipeline, kill: Callable[..., None]
) -> None:
    from tests.pipeline.test_cursor import touch

    kill("read", 1)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", run_id="r", try_number=1)
    key = touch(on_sqlite, datetime.now(UTC))
    kill("read", None)
    manifest = on_sqlite.extract("invoices", run_id="r", try_number=2)
    assert manifest.cursor_after is not None and manifest.started_at is not None
    assert manifest.cursor_after <= manifest.started_at
    on_sqlite.load(manifest)
    on_sqlite.sync()
    assert_equal(on_sqlite)
    assert key in on_sqlite.rows("invoices")


def resumed(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, run_id: str, **options: Any) -> list[str | None]:
    """Extract invoices whole and return where each read by a window went on."""
    asked: list[str | None] = []
    whole = Sample.read
    monkeypatch.setattr(
        Sample, "read", lambda self, stream, window: asked.append(window.resume) or whole(self, stream, window)
    )
    pipeline.load(pipeline.extract("invoices", Options(**options), run_id=run_id))
    monkeypatch.setattr(Sample, "read", whole)
    return asked


def test_a_first_load_goes_on_in_the_next_run_and_catches_up_with_the_day_between(
    on_sqlite: Pipeline, kill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may take more than one night, or more than one day's calls."""
    on_sqlite.load(on_sqlite.extract("customers"))
    for run in ("monday", "tuesday"):
        kill("read", 1)
        with pytest.raises(Killed):
            on_sqlite.extract("invoices", run_id=run)
    kill("read", None)
    staged = staging.root() / "acme" / "invoices" / "monday" / "001" / "000001.zst"
    key = next(item.key for item in staging.page_items(str(staged)) if item.key.startswith("Bill:"))
    with on_sqlite.books() as books:
        bill = next(row for row in books["documents"] if f"Bill:{row['ident']}" == key and row["kynd"] == "B")
        bill |= {"ttl": "anders", "mod": datetime.now(UTC).isoformat()}
    tokens = [json.loads(staging.read_bytes(str(staging.root() / "acme" / "invoices" / run / "001" / "000001.json")))
              ["token"] for run in ("monday", "tuesday")]  # fmt: skip
    assert tokens[0] != tokens[1], "tuesday went on after monday's page"
    assert resumed(on_sqlite, monkeypatch, "wednesday") == [tokens[1], None]
    assert on_sqlite.rows("invoices")[key]["title"] == "anders", "what changed on that page since is read again"
    assert on_sqlite.state("invoices").read_to_end_at is not None
    on_sqlite.sync()
    assert_equal(on_sqlite)


@pytest.mark.parametrize("reason", ["loaded meanwhile", "too old", "removed", "full refresh"])
def test_a_first_load_that_cannot_go_on_begins_anew(
    on_sqlite: Pipeline, kill: Callable[..., None], monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    kill("read", 1)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", run_id="monday")
    kill("read", None)
    staged = staging.root() / "acme" / "invoices" / "monday" / "001"
    match reason:
        case "loaded meanwhile":
            on_sqlite.load(on_sqlite.extract("invoices", Options(streams=("invoices",)), run_id="by hand"))
        case "too old":
            long_ago = (datetime.now(UTC) - timedelta(days=8)).timestamp()
            for path in staged.iterdir():
                os.utime(path.path, (long_ago, long_ago))
        case "removed":
            (staged / "000001.zst").unlink()
    assert resumed(on_sqlite, monkeypatch, "tuesday", full_refresh=reason == "full refresh") == [None]
    on_sqlite.sync()
    assert_equal(on_sqlite)


def test_a_retry_with_another_window_reads_from_the_start(on_sqlite: Pipeline, kill: Callable[..., None]) -> None:
    kill("read", 1)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", Options(changed_to=datetime.now(UTC)), run_id="r", try_number=1)
    kill("read", None)
    manifest = on_sqlite.extract("invoices", run_id="r", try_number=2)
    assert not any("/001/" in page for page in manifest.pages)
    assert manifest.record_count == on_sqlite.extract("invoices").record_count


def test_a_page_whose_note_was_cut_short_is_read_again(on_sqlite: Pipeline, kill: Callable[..., None]) -> None:
    kill("read", 2)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", run_id="r", try_number=1)
    note = staging.root() / "acme" / "invoices" / "r" / "001" / "000002.json"
    note.write_bytes(note.read_bytes()[:20])
    kill("read", None)
    manifest = on_sqlite.extract("invoices", run_id="r", try_number=2)
    assert [page.rsplit("/", 2)[1:] for page in manifest.pages[:2]] == [["001", "000001.zst"], ["002", "000001.zst"]]
    assert manifest.record_count == on_sqlite.extract("invoices").record_count


@pytest.mark.parametrize("left", [0, 10])
@pytest.mark.parametrize("name", ["window.json", "inherited.json"])
def test_a_cut_note_of_a_whole_try_costs_a_new_read_and_no_more(
    on_sqlite: Pipeline, kill: Callable[..., None], name: str, left: int
) -> None:
    for number in (1, 2):
        kill("read", 1)
        with pytest.raises(Killed):
            on_sqlite.extract("invoices", run_id="r", try_number=number)
    cut = staging.root() / "acme" / "invoices" / "r" / "002" / name
    cut.write_bytes(cut.read_bytes()[:left])
    kill("read", None)
    manifest = on_sqlite.extract("invoices", run_id="r", try_number=3)
    assert manifest.record_count == on_sqlite.extract("invoices").record_count
    assert len({item.key for page in manifest.pages for item in staging.page_items(page)}) == manifest.record_count


def test_a_system_that_answers_the_same_page_for_ever_is_stopped_at_the_second(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it fills the staging disk until the task's time is up."""
    whole = Sample.read
    monkeypatch.setattr(Sample, "read", lambda *asked: cycle([next(whole(*asked))]))
    with pytest.raises(SourceUnavailable, match="the same page again"):
        on_sqlite.extract("invoices", run_id="r")
    assert pages_of(on_sqlite, "invoices", "r") == {"001": 1}


@pytest.mark.parametrize("name", ["read", "read_open"])
def test_pages_that_take_turns_for_ever_are_stopped_when_the_first_comes_back(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A, B, A, B: no page repeats the one before it."""
    on_sqlite.sync()
    whole = Sample.read
    window = Window(history_from=date(2000, 1, 1))
    monkeypatch.setattr(Sample, name, lambda self, stream, *_: cycle(islice(whole(self, stream, window), 2)))
    with pytest.raises(SourceUnavailable, match="the same page again"):
        on_sqlite.extract("invoices", run_id="r")
    assert pages_of(on_sqlite, "invoices", "r")["001"] <= 3


def test_a_token_that_comes_back_ends_the_read_whatever_its_page_holds(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry that went on from it would be in the wrong place."""
    whole = Sample.read
    monkeypatch.setattr(Sample, "read", lambda *asked: (replace(page, token="B:1") for page in whole(*asked)))
    with pytest.raises(SourceUnavailable, match="the same page again"):
        on_sqlite.extract("invoices", run_id="r")


def test_of_a_record_that_changed_while_it_was_read_the_later_reading_is_loaded(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Extract says whether any came twice; only then normalize looks for the last of each."""
    assert not on_sqlite.extract("customers", run_id="once").read_again
    whole = Sample.read

    def changing(self: Sample, stream: Stream, window: Window) -> Iterator[Page]:
        yield from whole(self, stream, window)
        if stream.name == "customers":
            rename(on_sqlite, "Later & Co")
            yield from (replace(page, token=f"again {page.token}") for page in whole(self, stream, window))

    monkeypatch.setattr(Sample, "read", changing)
    night = on_sqlite.sync()
    assert night.manifests["customers"].read_again
    assert "Later & Co" in {row["name"] for row in on_sqlite.rows("customers").values()}
    assert_equal(on_sqlite)


def rename(pipeline: Pipeline, name: str) -> None:
    with pipeline.books() as books:
        books["parties"][0] |= {"lbl": name, "mod": datetime.now(UTC).isoformat()}


def test_clearing_an_older_runs_extract_reads_again_and_brings_no_old_rows_back(on_sqlite: Pipeline) -> None:
    """Its window is the same, but the rows are newer than the pages it once staged."""
    whole = Options(full_refresh=True)
    on_sqlite.sync()
    on_sqlite.load(on_sqlite.extract("customers", whole, run_id="r", try_number=1))
    rename(on_sqlite, "Renamed")
    on_sqlite.load(on_sqlite.extract("customers"))
    on_sqlite.load(on_sqlite.extract("customers", whole, run_id="r", try_number=2))
    assert on_sqlite.rows("customers")["Party:1"]["name"] == "Renamed"


def test_a_try_that_failed_before_another_run_loaded_is_not_gone_on_from(
    on_sqlite: Pipeline, kill: Callable[..., None]
) -> None:
    whole = Options(full_refresh=True)
    on_sqlite.sync()
    kill("read", 1)
    with pytest.raises(Killed):
        on_sqlite.extract("invoices", whole, run_id="r", try_number=1)
    kill("read", None)
    with on_sqlite.books() as books:
        known = on_sqlite.rows("invoices")
        first = next(row for row in books["documents"] if f"Bill:{row['ident']}" in known and row["kynd"] == "B")
        first |= {"ttl": "anders", "mod": datetime.now(UTC).isoformat()}
    on_sqlite.load(on_sqlite.extract("invoices"))
    on_sqlite.load(on_sqlite.extract("invoices", whole, run_id="r", try_number=2))
    assert on_sqlite.rows("invoices")[f"Bill:{first['ident']}"]["title"] == "anders"


def test_what_a_stale_manifest_tells_to_do_helps(on_sqlite: Pipeline) -> None:
    late = on_sqlite.extract("customers", run_id="r", try_number=1)
    rename(on_sqlite, "Renamed")
    on_sqlite.load(on_sqlite.extract("customers", Options(streams=("customers",))))
    with pytest.raises(StaleManifest, match="clear the task extract"):
        on_sqlite.load(late)
    on_sqlite.load(on_sqlite.extract("customers", run_id="r", try_number=2))
    assert on_sqlite.rows("customers")["Party:1"]["name"] == "Renamed"


def test_what_a_lost_page_tells_to_do_helps(on_sqlite: Pipeline) -> None:
    manifest = on_sqlite.extract("customers", run_id="r", try_number=1)
    staging.root().joinpath(*manifest.pages[0].split("/")[-5:]).unlink()
    with pytest.raises(StorageError, match="clear the stream's extract task"):
        on_sqlite.load(manifest)
    on_sqlite.load(on_sqlite.extract("customers", run_id="r", try_number=2))
    assert len(on_sqlite.rows("customers")) == manifest.record_count


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the disk be full for files whose names end so; nothing makes room again."""
    from airflow.sdk import ObjectStoragePath

    whole = ObjectStoragePath.write_bytes

    def order(suffix: str) -> None:
        def write(self: ObjectStoragePath, data: bytes, **options: Any) -> int:
            if suffix and self.name.endswith(suffix):
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(whole(self, data, **options))

        monkeypatch.setattr(ObjectStoragePath, "write_bytes", write)

    return order


@pytest.mark.parametrize("suffix", [".zst", "manifest.json", ".parquet"])
def test_a_full_disk_stops_the_night_and_harms_nothing(
    on_sqlite: Pipeline, full_disk: Callable[[str], None], suffix: str
) -> None:
    from tests.conformance import ledger
    from tests.pipeline.night import after

    on_sqlite.sync()
    before, states = on_sqlite.everything(), [on_sqlite.state(name) for name in STREAMS]
    with on_sqlite.books() as books:
        ledger.advance(books, after(1))
    full_disk(suffix)
    with pytest.raises(StorageError, match="No space left on device") as error:
        on_sqlite.sync()
    assert "GREENLIGHT_STAGING" in error.value.next_step
    assert on_sqlite.everything() == before
    assert [on_sqlite.state(name) for name in STREAMS] == states
    full_disk("")
    night = on_sqlite.sync()
    assert_equal(on_sqlite)
    assert on_sqlite.blocking(night.run_id) == {}
