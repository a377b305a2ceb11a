"""Normalize: staged vendor pages → typed, checked Parquet of the model, and the rejects beside it.

The connector says what a record means; this room only holds every value to its column's kind. A
value that does not fit rejects its whole record, never a neighbour. The frame is pandas on Arrow
types, built column by column.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.arrays import ArrowExtensionArray

from include import money, staging
from include.collector import rarely_looking
from include.columns import ARROW_TYPES, arrow_type, whole
from include.connectors.base import Connector, Stream
from include.connectors.normalized import Columns, Normalized, Record, Reject
from include.keys import Keys
from include.model import KEYS, RECOMPUTED, TABLES, Column, Kind, Table
from include.values import CHECKS, SENTENCES, is_plain

PAGES_PER_FILE = 4
"""Bounds memory: one Parquet file per table for so many pages."""

FEW = (Kind.CHOICE, Kind.CURRENCY, Kind.COUNTRY)
"""Columns that repeat a few words, which Parquet keeps once; to look for words in keys and numbers takes long."""

CLOSED_STATUSES = frozenset({"paid", "written_off", "voided", "rejected", "failed"})

LONGEST_SHOWN = 500
"""Characters of a reject's number, customer and currency; the whole record stands beside them."""


_CODE = re.compile(r"[A-Za-z]{1,5}|[0-9]{1,3}")
"""What a source may mean as a currency: letters, or the three digits of ISO 4217."""
REJECT_COLUMNS = (
    "external_id", "table_name", "reason", "message", "column_name", "number",
    "customer_external_id", "currency", "amount", "is_open", "raw",
)  # fmt: skip


def filled_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns a normalized file of this table has: all that the connector may fill."""
    ours = {"record_id", *RECOMPUTED.get(table.name, ())}
    return (KEYS[1], *(c for c in table.all_columns if c.name not in ours))


@rarely_looking()
def normalize(connector: Connector, manifest: staging.Manifest) -> staging.Manifest:
    """Write Parquet beside the manifest's pages and return the manifest that lists it.

    A record that was read twice counts as it was read last.

    Raises:
        StorageError: a staged page cannot be read or a file cannot be written.
    """
    stream = connector.stream(manifest.stream)
    folder = manifest.address.rsplit("/", 1)[0]
    rejects: list[tuple[Reject, Record]] = []
    manifest.tables, manifest.records = {name: [] for name in stream.tables}, []
    unknown: set[str] = set()
    last_page = _read_again(manifest.pages) if manifest.read_again else {}
    for number in range(0, len(manifest.pages), PAGES_PER_FILE):
        frames: dict[str, list[pd.DataFrame]] = {name: [] for name in stream.tables}
        index: list[tuple[str, str, datetime | None, str]] = []
        for address in manifest.pages[number : number + PAGES_PER_FILE]:
            body = staging.read_page(address)
            records = connector.decode(stream, body)
            unknown |= connector.unknown_fields(stream, body)
            # A key stands here once: the place of a dict's entry is its first, the value its last.
            latest = {
                item.key: (item, row)
                for row, (item, _) in enumerate(zip(staging.page_items(address), records, strict=True))
                if last_page.get(item.key, address) == address
            }
            clean, bad = typed(connector, stream, [records[row] for _, row in latest.values()], latest.keys())
            for name, frame in clean.items():
                frames[name].append(frame)
            came = connector.whole(stream, body) if bad else ()
            rejects += [(reject, came[latest[reject.key][1]] if reject.key in latest else None) for reject in bad]
            failed = {reject.key for reject in bad}
            index += [
                (item.key, item.digest, item.updated_at, "rejected" if item.key in failed else "ok")
                for item, _ in latest.values()
            ]
        for name, parts in frames.items():
            frame = pd.concat(parts, ignore_index=True)
            if len(frame):
                few = [column.name for column in filled_columns(TABLES[name]) if column.kind in FEW]
                manifest.tables[name].append(_write(f"{folder}/{name}-{number:06d}.parquet", frame, few))
        manifest.records.append(_write(f"{folder}/records-{number:06d}.parquet", _index_frame(index)))
    if not manifest.records:
        manifest.records.append(_write(f"{folder}/records-000000.parquet", _index_frame([])))
    manifest.rejects = _write(f"{folder}/rejects.parquet", _reject_frame(rejects))
    manifest.reject_count = len(rejects)
    manifest.unknown_fields = sorted(unknown)
    manifest.write(at=manifest.normalized_address)
    return manifest


def _read_again(pages: Sequence[str]) -> dict[str, str]:
    """Return, for each key that stands more than once in these pages, the page in which it was read last."""
    seen, last = Keys(), dict[str, str]()
    for address in pages:
        last |= dict.fromkeys(seen.add(item.key for item in staging.page_items(address)), address)
    return last


def typed(
    connector: Connector, stream: Stream, records: Sequence[Record], keys: Collection[str] = ()
) -> tuple[dict[str, pd.DataFrame], list[Reject]]:
    """Return the page's typed frames and its rejects, at most one per record.

    Args:
        keys: the records' external ids; without them a key's first two parts are taken for its record's.
    """
    said: Normalized = connector.normalize(stream, records)
    rejects = {reject.key: reject for reject in said.rejects}
    frames: dict[str, pd.DataFrame] = {}
    bad: dict[str, list[tuple[int, Column, str]]] = {}
    for name in stream.tables:
        frames[name], bad[name] = _frame(TABLES[name], said.tables.get(name, {}))
    if not rejects and not any(bad.values()):
        return frames, []
    owners = {
        name: [_record_key(str(key), keys) for key in said.tables.get(name, {}).get(_OWNER[TABLES[name].child], [])]
        for name in stream.tables
    }
    documents = _documents(said, owners) if any(bad.values()) else {}
    for name, found in bad.items():
        for row, column, reason in found:
            place, key = (name, said.tables[name], row), owners[name][row]
            rejects.setdefault(key, _reject(documents.get(key, place) if TABLES[name].child else place, name, column,
                                            reason, key))  # fmt: skip
    for name, frame in frames.items():
        keep = [owner not in rejects for owner in owners[name]]
        frames[name] = frame[pd.Series(keep, dtype=bool)] if not all(keep) else frame
    return frames, list(rejects.values())


_OWNER = {True: "parent_external_id", False: "external_id"}

Place = tuple[str, Columns, int]
"""A table's name, its columns, and a row of them."""


def _record_key(key: str, keys: Collection[str]) -> str:
    """Return the key of the record a row belongs to: its own, or what it begins with, lines cut off.

    An id may hold a colon itself, so only the page's own keys tell where a line begins.
    """
    whole = key
    while key and key not in keys:
        key = key.rpartition(":")[0]
    return key or ":".join(whole.split(":")[:2])


def _documents(said: Normalized, owners: dict[str, list[str]]) -> dict[str, Place]:
    """Return each record's own row, by the record's key; of several lines the first that is not closed."""
    found: dict[str, Place] = {}
    for name, keys in owners.items():
        for row, key in enumerate(keys if not TABLES[name].child else ()):
            place = (name, said.tables[name], row)
            if key not in found or not _is_open(found[key]):
                found[key] = place
    return found


def _cell(place: Place, name: str) -> Any:
    _, columns, row = place
    values = columns.get(name) or []
    return values[row] if row < len(values) else None


def _is_open(place: Place) -> bool:
    return str(_cell(place, "status")) not in CLOSED_STATUSES


def _frame(table: Table, columns: Columns) -> tuple[pd.DataFrame, list[tuple[int, Column, str]]]:
    """Type every column; a value that does not fit becomes null and is returned as (row, column, reason)."""
    length = len(next(iter(columns.values()), []))
    arrays: dict[str, ArrowExtensionArray] = {}
    bad: list[tuple[int, Column, str]] = []
    for column in filled_columns(table):
        values, currencies = columns.get(column.name) or [None] * length, columns.get(column.currency) or []
        array = whole(column, values, currencies)
        if array is None:
            each, wrong = _one_by_one(column, values, currencies)
            bad += [(row, column, reason) for row, reason in wrong]
            array = pa.array(each, arrow_type(column))
        arrays[column.name] = ArrowExtensionArray(array)
    return pd.DataFrame(arrays), bad


def _one_by_one(column: Column, values: list[Any], currencies: list[Any]) -> tuple[list[Any], list[tuple[int, str]]]:
    """Return the typed values, and the rows of those that do not fit with the reason."""
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


def _reject(place: Place, table: str, column: Column, reason: str, key: str) -> Reject:
    """Say which value kept the record out, with what a person needs to find it in the source.

    Args:
        place: the record's own row, or the bad row where the record has none.
        table: where the bad value stands; of a child table the column is named with it.
    """
    amounts = (_cell(place, name) for name in ("outstanding_amount", "unapplied_amount", "amount"))
    amount = next((value for value in amounts if value is not None), None)
    name = column.name if table == place[0] else f"{table}.{column.name}"
    return Reject(
        key=key,
        table=place[0],
        reason=reason,
        message=SENTENCES[reason].format(column=name),
        is_open=_is_open(place),
        column=name,
        number=str(_cell(place, "number") or ""),
        customer=str(_cell(place, "customer_external_id") or ""),
        currency=str(_cell(place, "currency") or ""),
        amount=amount if isinstance(amount, Decimal) else None,
    )


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


def _write(address: str, frame: pd.DataFrame, few: Sequence[str] = ()) -> str:
    buffer = io.BytesIO()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, buffer, compression="zstd", use_dictionary=list(few))
    return staging.write_bytes(address, buffer.getvalue())
