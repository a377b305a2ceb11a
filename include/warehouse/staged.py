"""The first phase of a load: Parquet into temporary tables of the connection, batch by batch.

No shared table is touched and no lock is held; memory is bounded by the batch. On PostgreSQL the
batches travel as CSV through COPY, on SQLite as rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyarrow import RecordBatch
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    MetaData,
    Table,
    Text,
    delete,
    exists,
    insert,
    select,
    text,
    union,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex, CreateTable

from include import model
from include.ahead import one_ahead
from include.errors import ContractError
from include.warehouse import arrow, tables
from include.warehouse.statements import chunks
from include.warehouse.types import UtcTimestamp, identifier

if TYPE_CHECKING:
    from include.staging import Manifest

DELETED = "deleted"

JOINED = ("external_id", "parent_external_id", "status")
"""Columns of temporary tables that statements join and filter by; statistics of the others would help nobody."""

ROUGHLY = 10
"""PostgreSQL then looks at 3,000 rows of a temporary table instead of 30,000; its keys are unique anyway."""

_metadata = MetaData()


def _temporary(name: str, *columns: Column[Any]) -> Table:
    return Table(f"staged_{name}", _metadata, *columns, prefixes=["TEMPORARY"])


def _key(name: str = "external_id", primary_key: bool = False) -> Column[Any]:
    return Column(name, identifier(), nullable=False, primary_key=primary_key)


def _like(name: str, columns: Sequence[str]) -> Table:
    copied = [tables.table(name).c[column] for column in columns]
    return _temporary(name, *(Column(c.name, c.type, nullable=c.name != "external_id") for c in copied))


def _rows(definition: model.Table) -> Table:
    identity = ("record_id",) if tables.has_record_id(definition) else ()
    return _like(definition.name, [*(column.name for column in tables.filled_columns(definition)), *identity])


ROWS = {name: _rows(definition) for name, definition in model.TABLES.items()}
RECORDS = _temporary(
    "records",
    _key(),
    Column("digest", Text()),
    Column("source_updated_at", UtcTimestamp()),
    Column("status", Text(), nullable=False),
)
REJECTS = _like("rejected_records", arrow.REJECTS.names)
LINES = _temporary("lines", _key("table_name", True), _key(primary_key=True), _key("record_external_id"))
CHANGED = _temporary("changed", _key("table_name", True), _key(primary_key=True), Column("is_new", Boolean()))
SURVIVORS = _temporary("survivors", _key("old"), _key("new", True), _key("record_id"))


@dataclass(frozen=True, slots=True)
class Staged:
    """The temporary tables of one load; rows, records and rejects hold a key once, its latest reading.

    Args:
        rows: model table → its rows; tables of which the batch has no file are absent.
        records: every key that was read or is gone: digest, status ok, rejected or deleted.
        rejects: rejected records, in the columns of rejected_records.
        lines: rows of root tables whose key is their record's key plus `:<line>`.
        changed: for the merge: keys of rows that are new or differ, per table.
        survivors: for the merge: which row takes the place of which.
        record_types: record types among the keys.
        all_new: for the merge: tables in which the organization had no row before this load.
    """

    rows: dict[str, Table]
    records: Table
    rejects: Table
    lines: Table
    changed: Table
    survivors: Table
    record_types: set[str] = field(default_factory=set)
    all_new: set[str] = field(default_factory=set)


def stage(connection: Connection, manifest: Manifest) -> Staged:
    """Copy what normalize wrote for this manifest into new temporary tables.

    Raises:
        ContractError: a file is not as the model says, or holds a row of no record of the batch.
        StorageError: a file cannot be read.
    """
    unknown = sorted(set(manifest.tables) - set(model.TABLES))
    if unknown or not manifest.records:
        raise ContractError(
            f"the manifest lists unknown tables: {', '.join(unknown)}" if unknown else "the manifest lists no records",
            next_step="load the manifest that normalize wrote",
        )
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL default_statistics_target = {ROUGHLY}"))
    names = [name for name, addresses in manifest.tables.items() if addresses]
    staged = Staged({name: ROWS[name] for name in names}, RECORDS, REJECTS, LINES, CHANGED, SURVIVORS)
    for table in (LINES, CHANGED, SURVIVORS):
        connection.execute(CreateTable(table))
    _fill(connection, staged.records, _noting_types(arrow.batches(manifest.records, arrow.RECORDS), staged))
    _fill(connection, staged.rejects, arrow.batches([manifest.rejects], arrow.REJECTS))
    _add_deleted(connection, staged, manifest.deleted)
    for name, table in staged.rows.items():
        found = arrow.batches(manifest.tables[name], arrow.schema(model.TABLES[name]))
        if tables.has_record_id(model.TABLES[name]):
            found = _identified(found, manifest.organization_id, name)
        _fill(connection, table, found)
        _find_records(connection, staged, name, manifest.stream)
    return staged


def _fill(connection: Connection, table: Table, found: Iterator[RecordBatch]) -> None:
    """Make a table and copy into it; rows can be frozen only in the very subtransaction that made it."""
    connection.execute(CreateTable(table))
    by_key = CreateIndex(Index(f"by_key_{table.name}", table.c.external_id, unique=True))
    if connection.dialect.name == "sqlite":
        connection.execute(by_key)
        _insert(connection, table, found)
        return
    _copy(connection, table, found)
    try:
        with connection.begin_nested():
            connection.execute(by_key)
    except IntegrityError:
        _keep_latest(connection, table)
        connection.execute(by_key)
    joined = ", ".join(name for name in JOINED if name in table.c)
    connection.execute(text(f"ANALYZE {table.name} ({joined})"))


def _insert(connection: Connection, table: Table, found: Iterator[RecordBatch]) -> None:
    """Insert into SQLite; a later reading of a key replaces the earlier one."""
    names = [column.name for column in table.c]
    sql = f"INSERT OR REPLACE INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    cursor: Any = connection.connection.cursor()
    for batch in found:
        cursor.executemany(sql, arrow.sqlite_rows(batch.select(names)))


def _copy(connection: Connection, table: Table, found: Iterator[RecordBatch]) -> None:
    names = [column.name for column in table.c]
    cursor: Any = connection.connection.cursor()
    made = (arrow.csv(batch.select(names)) for batch in found)
    with (
        one_ahead(made) as ahead,
        cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN (FORMAT csv, FREEZE)") as copy,
    ):
        for rows in ahead:
            copy.write(rows)


def _keep_latest(connection: Connection, table: Table) -> None:
    """Drop the earlier readings of a key; right after COPY, rows stand in the order they came in."""
    connection.execute(
        text(f"DELETE FROM {table.name} a USING {table.name} b WHERE a.external_id = b.external_id AND a.ctid < b.ctid")
    )


def _noting_types(found: Iterator[RecordBatch], staged: Staged) -> Iterator[RecordBatch]:
    for batch in found:
        staged.record_types.update(arrow.record_types(batch))
        yield batch


def _identified(found: Iterator[RecordBatch], organization_id: str, name: str) -> Iterator[RecordBatch]:
    return (arrow.with_record_ids(batch, organization_id, name) for batch in found)


def _add_deleted(connection: Connection, staged: Staged, keys: Sequence[str]) -> None:
    """Add the keys that are gone, but for those this very read brought: they were there after all."""
    records = staged.records
    staged.record_types.update(key.partition(":")[0] for key in keys)
    for chunk in chunks(sorted(set(keys))):
        read = set(connection.scalars(select(records.c.external_id).where(records.c.external_id.in_(chunk))))
        gone = [{"external_id": key, "status": DELETED} for key in chunk if key not in read]
        if gone:
            connection.execute(insert(records), gone)


def _find_records(connection: Connection, staged: Staged, name: str, stream: str) -> None:
    """Find the record each row belongs to; rows whose latest reading was rejected leave the batch.

    A row of no record at all would never be replaced again: the connector broke its contract.
    """
    rows, is_child = staged.rows[name], model.TABLES[name].child
    owner = rows.c.parent_external_id if is_child else rows.c.external_id
    is_listed = exists().where(staged.records.c.external_id == owner, staged.records.c.status == "ok")
    unlisted = [select(rows.c.external_id, owner).where(~is_listed)]
    if is_child:
        unlisted.append(select(rows.c.external_id, owner).where(rows.c.parent_stream.is_distinct_from(stream)))
    strangers: list[str] = []
    for chunk in chunks(connection.execute(union(*unlisted)).all()):
        statuses = _statuses(connection, staged.records, {part for _, key in chunk for part in (key, _document(key))})
        lines, rejected = [], []
        for key, record in chunk:
            if "rejected" in (statuses.get(record), statuses.get(_document(record))):
                rejected.append(key)
            elif not is_child and statuses.get(_document(record)) == "ok":
                lines.append({"table_name": name, "external_id": key, "record_external_id": _document(record)})
            else:
                strangers.append(key)
        if lines:
            connection.execute(insert(staged.lines), lines)
        if rejected:
            connection.execute(delete(rows).where(rows.c.external_id.in_(rejected)))
    if strangers:
        raise ContractError(
            f"{len(strangers)} rows of {name} belong to no record of the batch, the first is {strangers[0]}",
            next_step="key a row like its record, or like its record plus `:<line>`; give a child its record as parent",
        )


def _document(key: str | None) -> str:
    """Return the key of the record that a line's key starts with."""
    return (key or "").rpartition(":")[0]


def _statuses(connection: Connection, records: Table, keys: set[str]) -> dict[str, str]:
    known = select(records.c.external_id, records.c.status).where(records.c.external_id.in_(keys))
    return {row.external_id: row.status for row in connection.execute(known)}
