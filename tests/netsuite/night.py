"""Nights over a NetSuite sandbox that a test changes by hand."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import Engine

from include import money
from include.connectors.base import Connection, Connector
from include.connectors.netsuite import NetSuite
from include.sandbox.books import Books
from include.sandbox.records import Kind
from tests import nights
from tests.netsuite.conftest import Running
from tests.nights import Row
from tests.survival.worlds import World

RESTS = {"invoices": (1, "outstanding_amount"), "credit_notes": (-1, "unapplied_amount"),
         "payments": (-1, "unapplied_amount"), "refunds": (1, "unapplied_amount")}  # fmt: skip


class OverLedger(World):
    """A subsidiary of a running sandbox."""

    connector: type[Connector] = NetSuite
    excused: ClassVar[dict[str, str]] = {"overdue_reachable_share": "the ledger's customers may lack addresses"}

    def __init__(self, running: Running, connection: Connection | None = None) -> None:
        self.running = running
        self.url = running.server.url
        self.entity = running.entity
        self._connection = connection or running.certified()

    @property
    def books(self) -> Books:
        """The books under test."""
        return self.running.ledger.entity(self.running.number)

    def connection(self, host: str = "") -> Connection:
        """The connection, to the sandbox or by way of another host."""
        made = self._connection
        return Connection(made.id, host or made.host, made.login, made.password, made.extra)

    def fields(self) -> dict[str, Any]:
        """What the organization's YAML says besides."""
        return {"history_from": date(2000, 1, 1)}

    @property
    def now(self) -> datetime:
        """The ledger's clock."""
        return self.running.ledger.now

    @property
    def today(self) -> date:
        """The entity's own day."""
        return self.books.day(self.now)

    def wait(self, by: timedelta) -> None:
        """Let time pass."""
        with self.running.ledger.lock:
            self.running.ledger.now += by

    def assert_equal(self, nights: nights.Nights) -> None:
        """Every total, and every document that keeps its number, to the minor unit."""
        truth = self.running.ledger.truth(self.running.number)
        tables = {name: nights.rows(name) for name in RESTS}
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for name, rows in tables.items():
            sign, rest = RESTS[name]
            for row in rows.values():
                totals[row["currency"]] += sign * amount(row, rest)
        assert {c: t for c, t in totals.items() if t} == {c: t for c, t in truth.totals.items() if t}
        by_number = {row["number"]: (name, row) for name, rows in tables.items() for row in rows.values()}
        for document in truth.documents.values():
            if document.kind in (Kind.INVOICE, Kind.CREDIT_NOTE) and document.outstanding:
                name, row = by_number[document.number]
                assert amount(row, RESTS[name][1]) == document.outstanding, document.number
                assert row["currency"] == document.currency, document.number


def amount(row: Row, name: str) -> Decimal:
    """Return an amount in major units."""
    return Decimal(row[name]).scaleb(-(money.exponent(row["currency"]) or 0))


class Nights(nights.Nights):
    """One organization over one subsidiary of the sandbox."""

    def __init__(self, engine: Engine, running: Running, organization_id: str) -> None:
        super().__init__(engine, OverLedger(running), organization_id)
