"""The sample system's control figures, each by a request of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade
from include.errors import SourceUnavailable
from tests.conformance.sample_rows import TABLES, key

Rows = list[dict[str, Any]]

ASKED = {
    "open_total": "general ledger: balance of all receivable accounts, written at posting",
    "customer_balance": "balance per currency that the system keeps on each customer",
    "open_document": "list of open items",
    "closed_world": "general ledger: balance per kind of entry",
    "count": "numbers of records in range, by kind",
}
ENDPOINTS = {
    "open_total": "total", "customer_balance": "balances", "open_document": "open", "closed_world": "types",
    "count": "counts",
}  # fmt: skip


def ask(get: Callable[[str, Mapping[str, str]], Rows], history_from: date) -> ControlFigures:
    """Ask for all; one that does not answer is said to be unanswered.

    Raises:
        SourceUnavailable: none answered.
    """
    figures: list[Figure] = []
    unanswered: dict[str, str] = {}
    for name, endpoint in ENDPOINTS.items():
        try:
            figures += _READ[name](get(endpoint, {"von": history_from.isoformat()}))
        except SourceUnavailable as error:
            unanswered[name] = error.message
            if len(unanswered) == len(ENDPOINTS):
                raise
    return ControlFigures(tuple(figures), {n: how for n, how in ASKED.items() if n not in unanswered}, unanswered)


def _total(rows: Rows) -> Iterator[Figure]:
    for row in rows:
        yield Figure("open_total", Grade.A, "receivables", row["cur"], "base", amount=Decimal(row["amt"]))


def _balances(rows: Rows) -> Iterator[Figure]:
    for row in rows:
        yield Figure("customer_balance", Grade.B, key("C", row["prty"]), row["cur"], amount=Decimal(row["amt"]))


def _documents(rows: Rows) -> Iterator[Figure]:
    for row in rows:
        yield Figure(
            "open_document", Grade.C, key(row["kynd"], row["ident"]), row["cur"], amount=Decimal(row["rest"]),
            base_amount=Decimal(row["bRest"]), customer=key("C", row["prty"]), number=row["num"],
            due_date=date.fromisoformat(row["due"]) if row["due"] else None,
        )  # fmt: skip


def _types(rows: Rows) -> Iterator[Figure]:
    for row in rows:
        yield Figure(
            "closed_world", Grade.A, row["kynd"], row["cur"], "base", amount=Decimal(row["amt"]), count=row["n"],
            mapped=row["kynd"] in TABLES,
        )  # fmt: skip


def _counts(rows: Rows) -> Iterator[Figure]:
    for row in rows:
        yield Figure("count", Grade.C, TABLES[row["kynd"]], count=row["n"])


_READ: dict[str, Callable[[Rows], Iterator[Figure]]] = {
    "open_total": _total, "customer_balance": _balances, "open_document": _documents, "closed_world": _types,
    "count": _counts,
}  # fmt: skip
