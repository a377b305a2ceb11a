"""The merge: staged rows into a table of the model, writing only rows that differ.

Every statement runs inside the load's transaction and reads temporary tables only, no file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)

from include import model
from include.warehouse import derive, tables
from include.warehouse.stamp import Stamp
from include.warehouse.statements import count_written

if TYPE_CHECKING:
    from include.warehouse.staged import Staged


def merge(connection: Connection, staged: Staged, name: str, stamp: Stamp, rules: derive.Rules) -> tuple[int, int]:
    """Insert the new rows, update those that differ, keep what changed; return (inserted, updated)."""
    table, rows = tables.table(name), staged.rows[name]
    if not connection.scalar(select(exists().where(stamp.owns(table)))):
        staged.all_new.add(name)
        return _insert(connection, table, rows, None, stamp, rules), 0
    if not _find_changed(connection, table, rows, staged.changed, stamp):
        return 0, 0
    _keep_changes(connection, table, rows, staged.changed, stamp)
    updated = _update(connection, table, rows, staged.changed, stamp)
    inserted = _insert(connection, table, rows, staged.changed, stamp, rules)
    return inserted, updated


def new_keys(staged: Staged, name: str) -> Select[str]:
    """Select the keys of the rows that this load has inserted into a table."""
    if name in staged.all_new:
        return select(staged.rows[name].c.external_id)
    changed = staged.changed
    return select(changed.c.external_id).where(changed.c.table_name == name, changed.c.is_new.is_(True))


def remove(connection: Connection, staged: Staged, stamp: Stamp) -> dict[str, int]:
    """Mark as deleted what a re-read or vanished record had yielded and the batch lacks; count per table.

    The batch's own rows are left alone, also where the record moved from one table to another.
    """
    records, lines = staged.records, tables.table("source_lines")
    replaced = select(records.c.external_id).where(records.c.status != "rejected")
    removed = {}
    for name in _tables_in_reach(connection, staged, stamp):
        table = tables.table(name)
        own_lines = select(lines.c.external_id).where(
            stamp.reads(lines), lines.c.table_name == name, lines.c.record_external_id.in_(replaced)
        )
        # One after the other: lists joined by OR are looked through again for each row once they are long.
        yielded = [table.c.external_id.in_(keys) for keys in (replaced, own_lines)]
        removed[name] = sum(_remove(connection, staged, name, each, stamp) for each in yielded)
    for name in tables.CHILD_TABLES:
        table = tables.table(name)
        listed = and_(table.c.parent_stream == stamp.stream, table.c.parent_external_id.in_(replaced))
        removed[name] = _remove(connection, staged, name, listed, stamp)
    return removed


def _tables_in_reach(connection: Connection, staged: Staged, stamp: Stamp) -> Iterator[str]:
    """Yield the root tables that hold rows of the batch's record types, each found by an index probe."""
    for name in tables.ROOT_TABLES:
        table = tables.table(name)
        if connection.scalar(select(exists().where(stamp.owns(table), tables.is_of_type(table, staged.record_types)))):
            yield name


def _remove(connection: Connection, staged: Staged, name: str, yielded: ColumnElement[bool], stamp: Stamp) -> int:
    table = tables.table(name)
    gone = [stamp.owns(table), table.c.deleted_at.is_(None), yielded]
    if name in staged.rows:
        gone.append(~exists().where(staged.rows[name].c.external_id == table.c.external_id))
    statement = update(table).where(*gone).values(deleted_at=stamp.now, **stamp.marks())
    return count_written(connection, statement)


def _compared(table: Table) -> list[str]:
    """Return the columns that make two rows the same: all the connector fills, but the key."""
    return [column.name for column in tables.filled_columns(model.TABLES[table.name])[1:]]


def _find_changed(connection: Connection, table: Table, rows: Table, changed: Table, stamp: Stamp) -> int:
    """Note the keys of rows that are new, differ, or come back after a deletion; return how many."""
    same_key = and_(stamp.owns(table), table.c.external_id == rows.c.external_id)
    is_new = table.c.external_id.is_(None)
    differs = or_(*(table.c[name].is_distinct_from(rows.c[name]) for name in _compared(table)))
    found = (
        select(literal(table.name), rows.c.external_id, is_new)
        .select_from(rows.outerjoin(table, same_key))
        .where(or_(is_new, table.c.deleted_at.is_not(None), differs))
    )
    return count_written(connection, insert(changed).from_select(["table_name", "external_id", "is_new"], found))


def _keep_changes(connection: Connection, table: Table, rows: Table, changed: Table, stamp: Stamp) -> None:
    """Append old and new value of every tracked column that an update is about to change."""
    joined = rows.join(changed, changed.c.external_id == rows.c.external_id).join(
        table, and_(stamp.owns(table), table.c.external_id == rows.c.external_id)
    )
    is_update = (changed.c.table_name == table.name, changed.c.is_new.is_(False))
    tracked = [column.name for column in model.TABLES[table.name].columns if column.tracked]
    differs = {name: table.c[name].is_distinct_from(rows.c[name]) for name in tracked}
    anywhere = select(*(func.max(case((differs[name], 1), else_=0)) for name in tracked))
    found = connection.execute(anywhere.select_from(joined).where(*is_update)).one() if tracked else ()
    record_id: ColumnElement[Any] = table.c.record_id if "record_id" in table.c else literal(None, Text())
    queries = [
        select(
            stamp.text("organization_id"),
            literal(table.name).label("table_name"),
            rows.c.external_id,
            record_id.label("record_id"),
            literal(name).label("field"),
            cast(table.c[name], Text).label("old_value"),
            cast(rows.c[name], Text).label("new_value"),
            stamp.text("run_id"),
            stamp.moment("at"),
        )
        .select_from(joined)
        .where(*is_update, differs[name])
        for name, differs_somewhere in zip(tracked, found, strict=True)
        if differs_somewhere
    ]
    if queries:
        names = [column.name for column in queries[0].selected_columns]
        connection.execute(insert(tables.table("record_changes")).from_select(names, union_all(*queries)))


def _update(connection: Connection, table: Table, rows: Table, changed: Table, stamp: Stamp) -> int:
    values = {name: rows.c[name] for name in _compared(table)}
    statement = (
        update(table)
        .values(**values, deleted_at=None, **stamp.marks())
        .where(
            stamp.owns(table),
            table.c.external_id == rows.c.external_id,
            changed.c.external_id == rows.c.external_id,
            changed.c.table_name == table.name,
            changed.c.is_new.is_(False),
        )
    )
    return count_written(connection, statement)


def _insert(
    connection: Connection, table: Table, rows: Table, changed: Table | None, stamp: Stamp, rules: derive.Rules
) -> int:
    """Insert the rows that are noted as new; all of them where nothing was noted."""
    derived = derive.initial(table.name, rows, rules)
    query = select(
        stamp.text("organization_id"),
        *rows.c,
        *(value.label(name) for name, value in derived.items()),
        *(stamp.moment(name) for name in ("first_seen_at", "synced_at")),
        stamp.text("run_id"),
    )
    names = [column.name for column in query.selected_columns]
    if changed is not None:
        query = query.join(changed, changed.c.external_id == rows.c.external_id).where(
            changed.c.table_name == table.name, changed.c.is_new.is_(True)
        )
    return count_written(connection, insert(table).from_select(names, query))
