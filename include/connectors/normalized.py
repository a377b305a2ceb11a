"""What a page of records means in the model: columns per table, and what could not be mapped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from include.errors import ContractError
from include.model import TABLES

if TYPE_CHECKING:
    from include.connectors.base import Stream

Record = Any
"""One raw record as the vendor's page holds it, decoded; its shape is the connector's business."""

Columns = dict[str, list[Any]]
"""Column name → values, all lists of one length; amounts as Decimal in major units."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be kept; it goes to rejected_records and stops nobody.

    Args:
        key: the record's external id, or `<record type>:?<digest>` when it has none.
        reason: short code in the field's words (missing_key, unknown_currency, impossible_amount …).
        message: one sentence for an analyst, without names, addresses or e-mails.
        is_open: the record is (or may be) an open document or the customer of one: blocks the gate.
        amount: open amount in major units where it can be told, with `currency` as the source has it.
    """

    key: str
    table: str
    reason: str
    message: str
    is_open: bool
    column: str = ""
    number: str = ""
    customer: str = ""
    currency: str = ""
    amount: Decimal | None = None


class Normalized:
    """What a page means in the model, added column by column (`extend`) or row by row (`add`)."""

    def __init__(self, tables: dict[str, Columns]) -> None:
        self.rejects: list[Reject] = []
        self._tables = tables
        self._rows: dict[str, list[Mapping[str, Any]]] = {name: [] for name in tables}
        """Rows that are not in the columns yet: a column is made of many rows at once."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Normalized) and (self.tables, self.rejects) == (other.tables, other.rejects)

    @property
    def tables(self) -> dict[str, Columns]:
        """Columns per table, with every row that was added so far."""
        for name, rows in self._rows.items():
            if rows:
                used = set().union(*rows)
                _append(self._tables[name], {column: [row.get(column) for row in rows] for column in used})
                rows.clear()
        return self._tables

    @classmethod
    def of(cls, stream: Stream) -> Normalized:
        """Return empty columns for every table of the stream."""
        names = {name: ("external_id", *(c.name for c in TABLES[name].all_columns)) for name in stream.tables}
        return cls({table: {name: [] for name in columns} for table, columns in names.items()})

    @classmethod
    def of_records(
        cls, stream: Stream, records: Sequence[Record], fill: Callable[[Sequence[Record], Normalized], None],
        reject: Callable[[Record, Exception], Reject], bad: tuple[type[Exception], ...],
    ) -> Normalized:  # fmt: skip
        """Return what the records mean: all at once, and where that fails each half by itself, down to one record.

        Args:
            fill: adds all that these records mean, or raises one of `bad`; no record's rows depend on another's.
            reject: says what is wrong with the one record for which it raised.
        """
        said = cls.of(stream)
        try:
            fill(records, said)
        except bad as error:
            said = cls.of(stream)
            if len(records) == 1:
                said.rejects.append(reject(records[0], error))
                return said
            middle = len(records) // 2
            for half in (records[:middle], records[middle:]):
                said.join(cls.of_records(stream, half, fill, reject, bad))
        return said

    def add(self, table: str, row: Mapping[str, Any]) -> None:
        """Append one row; columns it does not name stay empty.

        Raises:
            ContractError: it names a column that the table does not have.
        """
        self._known(table, row)
        self._rows[table].append(row)

    def extend(self, table: str, columns: Columns) -> None:
        """Append rows, given as columns of one length, which may share lists; those not named stay empty.

        Raises:
            ContractError: it names a column that the table does not have, or columns of several lengths.
        """
        self._known(table, columns)
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise ContractError(f"columns of {table} have several lengths")
        _append(self.tables[table], columns)

    def join(self, other: Normalized) -> None:
        """Append what another part of the same page means."""
        self.rejects += other.rejects
        for table, columns in other.tables.items():
            self.extend(table, columns)

    def _known(self, table: str, columns: Mapping[str, Any]) -> None:
        if not columns.keys() <= self._tables[table].keys():
            unknown = sorted(columns.keys() - self._tables[table].keys())
            raise ContractError(f"{table} has no column {', '.join(unknown)}")


def _append(mine: Columns, columns: Columns) -> None:
    nothing = [None] * max(map(len, columns.values()), default=0)
    for name, before in mine.items():
        added = columns.get(name, nothing)
        mine[name] = before + added if before else added  # never in place: several columns may share one list
