"""Losses: how many records of an organization may go without a person's word.

A list that a right, a filter or a fault cuts short looks like a mass deletion. So a load deletes at most
max(5, 2 %) of what the organization has, over all streams of its run, and as much of each stream; beyond,
it loads everything else, deletes nothing, and says under which fingerprint a person may accept it. Whoever
was superseded or void before is no loss.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, FromClause, Table, and_, delete, exists, false, func, or_, select

from include.warehouse import tables
from include.warehouse.stamp import Stamp
from include.warehouse.statements import chunks
from include.warehouse.survivors import NUMBERED, SUPERSEDABLE

if TYPE_CHECKING:
    from include.staging import Manifest
    from include.warehouse.staged import Staged

log = logging.getLogger(__name__)

ROWS, PERCENT = 5, 2
"""More than max(5 records, 2 %) do not go unasked."""
VOID = ("voided", "rejected", "failed")


@dataclass(frozen=True, slots=True)
class Losses:
    """What a load deletes, or does not.

    Args:
        count: records that count as lost in this load, unless a person accepted them.
        gone: records that the source no longer has.
        refused: fingerprint under which a person may accept that they go; "" when they went.
        accepted: fingerprint under which a person did.
    """

    count: int = 0
    gone: int = 0
    refused: str = ""
    accepted: str = ""


def judge(connection: Connection, staged: Staged, manifest: Manifest, stamp: Stamp) -> Losses:
    """Decide, in the load's transaction, whether what is gone goes; if not, take it out of the batch."""
    records = staged.records
    gone = sorted(connection.scalars(select(records.c.external_id).where(records.c.status == "deleted")))
    if not gone:
        return Losses()
    own, whole = _known(connection, stamp)
    lost_before = _lost_before(connection, stamp)
    within = min(_limit(own), _limit(whole) - lost_before)
    lost = len(_that_count(connection, staged, gone, stamp, within))
    if lost <= within:
        return Losses(lost, len(gone))
    fingerprint = blake2b("\n".join(gone).encode(), digest_size=6).hexdigest()
    if fingerprint in manifest.accept_deletions.replace(",", " ").split():
        log.info("%d records of %s go, as a person accepted under %s", len(gone), stamp.stream, fingerprint)
        return Losses(0, len(gone), accepted=fingerprint)
    connection.execute(delete(records).where(records.c.status == "deleted"))
    log.warning(
        "%d of %d %s are gone from the source, more than the %d that are deleted without asking (max of %d and %d %% "
        "of the stream, and of the organization). Nothing was deleted. If that is right, run again with "
        "accept_deletions=%s.",
        len(gone), own, stamp.stream, max(0, within), ROWS, PERCENT, fingerprint,
    )  # fmt: skip
    return Losses(0, len(gone), refused=fingerprint)


def _limit(known: int) -> int:
    return max(ROWS, known * PERCENT // 100)


def _known(connection: Connection, stamp: Stamp) -> tuple[int, int]:
    """Return how many records the stream and the whole organization have."""
    known = tables.table("source_records")
    counted = select(known.c.stream, func.count().label("number")).where(stamp.owns(known)).group_by(known.c.stream)
    by_stream: dict[str, int] = {row.stream: row.number for row in connection.execute(counted)}
    return by_stream.get(stamp.stream, 0), sum(by_stream.values())


def _lost_before(connection: Connection, stamp: Stamp) -> int:
    """Return how many records the organization has lost in this run already, in other streams or rounds."""
    runs, run_id = tables.table("sync_runs"), stamp.run_id.partition("~")[0]
    mine = or_(runs.c.run_id == run_id, runs.c.run_id.startswith(f"{run_id}~", autoescape=True))
    found = connection.scalars(select(runs.c.summary).where(stamp.owns(runs), mine))
    return sum(int(summary.get("lost", 0)) for summary in found if summary)


def _that_count(connection: Connection, staged: Staged, gone: Sequence[str], stamp: Stamp, within: int) -> set[str]:
    """Return the gone records that would take rows along which are neither void nor superseded.

    Looks no further once there are more than `within`: this is asked under the organization's lock.
    """
    found: set[str] = set()
    spared: set[str] = set()
    for chunk in chunks(gone):
        for name in tables.ROOT_TABLES:
            table, lines = tables.table(name), tables.table("source_lines")
            of_line = and_(stamp.reads(lines), lines.c.table_name == name, lines.c.external_id == table.c.external_id)
            record = func.coalesce(lines.c.record_external_id, table.c.external_id)
            rows = (
                select(record, _is_spared(table, staged, stamp).label("spared"))
                .select_from(table.outerjoin(lines, of_line))
                .where(stamp.owns(table), table.c.deleted_at.is_(None), record.in_(chunk))
            )
            for key, is_spared in connection.execute(rows):
                (spared if is_spared else found).add(key)
        for name in tables.CHILD_TABLES:
            child = tables.table(name)
            listed = (child.c.parent_stream == stamp.stream, child.c.parent_external_id.in_(chunk))
            found.update(_others(connection, child, stamp, listed, spared))
        if len(found) > within:
            break
    return found


def _others(
    connection: Connection, child: Table, stamp: Stamp, listed: Iterable[ColumnElement[bool]], spared: set[str]
) -> set[str]:
    parents = select(child.c.parent_external_id).where(stamp.owns(child), child.c.deleted_at.is_(None), *listed)
    return {*connection.scalars(parents.distinct())} - spared


def _is_spared(table: Table, staged: Staged, stamp: Stamp) -> ColumnElement[bool]:
    """Tell a row that is void, that the source says was superseded, or whose number and customer come back."""
    reasons: list[ColumnElement[bool]] = []
    if "status" in table.c:
        reasons.append(table.c.status.in_(VOID))
    if table.name in SUPERSEDABLE:
        reasons.append(table.c.superseded_by_external_id.is_not(None))
    if table.name in NUMBERED:
        heirs = [table.alias("heir"), *([staged.rows[table.name]] if table.name in staged.rows else [])]
        reasons += [_comes_back(table, heir, staged, stamp) for heir in heirs]
    return or_(false(), *reasons)


def _comes_back(table: Table, heir: FromClause, staged: Staged, stamp: Stamp) -> ColumnElement[bool]:
    gone = select(staged.records.c.external_id).where(staged.records.c.status == "deleted")
    same = [
        heir.c.number == table.c.number,
        heir.c.customer_external_id == table.c.customer_external_id,
        heir.c.external_id.not_in(gone),
    ]
    if "deleted_at" in heir.c:
        later = heir.c.first_seen_at >= table.c.first_seen_at
        same += [stamp.owns(heir), heir.c.deleted_at.is_(None), later]
    return exists().where(*same)
