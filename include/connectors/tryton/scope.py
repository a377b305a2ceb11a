"""Which of Tryton's records belong to an organization: its company, its receivables, its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from include.connectors.base import Window

Domain = list[Any]
OPEN_STATES = ["draft", "validated", "posted"]
STAMPED_ON: Mapping[str, tuple[str, ...]] = {
    "customers": ("contact_mechanisms", "addresses", "identifiers"),
    "invoices": (),
    "payments": ("move",),
}
"""What else carries the write date of a change: an entry that is posted does not touch its lines."""


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
    """Unreconciled ones and what settled a part of an open document at any age, the rest from history_from.

    A reconciliation's date is never before those of its lines: what an old payment settles now is in range.
    """
    return [
        *lines(company),
        [
            "OR",
            ["reconciliation", "=", None],
            ["move.date", ">=", history_from],
            ["reconciliation.date", ">=", history_from],
            ["reconciliation.lines.move.origin.state", "=", "posted", "account.invoice"],
        ],
    ]


def modified(window: Window, *related: str) -> Domain:
    """Records modified within the window, themselves or in one of the related records named.

    `write_date` is null until the first write, so `create_date` is asked too; what has neither (written past
    Tryton) may have changed at any time.
    """
    domain: Domain = []
    if window.since:
        changed = [*_from("", window.since), *(d for c in related for d in _from(f"{c}.", window.since))]
        domain.append(["OR", *changed, [["write_date", "=", None], ["create_date", "=", None]]])
    if window.until:
        never_written = [["write_date", "=", None], ["create_date", "<", window.until]]
        domain.append(["OR", ["write_date", "<", window.until], never_written])
        domain += [[name, "not where", ["OR", *_from("", window.until)]] for name in related]
    return domain


def _from(path: str, moment: datetime) -> Domain:
    return [[f"{path}write_date", ">=", moment], [f"{path}create_date", ">=", moment]]
