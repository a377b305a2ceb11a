"""Installments: every due date belongs to an invoice and speaks its currency."""

from __future__ import annotations

from include.expectations.suite import Rows, Scope, Suite, keys


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, i.number, c.number AS customer_number, t.currency,
               t.outstanding_amount AS amount, i.external_id AS invoice_found, i.currency AS invoice_currency
        FROM installments t
        LEFT JOIN invoices i ON i.organization_id = t.organization_id AND i.external_id = t.invoice_external_id
          AND i.deleted_at IS NULL
        LEFT JOIN customers c ON c.organization_id = i.organization_id AND c.external_id = i.customer_external_id
          AND c.deleted_at IS NULL
        WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("installments"),
        Rows("installment_invoice", "critical", "The invoice of every installment is loaded.",
             "t.invoice_found IS NULL", "belongs to an invoice that is not loaded"),
        Rows("installment_currency", "critical", "Every installment is in its invoice's currency.",
             "t.currency <> t.invoice_currency", "is in another currency than its invoice"),
    )  # fmt: skip


SUITE = Suite("installments", "installment of invoice", _batch, _rows)
