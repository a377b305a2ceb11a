"""Payments: every cent is allocated, paid back or still there."""

from __future__ import annotations

from include.expectations.suite import (
    Rows,
    Scope,
    Suite,
    bound,
    customer,
    customer_of,
    has_customer,
    in_ledger_currency,
    keys,
    used_and_settled,
)


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, t.number, t.currency, t.amount,
               {customer()}, t.status, t.unapplied_amount,
               COALESCE(used.amount, 0) + COALESCE(taken.amount, 0) AS applied,
               t.base_currency, bound.base_currency AS ledger_currency
        FROM payments t {customer_of()} {bound()} {used_and_settled("payment")} WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("payments"),
        has_customer("payments"),
        in_ledger_currency("payment", "payments"),
        Rows("payment_applied", scope.applied,
             "Every payment equals what was allocated, paid back and is left.",
             "t.status = 'booked' AND t.amount <> t.applied + t.unapplied_amount",
             "does not equal what was allocated, paid back and is left"),
    )  # fmt: skip


SUITE = Suite("payments", "payment", _batch, _rows)
