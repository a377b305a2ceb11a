"""What a load remembers of the source's records: their digests, their lines and their rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Select, Table, delete, exists, insert, or_, select, update

from include.warehouse import tables
from include.warehouse.stamp import Stamp
from include.warehouse.statements import count_written

if TYPE_CHECKING:
    from include.warehouse.staged import Staged

REJECT_DETAILS = (
    "table_name", "reason", "message", "column_name", "number", "customer_external_id", "currency", "amount",
    "is_open", "raw", "source_updated_at",
)  # fmt: skip


def drop_outdated(connection: Connection, staged: Staged, stamp: Stamp) -> None:
    """Take out of the batch what the warehouse already has a newer version of.

    For repairs: a reject that is tried again from its stored form must not overwrite a newer row.
    """
    known, records = tables.table("source_records"), staged.records
    outdated = select(records.c.external_id).where(
        exists().where(
            stamp.reads(known),
            known.c.external_id == records.c.external_id,
            known.c.source_updated_at > records.c.source_updated_at,
        )
    )
    for rows in staged.rows.values():
        if "parent_external_id" in rows.c:
            connection.execute(delete(rows).where(rows.c.parent_external_id.in_(outdated)))
            continue
        lines = select(staged.lines.c.external_id).where(staged.lines.c.record_external_id.in_(outdated))
        for keys in (outdated, lines):  # one after the other, as in merge.remove
            connection.execute(delete(rows).where(rows.c.external_id.in_(keys)))
    connection.execute(delete(staged.lines).where(staged.lines.c.record_external_id.in_(outdated)))
    connection.execute(delete(staged.rejects).where(staged.rejects.c.external_id.in_(outdated)))
    connection.execute(delete(records).where(records.c.external_id.in_(outdated)))


def remember(connection: Connection, staged: Staged, stamp: Stamp) -> None:
    """Store the digests of what was read, forget what is gone."""
    known, records = tables.table("source_records"), staged.records
    same_key = (stamp.reads(known), known.c.external_id == records.c.external_id)
    names = ("digest", "source_updated_at")
    differs = or_(*(known.c[name].is_distinct_from(records.c[name]) for name in names))
    was_read = records.c.status != "deleted"
    gone = select(records.c.external_id).where(~was_read)
    connection.execute(delete(known).where(stamp.reads(known), known.c.external_id.in_(gone)))
    connection.execute(
        update(known)
        .values(**{name: records.c[name] for name in names}, run_id=stamp.run_id)
        .where(*same_key, was_read, differs)
    )
    new = select(
        stamp.text("organization_id"), stamp.text("stream"), records.c.external_id,
        *(records.c[name] for name in names), stamp.text("run_id"),
    ).where(was_read, ~exists().where(*same_key))  # fmt: skip
    connection.execute(insert(known).from_select(["organization_id", "stream", "external_id", *names, "run_id"], new))
    _remember_lines(connection, staged, stamp)


def _remember_lines(connection: Connection, staged: Staged, stamp: Stamp) -> None:
    lines, found = tables.table("source_lines"), staged.lines
    connection.execute(delete(lines).where(stamp.reads(lines), lines.c.record_external_id.in_(_replaced(staged))))
    columns = ["record_external_id", "table_name", "external_id"]
    new = select(stamp.text("organization_id"), stamp.text("stream"), *(found.c[name] for name in columns))
    connection.execute(insert(lines).from_select(["organization_id", "stream", *columns], new))


def keep_rejects(connection: Connection, staged: Staged, stamp: Stamp) -> bool:
    """Store the batch's rejects and drop those whose record loaded or is gone; tell if any changed.

    An older version of a reject does not overwrite a newer one.
    """
    kept, rejects, records = tables.table("rejected_records"), staged.rejects, staged.records
    resolved = delete(kept).where(stamp.reads(kept), kept.c.external_id.in_(_replaced(staged)))
    changed = count_written(connection, resolved)
    latest = _latest(rejects, records).subquery("latest")
    same_key = (stamp.reads(kept), kept.c.external_id == latest.c.external_id)
    differs = or_(*(kept.c[name].is_distinct_from(latest.c[name]) for name in REJECT_DETAILS))
    is_older = latest.c.source_updated_at < kept.c.source_updated_at
    connection.execute(update(kept).values(last_seen_at=stamp.now).where(*same_key))
    renewed = (
        update(kept)
        .values(**{name: latest.c[name] for name in REJECT_DETAILS}, run_id=stamp.run_id)
        .where(*same_key, differs, is_older.is_not(True))
    )
    changed += count_written(connection, renewed)
    new = select(
        stamp.text("organization_id"), stamp.text("stream"), latest.c.external_id,
        *(latest.c[name] for name in REJECT_DETAILS),
        stamp.text("run_id"), stamp.moment("first_seen_at"), stamp.moment("last_seen_at"),
    ).where(~exists().where(*same_key))  # fmt: skip
    names = [column.name for column in new.selected_columns]
    changed += count_written(connection, insert(kept).from_select(names, new))
    return changed > 0


def _latest(rejects: Table, records: Table) -> Select[Any]:
    """Return the rejects whose record was not read well later in the batch."""
    joined = rejects.outerjoin(records, records.c.external_id == rejects.c.external_id)
    was_rejected: ColumnElement[bool] = records.c.status.is_distinct_from("ok")
    return (
        select(*(column for column in rejects.c), records.c.source_updated_at).select_from(joined).where(was_rejected)
    )


def _replaced(staged: Staged) -> Select[str]:
    return select(staged.records.c.external_id).where(staged.records.c.status != "rejected")
