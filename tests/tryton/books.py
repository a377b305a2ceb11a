"""What a full read of a real Tryton gives: rows typed as the warehouse gets them, by table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from include.connectors.base import Connector, Item, Page, Window
from include.connectors.normalized import Reject
from include.normalize import typed

Row = dict[str, Any]
HISTORY_FROM = date(2000, 1, 1)
EVERYTHING = Window(history_from=HISTORY_FROM)


@dataclass
class Loaded:
    """Rows by table and key, the items read, and what was rejected."""

    tables: dict[str, dict[str, Row]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)

    def of(self, table: str, customer: str) -> list[Row]:
        """The customer's rows of a table, by key."""
        return [row for row in self.tables[table].values() if row["customer_external_id"] == customer]

    def onto(self, target: str) -> list[Row]:
        """The allocations that reduce the document or movement."""
        return [row for row in self.tables["allocations"].values() if row["target_external_id"] == target]

    def out_of(self, source: str) -> list[Row]:
        """The allocations that use the document or movement."""
        return [row for row in self.tables["allocations"].values() if row["source_external_id"] == source]

    def parts(self, invoice: str) -> list[Row]:
        """The invoice's installments, in their order."""
        rows = (row for row in self.tables["installments"].values() if row["invoice_external_id"] == invoice)
        return sorted(rows, key=lambda row: row["sequence"])


def load(connector: Connector, pages: dict[str, Iterable[Page]] | None = None) -> Loaded:
    """Take pages (all of an open window when none are given) through decode, normalize and typing."""
    loaded = Loaded()
    for stream in connector.streams:
        read = connector.read(stream, EVERYTHING) if pages is None else pages.get(stream.name, ())
        for table in stream.tables:
            loaded.tables.setdefault(table, {})
        for page in read:
            loaded.items |= {item.key: item for item in page.items}
            frames, rejects = typed(connector, stream, connector.decode(stream, page.body))
            loaded.rejects += rejects
            for table, frame in frames.items():
                for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
                    assert row["external_id"] not in loaded.tables[table], f"{table} {row['external_id']} came twice"
                    loaded.tables[table][row["external_id"]] = row
    return loaded
