"""Checks of what is read: where the cursor stands, what it cannot show, and what a failed read leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import repeat
from typing import Any

import pytest

from include.connectors.base import Page, Stream, Window
from include.errors import SourceUnavailable
from include.extract import Options
from include.staging import Folder
from tests.conformance.sample import Sample
from tests.survival.museum.room import Room


class Killed(Exception):
    """The process ends here."""


def next_night(room: Room, stream: str = "invoices") -> None:
    """Read and load one stream."""
    room.acme.load(room.acme.extract(stream))


def cursor(room: Room) -> Any:
    found = room.acme.state("invoices").cursor
    assert found
    return found


def _arrives(room: Room, after: timedelta) -> None:
    """Change a settled bill, stamped so long after the cursor, and expect the next night to bring it."""
    key = room.bill()
    at = cursor(room) + after
    room.change(key, ttl="changed", mod=at.isoformat())
    next_night(room)
    assert room.title(key) == "changed"


def what_is_stamped_as_the_newest_record_arrives(room: Room) -> None:
    _arrives(room, timedelta(0))


def what_is_committed_late_with_an_earlier_stamp_arrives(room: Room) -> None:
    _arrives(room, timedelta(minutes=-4))


def what_is_changed_later_on_the_cursors_day_arrives(room: Room) -> None:
    _arrives(room, timedelta(hours=3))


def what_is_committed_late_after_the_newest_record_arrives(room: Room) -> None:
    """The first night must not put the cursor past what was read, however late it is by the clock."""
    nights = room.before
    nights.load(nights.extract("invoices"))
    key = next(key for key, row in nights.rows("invoices").items() if row["status"] == "paid")
    newest = nights.state("invoices").cursor
    assert newest and newest + timedelta(minutes=30) < nights.now
    room.change(key, ttl="changed", mod=(newest + timedelta(minutes=1)).isoformat())
    nights.load(nights.extract("invoices"))
    assert nights.rows("invoices")[key]["title"] == "changed"


def a_record_of_the_future_does_not_hide_todays_changes(room: Room) -> None:
    first, second = room.bill(), room.bill("O")
    room.change(second, ttl="ahead", mod=(room.world.now + timedelta(days=2)).isoformat())
    next_night(room)
    room.change(first, ttl="changed", mod=room.world.now.isoformat())
    next_night(room)
    assert room.title(first) == "changed"


def the_cursor_never_goes_back(room: Room) -> None:
    before = cursor(room)
    with room.world.books() as books:
        for row in books.ledger["documents"]:
            row["mod"] = (before - timedelta(days=90)).isoformat()
        row["mod"] = (before - timedelta(minutes=4)).isoformat()
    next_night(room)
    assert cursor(room) == before


def a_limited_run_moves_no_cursor(room: Room) -> None:
    before, key = cursor(room), room.bill()
    room.world.wait(timedelta(hours=2))
    room.change(key, ttl="changed", mod=room.world.now.isoformat())
    limited = Options(changed_from=before + timedelta(minutes=1))
    room.acme.load(room.acme.extract("invoices", limited))
    assert room.title(key) == "changed"
    assert room.acme.state("invoices").cursor == before


def a_page_that_fails_fails_the_read(room: Room) -> None:
    before = room.acme.state("invoices")
    with room.world.books() as books:
        for row in books.ledger["documents"]:
            row |= {"ttl": "changed", "mod": room.world.now.isoformat()}
    with reads_end_after("read", 1, SourceUnavailable("gone", next_step="wait")), pytest.raises(SourceUnavailable):
        next_night(room)
    assert room.acme.state("invoices") == before
    next_night(room)
    assert {row["title"] for row in room.acme.rows("invoices").values()} == {"changed"}


def a_record_without_any_timestamp_arrives(room: Room) -> None:
    with room.world.books() as books:
        old = books.ledger["parties"][0]
        facts = {name: value for name, value in old.items() if name not in ("kynd", "bal", "made", "mod", "ident")}
        party = books.party(None, **{**facts, "kdnr": "K-NEW"})
        books.void(books.bill(party, "EUR", Decimal(100), room.world.now), room.world.now)
    next_night(room, "customers")
    assert f"Party:{party['ident']}" in room.acme.rows("customers")


def a_contact_that_is_deleted_without_a_trace_is_gone(room: Room) -> None:
    """The customer's own timestamp stays as it is, and one that owes nothing is not read for what is open."""
    before = room.acme.rows("contacts")
    with room.world.books() as books:
        for party in books.ledger["parties"]:
            party["mailz"] = party["mailz"][:1]
    again = tuple(replace(stream, reread=stream.name == "customers") for stream in Sample.streams)
    with patched("streams", again), patched("read_open", lambda *_: iter(())):
        next_night(room, "customers")
    assert len(room.acme.rows("contacts")) == len(before) / 2


def what_is_settled_without_a_trace_is_settled_here(room: Room) -> None:
    """Some systems move a balance and leave the document's timestamp alone."""
    key = room.bill("O")
    found = room.change(key)
    plan = [{**part, "rest": "0"} for part in found["plan"]]
    room.change(key, st="S", rest="0", bRest="0", plan=plan)
    next_night(room)
    assert room.acme.rows("invoices")[key]["outstanding_amount"] == 0


def what_is_reopened_without_a_trace_is_open_here(room: Room) -> None:
    key = room.bill()
    found = room.change(key)
    room.change(
        key, st="O", rest=found["tot"], bRest=found["bTot"], plan=[{**p, "rest": p["amt"]} for p in found["plan"]]
    )
    next_night(room)
    assert room.acme.rows("invoices")[key]["status"] == "open"


def the_same_page_for_ever_ends_the_read(room: Room) -> None:
    whole = Sample.read

    def again(*asked: Any) -> Iterator[Page]:
        yield from repeat(next(whole(*asked)), 25)

    with patched("read", again), pytest.raises(SourceUnavailable):
        room.before.extract("invoices")


def a_retry_goes_on_with_the_windows_own_token(room: Room) -> None:
    """A token of the open ones' list means nothing to the list of changes."""
    with room.world.books() as books:
        for row in books.ledger["documents"]:
            row |= {"ttl": "changed", "mod": room.world.now.isoformat()}
    for number, (name, pages) in enumerate((("read", 1), ("read_open", 1)), 1):
        with reads_end_after(name, pages, Killed()), pytest.raises(Killed):
            room.acme.extract("invoices", run_id="r", try_number=number)
    asked: list[Window] = []
    whole = Sample.read

    def noted(self: Sample, stream: Stream, window: Window) -> Iterator[Page]:
        asked.append(window)
        return whole(self, stream, window)

    with patched("read", noted):
        room.acme.load(room.acme.extract("invoices", run_id="r", try_number=3))
    system = room.acme.system()
    pages = list(whole(system, system.stream("invoices"), replace(asked[0], resume=None)))
    assert [window.resume for window in asked] == [pages[-1].token]
    assert {row["title"] for row in room.acme.rows("invoices").values()} == {"changed"}


def a_retry_does_not_go_on_from_pages_older_than_the_rows(room: Room) -> None:
    everything, key = Options(full_refresh=True), room.bill("O")
    with reads_end_after("read", 2, Killed()), pytest.raises(Killed):
        room.acme.extract("invoices", everything, run_id="r", try_number=1)
    room.change(key, ttl="changed", mod=room.world.now.isoformat())
    next_night(room)
    room.acme.load(room.acme.extract("invoices", everything, run_id="r", try_number=2))
    assert room.title(key) == "changed"


def a_cleared_task_reads_again(room: Room) -> None:
    everything, key = Options(full_refresh=True), room.bill("O")
    room.acme.extract("invoices", everything, run_id="r", try_number=1)
    room.change(key, ttl="changed", mod=room.world.now.isoformat())
    room.acme.load(room.acme.extract("invoices", everything, run_id="r", try_number=2))
    assert room.title(key) == "changed"


def two_runs_never_share_a_folder(room: Room) -> None:
    runs = (
        "manual__2026-03-29T01:30:00+02:00",
        "manual__2026-03-29T01:30:00 02:00",
        "manual__2026-03-29T01_30_00_02_00",
    )
    assert len({str(Folder("acme", "invoices", run, 1).path) for run in runs}) == len(runs)


def what_is_deleted_there_is_deleted_here(room: Room) -> None:
    (key, *_) = _delete(room, 1)
    next_night(room)
    assert key not in room.acme.rows("invoices")


def a_list_that_lost_many_records_deletes_none(room: Room) -> None:
    known = room.acme.rows("invoices").keys()
    _delete(room, 8)
    next_night(room)
    assert room.acme.rows("invoices").keys() == known


def what_is_only_out_of_the_list_is_not_deleted(room: Room) -> None:
    known, whole, lost = room.acme.rows("invoices").keys(), Sample.keys, {room.bill()}
    with patched("keys", lambda *asked: (key for key in whole(*asked) if key not in lost)):
        next_night(room)
    assert room.acme.rows("invoices").keys() == known


def a_mended_mapping_reads_all_records_again(room: Room) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sample, "mapping_version", 2)
        assert room.acme.extract("invoices").changed_count == len(room.acme.rows("invoices")) + len(
            room.acme.rows("credit_notes")
        )


def a_record_that_changed_back_while_it_was_read_is_as_it_is_there(room: Room) -> None:
    key, whole = room.bill("O"), Sample.read_open
    before, stamp = room.title(key), room.change(key)["mod"]
    room.change(key, ttl="for a moment", mod=room.world.now.isoformat())

    def changes_back(*asked: Any) -> Iterator[Page]:
        room.change(key, ttl=before, mod=stamp)
        return whole(*asked)

    with patched("read_open", changes_back):
        next_night(room)
    assert room.title(key) == before


@contextmanager
def patched(name: str, replacement: Any) -> Iterator[None]:
    """Let the sample system's connector have another method, or other streams."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sample, name, replacement)
        yield


@contextmanager
def reads_end_after(name: str, pages: int, error: Exception) -> Iterator[None]:
    """Let this method of the connector raise instead of giving its next page."""
    whole = getattr(Sample, name)

    def ending(*asked: Any) -> Iterator[Page]:
        for number, page in enumerate(whole(*asked)):
            if number == pages:
                raise error
            yield page

    with patched(name, ending):
        yield


def _delete(room: Room, number: int) -> list[str]:
    """Delete so many documents, without a trace."""
    known = room.acme.rows("invoices")
    with room.world.books() as books:
        rows = [d for d in books.ledger["documents"] if f"Bill:{d['ident']}" in known and d["kynd"] == "B"][:number]
        for row in rows:
            books.delete(row)
    return [f"Bill:{row['ident']}" for row in rows]
