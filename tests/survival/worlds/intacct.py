"""Sage Intacct, alive: the sandbox's server over a ledger that an accountant changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import ClassVar

from include import money
from include.connectors.base import Connection, Connector
from include.connectors.intacct import Intacct
from include.sandbox.intacct.documents import Form, current, form
from include.sandbox.intacct.server import serve
from include.sandbox.ledger import Ledger
from include.sandbox.records import Document, State
from tests.intacct.conftest import Running, Transport
from tests.nights import Nights, Row
from tests.survival.worlds import over_ledger
from tests.survival.worlds.intacct_work import CHANGES, PAGE_SIZE, Change, fill

TICK = timedelta(seconds=1)
_names = count(1)
PLACES = {
    Form.INVOICE: ("invoices", "invoice"), Form.NEGATIVE_INVOICE: ("credit_notes", "invoice"),
    Form.ADJUSTMENT: ("credit_notes", "adjustment"), Form.ADVANCE: ("payments", "advance"),
    Form.OVERPAYMENT: ("payments", "payment"), Form.DEPOSIT: ("payments", "payment"),
}  # fmt: skip
"""What the vendor makes of a document → the table that must have it, and the type in its key."""


class OverLedger(over_ledger.OverLedger):
    """An entity of a running sandbox; the documents of the top level are the first entity's."""

    connector: type[Connector] = Intacct

    def __init__(
        self, running: Running, connection: Connection | None = None, history_from: date | None = date(2000, 1, 1)
    ) -> None:
        super().__init__(running, connection or running.connection(), history_from)

    def place(self, document: Document) -> tuple[str, str]:
        """Return the table that must have a document, and its key there."""
        source = self.running.server.face.views.now().source
        table, kind = PLACES[form(document, source.settings)]
        return table, f"{kind}:{source.record(*current(self.books, document, source.settings)[0])}"

    def assert_equal(self, nights: Nights) -> None:
        """Every balance, what settled each document, every total, to the minor unit."""
        truth = self.ledger.truth(self.running.number)
        tables = {name: nights.rows(name) for name in ("invoices", "credit_notes", "payments", "allocations")}
        settled = _settled(tables["allocations"])
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for identifier, balance in truth.documents.items():
            table, key = self.place(self.books.documents[identifier])
            if balance.state is State.DELETED:
                assert key not in tables[table], f"{balance.number} was deleted for good"
                continue
            row = tables[table][key]
            rest = _major(row["outstanding_amount" if table == "invoices" else "unapplied_amount"], row["currency"])
            assert (rest, row["currency"]) == (balance.outstanding, balance.currency), balance.number
            if balance.state is State.POSTED:
                assert settled[key] == balance.gross - balance.outstanding, f"{balance.number}: what settled it"
            totals[balance.currency] += rest if table == "invoices" else -rest
        assert {c: t for c, t in totals.items() if t} == {c: t for c, t in truth.totals.items() if t}
        self._assert_customers(nights.rows("customers"), nights.rows("contacts"))

    def _assert_customers(self, customers: dict[str, Row], contacts: dict[str, Row]) -> None:
        """Every customer is as active as in the books, and has the contacts that it lists there."""
        listed = defaultdict(list)
        for row in contacts.values():
            listed[row["customer_external_id"]].append(row["email"] or "")
        company = self.running.server.face.company
        for _, party in company.customers():
            key = f"customer:{self.running.server.face.views.now().source.numbers['customer'].of((party.id,))}"
            if key not in customers:
                continue  # another entity's own
            assert customers[key]["is_active"] is not party.archived, party.number
            known = [party.email, *(person.email for person in party.people)]
            if self.running.transport == "rest":
                assert sorted(listed[key]) == sorted(known), f"{party.number}: contacts"
            assert set(listed[key]) <= {*known}, f"{party.number}: contacts"


class IntacctWorld(OverLedger):
    """A server of its own over small books, of which the first entity owns the documents of the top level."""

    impossible: ClassVar[dict[str, str]] = {
        "merge": "Sage Intacct merges no customers; one is set inactive, and its documents stay with it",
    }

    def __init__(self, transport: Transport = "rest") -> None:
        self._ended = ExitStack()
        ledger = Ledger(invoices=22, customers=18, months=6, entities=2)
        fill(ledger.entity(0), ledger.now)
        server = self._ended.enter_context(serve(ledger))
        extra = {"page_size": PAGE_SIZE, "calls_at_once": 100}
        running = Running(server, ledger, transport, extra=extra)
        super().__init__(running, running.connection(id=f"intacct_{next(_names)}"))
        self.changes = {name: self._change_of(change) for name, change in CHANGES.items()}

    def close(self) -> None:
        self._ended.close()

    def _change_of(self, done: Change) -> Callable[[Random], str]:
        """Do it under the ledger's lock, a moment after the last change."""

        def change(random: Random) -> str:
            with self.ledger.lock:
                self.ledger.now += TICK
                done(self.books, random, self.ledger.now)
                return done.__name__

        return change


def fresh(folder: Path) -> IntacctWorld:
    """Make a world; its books are in memory."""
    return IntacctWorld()


def _settled(allocations: dict[str, Row]) -> dict[str, Decimal]:
    """Return how much of each document or credit was settled or used."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in allocations.values():
        found[row["target_external_id"]] += _major(row["target_amount"], row["target_currency"])
        found[row["source_external_id"]] += _major(row["source_amount"], row["source_currency"])
    return found


def _major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-(money.exponent(currency) or 0))
