"""Normalize: staged vendor pages → typed, checked Parquet of the model, and the rejects beside it.

The connector says what a record means; this room only holds every value to its column's kind. A
value that does not fit rejects its whole record, never a neighbour. The frame is pandas on Arrow
types, built column by column.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from include import money, staging
from include.connectors.base import Columns, Connector, Normalized, Record, Reject, Stream
from include.model import KEYS, RECOMPUTED, TABLES, Column, Kind, Table

PAGES_PER_FILE = 10
"""Bounds memory: one Parquet file per table for so many pages."""

CLOSED_STATUSES = frozenset({"paid", "written_off", "voided", "rejected", "failed"})

ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.MONEY: pa.int64(),
    Kind.INTEGER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
}
REJECT_COLUMNS = (
    "external_id", "table_name", "reason", "message", "column_name", "number",
    "customer_external_id", "currency", "amount", "is_open", "raw",
)  # fmt: skip


def filled_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns a normalized file of this table has: all that the connector may fill."""
    ours = {"record_id", *RECOMPUTED.get(table.name, ())}
    return (KEYS[1], *(c for c in table.all_columns if c.name not in ours))


def normalize(connector: Connector, manifest: staging.Manifest) -> staging.Manifest:
    """Write Parquet beside the manifest's pages and return the manifest that lists it.

    A record that was read twice counts as it was read last.

    Raises:
        StorageError: a staged page cannot be read or a file cannot be written.
    """
    stream = connector.stream(manifest.stream)
    folder = manifest.address.rsplit("/", 1)[0]
    index: list[tuple[str, str, datetime | None, str]] = []
    rejects: list[tuple[Reject, Record]] = []
    manifest.tables = {name: [] for name in stream.tables}
    last_page = {item.key: address for address in manifest.pages for item in staging.page_items(address)}
    for number in range(0, len(manifest.pages), PAGES_PER_FILE):
        frames: dict[str, list[pd.DataFrame]] = {name: [] for name in stream.tables}
        for address in manifest.pages[number : number + PAGES_PER_FILE]:
            read = zip(staging.page_items(address), connector.decode(stream, staging.read_page(address)), strict=True)
            latest = [(item, record) for item, record in read if last_page[item.key] == address]
            clean, bad = typed(connector, stream, [record for _, record in latest])
            for name, frame in clean.items():
                frames[name].append(frame)
            by_key = {item.key: record for item, record in latest}
            rejects += [(reject, by_key.get(reject.key)) for reject in bad]
            failed = {reject.key for reject in bad}
            index += [
                (item.key, item.digest, item.updated_at, "rejected" if item.key in failed else "ok")
                for item, _ in latest
            ]
        for name, parts in frames.items():
            frame = pd.concat(parts, ignore_index=True)
            if len(frame):
                manifest.tables[name].append(_write(f"{folder}/{name}-{number:06d}.parquet", frame))
    manifest.records = _write(f"{folder}/records.parquet", _index_frame(index))
    manifest.rejects = _write(f"{folder}/rejects.parquet", _reject_frame(rejects))
    manifest.reject_count = len(rejects)
    manifest.write(at=manifest.normalized_address)
    return manifest


def typed(
    connector: Connector, stream: Stream, records: Sequence[Record]
) -> tuple[dict[str, pd.DataFrame], list[Reject]]:
    """Return the page's typed frames and its rejects, at most one per record."""
    said: Normalized = connector.normalize(stream, records)
    rejects = {reject.key: reject for reject in said.rejects}
    frames: dict[str, pd.DataFrame] = {}
    owners: dict[str, list[str]] = {}
    for name in stream.tables:
        table = TABLES[name]
        columns = said.tables.get(name, {})
        frames[name], bad = _frame(table, columns)
        owners[name] = [_record_key(str(key)) for key in columns.get(_OWNER[table.child], [])]
        for row, column, reason in bad:
            rejects.setdefault(owners[name][row], _reject(table, columns, row, column, reason, owners[name][row]))
    for name, frame in frames.items():
        keep = [owner not in rejects for owner in owners[name]]
        frames[name] = frame[pd.Series(keep, dtype=bool)] if not all(keep) else frame
    return frames, list(rejects.values())


_OWNER = {True: "parent_external_id", False: "external_id"}


def _record_key(key: str) -> str:
    """Return the record's part of a row's key: `<record type>:<id>`, without the line."""
    return ":".join(key.split(":")[:2])


def _frame(table: Table, columns: Columns) -> tuple[pd.DataFrame, list[tuple[int, Column, str]]]:
    """Type every column; a value that does not fit becomes null and is returned as (row, column, reason)."""
    length = len(next(iter(columns.values()), []))
    series: dict[str, pd.Series[Any]] = {}
    bad: list[tuple[int, Column, str]] = []
    for column in filled_columns(table):
        values = columns.get(column.name) or [None] * length
        typed, wrong = _column(column, values, columns.get(column.currency) or [])
        bad += [(row, column, reason) for row, reason in wrong]
        series[column.name] = pd.Series(typed, dtype=pd.ArrowDtype(ARROW_TYPES.get(column.kind, pa.string())))
    return pd.DataFrame(series), bad


def _column(column: Column, values: list[Any], currencies: list[Any]) -> tuple[list[Any], list[tuple[int, str]]]:
    if column.kind is Kind.MONEY:
        convert: Callable[[Any, int], Any] = lambda value, row: money.minor_units(value, currencies[row])  # noqa: E731
    else:
        check = CHECKS[column.kind]
        convert = lambda value, row: check(value, column)  # noqa: E731
    typed: list[Any] = []
    wrong: list[tuple[int, str]] = []
    for row, value in enumerate(values):
        if value is None or (value == "" and column.kind is not Kind.JSON):
            typed.append(None)
            if column.required:
                wrong.append((row, "missing_value"))
            continue
        try:
            typed.append(convert(value, row))
        except ValueError as error:
            typed.append(None)
            wrong.append((row, str(error)))
    return typed, wrong


def _text(value: Any, column: Column) -> str:
    if not isinstance(value, str):
        raise ValueError("changed_type")
    return _sound(value)


def _sound(text: str) -> str:
    """Return the text; half of a surrogate pair, which JSON can escape and UTF-8 cannot hold, is none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("impossible_text") from None
    return text


def _choice(value: Any, column: Column) -> str:
    if value not in column.choices:
        raise ValueError("unknown_value")
    return str(value)


def _key(value: Any, column: Column) -> str:
    if not isinstance(value, str) or not value.partition(":")[2]:
        raise ValueError("malformed_key")
    return _sound(value)


def _currency(value: Any, column: Column) -> str:
    if not isinstance(value, str) or money.exponent(value) is None:
        raise ValueError("unknown_currency")
    return value


def _country(value: Any, column: Column) -> str:
    if not isinstance(value, str) or len(value) != 2 or not value.isalpha() or not value.isupper():
        raise ValueError("malformed_country")
    return value


def _decimal(value: Any, column: Column) -> str:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise ValueError("impossible_amount")
    return format(value, "f")


def _integer(value: Any, column: Column) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("changed_type")
    if abs(value) > money.LARGEST:
        raise ValueError("impossible_number")
    return value


def _flag(value: Any, column: Column) -> bool:
    if not isinstance(value, bool):
        raise ValueError("changed_type")
    return value


def _date(value: Any, column: Column) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("impossible_date")
    return value


def _timestamp(value: Any, column: Column) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("naive_timestamp")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("impossible_date") from None


def _json(value: Any, column: Column) -> str:
    try:
        return _sound(json.dumps(value, sort_keys=True, ensure_ascii=False, default=str, allow_nan=False))
    except ValueError:
        raise ValueError("impossible_text") from None


CHECKS: dict[Kind, Callable[[Any, Column], Any]] = {
    Kind.TEXT: _text,
    Kind.KEY: _key,
    Kind.CHOICE: _choice,
    Kind.CURRENCY: _currency,
    Kind.COUNTRY: _country,
    Kind.DECIMAL: _decimal,
    Kind.INTEGER: _integer,
    Kind.FLAG: _flag,
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.JSON: _json,
}

SENTENCES = {
    "missing_value": "{column} is missing",
    "unknown_currency": "{column} is in a currency that ISO 4217 does not know",
    "impossible_amount": "{column} is not an amount its currency can have",
    "impossible_date": "{column} is not a date",
    "impossible_number": "{column} is larger than a number can be here",
    "impossible_text": "{column} holds what no text or JSON can be",
    "naive_timestamp": "{column} has no time zone",
    "malformed_key": "{column} is not a key of the form <record type>:<id>",
    "malformed_country": "{column} is not an ISO 3166 country code",
    "unknown_value": "{column} has a value that no mapping covers",
    "changed_type": "{column} has another type than before",
}


def _reject(table: Table, columns: Columns, row: int, column: Column, reason: str, key: str) -> Reject:
    """Say which value kept the record out, with what a person needs to find it in the source."""

    def cell(name: str) -> Any:
        values = columns.get(name) or []
        return values[row] if row < len(values) else None

    amount = next((cell(n) for n in ("outstanding_amount", "unapplied_amount", "amount") if cell(n) is not None), None)
    return Reject(
        key=key,
        table=table.name,
        reason=reason,
        message=SENTENCES[reason].format(column=column.name),
        is_open=str(cell("status")) not in CLOSED_STATUSES,
        column=column.name,
        number=_escaped(str(cell("number") or "")),
        customer=_escaped(str(cell("customer_external_id") or "")),
        currency=_escaped(str(cell("currency") or "")),
        amount=amount if isinstance(amount, Decimal) and amount.is_finite() else None,
    )


def _escaped(text: str) -> str:
    """Return the text with what UTF-8 cannot hold written as JSON would."""
    return text.encode(errors="backslashreplace").decode()


def _index_frame(index: list[tuple[str, str, datetime | None, str]]) -> pd.DataFrame:
    keys, digests, times, statuses = zip(*index, strict=True) if index else ((), (), (), ())
    return pd.DataFrame(
        {
            "external_id": pd.Series(keys, dtype=pd.ArrowDtype(pa.string())),
            "digest": pd.Series(digests, dtype=pd.ArrowDtype(pa.string())),
            "source_updated_at": pd.Series(times, dtype=pd.ArrowDtype(ARROW_TYPES[Kind.TIMESTAMP])),
            "status": pd.Series(statuses, dtype=pd.ArrowDtype(pa.string())),
        }
    )


def _reject_frame(rejects: list[tuple[Reject, Record]]) -> pd.DataFrame:
    rows = [
        (
            reject.key, reject.table, reject.reason, reject.message, reject.column, reject.number,
            reject.customer, reject.currency, None if reject.amount is None else format(reject.amount, "f"),
            reject.is_open, _escaped(json.dumps(record, default=str, ensure_ascii=False)),
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


def _write(address: str, frame: pd.DataFrame) -> str:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), buffer, compression="zstd")
    return staging.write_bytes(address, buffer.getvalue())
