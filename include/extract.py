"""Extract: ask the ERP for what changed and what is open, and stage it page by page.

Tonight's read of a stream is, in this order: what was modified since the cursor (less the overlap),
what is open in the ERP, what is open in the warehouse and was not seen yet, and what was deleted: by
the ERP's own list, or, where deletions leave no trace, by a sweep over all keys: what is listed and not
known here is read, what is known and not listed is gone. The cursor is the smaller of the largest source
timestamp read and the vendor's clock at the start; never now().
"""

from __future__ import annotations

import logging
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from include import staging, sweep, warehouse
from include.collector import rarely_looking
from include.connectors.base import Connector, Identity, Item, Page, Stream, Window, is_unnamed
from include.errors import ConfigurationError, SourceUnavailable
from include.keys import Keys
from include.organizations import Organization

log = logging.getLogger(__name__)

DEFAULT_HISTORY_MONTHS = 24
GOES_ON_WITHIN = timedelta(days=7)
"""A first load goes on with what an earlier run has staged, if that is no older."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked this run for; the defaults are the nightly incremental run.

    Args:
        customers: read these customers again with all their documents (external ids).
        changed_from, changed_to: read what was modified between, UTC.
        accept_deletions: fingerprints of refused deletions that a person looked at; several with commas between.
        accepted_by: who, as Airflow knows the person.
        dry_run: nothing will be loaded, so nothing is bound either.
    """

    full_refresh: bool = False
    customers: tuple[str, ...] = ()
    changed_from: datetime | None = None
    changed_to: datetime | None = None
    streams: tuple[str, ...] = ()
    accept_deletions: str = ""
    accepted_by: str = ""
    dry_run: bool = False

    @property
    def is_limited(self) -> bool:
        """The run is bounded, so it can neither move a cursor nor make an organization ready."""
        return bool(self.customers or self.changed_from or self.changed_to or self.streams)


@dataclass(frozen=True, slots=True)
class Read:
    """One read of one stream: who, into which staging folder, from which state."""

    engine: Engine
    organization: Organization
    connector: Connector
    stream: Stream
    run_id: str
    try_number: int = 1


def history_from(organization: Organization, bound_at: datetime) -> date:
    """Return the day that bounds closed documents: the YAML's, or 24 months before the first load."""
    if organization.history_from:
        return organization.history_from
    first = bound_at.astimezone(ZoneInfo(organization.timezone)).date()
    year, month = divmod(first.year * 12 + first.month - 1 - DEFAULT_HISTORY_MONTHS, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))


def identify(
    engine: Engine, organization: Organization, connector: Connector, now: datetime, dry_run: bool = False
) -> datetime:
    """Hold who answers to who answered at the first load; return when that was.

    Whoever is about to read rows asks this first: a task that is cleared runs alone, days later, and
    the connection may lead elsewhere by then.

    Raises:
        ConfigurationError: the system answers as another account, entity or base currency.
    """
    identity = _identity(organization, connector)
    if dry_run:
        return warehouse.compare(engine, organization.id, identity) or now
    return warehouse.bind(engine, organization.id, identity, now)


@rarely_looking()
def extract(read: Read, options: Options, now: datetime) -> staging.Manifest:
    """Read one stream to its end and return its manifest, written.

    Raises:
        ConfigurationError: the system answers as another account, or refuses us.
        SourceUnavailable: wait and retry; the retry goes on after the last staged page.
        StorageError: a page could not be staged.
    """
    organization_id, stream, requests = read.organization.id, read.stream, read.connector.request_count
    _check_customers(read.connector, options)
    bound_at = identify(read.engine, read.organization, read.connector, now, options.dry_run)
    history = history_from(read.organization, bound_at)
    state = warehouse.state(read.engine, organization_id, stream.name)
    window = _window(stream, state.cursor, history, options)
    stager = Stager(read, window, state.version, everything=options.full_refresh)
    is_first = state.read_to_end_at is None and stream.cursor is not None
    stager.take_over(now - GOES_ON_WITHIN if is_first and not (options.full_refresh or options.is_limited) else None)
    stager.stage(read.connector.read(stream, replace(window, resume=stager.token)), resumable=True)
    if stager.goes_on_since:
        stager.catch_up(stager.goes_on_since)
    deleted: list[str] = []
    is_part = window.since is not None or stager.goes_on_since is not None
    if not options.is_limited:
        if is_part:
            stager.stage(read.connector.read_open(stream))
        still_open = warehouse.open_keys(read.engine, organization_id, stream.record_types)
        again = {*still_open, *warehouse.rejected_keys(read.engine, organization_id, stream.name)}
        stager.stage(read.connector.read_ids(stream, sorted(stager.seen.lacking(again))))
        if stream.swept:
            listed = set(read.connector.keys(stream, history))
            if is_part:  # a whole read that left something out is for the gate to refuse
                stager.stage(read.connector.read_ids(stream, sweep.lacking(read, stager.seen.lacking(listed))))
            deleted += sweep.unlisted(read, stager, listed)
        else:
            deleted += sweep.unnamed(read, stager)
        if stream.fed and (reached := state.cursor or state.read_to_end_at):
            deleted += sweep.deleted_since(read, stager, reached - stream.overlap)
    manifest = stager.manifest(state.version, options.is_limited, options.full_refresh, state.cursor)
    manifest.deleted = deleted
    manifest.accept_deletions, manifest.accepted_by = options.accept_deletions, options.accepted_by
    manifest.swept = stream.swept and not options.is_limited
    manifest.history_from = history.isoformat()
    manifest.request_count = read.connector.request_count - requests
    manifest.write()
    return manifest


def read_again(read: Read, keys: Sequence[str]) -> tuple[staging.Manifest, list[str]]:
    """Stage these records as a limited read; return its manifest and the keys the source lacks."""
    read = _apart(read)
    state = warehouse.state(read.engine, read.organization.id, read.stream.name)
    # All of it counts as changed: these rows are missing here, whatever digest their records had.
    stager = Stager(read, Window(history_from=date.min, customers=tuple(keys)), state.version, everything=True)
    stager.stage(read.connector.read_ids(read.stream, keys))
    manifest = stager.manifest(state.version, limited=True, full_refresh=False, cursor=state.cursor)
    manifest.write()
    return manifest, list(stager.seen.lacking(keys))


def read_changed(read: Read, since: datetime) -> staging.Manifest:
    """Stage what was modified, and note what was deleted, since then as a limited read; return its manifest."""
    read = _apart(read)
    bound_at = warehouse.bound_at(read.engine, read.organization.id)
    state = warehouse.state(read.engine, read.organization.id, read.stream.name)
    window = Window(history_from=history_from(read.organization, bound_at), since=since - read.stream.overlap)
    stager = Stager(read, window, state.version, everything=False)
    stager.stage(read.connector.read(read.stream, window))
    gone: list[str] = []
    if read.stream.swept:
        gone += sweep.unlisted(read, stager, set(read.connector.keys(read.stream, window.history_from)))
    if read.stream.fed:
        gone += sweep.deleted_since(read, stager, since - read.stream.overlap)
    manifest = stager.manifest(state.version, limited=True, full_refresh=False, cursor=state.cursor)
    manifest.deleted = gone
    manifest.write()
    return manifest


def _apart(read: Read) -> Read:
    """Return the read under the first try number that none has ended under.

    A manifest loads once: a retried task that read into the same one would take the old load for its own.
    """
    number = read.try_number
    while staging.Folder(read.organization.id, read.stream.name, read.run_id, number).is_read:
        number += 1
    return replace(read, try_number=number)


def _check_customers(connector: Connector, options: Options) -> None:
    """Refuse what cannot be a customer's external id: it would bring nothing, or be no filter at all."""
    wrong = [
        key
        for key in options.customers
        if not ((of := connector.stream_of(key)) and of.tables.get("customers", "") is None)
    ]
    if wrong:
        raise ConfigurationError(
            f"param customers names {', '.join(map(repr, wrong))}, which is no customer's external id",
            next_step="write external ids as they stand in the table customers",
        )


def _identity(organization: Organization, connector: Connector) -> Identity:
    """Ask the system who it is, and hold the answer to the currency that the YAML names."""
    identity, wanted = connector.identity(), organization.currency
    if wanted and identity.base_currency != wanted:
        raise ConfigurationError(
            f"the books are in {identity.base_currency}, the YAML says {wanted}",
            next_step="correct currency in the YAML, or the entity or connection it names",
        )
    return identity


def _window(stream: Stream, cursor: datetime | None, history: date, options: Options) -> Window:
    since = options.changed_from
    incremental = not (options.full_refresh or options.customers or options.changed_from or options.changed_to)
    if incremental and cursor and stream.cursor:
        since = cursor - stream.overlap
    return Window(history_from=history, since=since, until=options.changed_to, customers=options.customers or None)


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
        self.pages: list[str] = []
        self.page_count = self.byte_count = self.future = 0
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

    def stage(self, pages: Iterable[Page], resumable: bool = False, of_changes: bool = False) -> None:
        """Store each page; a page without news is stored, but normalize need not look at it.

        Only what was read as changed (or in a whole read) moves the cursor: a record that another read brings
        says nothing of the changes before it.

        Only tokens of the window's own read may resume it, not those of the reads that follow it: where one
        of those comes back, a retry would go on in the wrong place. Elsewhere only what the page holds counts.
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
            page = replace(page, items=tuple(self._versioned(page.items)))
            self.page_count += 1
            address = self.folder.write_page(self.page_count, page, resumable)
            self._count(page.items, page.source_time, address, resumable or of_changes)
            self.byte_count += len(page.body)

    def _versioned(self, items: Iterable[Item]) -> Iterator[Item]:
        """Make a digest that a change of the mapping changes too."""
        version = self.read.connector.mapping_version
        return (Item(item.key, f"{version}.{item.digest}", item.updated_at) for item in items)

    def _count(self, items: Sequence[Item], source_time: datetime, address: str, of_changes: bool) -> None:
        self.started_at = self.started_at or source_time
        again = self.seen.add(item.key for item in items)
        changed = self._changed(items, again)
        for item in items:
            if item.updated_at and item.updated_at > source_time:
                self.future += item.key not in again
            elif of_changes and item.updated_at and (self.newest is None or item.updated_at > self.newest):
                self.newest = item.updated_at
        self.unnamed += [item.updated_at for item in items if is_unnamed(item.key)]
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
        after = cursor
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
            future=self.future,
            record_count=len(self.seen),
            changed_count=len(self.seen if self._is_all_new else self.changed),
            request_count=self.read.connector.request_count - self.requests_before,
            byte_count=self.byte_count,
            pages=self.pages,
        )


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
