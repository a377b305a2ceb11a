"""Reading of normalized Parquet files, and the forms in which the two databases take their rows.

This module imports pyarrow; only the first phase of a load imports this module.
"""

from __future__ import annotations

import io
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from hashlib import sha1
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from include import model, storage
from include.errors import ContractError
from include.model import Kind
from include.warehouse.tables import RECORD_NAMESPACE, filled_columns
from include.warehouse.types import plain

ROWS_PER_BATCH = 5_000
"""Bounds a load's memory: about 5 MB of the widest table, and as much again on its way to the database."""
UUID_LENGTH = 36

TIMESTAMP = pa.timestamp("us", tz="UTC")
TYPES = {
    Kind.MONEY: pa.int64(),
    Kind.INTEGER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: TIMESTAMP,
}
"""How normalize writes a kind of column; every other kind is text."""

RECORDS = pa.schema(
    [
        ("external_id", pa.string()),
        ("digest", pa.string()),
        ("source_updated_at", TIMESTAMP),
        ("status", pa.string()),
    ]
)
REJECTS = pa.schema(
    [
        *((name, pa.string()) for name in ("external_id", "table_name", "reason", "message", "column_name", "number")),
        *((name, pa.string()) for name in ("customer_external_id", "currency", "amount")),
        ("is_open", pa.bool_()),
        ("raw", pa.string()),
    ]
)

pa.set_memory_pool(pa.system_memory_pool())
"""A load holds a few batches at a time; the default allocator would keep 20 MB more for what may come."""

_NUL = re.compile(b"\0")
_ESCAPED_NUL = re.compile(rb"\\u0000")
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}
_UNESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def schema(definition: model.Table) -> pa.Schema:
    """Return the schema of a table's normalized files."""
    return pa.schema(
        [
            pa.field(column.name, TYPES.get(column.kind, pa.string()), metadata={"kind": column.kind.value})
            for column in filled_columns(definition)
        ]
    )


def batches(addresses: Iterable[str], wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the files' rows in order, in the wanted columns and types, with text PostgreSQL can hold.

    Raises:
        ContractError: a file has other columns, other types or a null key.
        StorageError: a file cannot be read.
    """
    for address in filter(None, addresses):
        with _telling(address), _opened(address) as stream:
            file = pq.ParquetFile(stream)
            _same_columns(address, file.schema_arrow, wanted)
            for batch in file.iter_batches(ROWS_PER_BATCH, columns=wanted.names, use_threads=False):
                yield _typed(address, batch, wanted)


def record_types(batch: pa.RecordBatch) -> set[str]:
    """Return the record types among a batch's keys."""
    # By a pattern: an argument that becomes a scalar, as pc.list_element's, imports pandas like pa.array does.
    types = pc.replace_substring_regex(batch.column("external_id"), pattern="(?s):.*", replacement="")
    return set(pc.unique(types).to_pylist())


def with_record_ids(batch: pa.RecordBatch, organization_id: str, table: str) -> pa.RecordBatch:
    """Add the record_id each row gets should it turn out to be new."""
    seed = RECORD_NAMESPACE.bytes + f"{organization_id}/{table}/".encode()
    ids = [_uuid5(seed, key) for key in batch.column("external_id").to_pylist()]
    ends = array("i", range(0, (len(ids) + 1) * UUID_LENGTH, UUID_LENGTH))
    # Not made by pa.array, which imports pandas to see whether a list is one of its own: 30 MB that no load needs.
    column = pa.StringArray.from_buffers(len(ids), pa.py_buffer(ends), pa.py_buffer("".join(ids).encode()))
    return batch.append_column("record_id", column)


def csv(batch: pa.RecordBatch) -> bytes:
    """Return the rows as PostgreSQL's COPY takes them: text quoted, null empty."""
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(batch, buffer, pyarrow.csv.WriteOptions(include_header=False))
    return buffer.getvalue()


def sqlite_rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Yield the rows in SQLite's values: dates, timestamps and decimals as the column types write them."""
    columns = [_sqlite_values(batch.schema.field(i), column) for i, column in enumerate(batch.columns)]
    return zip(*columns, strict=True)


def _uuid5(seed: bytes, name: str) -> str:
    """Return what `uuid.uuid5` does, in a third of the time (RFC 9562: version 5, variant in two bits)."""
    digest = sha1(seed + name.encode(), usedforsecurity=False).hexdigest()
    variant = _VARIANT[digest[16]]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def _opened(address: str) -> IO[bytes]:
    scheme, _, path = address.rpartition("://")
    if scheme in storage.DISK:
        return Path(path).open("rb")
    return storage.stream(storage.locate(address, "GREENLIGHT_STAGING"))


def _telling(address: str) -> AbstractContextManager[None]:
    return storage.telling(
        f"normalized file {address.rpartition('/')[2]} could not be read",
        "clear the stream's extract task so that it is read again",
        "GREENLIGHT_STAGING",
    )


def _same_columns(address: str, found: pa.Schema, wanted: pa.Schema) -> None:
    missing = sorted(set(wanted.names) - set(found.names))
    unknown = sorted(set(found.names) - set(wanted.names))
    if missing or unknown:
        said = [f"lacks {', '.join(missing)}"] * bool(missing) + [f"has {', '.join(unknown)}"] * bool(unknown)
        raise ContractError(
            f"normalized file {address.rpartition('/')[2]} {' and '.join(said)}",
            next_step="let normalize write the columns of include/model.py",
        )


def _typed(address: str, batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    columns = []
    for field in wanted:
        try:
            column = batch.column(field.name).cast(field.type)
        except pa.ArrowInvalid:
            column = None
        if column is None or (field.name == "external_id" and column.null_count):
            raise ContractError(
                f"normalized file {address.rpartition('/')[2]}: {field.name} is not what the model says",
                next_step="let normalize write the types of include/model.py, and a key in every row",
            )
        columns.append(_storable(column) if pa.types.is_string(field.type) else column)
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def _storable(column: pa.Array) -> pa.Array:
    """Take out NUL characters, which PostgreSQL's text and jsonb refuse; one must not block the good rows."""
    data = column.buffers()[2]
    if data is None:
        return column
    if _NUL.search(data):
        column = pc.replace_substring(column, "\0", "")
    if _ESCAPED_NUL.search(data):
        column = pa.array([v and _UNESCAPE.sub(r"\1", v) for v in column.to_pylist()], pa.string())
    return column


def _sqlite_values(field: pa.Field, column: pa.Array) -> Sequence[Any]:
    if pa.types.is_timestamp(field.type):
        plain_time = column.cast(pa.timestamp("us")).cast(pa.string())
        column = pc.replace_substring_regex(plain_time, pattern="$", replacement="+00:00")
    elif pa.types.is_date(field.type):
        column = column.cast(pa.string())
    elif (field.metadata or {}).get(b"kind") == Kind.DECIMAL.value.encode():
        return [v and plain(Decimal(v)) for v in column.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values
