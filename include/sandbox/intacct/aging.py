"""The legacy report on what customers owe, by how long it has been due."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from include.sandbox.books import Books
from include.sandbox.history import rest
from include.sandbox.intacct.company import TOP
from include.sandbox.intacct.formats import Formats
from include.sandbox.intacct.gateway_query import QueryFailed
from include.sandbox.intacct.message import add, text
from include.sandbox.intacct.objects import Kind
from include.sandbox.intacct.view import View
from include.sandbox.records import Document
from include.sandbox.records import Kind as DocumentKind

PERIODS = "0-30,31-60,61-90,91-120,121-"
PERIOD = re.compile(r"(\d+)-(\d*)")


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the report: one document of a customer, so many days old."""

    customer: str
    number: str
    days: int
    amount: Decimal


def araging(view: View, entity: str, asked: Element, formats: Formats, data: Element) -> None:
    """Add the report to a reply.

    Raises:
        QueryFailed: its periods or its date cannot be understood.
    """
    periods = text(asked, "agingperiods", PERIODS).split(",")
    bounds = {period.strip(): _bounds(period.strip()) for period in periods}
    entity = text(asked, "locationid") or entity
    by_customer: dict[str, list[Line]] = defaultdict(list)
    for line in _lines(view, entity, asked):
        by_customer[line.customer].append(line)
    wanted, detailed = text(asked, "customerid"), text(asked, "showdetails").lower() == "true"
    for customer, lines in sorted(by_customer.items()):
        if wanted and customer != wanted:
            continue
        report = add(data, "araging")
        add(report, "customerid", customer)
        for period, (first, last) in bounds.items():
            mine = [line for line in lines if first <= line.days and (last is None or line.days <= last)]
            if mine:
                _period(report, period, mine, formats, detailed)


def _period(report: Element, period: str, lines: list[Line], formats: Formats, detailed: bool) -> None:
    aging = add(report, "aging")
    add(aging, "agingperiod", period)
    add(aging, "totalamount", formats.written(Kind.AMOUNT, sum((line.amount for line in lines), Decimal(0))))
    if not detailed:
        return
    details = add(aging, "agingdetails")
    for line in lines:
        one = add(details, "agingdetail")
        add(one, "invoiceno", line.number)
        add(one, "totaldue", formats.written(Kind.AMOUNT, line.amount))
        add(one, "age", line.days)


def _lines(view: View, entity: str, asked: Element) -> list[Line]:
    source, found = view.source, []
    by_due = text(asked, "useduedate").lower() == "true"
    for books, document in source.company.documents():
        owner = source.company.owner(books, document.party)
        party = source.company.customer(books, document.party)
        if not party or (entity != TOP and owner != entity):
            continue
        day = _as_of(asked, books.day(source.now))
        amount = _amount(view, books, document, day)
        if not amount:
            continue
        start = document.due_on if by_due and document.due_on else document.issued_on
        age = max((day - start).days, 0)
        found.append(Line(source.company.customer_id(party), document.number, age, amount))
    return found


def _amount(view: View, books: Books, document: Document, day: date) -> Decimal:
    """Return what a document adds to the report, credits negative: today as it stands, else as it stood then."""
    settings = view.source.settings
    today = day >= books.day(view.source.now)
    amount = document.outstanding if today else rest(books, document, day)
    if document.kind is not DocumentKind.INVOICE:
        amount = -amount if settings.aging_counts_credits else Decimal(0)
    return books.in_base(amount, document.rate) if settings.aging_currency == "base" else amount


def _bounds(period: str) -> tuple[int, int | None]:
    if not (found := PERIOD.fullmatch(period)):
        raise QueryFailed(f"Invalid aging period {period}")
    return int(found[1]), int(found[2]) if found[2] else None


def _as_of(asked: Element, today: date) -> date:
    if asked.find("asofdate") is None:
        return today
    try:
        return date(*(int(text(asked, f"asofdate/{part}")) for part in ("year", "month", "day")))
    except ValueError:
        raise QueryFailed("Invalid asofdate") from None
