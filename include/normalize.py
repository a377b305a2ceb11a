"""Normalize: staged vendor pages → typed, checked Parquet of the model, and the rejects beside it.

The connector says what a record means; this room only holds every value to its column's kind. A
value that does not fit rejects its whole record, never a neighbour. The frame is pandas on Arrow
types, built column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
from pandas.arrays import ArrowExtensionArray

from include import money, staging
from include.ahead import one_ahead
from include.collector import rarely_looking
from include.columns import arrow_type, whole
from include.connectors.base import Connector, Stream
from include.connectors.normalized import Columns, Normalized, Record, Reject
from include.keys import Keys
from include.model import KEYS, RECOMPUTED, TABLES, Column, Kind, Table
from include.normalized_files import Indexed, Rejected, write_index, write_rejects, write_rows
from include.values import CHECKS, SENTENCES

PAGES_PER_FILE = 4
"""Bounds memory: one Parquet file per table for so many pages."""

CLOSED_STATUSES = frozenset({"paid", "written_off", "voided", "rejected", "failed"})


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
    rejects: list[Rejected] = []
    manifest.tables, manifest.records = {name: [] for name in stream.tables}, []
    unknown: set[str] = set()
    last_page = _read_again(manifest.pages) if manifest.read_again else {}
    with one_ahead(map(staging.read_page, manifest.pages)) as bodies:
        for number in range(0, len(manifest.pages), PAGES_PER_FILE):
            frames: dict[str, list[pd.DataFrame]] = {name: [] for name in stream.tables}
            index: list[Indexed] = []
            for address in manifest.pages[number : number + PAGES_PER_FILE]:
                clean = _page(connector, stream, address, next(bodies), last_page, index, rejects, unknown)
                for name, frame in clean.items():
                    frames[name].append(frame)
            for name, parts in frames.items():
                if any(map(len, parts)):
                    at = f"{folder}/{name}-{number:06d}.parquet"
                    manifest.tables[name].append(write_rows(at, TABLES[name], parts))
            manifest.records.append(write_index(f"{folder}/records-{number:06d}.parquet", index))
    if not manifest.records:
        manifest.records.append(write_index(f"{folder}/records-000000.parquet", []))
    manifest.rejects = write_rejects(f"{folder}/rejects.parquet", rejects)
    manifest.reject_count = len(rejects)
    manifest.unknown_fields = sorted(unknown)
    manifest.write(at=manifest.normalized_address)
    return manifest


def _page(
    connector: Connector, stream: Stream, address: str, body: bytes, last_page: Mapping[str, str],
    index: list[Indexed], rejects: list[Rejected], unknown: set[str],
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the frames of a staged page; add to the index, the rejects and the unknown fields.

    Args:
        last_page: of keys that stand in several pages: the one that counts.
    """
    records = connector.decode(stream, body)
    unknown |= connector.unknown_fields(stream, body, records)
    # A key stands here once: the place of a dict's entry is its first, the value its last.
    latest = {
        item.key: (item, row)
        for row, (item, _) in enumerate(zip(staging.page_items(address), records, strict=True))
        if last_page.get(item.key, address) == address
    }
    clean, bad = typed(connector, stream, [records[row] for _, row in latest.values()], latest.keys())
    came = connector.whole(stream, body) if bad else ()
    rejects += [(reject, came[latest[reject.key][1]] if reject.key in latest else None) for reject in bad]
    failed = {reject.key for reject in bad}
    index += [
        (item.key, item.digest, item.updated_at, "rejected" if item.key in failed else "ok")
        for item, _ in latest.values()
    ]
    return clean


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
