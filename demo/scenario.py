"""What a demo shows: systems with companies in them, and what their own clients say of these."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Scenario(Protocol):
    """Systems that the demo starts, fills, lets work a day, and asks for the truth."""

    filling: str
    """What is being filled, for the demo's first line."""
    systems: str
    """Their names, for its last ones."""

    def start(self, environment: Mapping[str, str]) -> None:
        """Start and fill the systems; they need not answer yet."""

    def connections(self) -> dict[str, str]:
        """Wait until all of them answer, and return the Airflow connections, as JSON, by their id.

        Raises:
            RuntimeError: one of them did not come up; names its log.
        """

    def planted(self) -> list[dict[str, Any]]:
        """Return each company (`company_id`) with its `planted` defects: their severity and the records' keys."""

    def work_a_day(self) -> None:
        """Let a day of business pass in every company."""

    def truth(self) -> list[dict[str, Any]]:
        """Return what the systems' own clients say of each company: its `counts` and what is `outstanding`."""

    def objections(self, organizations: list[dict[str, Any]], warehouse: Path) -> list[str]:
        """Return a sentence for everything else that is not as it should be; ask `truth` first."""

    def stop(self) -> None:
        """End what the demo's processes do not."""
