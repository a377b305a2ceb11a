"""Nights over the sample system that a test changes by hand, by the machine's own clock."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from include.connectors.base import Connector
from tests.conformance import ledger
from tests.conformance.books import Row
from tests.conformance.sample import Sample
from tests.conformance.sample_server import Running
from tests.nights import TONIGHT, Night, Nights
from tests.survival.worlds.sample import OverBooks

__all__ = ["STREAMS", "TONIGHT", "Night", "Pipeline", "after"]

STREAMS = tuple(stream.name for stream in Sample.streams)


class Pipeline(Nights):
    """One organization over one entity of the sample system."""

    world: OverBooks

    def __init__(
        self, engine: Engine, source: Running, organization_id: str = "acme", entity: str = "north", first: int = 1
    ) -> None:
        super().__init__(engine, OverBooks(source.url, source.folder, entity), organization_id, first=first)
        self.source = source

    @property
    def entity(self) -> str:
        return self.world.entity

    @property
    def connector(self) -> type[Connector]:
        """What reads the system; a test may set another one."""
        return self.world.connector

    @connector.setter
    def connector(self, connector: type[Connector]) -> None:
        self.world.connector = connector  # type: ignore[misc]

    def books(self) -> AbstractContextManager[Row]:
        """Open the source's books to change them."""
        return ledger.changing(self.source.folder, self.entity)


def after(days: int) -> datetime:
    """Return the moment of work `days` days after the books ended, always in the past."""
    from tests.pipeline.conftest import DAYS_AGO

    return datetime.now(UTC) - timedelta(days=DAYS_AGO - days)
