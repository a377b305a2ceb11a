"""Runs queries: an in-memory SQLite database that holds the tables as the account shows them.

SQLite came with Python and really joins, groups and orders; sqlglot, which parsed the query, writes it in
SQLite's dialect. Numbers are doubles of at most 15 significant digits, which come back as they went in, and are
added and compared as decimals by functions.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.netsuite import dates, problems
from include.sandbox.netsuite.functions import DIGITS, Functions, held
from include.sandbox.netsuite.schema import AFFINITY, TABLES
from include.sandbox.netsuite.settings import Settings
from include.sandbox.netsuite.suiteql import Query

Row = Mapping[str, Any]


class Engine:
    """The tables at one moment."""

    def __init__(self, rows: Mapping[str, Iterable[Row]], displayed: Mapping[str, Mapping[Any, str]],
                 settings: Settings, now: Any) -> None:  # fmt: skip
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA case_sensitive_like = ON")
        self._functions = Functions(settings.date_format, settings.account_zone)
        self._functions.displayed = displayed
        self._functions.register(self._connection)
        zone, centre = ZoneInfo(settings.account_zone), ZoneInfo(settings.data_centre_zone)
        self._clock = {
            "sysdate": dates.moment(now, centre), "systimestamp": dates.moment(now, centre, with_offset=True),
            "current_timestamp": dates.moment(now, zone, with_offset=True), "current_date": dates.moment(now, zone),
        }  # fmt: skip
        for name in TABLES:
            self._fill(name, rows.get(name, ()))

    def close(self) -> None:
        """Forget the tables."""
        self._connection.close()

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        (count,) = self._connection.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()  # noqa: S608 - our own names
        return int(count)

    def run(
        self, query: Query, binds: list[Any], limit: int, offset: int, dice: str, *, shuffled: bool = False
    ) -> tuple[list[tuple[Any, ...]], int]:
        """Return a page of a query's rows, and how many rows there are in all.

        Args:
            dice: what decides the order of rows where the query does not; or always, if `shuffled`.

        Raises:
            Refused: a value cannot be read as the query wants it.
        """
        functions = self._functions
        functions.dice.seed(dice)
        values = self._clock | {f"p{number}": value for number, value in enumerate(binds)}
        try:
            (total,) = self._connection.execute(f"SELECT COUNT(*) FROM ({query.sql})", values).fetchone()  # noqa: S608
            functions.dice.seed(dice)
            order = "ORDER BY NS_SHUFFLE()" if shuffled else ""
            page = f"SELECT * FROM ({query.sql}) {order} LIMIT {limit:d} OFFSET {offset:d}"  # noqa: S608 - numbers
            return self._connection.execute(page, values).fetchall(), total
        except sqlite3.Error as error:
            said, functions.error = functions.error or "Invalid or unsupported search", ""
            raise problems.search(said) from error

    def _fill(self, name: str, rows: Iterable[Row]) -> None:
        table = TABLES[name]
        columns = ", ".join(f'"{column}" {AFFINITY[kind]}' for column, kind in table.kinds.items())
        self._connection.execute(f'CREATE TABLE "{name}" ({columns})')
        marks = ", ".join("?" * len(table.kinds))
        names = tuple(table.kinds)
        made = (tuple(_held(row.get(column)) for column in names) for row in rows)
        self._connection.execute("BEGIN")
        self._connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', made)  # noqa: S608 - our own names
        for column in table.indexed:
            self._connection.execute(f'CREATE INDEX "{name}_{column}" ON "{name}" ("{column}")')
        self._connection.execute("COMMIT")


def _held(value: Any) -> Any:
    """Return a value as the database holds it: no text is NULL, as in Oracle.

    Raises:
        ValueError: a number has more digits than come back.
    """
    if isinstance(value, Decimal):
        if len(value.normalize().as_tuple().digits) > DIGITS:
            raise ValueError(f"a number of more than {DIGITS} digits cannot be told exactly")
        return held(value)
    if isinstance(value, bool):
        return "T" if value else "F"
    return None if value == "" else value
