"""Nights over a Xero sandbox: every room in the order of the DAG, and the ledger's truth beside them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import Engine

from include import complete, extract, money, normalize, reconcile, staging, warehouse
from include.connectors.base import Connection
from include.connectors.xero import Xero
from include.expectations.failing import failures
from include.expectations.scope import scope_of
from include.expectations.suites import ALL
from include.extract import Options
from include.model import TABLES, UNCOMPARED
from include.organizations import Organization
from include.warehouse.queries import run_started_at
from tests.xero.conftest import Running

TONIGHT = Options()
UNTOLD = {*UNCOMPARED, "organization_id", "record_id"}
TABLE_OF = {"invoice": "invoices", "credit_note": "credit_notes", "overpayment": "payments", "prepayment": "payments"}
TYPE_OF = {"invoice": "Invoice", "credit_note": "CreditNote", "overpayment": "Overpayment", "prepayment": "Prepayment"}

Row = dict[str, Any]


@dataclass
class Nights:
    """One organization over one organisation of the sandbox."""

    engine: Engine
    running: Running
    id: str
    connection: Connection | None = None
    history_from: date | None = date(2000, 1, 1)
    requests: dict[str, int] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def organization(self) -> Organization:
        """As its YAML would say."""
        return Organization(
            id=self.id, connector="xero", connection="xero", entity=self.running.entity, history_from=self.history_from
        )

    @property
    def now(self) -> datetime:
        """The ledger's clock, which is the vendor's."""
        return self.running.ledger.now

    @property
    def today(self) -> date:
        """The organisation's own day."""
        return self.running.ledger.entity(self.running.number).day(self.now)

    def system(self) -> Xero:
        """A connector as a task makes one."""
        made = Xero(self.connection or self.running.custom(), self.running.entity)
        made.hash_key = lambda: warehouse.hash_key(self.engine, self.id)
        return made

    def night(self, options: Options = TONIGHT) -> tuple[str, reconcile.Outcome]:
        """Run a night up to the checks; `requests` then says what each room asked."""
        run_id = f"scheduled__{self.id}-{next(self._numbers)}"
        self.requests = {}
        for stream in Xero.streams:
            system = self.system()
            read = extract.Read(self.engine, self.organization, system, stream, run_id)
            manifest = extract.extract(read, options, self.now)
            self.requests[stream.name] = system.request_count
            if manifest.is_unchanged:
                warehouse.record_unchanged(self.engine, manifest, self.now)
                continue
            typed = normalize.normalize(system, staging.Manifest.read(manifest.address))
            warehouse.load(self.engine, staging.Manifest.read(typed.normalized_address), self.now)
        system = self.system()
        complete.complete(self.engine, self.organization, system, run_id, 1, self.now)
        self.requests["complete"] = system.request_count
        started = run_started_at(self.engine, self.id, run_id) or self.now
        system = self.system()
        outcome = reconcile.reconcile(
            self.engine, self.organization, system, run_id, self.today, started, lambda: datetime.now(UTC)
        )
        self.requests["reconcile"] = system.request_count
        return run_id, outcome

    def blocking(self, run_id: str) -> dict[str, list[str]]:
        """Return critical check → its failing records, but for addresses: the ledger's customers may lack them."""
        scope = scope_of(self.organization, Xero, run_id, self.today, self.now)
        found: dict[str, list[str]] = {}
        with self.engine.connect() as connection:
            for suite in ALL:
                for check, query in suite.queries(scope):
                    if check.severity == "critical" and (failing := failures(connection, suite, check, query)):
                        found[check.name] = [failure.record for failure in failing]
        found.pop("overdue_reachable_share", None)
        return found

    def rows(self, table: str) -> dict[str, Row]:
        """Return a table's living rows by external id, without what names the run or the organization."""
        t = warehouse.table(table)
        query = warehouse.table(table).select().where(t.c.organization_id == self.id, t.c.deleted_at.is_(None))
        with self.engine.connect() as connection:
            found = connection.execute(query).mappings()
            return {row["external_id"]: {k: v for k, v in row.items() if k not in UNTOLD} for row in found}

    def everything(self) -> dict[str, dict[str, Row]]:
        """Return all living rows."""
        return {name: self.rows(name) for name in TABLES}


def assert_true(nights: Nights) -> None:
    """Hold the warehouse to the ledger: every balance, every link, every total, to the minor unit."""
    truth = nights.running.ledger.truth(nights.running.number)
    tables = nights.everything()
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for identifier, document in truth.documents.items():
        row = tables[TABLE_OF[document.kind]][f"{TYPE_OF[document.kind]}:{identifier}"]
        rest = row["outstanding_amount"] if document.kind == "invoice" else row["unapplied_amount"]
        exponent = money.exponent(document.currency) or 0
        found = Decimal(rest).scaleb(-exponent)
        assert (found, row["currency"]) == (document.outstanding, document.currency), document.number
        totals[document.currency] += found if document.kind == "invoice" else -found
        customer = tables["customers"][row["customer_external_id"]]
        assert document.party in (row["customer_external_id"][8:], _survivor(tables, customer)), document.number
    assert {c: t for c, t in totals.items() if t} == {c: t for c, t in truth.totals.items() if t}
    assert _links(tables) == sorted((link.source, link.target, link.amount) for link in truth.links)


def _survivor(tables: dict[str, dict[str, Row]], customer: Row) -> str:
    while customer["superseded_by_external_id"]:
        customer = tables["customers"][customer["superseded_by_external_id"]]
    return str(customer["external_id"][8:])


def _links(tables: dict[str, dict[str, Row]]) -> list[tuple[str, str, Decimal]]:
    return sorted(
        (
            row["source_external_id"].partition(":")[2],
            row["target_external_id"].partition(":")[2],
            Decimal(row["target_amount"]).scaleb(-(money.exponent(row["target_currency"]) or 0)),
        )
        for row in tables["allocations"].values()
    )
