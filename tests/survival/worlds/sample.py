"""The sample system, alive: its books are a JSON file that its server reads again whenever it changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from include.connectors.base import Connection, Connector
from tests.conformance import ledger, sample_server
from tests.conformance.books import Books, Row, rounded, written
from tests.conformance.sample import Sample
from tests.conformance.sample_server import SECRET
from tests.nights import Nights
from tests.survival.worlds import NothingToDo, World

BEGIN = datetime(2026, 6, 30, 18, tzinfo=UTC)
TICK = timedelta(seconds=1)
TYPES = {"C": "Party", "B": "Bill", "N": "Note", "R": "Receipt", "P": "Payout", "X": "Offset"}


class OverBooks(World):
    """The sample system's company over books in a folder that some server serves."""

    connector: type[Connector] = Sample

    def __init__(self, url: str, folder: Path, entity: str = "north") -> None:
        self.url = url
        self.folder = folder
        self.entity = entity
        self.history_from: date | None = None
        self.currency: str | None = None

    def connection(self, host: str = "") -> Connection:
        return Connection("sample_erp", host or self.url, password=SECRET)

    def fields(self) -> dict[str, Any]:
        return {"timezone": "Europe/Berlin", "history_from": self.history_from, "currency": self.currency}

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, by: timedelta) -> None:
        raise NotImplementedError("the server runs by the machine's clock")

    def assert_equal(self, nights: Nights) -> None:
        from tests.pipeline import truth

        books = ledger.read(self.folder, self.entity)
        truth.hold(books, self.history_from or self.today - timedelta(days=700), nights.rows)


class SampleWorld(OverBooks):
    """A server of its own, whose clock is the world's."""

    impossible: ClassVar[dict[str, str]] = {
        "merge": "the sample system knows no merged customers; one is archived and its documents stay with it",
    }

    def __init__(self, folder: Path) -> None:
        self._now = BEGIN
        made = ledger.make(customers=9, invoices=8, today=BEGIN.date())
        ledger.write(folder, "north", made)
        self._server = sample_server.Sample(folder, clock=lambda: self._now.timestamp())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        super().__init__(self._server.url, folder)
        self.changes = {name: getattr(self, f"_{name}") for name in (
            "create", "change", "void", "soft_delete", "hard_delete", "restore", "back_date", "future_date", "burst",
            "child_only", "reissue", "late_commit",
        )}  # fmt: skip

    @property
    def now(self) -> datetime:
        return self._now

    def wait(self, by: timedelta) -> None:
        self._now += by

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    @contextmanager
    def books(self) -> Iterator[Books]:
        """Open the books to change them, a moment after the last change."""
        self.wait(TICK)
        with ledger.changing(self.folder, self.entity) as rows:
            yield Books(rows)

    def _create(self, random: Random) -> str:
        with self.books() as books:
            return _key(_billed(books, random, self.now))

    def _change(self, random: Random) -> str:
        with self.books() as books:
            bill = _one(random, _bills(books))
            bill |= {"ttl": f"Changed {self.now:%H%M%S}", "po": "PO-1", "mod": self.now.isoformat()}
            return _key(bill)

    def _void(self, random: Random) -> str:
        with self.books() as books:
            bill = _untouched(books, random)
            books.void(bill, self.now)
            return _key(bill)

    def _soft_delete(self, random: Random) -> str:
        """Archive a customer."""
        with self.books() as books:
            party = _one(random, [p for p in books.ledger["parties"] if not p["arch"]])
            party |= {"arch": True, "mod": self.now.isoformat()}
            return _key(party)

    def _hard_delete(self, random: Random) -> str:
        """Delete a draft, which leaves no trace."""
        with self.books() as books:
            draft = _one(random, [d for d in books.ledger["documents"] if d["st"] in "EW"])
            books.delete(draft)
            return _key(draft)

    def _restore(self, random: Random) -> str:
        with self.books() as books:
            party = _one(random, [p for p in books.ledger["parties"] if p["arch"]])
            party |= {"arch": False, "mod": self.now.isoformat()}
            return _key(party)

    def _back_date(self, random: Random) -> str:
        """Enter a bill of two months ago now."""
        with self.books() as books:
            bill = _billed(books, random, self.now)
            day = written(self.now.date() - timedelta(days=60))
            bill |= {"dat": day, "bkd": day}
            return _key(bill)

    def _future_date(self, random: Random) -> str:
        """Enter a bill of next month, stamped by a workstation whose clock is ahead."""
        with self.books() as books:
            bill = _billed(books, random, self.now + timedelta(days=30))
            return _key(bill)

    def _burst(self, random: Random) -> str:
        """An import: a page and more, all at one timestamp."""
        with self.books() as books:
            made = [_billed(books, random, self.now, draft=n % 4 == 3) for n in range(sample_server.PAGE_SIZE + 2)]
            return _key(made[-1])

    def _child_only(self, random: Random) -> str:
        """A receipt settles a part of a bill: the installment, the allocation, and the party's balance move."""
        with self.books() as books:
            bill = _one(random, [b for b in _bills(books) if Decimal(b["rest"]) and b["plan"]])
            rest = Decimal(bill["rest"])
            amount = random.choice((rest, rounded(rest / 2, bill["cur"]) or rest))
            party = next(p for p in books.ledger["parties"] if p["ident"] == bill["prty"])
            receipt = books.receipt(party, bill["cur"], amount, self.now)
            books.settle(receipt, bill, amount, self.now)
            return _key(bill)

    def _reissue(self, random: Random) -> str:
        """Delete an unpaid bill and enter it again: the same number under a new key."""
        with self.books() as books:
            bill = _untouched(books, random)
            books._owes(bill, -Decimal(bill["rest"]), -Decimal(bill["bRest"]))
            party = next(p for p in books.ledger["parties"] if p["ident"] == bill["prty"])
            again = books.bill(party, bill["cur"], Decimal(bill["tot"]), self.now)
            again["num"] = bill["num"]
            books.delete(bill)
            return _key(again)

    def _late_commit(self, random: Random) -> str:
        """A long transaction ends: its bill is stamped with the moment at which it began."""
        with self.books() as books:
            return _key(_billed(books, random, self.now - timedelta(minutes=4)))


def fresh(folder: Path) -> SampleWorld:
    """Make a world in a folder."""
    return SampleWorld(folder / "books")


def _billed(books: Books, random: Random, at: datetime, draft: bool = False) -> Row:
    party = random.choice([p for p in books.ledger["parties"] if p["mailz"]])
    gross = rounded(Decimal(random.randrange(10_000, 900_000)), party["cur"])
    if draft:
        return books.draft(party, party["cur"], gross, at)
    return books.bill(party, party["cur"], gross, at, parts=random.choice((1, 3)))


def _bills(books: Books) -> list[Row]:
    return [d for d in books.ledger["documents"] if d["kynd"] == "B" and d["st"] in "OS"]


def _untouched(books: Books, random: Random) -> Row:
    """Return a bill that nothing settles or corrects."""
    entries = [*books.ledger["movements"], *books.ledger["documents"]]
    named = {a["no"] for row in entries for a in row.get("appl", ()) if a["on"] == "B"}
    named |= {row["fix"] for row in books.ledger["documents"] if row["fix"]}
    return _one(random, [b for b in _bills(books) if b["st"] == "O" and b["ident"] not in named])


def _one(random: Random, rows: list[Row]) -> Row:
    if not rows:
        raise NothingToDo
    return random.choice(rows)


def _key(row: Row) -> str:
    return f"{TYPES[row['kynd']]}:{row['ident']}"
