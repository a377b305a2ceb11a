"""Credit notes: complete, and used up to the cent."""

from __future__ import annotations

from include.expectations.suite import Rows, Scope, Suite, customer_of, has_customer, keys, used_and_settled


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, t.number, c.number AS customer_number, t.currency, t.gross_amount AS amount,
               c.external_id AS customer_found, t.status, t.unapplied_amount,
               COALESCE(used.amount, 0) + COALESCE(taken.amount, 0) AS applied, COALESCE(twins.n, 1) AS twins
        FROM credit_notes t {customer_of()} {used_and_settled("credit_note")}
        LEFT JOIN (SELECT organization_id, customer_external_id, number, COUNT(*) AS n FROM credit_notes
                   WHERE deleted_at IS NULL AND number IS NOT NULL AND status IN ('open', 'paid', 'written_off')
                     AND superseded_by_external_id IS NULL GROUP BY 1, 2, 3) twins
          ON twins.organization_id = t.organization_id AND twins.customer_external_id = t.customer_external_id
         AND twins.number = t.number AND t.status IN ('open', 'paid', 'written_off')
        WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("credit_notes"),
        has_customer("credit_notes"),
        Rows("credit_note_unique", "critical", "No customer has two credit notes of the same number.",
             "t.twins > 1", "shares its number with another credit note of the same customer"),
        Rows("credit_note_applied", "critical", "Every credit note equals what was applied, paid back and is left.",
             "t.status IN ('open', 'paid', 'written_off') AND t.amount <> t.applied + t.unapplied_amount",
             "does not equal what was applied, paid back and is left"),
    )  # fmt: skip


SUITE = Suite("credit_notes", "credit note", _batch, _rows)
