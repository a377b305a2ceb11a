"""The fence: one version per organization and stream, raised by every load, checked by every load.

A manifest records the version it started from. Whoever comes second finds another version and is
turned away; whoever comes again with the same manifest gets the summary of the first time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection, Row, exists, insert, literal, select, update

from include.errors import ContractError, StaleManifest
from include.warehouse import tables
from include.warehouse.losses import Losses
from include.warehouse.stamp import Stamp

if TYPE_CHECKING:
    from include.staging import Manifest

Kind = Literal["full", "incremental", "limited", "complete", "repair", "unchanged"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a load did: rows per table, rejects of its batch, and the organization's data_version after it.

    Args:
        lost: records that the source no longer has and that count towards what may go unasked (losses.py).
        sweep_refused: fingerprint under which a person may accept that so many are gone; nothing was deleted.
        accepted_deletions, accepted_by: the fingerprint that a person gave this run, and who.
        unknown_fields: fields of the source that nobody knew before this load.
        budget: how many `requests` the read was to take, and the `formula` for it.
        already_loaded: an earlier call loaded this manifest; the figures are that call's.
    """

    inserted: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    data_version: int = 0
    lost: int = 0
    sweep_refused: str = ""
    accepted_deletions: str = ""
    accepted_by: str = ""
    unknown_fields: list[str] = field(default_factory=list)
    budget: dict[str, Any] = field(default_factory=dict)
    already_loaded: bool = False

    @property
    def written(self) -> int:
        """How many rows of the model were written."""
        return sum(sum(counts.values()) for counts in (self.inserted, self.updated, self.deleted))

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as plain data, for XCom and sync_runs."""
        return asdict(self)


def stored_summary(connection: Connection, manifest: Manifest) -> Summary | None:
    """Return what an earlier load of this very manifest did, None if there was none."""
    runs = tables.table("sync_runs")
    stored = connection.execute(
        select(runs.c.summary).where(
            runs.c.organization_id == manifest.organization_id, runs.c.manifest == manifest.address
        )
    ).scalar_one_or_none()
    return None if stored is None else Summary(**{**stored, "already_loaded": True})


def advance(connection: Connection, manifest: Manifest, stamp: Stamp, losses: Losses | None = None) -> None:
    """Raise the stream's version, and move its cursor unless the read was limited.

    Args:
        losses: what is gone from the source, and whether it goes here.

    Raises:
        StaleManifest: another load came first.
    """
    cursors = tables.table("sync_cursors")
    first = select(stamp.text("organization_id"), stamp.text("stream"), literal(0).label("version")).where(
        ~exists().where(stamp.reads(cursors))
    )
    connection.execute(insert(cursors).from_select(["organization_id", "stream", "version"], first))
    row = connection.execute(select(cursors).where(stamp.reads(cursors))).one()
    passed = connection.execute(
        update(cursors)
        .where(stamp.reads(cursors), cursors.c.version == manifest.version)
        .values(version=cursors.c.version + 1, **_reached(row, manifest, stamp, losses or Losses()))
    ).rowcount
    if not passed:
        raise StaleManifest(
            f"{stamp.stream} was loaded meanwhile (version {row.version}, this read began at {manifest.version})",
            next_step=f"clear the task extract of {stamp.stream}, so that it is read again",
            organization=stamp.organization_id,
        )


def record(connection: Connection, manifest: Manifest, stamp: Stamp, kind: Kind | None, summary: Summary) -> None:
    """Write the run record, with the summary that a second load of this manifest returns."""
    connection.execute(
        insert(tables.table("sync_runs")).values(
            organization_id=stamp.organization_id,
            manifest=manifest.address,
            stream=stamp.stream,
            run_id=stamp.run_id,
            kind=kind or _kind(manifest),
            version=manifest.version + 1,
            cursor_before=moment(manifest.cursor_before),
            cursor_after=moment(manifest.cursor_after),
            records=manifest.record_count,
            changed=manifest.changed_count,
            requests=manifest.request_count,
            bytes=manifest.byte_count,
            rejected=summary.rejected,
            inserted=sum(summary.inserted.values()),
            updated=sum(summary.updated.values()),
            deleted=sum(summary.deleted.values()),
            started_at=moment(manifest.started_at),
            loaded_at=stamp.now,
            summary=summary.as_dict(),
        )
    )


def moment(text: str | None) -> datetime | None:
    """Return a manifest's timestamp as an aware datetime, UTC.

    Raises:
        ContractError: it has no timezone.
    """
    if not text:
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ContractError("a manifest holds a timestamp without a timezone", next_step="let extract write UTC")
    return found.astimezone(UTC)


def _reached(row: Row[Any], manifest: Manifest, stamp: Stamp, losses: Losses) -> dict[str, Any]:
    """Return the cursor's new columns: never back but by a full refresh, fresh only as of the read's start."""
    if manifest.limited:
        return {}
    cursor = moment(manifest.cursor_after) or row.cursor
    if cursor and row.cursor and not manifest.full_refresh:
        cursor = max(cursor, row.cursor)
    read_at = min(moment(manifest.started_at) or stamp.now, stamp.now)
    said = {"sweep_refused": losses.refused or None, "sweep_gone": losses.gone if losses.refused else 0}
    swept = {"swept_at": read_at} if manifest.swept and not losses.refused else {}
    return {"cursor": cursor, "read_to_end_at": read_at, **said, **swept}


def _kind(manifest: Manifest) -> Kind:
    if manifest.limited:
        return "limited"
    return "full" if manifest.full_refresh or not manifest.cursor_before else "incremental"
