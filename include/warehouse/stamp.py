"""What every row that a load writes carries: whose, from which stream, by which run, when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, FromClause, Label, literal

from include.warehouse.types import UtcTimestamp, identifier

if TYPE_CHECKING:
    from include.staging import Manifest


@dataclass(frozen=True, slots=True)
class Stamp:
    """The origin of a load's writes; `now` is aware."""

    organization_id: str
    stream: str
    run_id: str
    now: datetime

    @classmethod
    def of(cls, manifest: Manifest, now: datetime) -> Stamp:
        """Return the stamp of a manifest's load."""
        return cls(manifest.organization_id, manifest.stream, manifest.run_id, now)

    def marks(self) -> dict[str, Any]:
        """Return the bookkeeping of a row that this load changes."""
        return {"synced_at": self.now, "run_id": self.run_id}

    def owns(self, table: FromClause) -> ColumnElement[bool]:
        """Restrict a statement to the organization's rows of a table."""
        return table.c.organization_id == self.organization_id

    def reads(self, table: FromClause) -> ColumnElement[bool]:
        """Restrict a statement to what the stream brought into a table that has a column `stream`."""
        return self.owns(table) & (table.c.stream == self.stream)

    def text(self, name: str) -> Label[str]:
        """Return one of the stamp's texts as a labelled SQL value."""
        return literal(getattr(self, name), identifier()).label(name)

    def moment(self, name: str) -> Label[datetime]:
        """Return the moment of the load as an SQL value of that label."""
        return literal(self.now, UtcTimestamp()).label(name)
