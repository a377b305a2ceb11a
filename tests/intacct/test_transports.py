"""REST and the XML gateway bring the same records to the same rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from include.connectors.base import Window
from include.model import TABLES
from include.sandbox.intacct.server import serve
from include.sandbox.intacct.settings import Settings
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind
from tests.conformance.subject import rows
from tests.intacct.conftest import Running, Transport

EVERYTHING = Window(history_from=date(2000, 1, 1))
SAID_BY_REST_ONLY = {"kind", "number", "instrument", "exchange_rate", "exchange_rate_basis"}
"""Of a manual deposit: over the gateway it is a payment like any other, with another number and a rate."""


def loaded(running: Running) -> dict[str, dict[str, dict[str, Any]]]:
    """Return every row that a whole read means, by table and key."""
    connector = running.connector()
    found: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in TABLES}
    for stream in connector.streams:
        for page in connector.read(stream, EVERYTHING):
            said = connector.normalize(stream, connector.decode(stream, page.body))
            assert not said.rejects
            for table, columns in said.tables.items():
                found[table] |= {row["external_id"]: row for row in rows(columns)}
    return found


@pytest.mark.parametrize("number", [0, 1])
def test_both_transports_give_the_same_rows(running: Running, number: int) -> None:
    over: dict[Transport, Any] = {
        each: loaded(Running(running.server, running.ledger, each, number)) for each in ("rest", "gateway")
    }
    for table in TABLES:
        first, second = over["rest"][table], over["gateway"][table]
        more = (
            {key for key in first.keys() - second.keys() if _is_listed_only(first[key])}
            if table == "contacts"
            else set()
        )
        assert first.keys() - more == second.keys(), table
        for key in second:
            row = first[key]
            differs = {name for name in row if row[name] != second[key][name]}
            allowed = {*SAID_BY_REST_ONLY} if row.get("kind") == "deposit" else set()
            if allowed and 0 < row["unapplied_amount"] < row["amount"]:
                allowed.add("base_unapplied_amount")  # REST states no rest, and both its base totals are rounded
            allowed |= {"position"} if table == "contacts" else set()  # categories come from the contact list, too
            assert differs <= allowed, f"{table} {key}: {differs}"
    assert any(row["kind"] == "deposit" for row in over["rest"]["payments"].values()) or number


def _is_listed_only(contact: dict[str, Any]) -> bool:
    """Tell a contact that a customer has in its contact list alone, which no query of the gateway reaches."""
    return all(role.startswith("category ") for role in contact["position"].split(", "))


@pytest.mark.parametrize("form", [("/mdY", "24", "-05:00"), (".dmY", "24", "+01:00"), ("-Ymd", "12", "+05:30")])
def test_days_and_moments_are_the_users_and_mean_the_same(form: tuple[str, str, str]) -> None:
    dates, clock, offset = form
    ledger = Ledger(invoices=40, now=datetime.now(UTC))
    settings = Settings(date_format=dates, clock_hours="12" if clock == "12" else "24", gmt_offset=offset)
    with serve(ledger, settings) as server:
        running = Running(server, ledger)
        first, second = loaded(running)["invoices"], loaded(running.over("gateway"))["invoices"]
    days = ("issue_date", "due_date", "closed_on", "source_created_at", "source_updated_at")
    assert first and {k: [r[d] for d in days] for k, r in first.items()} == {
        k: [r[d] for d in days] for k, r in second.items()
    }


def test_an_entity_of_its_own_sees_nothing_of_the_others(running: Running) -> None:
    for transport in ("rest", "gateway"):
        found = [loaded(Running(running.server, running.ledger, transport, n)) for n in (0, 1)]
        for table in ("invoices", "credit_notes", "payments", "refunds"):
            assert not found[0][table].keys() & found[1][table].keys(), f"{table} of both entities"
        numbers = {d.number for d in running.ledger.entity(1).kinds(Kind.INVOICE)}
        assert {row["number"] for row in found[1]["invoices"].values()} <= numbers | {None} | {
            row["number"] for row in found[1]["invoices"].values() if str(row["number"]).startswith("RF-")
        } | {row["number"] for row in found[1]["invoices"].values() if " - Reversed" in str(row["number"])}
