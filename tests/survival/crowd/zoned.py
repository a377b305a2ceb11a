"""A company in a time zone of one's choice, whose books are kept by the clock on its wall."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.conformance import ledger
from tests.nights import Nights
from tests.survival.worlds.sample import SampleWorld


class Zoned(SampleWorld):
    """The sample system's company, somewhere else."""

    def __init__(self, folder: Path, zone: str) -> None:
        super().__init__(folder)
        self.zone = ZoneInfo(zone)

    def fields(self) -> dict[str, Any]:
        return super().fields() | {"timezone": self.zone.key}

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def at(self, moment: datetime) -> None:
        """Let it be that moment."""
        self.wait(moment - self.now)

    def written_on_the_wall(self, moment: datetime) -> str:
        """Return a moment as this system stamps it: local, with the offset."""
        return moment.astimezone(self.zone).isoformat()


def change_at(world: Zoned, nights: Nights, moment: datetime) -> str:
    """Change one bill that was settled long ago, stamped by the clock on the wall; return its key and new title."""
    known = nights.rows("invoices")
    with ledger.changing(world.folder, world.entity) as books:
        settled = [
            d for d in books["documents"] if d["kynd"] == "B" and d["st"] in "SL" and f"Bill:{d['ident']}" in known
        ]
        bill = min(settled, key=lambda row: datetime.fromisoformat(row["mod"] or row["made"]))
        bill |= {"ttl": f"changed at {moment:%Y-%m-%dT%H:%M:%SZ}", "mod": world.written_on_the_wall(moment)}
    return f"Bill:{bill['ident']}"
