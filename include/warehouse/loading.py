"""Load: one manifest into the warehouse, in two phases on one connection.

First the Parquet goes into temporary tables; then one short transaction takes the fence, merges,
and writes rejects, cursor and run record. Killed anywhere, it has done all or nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, func, select

from include.errors import ContractError
from include.warehouse import binding, derive, drift, fence, losses, merge, records, schema, survivors, tables
from include.warehouse.engine import begin
from include.warehouse.failures import in_own_words
from include.warehouse.fence import Kind, Summary
from include.warehouse.stamp import Stamp
from include.warehouse.statements import chunks, renew_statistics

if TYPE_CHECKING:
    from include.staging import Manifest
    from include.warehouse.staged import Staged

MANY_ROWS = 5_000
"""So many new rows in one load can make PostgreSQL's statistics of a table misleading."""


def load(
    engine: Engine, manifest: Manifest, now: datetime, *, exclude: derive.Rules = (), kind: Kind | None = None
) -> Summary:
    """Merge what normalize wrote for this manifest; a manifest loads once, whoever comes again gets its summary.

    Args:
        now: the moment that is written as first_seen_at, synced_at and deleted_at; aware.
        exclude: rules that give customers the exclusion_reason `by_rule`.
        kind: of the run record; by default limited, full or incremental as the manifest says. In a
            `repair`, records that the warehouse knows in a newer version are left out.

    Raises:
        StaleManifest: another load of this stream came first.
        SchemaOutdated: the warehouse needs an upgrade.
        ContractError: the files are not as the model says.
        StorageError: a file or the database cannot be used now; retried.
    """
    from include.warehouse.staged import stage  # imports pyarrow

    derive.check(exclude)
    stamp = Stamp.of(manifest, now)
    with in_own_words(stamp.organization_id), engine.connect() as connection:
        connection.detach()  # closed at the end, and its temporary tables with it
        with connection.begin():
            schema.check(connection)
            if done := fence.stored_summary(connection, manifest):
                return done
        with connection.begin():
            staged = stage(connection, manifest)
        with begin(connection, stamp.organization_id):
            schema.check(connection)
            if done := fence.stored_summary(connection, manifest):
                return done
            lost = losses.judge(connection, staged, manifest, stamp)
            fence.advance(connection, manifest, stamp, lost)
            summary = replace(
                _merge(connection, staged, stamp, exclude, kind), lost=lost.count, sweep_refused=lost.refused,
                accepted_deletions=lost.accepted, accepted_by=manifest.accepted_by if lost.accepted else "",
                unknown_fields=drift.note_fields(connection, manifest, stamp), budget=manifest.budget,
            )  # fmt: skip
            fence.record(connection, manifest, stamp, kind, summary)
        renew_statistics(connection, [name for name, rows in summary.inserted.items() if rows >= MANY_ROWS])
        return summary


def record_unchanged(engine: Engine, manifest: Manifest, now: datetime) -> Summary:
    """Record a read that found nothing new, through the same fence as a load.

    Raises:
        ContractError: the manifest says that something changed.
        StaleManifest, SchemaOutdated, StorageError: as `load`.
    """
    if not manifest.is_unchanged:
        raise ContractError("the read found changes, it cannot be recorded as unchanged", next_step="load its manifest")
    stamp = Stamp.of(manifest, now)
    with in_own_words(stamp.organization_id), begin(engine, stamp.organization_id) as connection:
        schema.check(connection)
        if done := fence.stored_summary(connection, manifest):
            return done
        fence.advance(connection, manifest, stamp)
        summary = Summary(data_version=binding.data_version(connection, stamp.organization_id), budget=manifest.budget)
        fence.record(connection, manifest, stamp, "limited" if manifest.limited else "unchanged", summary)
        return summary


def recompute(engine: Engine, organization_id: str, run_id: str, exclude: derive.Rules, now: datetime) -> int:
    """Bring the columns that depend on other rows and on `exclude` up to date; return how many rows changed.

    Loads do so for the rows they change; this is for a changed YAML file in a night without news.
    """
    derive.check(exclude)
    stamp = Stamp(organization_id, "", run_id, now)
    with in_own_words(organization_id), begin(engine, organization_id) as connection:
        written = sum(len(keys) for keys in derive.recompute(connection, stamp, exclude).values())
        if written:
            binding.raise_data_version(connection, organization_id)
        return written


def _merge(connection: Connection, staged: Staged, stamp: Stamp, exclude: derive.Rules, kind: Kind | None) -> Summary:
    if kind == "repair":
        records.drop_outdated(connection, staged, stamp)
    deleted = Counter(merge.remove(connection, staged, stamp))
    inserted: Counter[str] = Counter()
    updated: Counter[str] = Counter()
    for name in staged.rows:
        inserted[name], updated[name] = merge.merge(connection, staged, name, stamp, exclude)
    later = survivors.supersede(connection, staged, {*+inserted, *+deleted}, stamp)
    for name, keys in survivors.give_back(connection, staged, {*+updated}, stamp).items():
        later[name] = later.get(name, set()) | keys
    if {*+inserted, *+updated, *+deleted}.intersection(derive.TABLES):
        for name, keys in derive.recompute(connection, stamp, exclude).items():
            later[name] = later.get(name, set()) | keys
    for name, keys in later.items():
        updated[name] += len(keys - _counted(connection, staged, name, keys, stamp))
    records.remember(connection, staged, stamp)
    rejects_changed = records.keep_rejects(connection, staged, stamp)
    changed = any(+counts for counts in (inserted, updated, deleted)) or rejects_changed
    version = binding.raise_data_version if changed else binding.data_version
    return Summary(
        dict(+inserted),
        dict(+updated),
        dict(+deleted),
        rejected=connection.scalar(select(func.count()).select_from(staged.rejects)) or 0,
        data_version=version(connection, stamp.organization_id),
    )


def _counted(connection: Connection, staged: Staged, name: str, keys: set[str], stamp: Stamp) -> set[str]:
    """Return which of the keys this load has already counted, as inserted, updated or deleted."""
    if name in staged.all_new:
        return keys
    changed, table = staged.changed, tables.table(name)
    counted: set[str] = set()
    for chunk in chunks(sorted(keys)):
        written = select(changed.c.external_id).where(changed.c.table_name == name, changed.c.external_id.in_(chunk))
        removed = select(table.c.external_id).where(
            stamp.owns(table), table.c.external_id.in_(chunk), table.c.deleted_at == stamp.now
        )
        counted.update(connection.scalars(written), connection.scalars(removed))
    return counted
