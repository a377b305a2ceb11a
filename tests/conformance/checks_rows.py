"""Decoding and normalizing: what the records mean, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from include.connectors.base import Stream
from include.connectors.normalized import Reject
from include.model import ALLOCATED_TYPES, RECOMPUTED, TABLES, Column, Kind
from include.normalize import filled_columns, typed
from tests.conformance.checks_read import by_record
from tests.conformance.subject import Subject, rows

PERSONAL = {
    "customers": ("name", "legal_name", "address_line1", "address_line2", "account_owner_name", "account_owner_email"),
    "contacts": ("first_name", "last_name", "email", "phone"),
}


def check_decode(subject: Subject) -> None:
    """A staged body gives one record per item, in the items' order."""
    for stream in subject.streams:
        connector = subject.connect()
        for page in subject.pages(stream):
            count = len(connector.decode(stream, page.body))
            assert count == len(page.items), f"{stream.name}: {count} records for {len(page.items)} items"
        for item, tables in by_record(subject, stream):
            for table, found in tables.items():
                owner = "parent_external_id" if TABLES[table].child else "external_id"
                for row in found:
                    own = row[owner] == item.key or str(row[owner]).startswith(f"{item.key}:")
                    assert own, f"{stream.name}: the record at {item.key} gave {table} {row[owner]}"
        assert connector.request_count == 0, f"{stream.name}: decoding or normalizing sent requests"


def check_tables(subject: Subject) -> None:
    """Only the stream's tables and only columns of the model come, all of one length."""
    for stream in subject.streams:
        said = subject.normalized(stream)
        foreign = said.tables.keys() - stream.tables.keys()
        assert not foreign, f"{stream.name} gave {foreign}"
        for table, columns in said.tables.items():
            allowed = {"external_id", *(c.name for c in TABLES[table].all_columns)}
            assert columns.keys() <= allowed, f"{table} has no {sorted(columns.keys() - allowed)}"
            assert len({len(values) for values in columns.values()}) <= 1, f"{table}: columns of different lengths"


def check_every_table_is_filled(subject: Subject) -> None:
    """The data tested with has rows for every table declared: an empty one proves nothing."""
    found = subject.rows()
    empty = [t for stream in subject.streams for t in stream.tables if not found.get(t)]
    assert not empty, f"no rows for {empty}"


def check_recomputed(subject: Subject) -> None:
    """Columns that the load computes stay empty."""
    for table, found in subject.rows().items():
        for name in ("record_id", *RECOMPUTED.get(table, ())):
            assert not any(row.get(name) is not None for row in found), f"{table}.{name} is not the connector's to fill"


def check_required(subject: Subject) -> None:
    """Required values are there."""
    for table, column, value, row in _values(subject):
        if column.required:
            assert value not in (None, ""), f"{table} {row['external_id']}: {column.name} is missing"


def check_amounts(subject: Subject) -> None:
    """Amounts and rates are Decimal, never float."""
    for table, column, value, row in _values(subject):
        if column.kind in (Kind.MONEY, Kind.DECIMAL) and value is not None:
            assert isinstance(value, Decimal), f"{table} {row['external_id']}: {column.name} is {type(value).__name__}"


def check_times(subject: Subject) -> None:
    """Timestamps know their zone; dates are dates without a time."""
    for table, column, value, row in _values(subject):
        where = f"{table} {row['external_id']}: {column.name}"
        if column.kind is Kind.TIMESTAMP and value is not None:
            assert isinstance(value, datetime) and value.tzinfo, f"{where} has no time zone"
        if column.kind is Kind.DATE and value is not None:
            assert isinstance(value, date) and not isinstance(value, datetime), f"{where} is no date"


def check_choices(subject: Subject) -> None:
    """Values of a closed list are of that list."""
    for table, column, value, row in _values(subject):
        if column.kind is Kind.CHOICE and value not in (None, ""):
            assert value in column.choices, f"{table} {row['external_id']}: {column.name} says {value!r}"


def check_typed(subject: Subject) -> None:
    """Clean data passes the shared typing without a single reject."""
    for stream in subject.streams:
        connector = subject.connect()
        for page in subject.pages(stream):
            _, rejects = typed(connector, stream, connector.decode(stream, page.body))
            assert not rejects, f"{stream.name}: {rejects[0]}"


def check_row_keys(subject: Subject) -> None:
    """Rows' keys are unique in their table, namespaced, and hold nothing personal."""
    for table, found in subject.rows().items():
        counted = Counter(row["external_id"] for row in found)
        assert not counted or max(counted.values()) == 1, f"{table}: {counted.most_common(1)} came twice"
        for key in counted:
            assert isinstance(key, str) and key.partition(":")[2], f"{table}: {key!r} is no key"
            assert "@" not in key and " " not in key, f"{table}: a key holds an address or a name"


def check_children(subject: Subject) -> None:
    """Child rows name the stream and record in which the source lists them."""
    for stream in subject.streams:
        listed = {item.key for item in subject.items(stream)}
        for table, columns in subject.normalized(stream).tables.items():
            for row in rows(columns) if TABLES[table].child else ():
                assert row["parent_stream"] == stream.name, f"{table} {row['external_id']}: parent_stream is wrong"
                assert row["parent_external_id"] in listed, f"{table} {row['external_id']}: no such parent was read"


def check_references(subject: Subject) -> None:
    """Rows point at rows that were read, of the right table."""
    known = {table: {row["external_id"] for row in found} for table, found in subject.rows().items()}
    for table, column, value, row in _values(subject):
        if value and column.refers_to:
            target = column.refers_to if column.refers_to in TABLES else ALLOCATED_TYPES[row[column.refers_to]]
            assert value in known.get(target, ()), f"{table} {row['external_id']}: {column.name} {value} was not read"


def check_deterministic(subject: Subject) -> None:
    """The same records mean the same at every asking, and are left as they were."""
    for stream in subject.streams:
        records = subject.records(stream)
        kept = deepcopy(records)
        first = subject.connect().normalize(stream, records)
        assert records == kept, f"{stream.name}: normalize changed its input"
        assert subject.connect().normalize(stream, records) == first, f"{stream.name}: normalizing twice differs"


def check_unknown_fields(subject: Subject) -> None:
    """A field that the vendor adds some day changes nothing."""
    for stream in subject.streams:
        records = subject.records(stream)
        more = [{**r, "x_new_field": {"id": 1, "deep": [None]}} if isinstance(r, dict) else r for r in records]
        connector = subject.connect()
        same = connector.normalize(stream, more) == connector.normalize(stream, records)
        assert same, f"{stream.name}: an unknown field changed the rows"


def check_bad_record(subject: Subject) -> None:
    """One malformed record gives exactly one reject, which tells nothing personal, and leaves the others."""
    for stream in subject.streams:
        for page in (subject.pages(stream)[0], subject.pages(stream)[-1]):
            records = list(subject.connect().decode(stream, page.body))
            at = len(records) // 2
            key = page.items[at].key
            spoiled = [*records[:at], subject.break_record(stream, deepcopy(records[at])), *records[at + 1 :]]
            frames, rejects = typed(subject.connect(), stream, spoiled)
            expected, _ = typed(subject.connect(), stream, [*records[:at], *records[at + 1 :]])
            rejected = [reject.key for reject in rejects]
            assert rejected == [key], f"{stream.name}: {key} is malformed, rejected are {rejected}"
            _is_well_said(subject, stream, rejects[0])
            for table, frame in frames.items():
                kept = set(frame["external_id"])
                assert kept == set(expected[table]["external_id"]), f"{stream.name}: the bad record took others along"


def check_record_without_fields(subject: Subject) -> None:
    """A record that lacks everything is a reject, no crash."""
    for stream in subject.streams:
        said = subject.connect().normalize(stream, [{}])
        assert len(said.rejects) == 1, f"{stream.name}: {len(said.rejects)} rejects for a record without any field"
        record_type, _, rest = said.rejects[0].key.partition(":")
        named = record_type in stream.record_types and rest.startswith("?") and len(rest) > 1
        assert named, f"{stream.name}: {said.rejects[0].key} is not <record type>:?<digest>"
        assert not any(any(columns.values()) for columns in said.tables.values()), f"{stream.name}: a row of nothing"


def _is_well_said(subject: Subject, stream: Stream, reject: Reject) -> None:
    assert reject.table in stream.tables, f"{stream.name}: reject of table {reject.table}"
    assert reject.reason and " " not in reject.reason, f"{reject.reason!r} is no short code"
    assert reject.message, f"{stream.name}: a reject without a sentence"
    said = f"{reject.key} {reject.reason} {reject.message} {reject.column}"
    for table, names in PERSONAL.items():
        for row in subject.rows().get(table, ()):
            told = [name for name in names if len(str(row.get(name) or "")) > 3 and str(row[name]) in said]
            assert not told, f"a reject tells {told[0]}"


def _values(subject: Subject) -> Iterator[tuple[str, Column, Any, dict[str, Any]]]:
    """Yield (table, column, value, row) for every value the connector has to fill."""
    for table, found in subject.rows().items():
        for column in filled_columns(TABLES[table]):
            for row in found:
                yield table, column, row.get(column.name), row
