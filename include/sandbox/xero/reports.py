"""The two reports that know what is owed: the trial balance, and one contact's aged receivables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from include.sandbox import history
from include.sandbox.books import Books
from include.sandbox.records import Document, Kind
from include.sandbox.xero.accounts import ACCOUNTS, account_id
from include.sandbox.xero.balance import trial_balance
from include.sandbox.xero.lists import shown_party
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import Shape, moment
from include.sandbox.xero.where import BadParameter

SECTIONS = {"Revenue": ("sales",), "Expenses": ("bad_debts", "currency_gains"), "Assets": ("bank", "receivable"),
            "Liabilities": ("payable", "tax")}  # fmt: skip


def report(books: Books, name: str, parameters: Mapping[str, str], now: datetime, settings: Settings) -> Shape | None:
    """Return a report by its name; None if there is none of that name.

    Raises:
        BadParameter: a parameter is missing or cannot be understood.
    """
    given = {key.lower(): value for key, value in parameters.items()}
    day = _day(given["date"]) if "date" in given else books.day(now)
    match name.lower():
        case "trialbalance":
            return _around("TrialBalance", "Trial Balance", books, day, now, _trial_balance(books, day, settings))
        case "agedreceivablesbycontact":
            contact = given.get("contactid", "").lower()
            if contact not in books.parties:
                raise BadParameter("A ContactID is required")
            rows = _aged(books, contact, day, settings)
            return _around("AgedReceivablesByContact", "Aged Receivables By Contact", books, day, now, rows)
    return None


def _trial_balance(books: Books, day: date, settings: Settings) -> list[Shape]:
    amounts = trial_balance(books, day, settings)
    rows: list[Shape] = [_header("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")]
    for title, words in SECTIONS.items():
        lines = [_account(books, word, amounts[word]) for word in words]
        rows.append({"RowType": "Section", "Title": title, "Rows": lines})
    debits = sum((amount for amount in amounts.values() if amount > 0), Decimal(0))
    total = _cells("Total", str(debits), str(debits), str(debits), str(debits))
    rows.append({"RowType": "Section", "Title": "", "Rows": [{"RowType": "SummaryRow", "Cells": total}]})
    return rows


def _account(books: Books, word: str, amount: Decimal) -> Shape:
    code, name, *_ = ACCOUNTS[word]
    debit, credit = (str(amount), "") if amount >= 0 else ("", str(-amount))
    attributes = [{"Value": account_id(books, word), "Id": "account"}]
    cells = _cells(f"{name} ({code})", debit, credit, debit, credit)
    return {"RowType": "Row", "Cells": [cell | {"Attributes": attributes} for cell in cells]}


def _aged(books: Books, contact: str, day: date, settings: Settings) -> list[Shape]:
    documents = [
        document
        for document in books.kinds(Kind.INVOICE, Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT)
        if shown_party(books, document.party, settings) == contact and history.rest(books, document, day)
    ]
    documents.sort(key=lambda document: (document.issued_on, document.id))
    amounts = [_columns(books, document, day, settings) for document in documents]
    total = [str(sum(column, Decimal(0))) for column in zip(*amounts, strict=True)] or ["0.00"] * 4
    rows = [_aged_row(d, day, columns) for d, columns in zip(documents, amounts, strict=True)]
    rows.append({"RowType": "SummaryRow", "Cells": _cells("Total", "", "", "", *total)})
    closing = {"RowType": "SummaryRow", "Cells": _cells("Closing Balance", "", "", "", *total)}
    return [
        _header("Date", "Number", "Due Date", "", "Total", "Paid", "Credited", "Due"),
        {"RowType": "Section", "Title": "", "Rows": rows},
        {"RowType": "Section", "Title": "", "Rows": [closing]},
    ]


def _columns(books: Books, document: Document, day: date, settings: Settings) -> tuple[Decimal, ...]:
    """Return total, paid, credited and due; a credit's are negative."""
    sign = 1 if document.kind is Kind.INVOICE else -1
    amounts: tuple[Decimal, ...] = (
        document.gross, history.paid(books, document, day), history.allocated(books, document, day),
        history.rest(books, document, day),
    )  # fmt: skip
    if settings.aged_currency == "base":
        amounts = tuple(books.in_base(amount, document.rate) for amount in amounts)
    return tuple(amount * sign for amount in amounts)


def _aged_row(document: Document, day: date, amounts: Iterable[Decimal]) -> Shape:
    late = (day - document.due_on).days if document.due_on else 0
    cells = _cells(
        f"{document.issued_on}T00:00:00", document.number, f"{document.due_on}T00:00:00" if document.due_on else "",
        f"{late} days overdue" if late > 0 else "", *[str(amount) for amount in amounts],
    )  # fmt: skip
    attributes = [{"Value": document.id, "Id": "invoiceID"}]
    return {"RowType": "Row", "Cells": [cell | {"Attributes": attributes} for cell in cells]}


def _around(kind: str, name: str, books: Books, day: date, now: datetime, rows: list[Shape]) -> Shape:
    return {
        "ReportID": kind, "ReportName": name, "ReportType": kind,
        "ReportTitles": [name, books.entity.name, f"As at {day:%d %B %Y}"], "ReportDate": f"{day:%d %B %Y}",
        "UpdatedDateUTC": moment(now), "Fields": [], "Rows": rows,
    }  # fmt: skip


def _header(*names: str) -> Shape:
    return {"RowType": "Header", "Cells": _cells(*names)}


def _cells(*values: str) -> list[Shape]:
    return [{"Value": value} for value in values]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadParameter("date must be YYYY-MM-DD") from None
