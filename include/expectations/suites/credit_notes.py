"""Credit notes: complete, and used up to the cent."""

from __future__ import annotations

from include.expectations.suite import (
    POSTED,
    Rows,
    Scope,
    Suite,
    bound,
    customer,
    customer_of,
    has_customer,
    in_ledger_currency,
    keys,
    twins,
    used_and_settled,
)


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, t.number, t.currency, t.gross_amount AS amount,
               {customer()}, t.status, t.unapplied_amount,
               COALESCE(used.amount, 0) + COALESCE(taken.amount, 0) AS applied,
               t.base_currency, bound.base_currency AS ledger_currency, COALESCE(twins.n, 1) AS twins
        FROM credit_notes t {customer_of()} {bound()} {used_and_settled("credit_note")} {twins("credit_notes")}
        WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("credit_notes"),
        has_customer("credit_notes"),
        in_ledger_currency("credit_note", "credit notes"),
        Rows("credit_note_unique", "critical", "No customer has two credit notes of the same number and year.",
             "t.twins > 1", "shares its number with another credit note of the same customer"),
        Rows("credit_note_applied", scope.applied,
             "Every credit note equals what was applied, paid back and is left.",
             f"t.status IN {POSTED} AND t.amount <> t.applied + t.unapplied_amount",
             "does not equal what was applied, paid back and is left"),
    )  # fmt: skip


SUITE = Suite("credit_notes", "credit note", _batch, _rows)
