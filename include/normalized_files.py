"""The Parquet files that normalize writes: the tables' rows, an index of all records, the rejects."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from include import staging
from include.columns import ARROW_TYPES
from include.connectors.normalized import Record, Reject
from include.model import Kind, Table
from include.values import is_plain

FEW = (Kind.CHOICE, Kind.CURRENCY, Kind.COUNTRY)
"""Columns that repeat a few words, which Parquet keeps once; to look for words in keys and numbers takes long."""

LONGEST_SHOWN = 500
"""Characters of a reject's number, customer and currency; the whole record stands beside them."""

_CODE = re.compile(r"[A-Za-z]{1,5}|[0-9]{1,3}")
"""What a source may mean as a currency: letters, or the three digits of ISO 4217."""

REJECT_COLUMNS = (
    "external_id", "table_name", "reason", "message", "column_name", "number",
    "customer_external_id", "currency", "amount", "is_open", "raw",
)  # fmt: skip

Rejected = tuple[Reject, Record]
"""A reject, and the whole record."""

Indexed = tuple[str, str, datetime | None, str]
"""A record's key, digest, when it changed, and what became of it."""


def write_rows(address: str, table: Table, parts: Sequence[pd.DataFrame]) -> str:
    """Write rows of a table of the model, in frames of the same columns, and return the address."""
    few = [column.name for column in table.all_columns if column.kind in FEW and column.name in parts[0]]
    return _write(address, pa.concat_tables(map(_arrow, parts)), few)


def write_index(address: str, index: Sequence[Indexed]) -> str:
    """Write which records were read and return the address."""
    keys, digests, times, statuses = zip(*index, strict=True) if index else ((), (), (), ())
    columns = {
        "external_id": pa.array(keys, pa.string()),
        "digest": pa.array(digests, pa.string()),
        "source_updated_at": pa.array(times, ARROW_TYPES[Kind.TIMESTAMP]),
        "status": pa.array(statuses, pa.string()),
    }
    return _write(address, pa.table(columns))


def write_rejects(address: str, rejects: Sequence[Rejected]) -> str:
    """Write the rejects, each with its whole record, and return the address."""
    return _write(address, _arrow(_reject_frame(rejects)))


def _code(currency: str) -> str:
    """Return what may be meant as a currency; anything longer may be a person's, and rejects are shown to people."""
    return currency if _CODE.fullmatch(currency) else ""


def _escaped(text: str) -> str:
    """Return the text with what UTF-8 cannot hold written as JSON would."""
    return text.encode(errors="backslashreplace").decode()


def _raw(record: Record) -> str:
    try:
        return json.dumps(record, default=str, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):  # keys that are no text, nested without end
        return repr(record)


def _reject_frame(rejects: Sequence[Rejected]) -> pd.DataFrame:
    rows = [
        (
            reject.key, reject.table, reject.reason, _escaped(reject.message), reject.column,
            *(_escaped(text)[:LONGEST_SHOWN] for text in (reject.number, reject.customer, _code(reject.currency))),
            format(reject.amount, "f") if reject.amount is not None and is_plain(reject.amount) else None,
            reject.is_open, _escaped(_raw(record)),
        )
        for reject, record in rejects
    ]  # fmt: skip
    columns: Iterator[tuple[Any, ...]] = zip(*rows, strict=True) if rows else iter([()] * len(REJECT_COLUMNS))
    kinds = {"is_open": pa.bool_()}
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=pd.ArrowDtype(kinds.get(name, pa.string())))
            for name, values in zip(REJECT_COLUMNS, columns, strict=True)
        }
    )


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """Return what the frame holds; its columns are Arrow's already, which pyarrow's own way takes long to find out."""
    return pa.table({name: column.array.__arrow_array__() for name, column in frame.items()})


def _write(address: str, rows: pa.Table, few: Sequence[str] = ()) -> str:
    """Write with lz4, and without the figures by which a reader could skip rows: who loads them reads all, once."""
    buffer = io.BytesIO()
    pq.write_table(rows, buffer, compression="lz4", use_dictionary=list(few), write_statistics=False)
    return staging.write_bytes(address, buffer.getvalue())
