"""A night in one process: every room in the order of the DAG over a living system, and what the checks say then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, or_, select

from include import complete, extract, normalize, reconcile, staging, warehouse
from include.connectors.base import Connector
from include.expectations.failing import failures
from include.expectations.scope import scope_of
from include.expectations.suites import ALL
from include.extract import Options
from include.model import TABLES, UNCOMPARED
from include.organizations import Organization
from include.stager import Read
from include.warehouse.queries import run_started_at

if TYPE_CHECKING:
    from tests.survival.worlds import World

TONIGHT = Options()
PER_RUN = {*UNCOMPARED, "organization_id", "record_id"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Night:
    """What a night did; `requests` says what each room asked of the system."""

    run_id: str
    manifests: dict[str, staging.Manifest]
    written: int
    completed: complete.Completed
    outcome: reconcile.Outcome
    requests: dict[str, int] = field(default_factory=dict)
    loads: dict[str, warehouse.Summary] = field(default_factory=dict)


class Nights:
    """One organization over a living system, and the rooms it goes through."""

    def __init__(self, engine: Engine, world: World, organization_id: str, host: str = "", first: int = 1) -> None:
        """Take `host` for the system's own address; runs are numbered from `first` on."""
        self.engine = engine
        self.world = world
        self.organization_id = organization_id
        self.host = host
        self.skew = timedelta()
        """How far the workers' clock is ahead of the vendor's."""
        self.requests: dict[str, int] = {}
        """What each room asked in the last `night`."""
        self._numbers = count(first)

    @property
    def organization(self) -> Organization:
        """As its YAML would say."""
        world = self.world
        return Organization(
            id=self.organization_id, connector=world.connector.name, connection=world.connection().id,
            entity=world.entity, **world.fields(),
        )  # fmt: skip

    @property
    def now(self) -> datetime:
        """The worker's clock."""
        return self.world.now + self.skew

    @property
    def today(self) -> date:
        return self.world.today

    def system(self) -> Connector:
        """Return a connector as a task makes one."""
        made = self.world.connector(self.world.connection(self.host), self.world.entity)
        made.hash_key = lambda: warehouse.hash_key(self.engine, self.organization_id)
        return made

    def new_run(self) -> str:
        return f"scheduled__{self.organization_id}-{next(self._numbers)}"

    def extract(
        self, stream: str, options: Options = TONIGHT, run_id: str = "", try_number: int = 1
    ) -> staging.Manifest:
        """Enter the first room for one stream."""
        system = self.system()
        read = Read(self.engine, self.organization, system, system.stream(stream), run_id or self.new_run(), try_number)
        return extract.extract(read, options, self.now)

    def load(self, manifest: staging.Manifest) -> warehouse.Summary:
        """Take a manifest through normalize and load, or record that it brought nothing."""
        if manifest.is_unchanged:
            return warehouse.record_unchanged(self.engine, manifest, self.now)
        # What each room is given is read from the disk, as its own task does.
        typed = normalize.normalize(self.system(), staging.Manifest.read(manifest.address))
        loadable = staging.Manifest.read(typed.normalized_address)
        return warehouse.load(self.engine, loadable, self.now, exclude=self.organization.exclude)

    def complete(self, run_id: str, try_number: int = 1) -> complete.Completed:
        """Read what loaded rows point at and the warehouse lacks."""
        return complete.complete(self.engine, self.organization, self.system(), run_id, try_number, self.now)

    def sync(self, options: Options = TONIGHT, run_id: str = "") -> Night:
        """Run a whole night up to the checks."""
        run_id = run_id or self.new_run()
        manifests: dict[str, staging.Manifest] = {}
        loads: dict[str, warehouse.Summary] = {}
        for stream in options.streams or [stream.name for stream in self.world.connector.streams]:
            manifests[stream] = self.extract(stream, options, run_id)
            loads[stream] = self.load(manifests[stream])
        completed = self.complete(run_id)
        outcome, asked = self._reconciled(run_id)
        requests = {name: manifest.request_count for name, manifest in manifests.items()}
        requests |= {"complete": completed.requests, "reconcile": asked}
        written = sum(load.written for load in loads.values())
        return Night(run_id, manifests, written, completed, outcome, requests, loads)

    def asked(self, run_id: str) -> tuple[int, int, list[tuple[str, int]]]:
        """Return how many requests a run took and was to take, and both with the formula for each of its records."""
        t = warehouse.table("sync_runs")
        mine = or_(t.c.run_id == run_id, t.c.run_id.startswith(f"{run_id}~", autoescape=True))
        query = select(t.c.stream, t.c.requests, t.c.summary).where(t.c.organization_id == self.organization_id, mine)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        told = [(f"{stream}: {summary['budget']['formula']}", requests) for stream, requests, summary in rows]
        return sum(row.requests for row in rows), sum(row.summary["budget"]["requests"] for row in rows), told

    def assert_within_budget(self, run_id: str) -> None:
        """Hold the requests of a run to what its own records say that they follow from."""
        requests, budget, told = self.asked(run_id)
        assert requests <= 1.05 * budget + 2, f"{requests} requests of {budget}: {told}"

    def night(self, options: Options = TONIGHT) -> tuple[str, reconcile.Outcome]:
        """Run a night up to the checks."""
        done = self.sync(options)
        self.requests = done.requests
        return done.run_id, done.outcome

    def reconcile(self, run_id: str) -> reconcile.Outcome:
        """Hold the warehouse against the source's own figures."""
        return self._reconciled(run_id)[0]

    def _reconciled(self, run_id: str) -> tuple[reconcile.Outcome, int]:
        started_at = run_started_at(self.engine, self.organization_id, run_id) or self.now
        system = self.system()
        outcome = reconcile.reconcile(
            self.engine, self.organization, system, run_id, self.today, started_at, lambda: self.now
        )
        return outcome, system.request_count

    def blocking(self, run_id: str) -> dict[str, list[str]]:
        """Return critical check → its failing records; empty is what the gate wants."""
        scope = scope_of(self.organization, self.world.connector, run_id, self.today, self.now)
        found: dict[str, list[str]] = {}
        with self.engine.connect() as connection:
            for suite in ALL:
                for check, query in suite.queries(scope):
                    if check.severity != "critical" or check.name in self.world.excused:
                        continue
                    if failing := failures(connection, suite, check, query):
                        found[check.name] = [failure.record for failure in failing]
        return found

    def state(self, stream: str) -> warehouse.StreamState:
        return warehouse.state(self.engine, self.organization_id, stream)

    def rows(self, table: str, live: bool = True) -> dict[str, Row]:
        """Return a table's rows by external id; only living ones by default."""
        t = warehouse.table(table)
        query = select(t).where(t.c.organization_id == self.organization_id)
        if live and "deleted_at" in t.c:
            query = query.where(t.c.deleted_at.is_(None))
        with self.engine.connect() as connection:
            return {row["external_id"]: dict(row) for row in connection.execute(query).mappings()}

    def told(self, table: str) -> dict[str, Row]:
        """Return a table's living rows without what names the run or the organization."""
        return {
            key: {column: value for column, value in row.items() if column not in PER_RUN}
            for key, row in self.rows(table).items()
        }

    def everything(self) -> dict[str, dict[str, Row]]:
        """Return all living rows, without what names the run or the organization."""
        return {name: self.told(name) for name in TABLES}

    def of_run(self, table: str, run_id: str) -> list[Row]:
        """Return the rows of an operational table that belong to a run."""
        t = warehouse.table(table)
        query = select(t).where(t.c.organization_id == self.organization_id, t.c.run_id == run_id)
        with self.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]
