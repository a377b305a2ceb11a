"""Ledgers of the sample system: invented books that hold together, and a day's work on them.

`python -m tests.conformance.ledger FOLDER` writes two entities into a folder.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from include import money
from tests.conformance.books import Books, Row, rounded

DAYS = 380
"""How far back the current business reaches; a few old documents are years older."""
OLD_DAYS = 1300
NAMES = ("Müller & Söhne", "株式会社ひかり", "Ŝtormo ĉe l’Åland", "شركة الخليج", 'O’Neil "Gate" Ltd', "Ünïcode 🚢 AS")


def make(seed: int = 1, customers: int = 12, invoices: int = 40, entity: str = "north", base: str = "EUR",
         today: date | None = None) -> Row:  # fmt: skip
    """Return a clean ledger; the same arguments give the same one.

    Args:
        customers: at least 8.
        today: the business ends on the day before it; default is the current UTC date.
    """
    today = today or datetime.now(UTC).date()
    ledger: Row = {
        "acct": f"sample-{seed}", "label": f"Ĉefa {entity} GmbH", "base": base, "tz": "Europe/Berlin",
        "today": today.isoformat(), "parties": [], "documents": [], "movements": [], "gl": {},
    }  # fmt: skip
    books, random = Books(ledger), Random(f"{seed} {entity}")
    parties = [_party(books, number, entity, _moment(today, OLD_DAYS + 5)) for number in range(1, customers + 1)]
    _hierarchy(parties)
    _old_business(books, parties, today)
    trading = [party for party in parties if party["mailz"]]
    for number in range(invoices):
        _trade(books, random, trading, _moment(today, DAYS * (invoices - number) // invoices + 1))
    _odd_cases(books, parties, today)
    return ledger


def advance(ledger: Row, at: datetime | None = None) -> Row:
    """Do a day's work in place, stamped `at` (default: now, UTC), and return the ledger."""
    at = at or datetime.now(UTC)
    books = Books(ledger)
    random = Random(f"{ledger['acct']} {len(ledger['documents'])}")
    parties = [party for party in ledger["parties"] if party["mailz"]]
    for party in random.sample(parties, 3):
        books.bill(party, party["cur"], _amount(random, party["cur"]), at, parts=random.choice((1, 3)))
    untouched = next((p for p in parties if p["ident"] not in {d["prty"] for d in ledger["documents"]}), None)
    if untouched:
        books.bill(untouched, untouched["cur"], _amount(random, untouched["cur"]), at)
    for bill in random.sample(_open_bills(ledger), 2):
        _pay(books, bill, Decimal(bill["rest"]), at)
    draft = next((d for d in ledger["documents"] if d["st"] == "E"), None)
    if draft:
        books.delete(draft)
    random.choice(parties)["mod"] = at.isoformat()
    changed = random.choice(parties)
    changed["mailz"][0]["tel"] = f"+49 30 {random.randrange(10**6)}"
    changed["mod"] = at.isoformat()
    return ledger


def write(folder: Path, entity: str, ledger: Row) -> None:
    """Put the ledger where a server reads it, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{entity}.{os.getpid()}"
    part.write_text(json.dumps(ledger, ensure_ascii=False), encoding="utf-8")
    part.replace(folder / f"{entity}.json")


def read(folder: Path, entity: str) -> Row:
    """Return an entity's ledger as it is now."""
    ledger: Row = json.loads((folder / f"{entity}.json").read_text(encoding="utf-8"))
    return ledger


@contextmanager
def changing(folder: Path, entity: str) -> Iterator[Row]:
    """Read an entity's ledger, let the caller change it, and put it back."""
    ledger = read(folder, entity)
    yield ledger
    write(folder, entity, ledger)


def _moment(today: date, days_ago: int) -> datetime:
    """Everything of a day carries one timestamp, as after a nightly import."""
    return datetime.combine(today - timedelta(days=days_ago), time(1, 0), UTC)


def _amount(random: Random, currency: str) -> Decimal:
    return Decimal(random.randrange(10_001, 4_000_000)).scaleb(-(money.exponent(currency) or 0))


def _party(books: Books, number: int, entity: str, at: datetime) -> Row:
    """Every sixth customer has no timestamps at all; each has a main address and a mailbox that is none."""
    domain = f"kunde{number}.{entity}.example.com"
    return books.party(
        at if number % 6 else None,
        kdnr=f"K-{number:04d}", lbl=f"{NAMES[number % len(NAMES)]} {number}", cur=("EUR", "JPY", "KWD")[number % 3],
        boss=None, ust=f"DE{number:09d}", lng="de", trms="30 Tage", arch=False, hold=number % 7 == 0,
        addr={"l1": f"Straße {number}", "l2": None, "town": "Łódź", "zip": f"{number:05d}", "ctry": "pl"},
        mailz=[
            {"ln": 1, "fst": "Zoë", "lst": f"Nuñez {number}", "@": f"ap@{domain}", "tel": "+48 1", "main": True},
            {"ln": 2, "fst": None, "lst": "Lager", "@": f"no mail {number}", "tel": None, "main": False},
        ],
        xtra={"Größe": "mittel"},
    )  # fmt: skip


def _hierarchy(parties: list[Row]) -> None:
    """Give the second and third customer a parent, archive two, and leave the last two without business."""
    parties[1]["boss"] = parties[2]["boss"] = parties[0]["ident"]
    parties[3]["arch"] = True
    parties[-1]["arch"], parties[-1]["mailz"] = True, []
    parties[-2]["mailz"] = []


def _old_business(books: Books, parties: list[Row], today: date) -> None:
    """Years ago: one bill paid long since, one still open and partly paid."""
    first, second = parties[4], parties[5]
    at, later = _moment(today, OLD_DAYS), _moment(today, OLD_DAYS - 30)
    closed = books.bill(parties[-2], "EUR", Decimal("119.00"), at)
    _pay(books, closed, Decimal("119.00"), later)
    still_open = books.bill(first, first["cur"], rounded(Decimal(11_900), first["cur"]), at)
    _pay(books, still_open, rounded(Decimal(1_900), first["cur"]), later)
    closed = books.bill(second, second["cur"], rounded(Decimal(2_380), second["cur"]), at, parts=2)
    _pay(books, closed, Decimal(closed["rest"]), later)


def _trade(books: Books, random: Random, parties: list[Row], at: datetime) -> None:
    """Post a bill and what became of it."""
    party = random.choice(parties[:-1])  # the last trading customer stays without business until a later day
    currency = random.choice((party["cur"], party["cur"], "EUR"))
    bill = books.bill(party, currency, _amount(random, currency), at, parts=random.choice((1, 1, 3)))
    later = at + timedelta(days=random.randrange(0, 20))
    if later.date().isoformat() >= books.ledger["today"]:
        return
    rest = Decimal(bill["rest"])
    half = rounded(rest / 2, currency)
    match random.choice(("pay", "pay", "pay", "discount", "part", "note", "void", "write off", "", "")):
        case "pay":
            _pay(books, bill, rest, later)
        case "discount":
            cut = rounded(rest * Decimal("0.02"), currency)
            receipt = _pay(books, bill, rest - cut, later)
            books.discount(receipt, bill, cut, later)
        case "part":
            _pay(books, bill, half, later)
        case "note":
            note = books.note(party, currency, half, later, corrects=bill)
            books.offset(note, bill, rounded(half / 2, currency), later)
        case "void":
            books.void(bill, later)
        case "write off":
            _pay(books, bill, half, later)
            books.write_off(bill, later)


def _pay(books: Books, bill: Row, amount: Decimal, at: datetime) -> Row:
    party = next(p for p in books.ledger["parties"] if p["ident"] == bill["prty"])
    receipt = books.receipt(party, bill["cur"], amount, at)
    books.settle(receipt, bill, amount, at)
    return receipt


def _odd_cases(books: Books, parties: list[Row], today: date) -> None:
    """Everything that is rare but must be there, whatever the dice said."""
    first, child, other = parties[0], parties[1], parties[5]
    at, later = _moment(today, 40), _moment(today, 12)
    bill = books.bill(child, "KWD", Decimal("1234.567"), at, parts=3)
    both = books.receipt(first, "KWD", Decimal("2000.000"), later)  # the parent pays its child's bill, and too much
    books.settle(both, bill, Decimal("1234.567"), later)
    books.settle(books.payout(first, "KWD", Decimal("700.001"), later), both, Decimal("700.001"), later)
    yen = books.bill(other, "JPY", Decimal(250_000), at)
    euros = books.receipt(other, "EUR", Decimal("1000.00"), later, way="Überweisung")
    books.settle(euros, yen, Decimal(150_000), later, taken=Decimal("915.00"))  # another currency than the bill's
    note = books.note(other, "EUR", Decimal("50.00"), at)
    books.settle(books.payout(other, "EUR", Decimal("30.00"), later), note, Decimal("30.00"), later)
    books.payout(other, "EUR", Decimal("12.34"), later)  # paid back, nobody said for what
    books.deposit(first, "EUR", Decimal("500.00"), later)
    books.unbooked(first, "EUR", Decimal("75.00"), later, "P")
    books.unbooked(child, "EUR", Decimal("76.00"), later, "F")
    books.draft(child, "EUR", Decimal("99.99"), later)
    books.draft(other, "JPY", Decimal(99), later, state="W")
    books.bill(parties[3], "EUR", Decimal("321.00"), at)  # an archived customer still owes
    disputed = books.bill(first, "EUR", Decimal("65.43"), at)
    disputed |= {"disp": True, "sent": None, "po": "PO-№7"}
    books.void(books.bill(first, "EUR", Decimal("11.00"), at), later)
    books.write_off(books.bill(first, "EUR", Decimal("22.00"), at), later)


def _open_bills(ledger: Row) -> list[Row]:
    return [d for d in ledger["documents"] if d["kynd"] == "B" and d["st"] == "O"]


if __name__ == "__main__":
    write(Path(sys.argv[1]), "north", make(1, entity="north", base="EUR"))
    write(Path(sys.argv[1]), "gulf", make(1, entity="gulf", base="KWD"))
