"""The bridge from the ledger to what collections see, one line per reason, per currency.

The ledger scope is everything posted on receivables; collections leave out what nobody may chase.
A document is taken off once, for the first reason that applies.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, case, func, literal, literal_column, select

from include import warehouse

REASONS = ("excluded customer", "not sent", "issued in the future")


def left_out(document: str, customer: str, as_of: date) -> dict[str, str]:
    """Return reason → SQL condition under which collections leave an open document out, in the order that counts.

    Args:
        document, customer: the names that the document's and its customer's table have in the query.
    """
    conditions = (
        f"{customer}.exclusion_reason IS NOT NULL",
        f"{document}.is_sent IS FALSE",
        f"{document}.issue_date > '{as_of.isoformat()}'",
    )
    return dict(zip(REASONS, conditions, strict=True))


def bridge(engine: Engine, organization_id: str, as_of: date) -> dict[str, Any]:
    """Return currency → {"ledger", reason…, "collections"}, amounts in minor units, and the as-of date."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with warehouse.read(engine) as connection:
        for name, rest, sign in (("invoices", "outstanding_amount", 1), ("credit_notes", "unapplied_amount", -1)):
            for currency, reason, amount in _documents(connection, organization_id, as_of, name, rest):
                sums[currency][reason or "collections"] += sign * int(amount)
        for name, sign in (("payments", -1), ("refunds", 1)):
            for currency, reason, amount in _movements(connection, organization_id, name):
                sums[currency][reason or "collections"] += sign * int(amount)
    return {"as_of": as_of.isoformat(), "currencies": {c: _line(found) for c, found in sorted(sums.items())}}


def _line(found: dict[str, int]) -> dict[str, int]:
    taken_off = {reason: -found[reason] for reason in REASONS if found.get(reason)}
    return {"ledger": sum(found.values()), **taken_off, "collections": found.get("collections", 0)}


def _documents(connection: Connection, organization_id: str, as_of: date, name: str, rest: str) -> list[Any]:
    t = warehouse.table(name)
    reasons = left_out(name, "customers", as_of).items()
    reason = case(*((literal_column(condition), reason) for reason, condition in reasons), else_=None)
    return _sums(connection, organization_id, t, t.c[rest], reason, t.c.status == "open")


def _movements(connection: Connection, organization_id: str, name: str) -> list[Any]:
    t, customers = warehouse.table(name), warehouse.table("customers")
    reason = case((customers.c.exclusion_reason.is_not(None), REASONS[0]), else_=literal(None))
    posted = (t.c.status == "booked") & t.c.on_receivable_account
    return _sums(connection, organization_id, t, t.c.unapplied_amount, reason, posted)


def _sums(connection: Connection, organization_id: str, t: Any, amount: Any, reason: Any, condition: Any) -> list[Any]:
    customers = warehouse.table("customers")
    owner = (customers.c.organization_id == t.c.organization_id) & (customers.c.external_id == t.c.customer_external_id)
    query = (
        select(t.c.currency, reason.label("reason"), func.sum(amount))
        .select_from(t.outerjoin(customers, owner))
        .where(t.c.organization_id == organization_id, t.c.deleted_at.is_(None), condition, amount != 0)
        .group_by(t.c.currency, "reason")
    )
    return list(connection.execute(query))
