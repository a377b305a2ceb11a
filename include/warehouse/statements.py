"""How statements are run: counted, in portions, and on PostgreSQL with plans that suit what they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Delete, Insert, Update, text

from include.warehouse import tables

Item = TypeVar("Item")

KEYS_PER_STATEMENT = 1_000
"""SQLite takes 32,766 parameters, PostgreSQL 65,535; beyond a thousand nothing gets faster."""


FILTERED = ("deleted_at", "status", "superseded_by_external_id")
"""Columns that statements filter by, beside those that have an index."""


def count_written(connection: Connection, statement: Insert | Update | Delete) -> int:
    """Execute the statement and return how many rows it wrote."""
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield the items in order, a thousand at a time."""
    for start in range(0, len(items), KEYS_PER_STATEMENT):
        yield items[start : start + KEYS_PER_STATEMENT]


@contextmanager
def over_whole_tables(connection: Connection) -> Iterator[None]:
    """Let statements that join an organization's rows among themselves run in one pass over each table.

    PostgreSQL takes an organization it has no statistics of, on its first load, for a few rows and
    would walk through all of them again for each.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    connection.execute(text("SET LOCAL enable_nestloop = on"))


def renew_statistics(connection: Connection, names: Iterable[str]) -> None:
    """Tell PostgreSQL's planner about tables that grew much, unless someone else is telling it.

    Of the columns only those by which rows are found and joined: of 41 the others are most of the work.
    """
    if connection.dialect.name == "postgresql":
        for name in names:
            table = tables.table(name)
            indexed = {column.name for index in table.indexes for column in index.columns}
            columns = [c.name for c in table.c if c.primary_key or c.name in indexed or c.name in FILTERED]
            with connection.begin():
                connection.execute(text(f"ANALYZE (SKIP_LOCKED) {name} ({', '.join(columns)})"))
