"""Refunds and debit journals: what they pay back is known, and nothing is owed without an invoice."""

from __future__ import annotations

from include.expectations.suite import Rows, Scope, Suite, customer_of, has_customer, keys, used_and_settled


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, t.number, c.number AS customer_number, t.currency, t.amount,
               c.external_id AS customer_found, t.status, t.kind, t.unapplied_amount,
               COALESCE(used.amount, 0) + COALESCE(taken.amount, 0) AS applied
        FROM refunds t {customer_of()} {used_and_settled("refund")} WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("refunds"),
        has_customer("refunds"),
        Rows("refund_linked", "critical", "Every refund equals what it pays back and what is left.",
             "t.status = 'booked' AND t.amount <> t.applied + t.unapplied_amount",
             "does not equal what it pays back and what is left"),
        Rows("owed_without_invoice", "warning", "Nothing is owed without an invoice.",
             "t.kind = 'journal' AND t.status = 'booked' AND t.unapplied_amount <> 0",
             "is owed by a journal entry, but there is no invoice for it", amount="unapplied_amount"),
    )  # fmt: skip


SUITE = Suite("refunds", "refund or debit entry", _batch, _rows)
