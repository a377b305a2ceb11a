"""NetSuite, alive: the sandbox's server over a ledger that an accountant changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random

from include import money
from include.sandbox.books import Books
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.entries import type_of
from include.sandbox.netsuite.server import serve
from include.sandbox.netsuite.settlements import groups, is_deleted, type_of_payment
from include.sandbox.records import PURCHASES, Document, State
from tests.netsuite.conftest import SETTINGS, Running
from tests.netsuite.night import OverLedger
from tests.nights import Nights, Row
from tests.survival.worlds import netsuite_work as work

TICK = timedelta(seconds=1)
SILENT = replace(SETTINGS, applications_stamp="link", merge_stamps=False, behind_proxy=True)
"""An application stamps nothing but its link, one that is undone nothing at all, nor is what gets another customer."""
TABLE_OF = {"CustInvc": "invoices", "CustChrg": "invoices", "CustCred": "credit_notes", "CustPymt": "payments",
            "CustDep": "payments"}  # fmt: skip
_names = count(1)


class NetSuiteWorld(OverLedger):
    """A server of its own over small books."""

    def __init__(self) -> None:
        self._ended = ExitStack()
        ledger = Ledger(invoices=22, customers=8, months=6)
        server = self._ended.enter_context(serve(ledger, SILENT))
        running = Running(server, ledger, extra={"page_size": work.PAGE_SIZE})
        super().__init__(running, running.certified(id=f"netsuite_{next(_names)}"))
        self.changes = {name: self._change_of(change) for name, change in work.CHANGES.items()}

    def close(self) -> None:
        """End the server."""
        self._ended.close()

    def assert_equal(self, nights: Nights) -> None:
        """Every balance, what settled each document, its customer, every receipt and every total, to the minor unit."""
        truth = self.running.ledger.truth(self.running.number)
        names = ("customers", "contacts", "invoices", "credit_notes", "payments", "refunds", "allocations")
        tables = {name: nights.rows(name) for name in names}
        settled = _settled(tables["allocations"])
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for identifier, balance in truth.documents.items():
            document = self.books.documents[identifier]
            table, key = self.place(document)
            if balance.state is State.DELETED:
                assert key not in tables[table], f"{balance.number} was deleted for good"
                continue
            row = tables[table][key]
            rest = _major(row["outstanding_amount" if table == "invoices" else "unapplied_amount"], row["currency"])
            assert (rest, row["currency"]) == (balance.outstanding, balance.currency), balance.number
            assert row["customer_external_id"] == self.customer(balance.party), balance.number
            assert row["customer_external_id"] in tables["customers"], balance.number
            if balance.state is State.POSTED and not key.startswith("CustDep"):
                assert settled[key] == balance.gross - balance.outstanding, f"{balance.number}: what settled it"
            if table == "invoices" and balance.outstanding:
                assert row["due_date"] == balance.due_on, balance.number
            totals[balance.currency] += rest if table == "invoices" else -rest
        assert {c: t for c, t in totals.items() if t} == {c: t for c, t in truth.totals.items() if t}
        self._assert_movements(tables)
        self._assert_people(tables["contacts"])

    def place(self, document: Document) -> tuple[str, str]:
        """Return the table that must have a document, and its key there."""
        kind = type_of(document, self.running.server.face.settings)
        return TABLE_OF[kind], f"{kind}:{self._number('transaction', document.id)}"

    def customer(self, party: str) -> str:
        """Return the key that a customer must have."""
        return f"customer:{self._number('entity', party)}"

    def _number(self, kind: str, key: str) -> int:
        return self.running.server.face.answers.numbering.of(kind, key)

    def _assert_movements(self, tables: dict[str, dict[str, Row]]) -> None:
        """Hold every receipt, refund and write-off to the books; what was deleted is not there."""
        settings = self.running.server.face.settings
        for key, parts in groups(self.books).items():
            if self.books.documents[parts[0].document].kind in PURCHASES:
                continue
            kind = type_of_payment(self.books, parts[0], settings)
            name = f"{kind}:{self._number('transaction', key)}"
            mine = [row for table in ("payments", "refunds") for own, row in tables[table].items()
                    if own == name or own.startswith(f"{name}:")]  # fmt: skip
            living = sum((part.amount for part in parts if not part.deleted), Decimal(0))
            assert sum((_major(row["amount"], row["currency"]) for row in mine), Decimal(0)) == living, name
            assert not mine or not is_deleted(parts, key, settings), f"{name} was deleted for good"

    def _assert_people(self, contacts: dict[str, Row]) -> None:
        """Hold the mailboxes of people to those in the books."""
        people = {
            person.email for party in self.books.parties.values() for person in party.people
            if not party.merged_into and (party.is_customer or not party.is_supplier)
        }  # fmt: skip
        own = {party.email for party in self.books.parties.values()}
        found = {row["email"] for row in contacts.values()}
        assert people - {"", None} <= found <= people | own, "people who are there, and no others"

    def _change_of(self, done: Callable[[Books, Random, datetime], str]) -> Callable[[Random], str]:
        """Do it under the ledger's lock, a moment after the last change."""

        def change(random: Random) -> str:
            ledger = self.running.ledger
            with ledger.lock:
                ledger.now += TICK
                return done(self.books, random, ledger.now)

        return change


def fresh(folder: Path) -> NetSuiteWorld:
    """Make a world; its books are in memory."""
    return NetSuiteWorld()


def _settled(allocations: dict[str, Row]) -> dict[str, Decimal]:
    """Return how much of each document or credit was settled or used."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in allocations.values():
        found[row["target_external_id"]] += _major(row["target_amount"], row["target_currency"])
        found[row["source_external_id"]] += _major(row["source_amount"], row["source_currency"])
    return found


def _major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-(money.exponent(currency) or 0))
