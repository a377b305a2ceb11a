"""Sample connectors that each break one promise about reading, with the check that must fail them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec import structs

from include.connectors.base import Item, Page, Stream, Window
from tests.conformance.broken import fails
from tests.conformance.sample import Sample


def _unnamed(page: Page) -> Page:
    return replace(page, items=tuple(structs.replace(i, key=i.key.partition(":")[2]) for i in page.items))


@fails("keys_unique")
class BareNumbersAsKeys(Sample):
    """Equal numbers of two record types become one record."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return map(_unnamed, super().read(stream, window))


@fails("keys_unique")
class OffsetPages(Sample):
    """A shifting page gives its last record twice."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        last: tuple[Any, ...] = ()
        for page in super().read(stream, window):
            yield replace(page, items=(*last, *page.items))
            last = page.items[-1:]


@fails("pages")
class SameToken(Sample):
    """The token never moves."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return (replace(page, token="B:1") for page in super().read(stream, window))


@fails("pages")
class NaiveClock(Sample):
    """The vendor's clock has lost its zone."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return (replace(p, source_time=p.source_time.replace(tzinfo=None)) for p in super().read(stream, window))


@fails("timestamps")
class NaiveTimestamps(Sample):
    """Records' timestamps have no zone."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        for page in super().read(stream, window):
            bare = (
                structs.replace(i, updated_at=i.updated_at and i.updated_at.replace(tzinfo=None)) for i in page.items
            )
            yield replace(page, items=tuple(bare))


@fails("digests")
class DigestOfNow(Sample):
    """Every read looks like a change."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        for page in super().read(stream, window):
            yield replace(page, items=tuple(structs.replace(i, digest=str(datetime.now(UTC))) for i in page.items))


@fails("digests")
class DigestOfNothing(Sample):
    """No read looks like a change."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        for page in super().read(stream, window):
            yield replace(page, items=tuple(structs.replace(i, digest="same") for i in page.items))


@fails("change_is_seen")
class DigestOfKey(Sample):
    """A changed record keeps its digest."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        for page in super().read(stream, window):
            yield replace(page, items=tuple(structs.replace(i, digest=i.key) for i in page.items))


@fails("read_while_changing")
class OffsetByModification(Sample):
    """Pages are counted off a list that is sorted by modification, so a change shifts all later ones."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        start, listed = 0, self._by_modification(stream, window)
        while start < len(listed):
            items = tuple(item for item, _ in listed[start : start + 7])
            yield replace(listed[start][1], items=items, token=str(start))
            start, listed = start + 7, self._by_modification(stream, window)

    def _by_modification(self, stream: Stream, window: Window) -> list[tuple[Item, Page]]:
        found = [(item, page) for page in super().read(stream, window) for item in page.items]
        return sorted(found, key=lambda pair: str(pair[0].updated_at))


@fails("resume")
class ResumeSkipsAPage(Sample):
    """After a crash one page is never read."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        pages = super().read(stream, window)
        if window.resume:
            next(pages, None)
        return pages


@fails("resume")
class ResumeStartsOver(Sample):
    """After a crash everything is read again."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return super().read(stream, replace(window, resume=None))


@fails("since_future")
class IgnoresSince(Sample):
    """Every incremental read is a full one."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return super().read(stream, replace(window, since=None))


@fails("since")
class SinceExcludesItsMoment(Sample):
    """Of a burst at one timestamp nothing comes."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        since = window.since and window.since + timedelta(microseconds=1)
        return super().read(stream, replace(window, since=since))


@fails("since")
class SinceByDay(Sample):
    """The filter forgets the time of day."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        since = window.since and datetime(*window.since.timetuple()[:3], tzinfo=UTC) + timedelta(days=1)
        return super().read(stream, replace(window, since=since))


@fails("until")
class IgnoresUntil(Sample):
    """The upper bound does nothing, and nobody says so."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return super().read(stream, replace(window, until=None))


@fails("customers")
class IgnoresCustomers(Sample):
    """One customer is asked for, all come."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return super().read(stream, replace(window, customers=None))


@fails("history")
class HistoryBoundsOpenOnes(Sample):
    """An old unpaid invoice is out of range."""

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        return iter(()) if window.history_from > datetime.now(UTC).date() else super().read(stream, window)


@fails("read_open")
class OpenOnesOfFirstPage(Sample):
    """Only one page of what is open comes."""

    def read_open(self, stream: Stream) -> Iterator[Page]:
        return iter(list(super().read_open(stream))[:1])


@fails("read_ids")
class IdsOfFirstPage(Sample):
    """More ids than a page holds are cut off."""

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        return iter(list(super().read_ids(stream, ids))[:1])


@fails("read_ids_absent")
class IdsOfAnyType(Sample):
    """Number 1 of another record type is taken for our own."""

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        return super().read_ids(stream, [f"{stream.record_types[0]}:{key.partition(':')[2]}" for key in ids])


@fails("read_ids_empty")
class EmptyIdsMeanAll(Sample):
    """Asking for nothing gives everything."""

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        return super().read_ids(stream, ids) if ids else self._pages(stream, {})


@fails("keys")
class SweepForgetsOne(Sample):
    """A record that exists looks deleted."""

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        return iter(list(super().keys(stream, history_from))[:-1])
