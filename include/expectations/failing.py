"""Which records fail an expectation: plain SQL, the same query that Great Expectations counts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, text

from include import money
from include.expectations.suite import Rows, Scope, Suite
from include.expectations.verdict import Failure


def failures(connection: Connection, suite: Suite, rows: Rows, query: str) -> tuple[Failure, ...]:
    """Return the failing records, the most money first; the query selects numbers, never names."""
    found = [
        Failure(
            record=row.record,
            number=row.number or "",
            customer_number=row.customer_number or "",
            currency=row.currency or "",
            amount=None if row.amount is None else int(row.amount),
            sentence=_sentence(suite, rows, row),
        )
        for row in connection.execute(text(query.replace(":", "\\:")))
    ]
    return tuple(sorted(found, key=lambda f: (-abs(f.amount or 0), f.number, f.record)))


def date_dependent_hold(connection: Connection, suites: tuple[Suite, ...], scope: Scope) -> bool:
    """Tell whether every check that can fail although no row changed still passes, warnings included.

    The calendar may have failed it, or what this run's reconcile was told.
    """
    return not any(
        connection.execute(text(f"SELECT 1 FROM ({query}) AS failing LIMIT 1".replace(":", "\\:"))).first()
        for suite in suites
        for rows, query in suite.queries(scope)
        if rows.date_dependent
    )


def _sentence(suite: Suite, rows: Rows, row: Row[Any]) -> str:
    says = f"{rows.says}: {row.detail}" if row.detail else rows.says
    if row.number is None and row.customer_number is None and (rows.whole_table or not suite.title):
        return says if row.record == rows.name else f"{row.record}: {says}"
    name = f"{suite.title} {row.number or row.record}".strip()
    owner = f" of customer {row.customer_number}" if row.customer_number not in (None, row.number) else ""
    shown = f" ({money.display(int(row.amount), row.currency)})" if row.amount and row.currency else ""
    return f"{name}{owner}{shown} {says}"
