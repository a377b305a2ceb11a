"""What extract, complete and reconcile ask the warehouse before they ask the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Select, Table, and_, exists, func, or_, select

from include import model
from include.warehouse import tables
from include.warehouse.comparison import STREAM as RECONCILE
from include.warehouse.statements import chunks, over_whole_tables

UNFINISHED = ("open", "draft", "pending_approval")
OPEN_RESTS = {
    "invoices": "outstanding_amount",
    "credit_notes": "unapplied_amount",
    "payments": "unapplied_amount",
    "refunds": "unapplied_amount",
}


@dataclass(frozen=True, slots=True)
class StreamState:
    """Where a stream stands: the fence's version, and UTC times that are None before the first full read.

    Args:
        read_to_end_at: up to when everything the source held is here, by the source's clock.
        swept_at: when its keys were last compared with ours.
    """

    version: int = 0
    cursor: datetime | None = None
    read_to_end_at: datetime | None = None
    swept_at: datetime | None = None


def state(engine: Engine, organization_id: str, stream: str) -> StreamState:
    """Return where the stream stands; version 0 and no times before its first load."""
    cursors = tables.table("sync_cursors")
    columns = (cursors.c.version, cursors.c.cursor, cursors.c.read_to_end_at, cursors.c.swept_at)
    query = select(*columns).where(cursors.c.organization_id == organization_id, cursors.c.stream == stream)
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return StreamState(*row) if row else StreamState()


def digests(engine: Engine, organization_id: str, stream: str, keys: Sequence[str] | None = None) -> dict[str, str]:
    """Return the content digest stored at the last load of each of these records; None asks for all."""
    known = tables.table("source_records")
    query = select(known.c.external_id, known.c.digest).where(
        known.c.organization_id == organization_id, known.c.stream == stream
    )
    with engine.connect() as connection:
        if keys is None:
            return {row.external_id: row.digest for row in connection.execute(query)}
        return {
            row.external_id: row.digest
            for chunk in chunks(keys)
            for row in connection.execute(query.where(known.c.external_id.in_(chunk)))
        }


def missing_references(engine: Engine, organization_id: str) -> list[str]:
    """Return, sorted, the keys that live rows point at and that no live row has.

    Keys of rejected records are not among them: reading those again would end in the same reject.
    """
    with engine.connect() as connection, over_whole_tables(connection):
        return sorted({key for query in _references(organization_id) for key in connection.scalars(query)})


def open_keys(engine: Engine, organization_id: str, record_types: tuple[str, ...]) -> list[str]:
    """Return, sorted, the keys of records of these types that have an open rest or are unfinished here."""
    lines = tables.table("source_lines")
    found: set[str] = set()
    with engine.connect() as connection:
        for name, rest in OPEN_RESTS.items():
            table = tables.table(name)
            unfinished = UNFINISHED if name in ("invoices", "credit_notes") else ("pending",)
            of_line = and_(
                lines.c.organization_id == table.c.organization_id,
                lines.c.table_name == name,
                lines.c.external_id == table.c.external_id,
            )
            query = (
                select(func.coalesce(lines.c.record_external_id, table.c.external_id))
                .select_from(table.outerjoin(lines, of_line))
                .where(
                    _alive(table, organization_id),
                    or_(table.c[rest] != 0, table.c.status.in_(unfinished)),
                    tables.is_of_type(table, record_types),
                )
            )
            found.update(connection.scalars(query))
    return sorted(found)


def rejected_keys(engine: Engine, organization_id: str, stream: str) -> list[str]:
    """Return, sorted, the keys of the stream's rejected records: whatever was wrong may be right now."""
    rejected = tables.table("rejected_records")
    query = select(rejected.c.external_id).where(
        rejected.c.organization_id == organization_id, rejected.c.stream == stream
    )
    with engine.connect() as connection:
        return sorted(connection.scalars(query))


def run_started_at(engine: Engine, organization_id: str, run_id: str) -> datetime | None:
    """Return when the run's first read began, by the source's clock; None if it has loaded nothing."""
    runs = tables.table("sync_runs")
    query = select(func.min(runs.c.started_at, type_=runs.c.started_at.type)).where(
        runs.c.organization_id == organization_id, runs.c.run_id == run_id
    )
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(query)
    return found


def loaded_since_reconcile(engine: Engine, organization_id: str, run_id: str) -> bool:
    """Tell whether rows were loaded after this run was reconciled; False if it was not reconciled at all."""
    runs = tables.table("sync_runs")
    compared, load = runs.alias("compared"), runs.alias("load")
    query = select(
        exists().where(
            compared.c.organization_id == organization_id,
            compared.c.run_id == run_id,
            compared.c.kind == RECONCILE,
            load.c.organization_id == organization_id,
            load.c.kind.not_in((RECONCILE, "unchanged")),
            load.c.loaded_at > compared.c.loaded_at,
        )
    )
    with engine.connect() as connection:
        return bool(connection.scalar(query))


def _references(organization_id: str) -> Iterator[Select[str]]:
    for definition in model.TABLES.values():
        table, recomputed = tables.table(definition.name), model.RECOMPUTED.get(definition.name, ())
        for column in definition.columns:
            if not column.refers_to or column.name in recomputed:
                continue
            pointer = table.c[column.name]
            if column.refers_to in model.TABLES:
                yield _dangling(table, pointer, column.refers_to, organization_id)
                continue
            for kind, target in model.ALLOCATED_TYPES.items():
                query = _dangling(table, pointer, target, organization_id)
                yield query.where(table.c[column.refers_to] == kind)


def _dangling(table: Table, pointer: ColumnElement[str], target_name: str, organization_id: str) -> Select[str]:
    target, rejected = tables.table(target_name).alias("target"), tables.table("rejected_records")
    return (
        select(pointer)
        .distinct()
        .where(
            _alive(table, organization_id),
            pointer.is_not(None),
            ~exists().where(
                target.c.organization_id == organization_id,
                target.c.external_id == pointer,
                target.c.deleted_at.is_(None),
            ),
            ~exists().where(rejected.c.organization_id == organization_id, rejected.c.external_id == pointer),
        )
    )


def _alive(table: Table, organization_id: str) -> ColumnElement[bool]:
    return and_(table.c.organization_id == organization_id, table.c.deleted_at.is_(None))
