"""Which of Tryton's records belong to an organization: its company, its receivables, its history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from include.connectors.base import Window

Domain = list[Any]
OPEN_STATES = ["draft", "validated", "posted"]


def invoices(company: int) -> Domain:
    """Every customer invoice and credit note of the company."""
    return [["type", "=", "out"], ["company", "=", company]]


def invoices_in_range(company: int, history_from: date) -> Domain:
    """Open ones of any age, closed ones from history_from by invoice date; one without a date is in range."""
    return [
        *invoices(company),
        ["OR", ["state", "in", OPEN_STATES], ["invoice_date", "=", None], ["invoice_date", ">=", history_from]],
    ]


def lines(company: int) -> Domain:
    """Every line on the company's receivable accounts."""
    return [["account.type.receivable", "=", True], ["move.company", "=", company]]


def lines_in_range(company: int, history_from: date) -> Domain:
    """Unreconciled ones and payments of open invoices of any age, the rest from history_from by entry date."""
    return [
        *lines(company),
        [
            "OR",
            ["reconciliation", "=", None],
            ["invoice_payments.state", "=", "posted"],
            ["move.date", ">=", history_from],
        ],
    ]


def modified(window: Window, *paths: str) -> Domain:
    """Records modified within the window, themselves or in one of the children named.

    `write_date` is null until the first write, so `create_date` is asked too.
    """
    domain: Domain = []
    if window.since:
        domain.append(["OR", *_each(paths, ">=", window.since)])
    if window.until:
        domain.append(["OR", *_each(paths, "<", window.until)])
    return domain


def _each(paths: tuple[str, ...], operator: str, moment: datetime) -> Domain:
    return [[f"{path}{name}", operator, moment] for path in ("", *paths) for name in ("write_date", "create_date")]
