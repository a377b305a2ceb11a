"""A night in one process: every room in the order of the DAG, and what the checks say afterwards."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine, select

from include import complete, extract, normalize, reconcile, staging, warehouse
from include.connectors.base import Connection
from include.expectations.failing import failures
from include.expectations.scope import scope_of
from include.expectations.suites import ALL
from include.extract import Options
from include.model import TABLES, UNCOMPARED
from include.organizations import Organization
from tests.conformance import ledger
from tests.conformance.books import Row
from tests.conformance.sample import Sample
from tests.conformance.sample_server import SECRET, Running

TONIGHT = Options()
STREAMS = tuple(stream.name for stream in Sample.streams)
PER_RUN = {*UNCOMPARED, "organization_id", "record_id"}


@dataclass(frozen=True, slots=True)
class Night:
    """What a night did."""

    run_id: str
    manifests: dict[str, staging.Manifest]
    written: int
    completed: complete.Completed
    outcome: reconcile.Outcome


@dataclass
class Pipeline:
    """One organization over the sample system, and the rooms it goes through."""

    engine: Engine
    source: Running
    organization_id: str = "acme"
    entity: str = "north"
    connector: type[Sample] = Sample
    host: str = ""
    history_from: date | None = None
    currency: str | None = None
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def organization(self) -> Organization:
        return Organization(
            id=self.organization_id, connector="sample", connection="sample_erp", entity=self.entity,
            timezone="Europe/Berlin", history_from=self.history_from, currency=self.currency,
        )  # fmt: skip

    @property
    def today(self) -> date:
        return datetime.now(UTC).date()

    def system(self) -> Sample:
        """Return a connector as a task makes one."""
        return self.connector(Connection("sample_erp", self.host or self.source.url, password=SECRET), self.entity)

    def books(self) -> AbstractContextManager[Row]:
        """Open the source's books to change them."""
        return ledger.changing(self.source.folder, self.entity)

    def new_run(self) -> str:
        return f"scheduled__{self.organization_id}-{next(self._numbers)}"

    def extract(
        self, stream: str, options: Options = TONIGHT, run_id: str = "", try_number: int = 1
    ) -> staging.Manifest:
        """Enter the first room for one stream."""
        system = self.system()
        read = extract.Read(
            self.engine, self.organization, system, system.stream(stream), run_id or self.new_run(), try_number
        )
        return extract.extract(read, options, datetime.now(UTC))

    def load(self, manifest: staging.Manifest) -> warehouse.Summary:
        """Take a manifest through normalize and load, or record that it brought nothing."""
        now = datetime.now(UTC)
        if manifest.is_unchanged:
            return warehouse.record_unchanged(self.engine, manifest, now)
        # What normalize is given is read from the disk, as its own task does.
        typed = normalize.normalize(self.system(), staging.Manifest.read(manifest.address))
        return warehouse.load(self.engine, staging.Manifest.read(typed.normalized_address), now)

    def sync(self, options: Options = TONIGHT) -> Night:
        """Run a whole night up to the checks."""
        run_id = self.new_run()
        manifests: dict[str, staging.Manifest] = {}
        written = 0
        for stream in options.streams or STREAMS:
            manifests[stream] = self.extract(stream, options, run_id)
            written += self.load(manifests[stream]).written
        completed = complete.complete(self.engine, self.organization, self.system(), run_id, 1, datetime.now(UTC))
        return Night(run_id, manifests, written, completed, self.reconcile(run_id))

    def reconcile(self, run_id: str) -> reconcile.Outcome:
        """Hold the warehouse against the source's own figures."""
        started_at = warehouse.run_started_at(self.engine, self.organization_id, run_id) or datetime.now(UTC)
        return reconcile.reconcile(
            self.engine, self.organization, self.system(), run_id, self.today, started_at, lambda: datetime.now(UTC)
        )

    def blocking(self, run_id: str) -> dict[str, list[str]]:
        """Return critical check → its failing records; empty is what the gate wants."""
        scope = scope_of(self.organization, self.connector, run_id, self.today, datetime.now(UTC))
        found: dict[str, list[str]] = {}
        with self.engine.connect() as connection:
            for suite in ALL:
                for check, query in suite.queries(scope):
                    if check.severity == "critical" and (failing := failures(connection, suite, check, query)):
                        found[check.name] = [failure.record for failure in failing]
        return found

    def state(self, stream: str) -> warehouse.StreamState:
        return warehouse.state(self.engine, self.organization_id, stream)

    def rows(self, table: str, live: bool = True) -> dict[str, dict[str, Any]]:
        """Return a table's rows by external id; only living ones by default."""
        t = warehouse.table(table)
        query = select(t).where(t.c.organization_id == self.organization_id)
        if live and "deleted_at" in t.c:
            query = query.where(t.c.deleted_at.is_(None))
        with self.engine.connect() as connection:
            return {row["external_id"]: dict(row) for row in connection.execute(query).mappings()}

    def everything(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Return all living rows, without what names the run or the organization."""
        return {
            name: {
                key: {column: value for column, value in row.items() if column not in PER_RUN}
                for key, row in self.rows(name).items()
            }
            for name in TABLES
        }

    def of_run(self, table: str, run_id: str) -> list[dict[str, Any]]:
        """Return the rows of an operational table that belong to a run."""
        t = warehouse.table(table)
        query = select(t).where(t.c.organization_id == self.organization_id, t.c.run_id == run_id)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def after(days: int) -> datetime:
    """Return the moment of work `days` days after the books ended, always in the past."""
    from tests.pipeline.conftest import DAYS_AGO

    return datetime.now(UTC) - timedelta(days=DAYS_AGO - days)
