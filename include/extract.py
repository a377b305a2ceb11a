"""Extract: ask the ERP for what changed and what is open, and stage it page by page.

Tonight's read of a stream is, in this order: what was modified since the cursor (less the overlap),
what is open in the ERP, what is open in the warehouse and was not seen yet, and what was deleted: by
the ERP's own list, or, where deletions leave no trace, by a sweep over all keys: what is listed and not
known here is read, what is known and not listed is gone. The cursor is the smaller of the largest source
timestamp read and the vendor's clock at the start; never now().
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from include import staging, sweep, warehouse
from include.collector import rarely_looking
from include.connectors.base import Connector, Identity, Stream, Window
from include.errors import ConfigurationError
from include.organizations import Organization
from include.stager import Read, Stager

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
            stager.stage(read.connector.read_open(stream), what="open")
        still_open = warehouse.open_keys(read.engine, organization_id, stream.record_types)
        again = {*still_open, *warehouse.rejected_keys(read.engine, organization_id, stream.name)}
        stager.stage_ids(sorted(stager.seen.lacking(again)))
        if _is_swept(read):
            listed = set(read.connector.keys(stream, history))
            stager.asked["keys"] += len(listed)
            if is_part:  # a whole read that left something out is for the gate to refuse
                stager.stage_ids(sweep.lacking(read, stager.seen.lacking(listed)))
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
    stager.stage_ids(keys)
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
    if _is_swept(read):
        gone += sweep.unlisted(read, stager, set(read.connector.keys(read.stream, window.history_from)))
    if read.stream.fed:
        gone += sweep.deleted_since(read, stager, since - read.stream.overlap)
    manifest = stager.manifest(state.version, limited=True, full_refresh=False, cursor=state.cursor)
    manifest.deleted = gone
    manifest.write()
    return manifest


def _is_swept(read: Read) -> bool:
    """Tell whether all keys are compared: where the source lists no deletions, or not to this user."""
    return read.stream.swept and not (read.stream.fed and read.connector.lists_deletions())


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
