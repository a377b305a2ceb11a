"""Stager: stores what a read brings page by page, and keeps what its manifest must know of it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Engine

from include import staging, warehouse
from include.ahead import one_behind
from include.connectors.base import Connector, Item, Page, Stream, Window, is_unnamed
from include.errors import SourceUnavailable
from include.keys import Keys
from include.organizations import Organization

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """One read of one stream: who, into which staging folder, from which state."""

    engine: Engine
    organization: Organization
    connector: Connector
    stream: Stream
    run_id: str
    try_number: int = 1


class Stager:
    """Stages pages and keeps what the manifest must know of them."""

    def __init__(self, read: Read, window: Window, version: int, everything: bool) -> None:
        self.read = read
        self.window = window
        self.version = version
        self.everything = everything
        self.folder = staging.Folder(read.organization.id, read.stream.name, read.run_id, read.try_number)
        self.folder.bind(window, version)
        self.token: str | None = None
        self.started_at: datetime | None = None
        self.goes_on_since: datetime | None = None
        self.newest: datetime | None = None
        self.unnamed: list[datetime | None] = []
        self.seen, self.changed = Keys(), Keys()
        self.read_again = False
        self.pages: list[str] = []
        self.page_count = self.byte_count = self.future = 0
        self.asked: Counter[str] = Counter()
        """Records that lists brought, ids that were asked for, keys that were compared: what requests were for."""
        self.requests_before = read.connector.request_count

    def take_over(self, not_before: datetime | None = None) -> None:
        """Go on after the last page an earlier try of this very read has staged.

        Args:
            not_before: go on from the run before, too, if this one has staged nothing yet and that one has since
                then: a first load that takes more than one night (or one day's calls) comes to its end so.
        """
        inherited = list(self.folder.earlier_pages(self.window, self.version))
        if not inherited and not_before:
            inherited = list(self.folder.unfinished_pages(self.window, self.version, not_before))
        for address, note in inherited:
            source_time = datetime.fromisoformat(note["source_time"])
            self._count(staging.note_items(note), source_time, address, note["resumable"])
            self.byte_count += note["bytes"]
            self.token = note["token"] if note["resumable"] else self.token
        if inherited:
            self.folder.inherit(inherited)
            log.info("going on after %d pages that an earlier try staged", len(inherited))
        if any(not address.startswith(f"{self.folder.run}/") for address, _ in inherited):
            self.goes_on_since = self.started_at

    def catch_up(self, since: datetime) -> None:
        """Read what changed while a read that began in another run was not going on, and count from now on."""
        self.started_at = None
        window = replace(self.window, since=since - self.read.stream.overlap)
        self.stage(self.read.connector.read(self.read.stream, window), of_changes=True)
        self.started_at = self.started_at or since

    def stage(
        self, pages: Iterable[Page], resumable: bool = False, of_changes: bool = False, what: str = "changed"
    ) -> None:
        """Store each page; a page without news is stored, but normalize need not look at it.

        Only what was read as changed (or in a whole read) moves the cursor: a record that another read brings
        says nothing of the changes before it.

        A page is stored while the next one is asked for.

        Args:
            what: as what the records that come are counted; nothing if empty.
        """
        with one_behind() as behind:
            for page in _each_once(pages, resumable):
                page = replace(page, items=tuple(self._versioned(page.items)))
                self.page_count += 1
                self.asked.update({what: len(page.items)} if what else {})
                behind(partial(self.folder.write_page, self.page_count, page, resumable))
                address = self.folder.page_address(self.page_count)
                self._count(page.items, page.source_time, address, resumable or of_changes)
                self.byte_count += len(page.body)

    def stage_ids(self, keys: Sequence[str]) -> None:
        """Ask for records by their keys, and store what comes."""
        self.asked["by id"] += len(keys)
        self.stage(self.read.connector.read_ids(self.read.stream, keys), what="")

    def _versioned(self, items: Iterable[Item]) -> Iterator[Item]:
        """Make a digest that a change of the mapping changes too."""
        version = self.read.connector.mapping_version
        return (Item(item.key, f"{version}.{item.digest}", item.updated_at) for item in items)

    def _count(self, items: Sequence[Item], source_time: datetime, address: str, of_changes: bool) -> None:
        self.started_at = self.started_at or source_time
        again = self.seen.add(item.key for item in items)
        self.read_again |= bool(again)
        changed = self._changed(items, again)
        for item in items:
            if item.updated_at and item.updated_at > source_time:
                self.future += item.key not in again
            elif of_changes and item.updated_at and (self.newest is None or item.updated_at > self.newest):
                self.newest = item.updated_at
        self.unnamed += [item.updated_at for item in items if ":?" in item.key and is_unnamed(item.key)]
        if not self._is_all_new:
            self.changed.add(changed)
        if changed:
            self.pages.append(address)

    @property
    def _is_all_new(self) -> bool:
        """Whatever is read counts as changed: so it was asked for, or nothing was loaded yet."""
        return self.everything or not self.version

    def _changed(self, items: Sequence[Item], again: set[str]) -> set[str]:
        """Return the keys that are news: a later reading of a changed record replaces the earlier one."""
        if self._is_all_new:
            return {item.key for item in items}
        keys = [item.key for item in items]
        stored = warehouse.digests(self.read.engine, self.read.organization.id, self.read.stream.name, keys)
        before = again.difference(self.changed.lacking(again))
        return {item.key for item in items if item.key in before or stored.get(item.key) != item.digest}

    def manifest(self, version: int, limited: bool, full_refresh: bool, cursor: datetime | None) -> staging.Manifest:
        """Return what the read brought; the caller adds deletions and writes it."""
        after, costs = cursor, self.read.connector.costs.get(self.read.stream.name)
        # A record that came without its id can only be had again by what it was changed at.
        held = [at for at in self.unnamed if at]
        if not limited and self.newest and self.started_at and len(held) == len(self.unnamed):
            reached = min(self.newest, self.started_at, *held)
            after = reached if full_refresh or cursor is None else max(cursor, reached)
        return staging.Manifest(
            address=self.folder.manifest_address,
            organization_id=self.read.organization.id,
            stream=self.read.stream.name,
            run_id=self.read.run_id,
            version=version,
            limited=limited,
            full_refresh=full_refresh,
            cursor_before=_utc(cursor),
            cursor_after=_utc(after),
            started_at=_utc(self.started_at),
            read_again=self.read_again,
            future=self.future,
            record_count=len(self.seen),
            changed_count=len(self.seen if self._is_all_new else self.changed),
            request_count=self.read.connector.request_count - self.requests_before,
            byte_count=self.byte_count,
            pages=self.pages,
            budget=costs.of_read(self.asked) if costs else {},
        )


def _each_once(pages: Iterable[Page], resumable: bool) -> Iterator[Page]:
    """Yield each page.

    Only tokens of the window's own read may resume it, not those of the reads that follow it: where one
    of those comes back, a retry would go on in the wrong place. Elsewhere only what the page holds counts.

    Raises:
        SourceUnavailable: one comes again.
    """
    seen: set[object] = set()
    for page in pages:
        mark = page.token if resumable else (page.token, tuple(item.key for item in page.items))
        if mark in seen and (resumable or page.items):
            raise SourceUnavailable(
                "the system answers the same page again and again",
                next_step="look at the system, or file a bug against the connector; the task retries",
            )
        seen.add(mark)
        yield page


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
