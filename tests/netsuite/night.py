"""Nights over a NetSuite sandbox that a test changes by hand."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sqlalchemy import Engine

from include import money
from include.connectors.base import Connection, Connector
from include.connectors.netsuite import NetSuite
from include.sandbox.records import Kind
from tests import nights
from tests.netsuite.conftest import Running
from tests.nights import Row
from tests.survival.worlds import over_ledger

RESTS = {"invoices": (1, "outstanding_amount"), "credit_notes": (-1, "unapplied_amount"),
         "payments": (-1, "unapplied_amount"), "refunds": (1, "unapplied_amount")}  # fmt: skip


class OverLedger(over_ledger.OverLedger):
    """A subsidiary of a running sandbox."""

    connector: type[Connector] = NetSuite

    def __init__(self, running: Running, connection: Connection | None = None) -> None:
        super().__init__(running, connection or running.certified())

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
