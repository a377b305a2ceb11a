"""Refunds and debit journals: what they pay back is known, and nothing is owed without an invoice."""

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
               {customer()}, t.status, t.kind, t.unapplied_amount,
               COALESCE(used.amount, 0) + COALESCE(taken.amount, 0) AS applied,
               t.base_currency, bound.base_currency AS ledger_currency
        FROM refunds t {customer_of()} {bound()} {used_and_settled("refund")} WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("refunds"),
        has_customer("refunds"),
        in_ledger_currency("refund", "refunds"),
        Rows("refund_linked", scope.applied, "Every refund equals what it pays back and what is left.",
             "t.status = 'booked' AND t.amount <> t.applied + t.unapplied_amount",
             "does not equal what it pays back and what is left"),
        Rows("owed_without_invoice", "warning", "Nothing is owed without an invoice.",
             "t.kind = 'journal' AND t.status = 'booked' AND t.unapplied_amount <> 0",
             "is owed by a journal entry, but there is no invoice for it", amount="unapplied_amount"),
    )  # fmt: skip


SUITE = Suite("refunds", "refund or debit entry", _batch, _rows)
