"""What a record means when one of its values comes as another type: the same as before, or nothing at all.

Each value of a record, nested ones too, is replaced by values of every other JSON type. The record must then
be rejected, or mean what it meant: because the value is not used, or says the same in its new form.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pyarrow as pa

from include.connectors.base import Connector, Stream
from include.connectors.normalized import Record
from include.errors import SourceUnavailable
from include.model import TABLES
from include.normalize import _frame

Path = tuple[str | int, ...]
Meaning = dict[str, dict[str, list[Any]]]
ALIENS: tuple[Any, ...] = ("x", "12", 0, 7, 20181020, Decimal("0.123456789"), True, False, [], ["x"], {}, {"a": 1})
LISTED = 2
"""So many entries of a list are looked at; the others are like them."""


def silent_changes(
    connector: Connector, stream: Stream, record: Record, apart: tuple[str, ...] = (), depth: int = 1
) -> list[str]:
    """Return every change of a type that changed a row without a word.

    Args:
        apart: fields of the record that are not the system's own.
        depth: how many steps down the system's own values begin.
    """
    before = meaning(connector, stream, record)
    assert before is not None, "the record is rejected as it is"
    found = []
    for path in paths({name: value for name, value in record.items() if name not in apart}):
        was = at(record, path)
        for alien in ALIENS:
            if len(path) < depth or _kind(alien) is _kind(was):
                continue
            after = meaning(connector, stream, replaced(record, path, alien))
            if after is not None and after != before:
                found.append(f"{stream.name}: {'.'.join(map(str, path))} = {alien!r} → {_difference(before, after)}")
    return found


def meaning(connector: Connector, stream: Stream, record: Record) -> Meaning | None:
    """Return a record's rows, typed, by table and column; None where it is rejected, or its page is."""
    try:
        said = connector.normalize(stream, [record])
    except SourceUnavailable:
        return None
    if said.rejects:
        return None
    rows: Meaning = {}
    for name, columns in said.tables.items():
        frame, wrong = _frame(TABLES[name], columns)
        if wrong:
            return None
        rows[name] = pa.Table.from_pandas(frame).to_pydict()
    return rows


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield where every value of a record stands, those that hold others too; an absent one has no type."""
    if path and value is not None:
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value[:LISTED]):
            yield from paths(inner, (*path, index))


def at(record: Record, path: Path) -> Any:
    """Return the value that stands there."""
    for step in path:
        record = record[step]
    return record


def replaced(record: Record, path: Path, value: Any) -> Record:
    """Return a copy of the record with another value there."""
    changed = deepcopy(record)
    at(changed, path[:-1])[path[-1]] = value
    return changed


def _kind(value: Any) -> type:
    return Decimal if isinstance(value, int | Decimal) and not isinstance(value, bool) else type(value)


def _difference(before: Meaning, after: Meaning) -> str:
    return next(
        f"{table}.{column} {before[table][column]} became {after[table][column]}"
        for table in before
        for column in before[table]
        if before[table][column] != after[table][column]
    )
