"""SuiteQL: queries made of our own words, in which every value is bound and none is ever written.

Only what stands in this package becomes part of a query's text; ids, days and moments travel as
parameters beside it. Names that a connection sets (custom fields) are held to a pattern by settings.py.

Each query has a unique order, and is read from the last row's key on: no row shifts between pages, and no
query comes near the 100,000 rows that paging by offset can reach. Joins are of the Oracle kind, which may
not be mixed with the other one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from include.errors import ContractError

Value = str | int
LONGEST_LIST = 1000
"""Values that one IN may hold."""
DAY, MOMENT = "YYYY-MM-DD", "YYYY-MM-DD HH24:MI:SS"
_NAME = re.compile(r"(\w+)$")


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition with a `?` in the place of each of its values."""

    sql: str
    values: tuple[Value, ...] = ()

    def __post_init__(self) -> None:
        if self.sql.count("?") != len(self.values):
            raise ContractError(f"a condition has {self.sql.count('?')} places for {len(self.values)} values")


@dataclass(frozen=True, slots=True)
class Query:
    """A question.

    Args:
        columns: what is asked for; a computed one says `AS name`.
        tables: `transaction t, currency y`; what joins them stands in `where`.
        key: columns that no two rows share, all of them asked for; the rows come in their order.
        group: columns by which rows are added up.
    """

    columns: tuple[str, ...]
    tables: str
    where: tuple[Condition, ...] = ()
    key: tuple[str, ...] = ()
    group: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The query as NetSuite reads it."""
        parts = [f"SELECT {', '.join(self.columns)} FROM {self.tables}"]  # noqa: S608 - of our own words
        if self.where:
            parts.append(f"WHERE {all_of(*self.where).sql}")
        if self.group:
            parts.append(f"GROUP BY {', '.join(self.group)}")
        if self.key:
            parts.append(f"ORDER BY {', '.join(self.key)}")
        return " ".join(parts)

    @property
    def values(self) -> tuple[Value, ...]:
        """What is bound, in the order of the places."""
        return tuple(value for condition in self.where for value in condition.values)

    @property
    def key_names(self) -> tuple[str, ...]:
        """What the key's columns are called in a row."""
        return tuple(name_of(column) for column in self.key)

    def after(self, last: Sequence[Value]) -> Query:
        """Return the same question about the rows that come after the one with this key."""
        steps = []
        for place, column in enumerate(self.key):
            equal = [Condition(f"{c} = ?", (v,)) for c, v in zip(self.key[:place], last[:place], strict=True)]
            steps.append(all_of(*equal, Condition(f"{column} > ?", (last[place],))))
        return replace(self, where=(*self.where, any_of(*steps)))

    def also(self, *conditions: Condition) -> Query:
        """Return the question with more conditions."""
        return replace(self, where=(*self.where, *conditions))


def name_of(column: str) -> str:
    """Return what a column is called in a row: its alias, or its own name in lower case."""
    found = _NAME.search(column)
    if not found:
        raise ContractError(f"the column {column} has no name")
    return found[1].lower()


def all_of(*conditions: Condition) -> Condition:
    """Return a condition that holds where all of these do."""
    return _joined(" AND ", conditions)


def any_of(*conditions: Condition) -> Condition:
    """Return a condition that holds where one of these does."""
    return _joined(" OR ", conditions)


def one_of(column: str, values: Iterable[Value]) -> Condition:
    """Return a condition that holds where the column has one of the values, of which there are some, but not many.

    Raises:
        ContractError: there are none, or more than one list may hold.
    """
    listed = tuple(values)
    if not 0 < len(listed) <= LONGEST_LIST:
        raise ContractError(f"a list of {len(listed)} values was asked for")
    return Condition(f"{column} IN ({', '.join('?' * len(listed))})", listed)


def within(column: str, query: Query) -> Condition:
    """Return a condition that holds where another question's answer has the column."""
    return Condition(f"{column} IN ({query.text})", query.values)


def is_equal(column: str, value: Value) -> Condition:
    """Return a condition that holds where the column has this value."""
    return Condition(f"{column} = ?", (value,))


def from_day(column: str, day: date) -> Condition:
    """Return a condition that holds from the day on."""
    return Condition(f"{column} >= TO_DATE(?, '{DAY}')", (day.isoformat(),))


def from_moment(column: str, at: datetime, zone: ZoneInfo) -> Condition:
    """Return a condition that holds from the moment on; whole seconds, as the account's clock writes them.

    An hour that the clock repeats in autumn is taken from its first time on.
    """
    local = at.astimezone(zone).replace(microsecond=0, tzinfo=None)
    return Condition(f"{column} >= TO_TIMESTAMP(?, '{MOMENT}')", (local.isoformat(" "),))


def day(column: str) -> str:
    """Return a column for a day, whatever the user's format of dates is."""
    return f"TO_CHAR({column}, '{DAY}') AS {name_of(column)}"


def moment(column: str, name: str = "") -> str:
    """Return a column for a moment; raw, it would lose its time of day."""
    return f"TO_CHAR({column}, '{MOMENT}') AS {name or name_of(column)}"


def _joined(by: str, conditions: Sequence[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    values = tuple(value for condition in conditions for value in condition.values)
    return Condition(by.join(f"({condition.sql})" for condition in conditions), values)
