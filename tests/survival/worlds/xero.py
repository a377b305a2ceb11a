"""Xero, alive: the sandbox's server over a ledger that an accountant changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import ClassVar, TypeVar

from include import money
from include.connectors.base import Connection, Connector
from include.connectors.xero import Xero
from include.sandbox.books import Books
from include.sandbox.invoicing import new_document, share
from include.sandbox.ledger import Ledger
from include.sandbox.records import Document, Kind, Line, Party, State
from include.sandbox.xero.server import Server, serve
from tests.nights import Nights, Row
from tests.survival.worlds import NothingToDo, over_ledger
from tests.xero.conftest import FAST, Running

TICK = timedelta(seconds=1)
TABLE_OF = {"invoice": "invoices", "credit_note": "credit_notes", "overpayment": "payments", "prepayment": "payments"}
TYPE_OF = {"invoice": "Invoice", "credit_note": "CreditNote", "overpayment": "Overpayment", "prepayment": "Prepayment"}
LATE = timedelta(minutes=4)
"""How long a request takes that stamps its records with the moment of its beginning: less than the overlap."""
PAGE_SIZE = 5
_names = count(1)

T = TypeVar("T")


class OverLedger(over_ledger.OverLedger):
    """An organisation of a running sandbox."""

    connector: type[Connector] = Xero

    def __init__(
        self, running: Running, connection: Connection | None = None, history_from: date | None = date(2000, 1, 1)
    ) -> None:
        super().__init__(running, connection or running.custom(), history_from)

    def assert_equal(self, nights: Nights) -> None:
        """Every balance, every link, every total, to the minor unit."""
        truth = self.ledger.truth(self.running.number)
        tables = {name: nights.rows(name) for name in ("customers", *set(TABLE_OF.values()), "allocations")}
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for identifier, document in truth.documents.items():
            row = tables[TABLE_OF[document.kind]][f"{TYPE_OF[document.kind]}:{identifier}"]
            rest = row["outstanding_amount"] if document.kind == "invoice" else row["unapplied_amount"]
            exponent = money.exponent(document.currency) or 0
            found = Decimal(rest).scaleb(-exponent)
            assert (found, row["currency"]) == (document.outstanding, document.currency), document.number
            if (
                document.kind == "invoice"
                and document.outstanding
                and not self.books.documents[identifier].installments
            ):
                assert row["due_date"] == document.due_on, document.number
            totals[document.currency] += found if document.kind == "invoice" else -found
            customer = tables["customers"][row["customer_external_id"]]
            assert document.party in (row["customer_external_id"][8:], _survivor(tables, customer)), document.number
        assert {c: t for c, t in totals.items() if t} == {c: t for c, t in truth.totals.items() if t}
        assert _links(tables) == sorted((link.source, link.target, link.amount) for link in truth.links)


class XeroWorld(OverLedger):
    """A server of its own over small books."""

    impossible: ClassVar[dict[str, str]] = {
        "hard_delete": "Xero keeps every record; what is deleted has the status DELETED",
    }

    def __init__(self) -> None:
        self._ended = ExitStack()
        ledger = Ledger(invoices=22, customers=8, months=6)
        server: Server = self._ended.enter_context(serve(ledger, FAST))
        running = Running(server, ledger, extra={"balances_include_credits": True, "page_size": PAGE_SIZE})
        super().__init__(running, running.custom(id=f"xero_{next(_names)}"))
        self.changes = {name: self._change_of(getattr(self, f"_{name}")) for name in (
            "create", "change", "void", "soft_delete", "restore", "back_date", "future_date", "burst", "child_only",
            "reissue", "merge", "late_commit",
        )}  # fmt: skip

    def close(self) -> None:
        self._ended.close()

    def _change_of(self, done: Callable[[Books, Random, datetime], str]) -> Callable[[Random], str]:
        """Do it under the ledger's lock, a moment after the last change."""

        def change(random: Random) -> str:
            with self._a_moment_later() as at:
                return done(self.books, random, at)

        return change

    @contextmanager
    def _a_moment_later(self) -> Iterator[datetime]:
        with self.ledger.lock:
            self.ledger.now += TICK
            yield self.ledger.now

    def _create(self, books: Books, random: Random, at: datetime) -> str:
        state = State.DRAFT if random.random() < 0.3 else State.POSTED
        return _key(new_document(books, Kind.INVOICE, _customer(books, random), at, state=state))

    def _change(self, books: Books, random: Random, at: datetime) -> str:
        """Edit what is approved and unpaid: another price."""
        invoice = _untouched(books, random)
        line = Line(books.new_id(), "changed", Decimal(1), Decimal(77), Decimal(77), Decimal(0))
        invoice.lines, invoice.installments, invoice.net, invoice.tax = (line,), (), line.net, line.tax
        invoice.gross = invoice.outstanding = line.net
        books.touch(invoice, at)
        return _key(invoice)

    def _void(self, books: Books, random: Random, at: datetime) -> str:
        invoice = _untouched(books, random)
        books.void(invoice, at)
        return _key(invoice)

    def _soft_delete(self, books: Books, random: Random, at: datetime) -> str:
        """Take a payment back, undo an allocation, delete a draft or archive a contact."""
        drafts = [d for d in books.kinds(Kind.INVOICE) if d.state is State.DRAFT]
        payments = [p for p in books.payments.values() if not p.deleted]
        used = [a for a in books.allocations.values() if not a.deleted and books.documents[a.credit].kind in TYPE_OF]
        active = [p for p in books.parties.values() if not p.archived]
        match random.randrange(4):
            case 0:
                books.void(draft := _one(random, drafts), at)
                return _key(draft)
            case 1:
                books.delete_payment(payment := _one(random, payments), at)
                return f"Payment:{payment.id}"
            case 2:
                books.delete_allocation(allocation := _one(random, used), at)
                return _key(books.documents[allocation.credit])
        books.archive(party := _one(random, active), at)
        return f"Contact:{party.id}"

    def _restore(self, books: Books, random: Random, at: datetime) -> str:
        party = _one(random, [p for p in books.parties.values() if p.archived and not p.merged_into])
        party.archived = False
        books.touch(party, at)
        return f"Contact:{party.id}"

    def _back_date(self, books: Books, random: Random, at: datetime) -> str:
        return _key(_dated(books, random, at, -60))

    def _future_date(self, books: Books, random: Random, at: datetime) -> str:
        return _key(_dated(books, random, at, 30))

    def _burst(self, books: Books, random: Random, at: datetime) -> str:
        """An import: more than a page, all at one timestamp."""
        made = [new_document(books, Kind.INVOICE, _customer(books, random), at) for _ in range(PAGE_SIZE + 2)]
        return _key(made[-1])

    def _child_only(self, books: Books, random: Random, at: datetime) -> str:
        """Pay, use a credit, or move a part-paid document's due date, which no stamp shows."""
        owed = [i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and i.outstanding]
        credits = [d for d in books.kinds(Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT) if d.outstanding]
        part_paid = [i for i in owed if i.due_on and i.outstanding < i.gross]
        match random.randrange(3):
            case 0:
                invoice = _one(random, part_paid)
                books.change_due(invoice, (invoice.due_on or self.today) + timedelta(days=9), at)
            case 1:
                pairs = [(c, i) for c in credits for i in owed if (c.party, c.currency) == (i.party, i.currency)]
                credit, invoice = _one(random, pairs)
                books.allocate(credit, invoice, min(credit.outstanding, invoice.outstanding), at)
            case _:
                invoice = _one(random, owed)
                part = min(share(books, invoice.gross, invoice.currency), invoice.outstanding)
                books.pay(invoice, random.choice((part, invoice.outstanding)), at)
        return _key(invoice)

    def _reissue(self, books: Books, random: Random, at: datetime) -> str:
        """Void an invoice and enter it again: the same number under a new id."""
        old = _untouched(books, random)
        books.void(old, at)
        party = books.parties[old.party]
        again = new_document(books, Kind.INVOICE, party, at, gross=old.gross, currency=old.currency)
        again.number = old.number
        return _key(again)

    def _merge(self, books: Books, random: Random, at: datetime) -> str:
        parties = [p for p in books.parties.values() if not p.archived and not p.parent]
        party = _one(random, [p for p in parties if not any(c.parent == p.id for c in books.parties.values())])
        books.merge(party, _one(random, [p for p in parties if p is not party]), at)
        return f"Contact:{party.id}"

    def _late_commit(self, books: Books, random: Random, at: datetime) -> str:
        """An invoice, or the payment of one, shows up now, stamped with the moment at which its request began."""
        began = at - LATE
        if random.random() < 0.5:
            return _key(new_document(books, Kind.INVOICE, _customer(books, random), began))
        owed = (i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and i.outstanding)
        invoice = _one(random, [i for i in owed if i.updated_at < began])
        books.pay(invoice, invoice.outstanding, began)
        return _key(invoice)


def fresh(folder: Path) -> XeroWorld:
    """Make a world; its books are in memory."""
    return XeroWorld()


def _dated(books: Books, random: Random, at: datetime, days: int) -> Document:
    made = new_document(books, Kind.INVOICE, _customer(books, random), at)
    made.issued_on += timedelta(days=days)
    return made


def _customer(books: Books, random: Random) -> Party:
    return _one(random, [p for p in books.parties.values() if not p.archived])


def _untouched(books: Books, random: Random) -> Document:
    posted = (i for i in books.kinds(Kind.INVOICE) if i.state is State.POSTED and not books.is_touched(i))
    return _one(random, [i for i in posted if i.outstanding == i.gross])


def _one(random: Random, records: list[T]) -> T:
    if not records:
        raise NothingToDo
    return random.choice(records)


def _key(document: Document) -> str:
    return f"{TYPE_OF[document.kind]}:{document.id}"


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
