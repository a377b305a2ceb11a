"""The rows of an account's small lists: subsidiaries, currencies, terms, periods, accounts, states, sales reps."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from datetime import date

from include.sandbox.books import Books
from include.sandbox.netsuite import dates, names
from include.sandbox.netsuite.numbering import Numbering
from include.sandbox.netsuite.rows import Row


def subsidiaries(books: Iterable[Books], numbering: Numbering, closed: str = "") -> Iterator[Row]:
    """Yield the subsidiaries: the first is the parent of the others; `closed` lists ids of inactive ones."""
    first, inactive = "", {int(number) for number in closed.split(",") if number.strip()}
    for number, each in enumerate(books, 1):
        entity = each.entity
        yield {
            "id": number, "name": entity.name, "fullname": f"{first} : {entity.name}" if first else entity.name,
            "currency": numbering.of("currency", entity.currency), "isinactive": number in inactive,
            "parent": 1 if first else None, "country": entity.country, "iselimination": False,
        }  # fmt: skip
        first = first or entity.name


def currencies(numbering: Numbering, symbols: Iterable[str]) -> Iterator[Row]:
    """Yield the currencies that anything is in."""
    for symbol in symbols:
        yield {
            "id": numbering.of("currency", symbol), "symbol": symbol, "name": symbol, "isinactive": False,
            "exchangerate": 1,
        }  # fmt: skip


def terms(numbering: Numbering, days: Iterable[int]) -> Iterator[Row]:
    """Yield the terms of payment."""
    for each in days:
        name = f"Net {each}" if each else "Due on receipt"
        yield {"id": numbering.of("term", str(each)), "name": name, "daysuntilnetdue": each, "isinactive": False}


def periods(numbering: Numbering, months: Iterable[str]) -> Iterator[Row]:
    """Yield the months in which something was posted, each `YYYY-MM`."""
    for month in months:
        first = date.fromisoformat(f"{month}-01")
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        yield {
            "id": numbering.of("accountingperiod", month), "periodname": first.strftime("%b %Y"),
            "startdate": dates.day(first), "enddate": dates.day(last), "closed": False, "isyear": False,
            "isquarter": False,
        }  # fmt: skip


def accounts() -> Iterator[Row]:
    """Yield the accounts of the general ledger."""
    for key, number, name, kind in names.ACCOUNTS.values():
        yield {
            "id": key, "acctnumber": number, "fullname": name, "accountsearchdisplayname": f"{number} {name}",
            "accttype": kind, "isinactive": False,
        }  # fmt: skip


def statuses() -> Iterator[Row]:
    """Yield the states of each type of transaction."""
    for kind, letters in names.STATUSES.items():
        for letter, name in letters.items():
            yield {"id": letter, "trantype": kind, "name": name, "fullname": f"{names.TYPES[kind][0]} : {name}"}


def employees(numbering: Numbering) -> Iterator[Row]:
    """Yield those who sell."""
    for number, (first, last) in enumerate(names.REPS):
        yield {
            "id": numbering.of("entity", f"rep/{number}"), "entityid": f"{first} {last}", "firstname": first,
            "lastname": last, "email": f"{first.lower()}@sandbox.example", "issalesrep": True, "isinactive": False,
        }  # fmt: skip
