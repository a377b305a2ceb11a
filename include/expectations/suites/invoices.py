"""Invoices: complete, due, and adding up."""

from __future__ import annotations

from include.expectations.suite import (
    POSTED,
    Rows,
    Scope,
    Suite,
    bound,
    customer,
    customer_of,
    empty,
    has_customer,
    in_ledger_currency,
    keys,
    twins,
    used_and_settled,
)


def _batch(scope: Scope) -> str:
    """Invoices with their customer, installments, allocations and twins of the same number."""
    return f"""
        SELECT t.external_id AS record, t.number, t.currency,
               CASE WHEN t.status = 'open' THEN t.outstanding_amount ELSE t.gross_amount END AS amount,
               {customer()}, t.status, t.gross_amount, t.net_amount, t.outstanding_amount,
               t.issue_date, t.due_date, t.payment_terms, t.base_currency, bound.base_currency AS ledger_currency,
               COALESCE(taken.amount, 0) AS settled,
               COALESCE(parts.n, 0) AS parts, parts.amount AS parts_amount, parts.rest AS parts_rest,
               COALESCE(parts.undated, 0) AS parts_undated, COALESCE(twins.n, 1) AS twins,
               COALESCE(open_twins.n, 1) AS open_twins
        FROM invoices t {customer_of()} {used_and_settled("invoice")}
        {bound()}
        LEFT JOIN (SELECT organization_id, invoice_external_id, COUNT(*) AS n, SUM(amount) AS amount,
                          SUM(outstanding_amount) AS rest,
                          SUM(CASE WHEN due_date IS NULL AND outstanding_amount <> 0 THEN 1 ELSE 0 END) AS undated
                   FROM installments WHERE deleted_at IS NULL GROUP BY 1, 2) parts
          ON parts.organization_id = t.organization_id AND parts.invoice_external_id = t.external_id
        {twins("invoices")}
        WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    posted = f"t.status IN {POSTED}"
    return (
        empty("invoices"),
        keys("invoices"),
        has_customer("invoices"),
        Rows("invoice_unique", "critical", "No customer has two invoices of the same number and year.",
             "t.twins > 1", "shares its number with another invoice of the same customer"),
        Rows("invoice_number_again", "warning", "No customer has two open invoices of the same number.",
             "t.open_twins > 1 AND t.twins = 1", "shares its number with an open invoice of another year"),
        in_ledger_currency("invoice", "invoices"),
        Rows("due_date", "critical", "Every open invoice has a due date.",
             "t.status = 'open' AND t.outstanding_amount <> 0 AND (t.due_date IS NULL OR t.parts_undated > 0)",
             "is open but has no due date"),
        Rows("installments_present", "critical", "Every posted invoice has installments.",
             f"{posted} AND t.gross_amount <> 0 AND t.parts = 0", "is posted but has no installments"),
        Rows("installments_add_up", "critical", "Installments add up to their invoice, in total and in what is open.",
             f"{posted} AND t.parts > 0 AND (t.parts_amount <> t.gross_amount OR t.parts_rest <> t.outstanding_amount)",
             "has installments that do not add up to it"),
        Rows("invoice_settled", scope.settled,
             "What is open equals the total less what was allocated."
             if scope.settled == "critical" else "What was settled is known by its source.",
             f"{posted} AND t.gross_amount - t.settled <> t.outstanding_amount",
             "has an open rest that its allocations do not explain", amount="gross_amount"),
        Rows("invoice_status", "critical", "Only open invoices have an open rest, and voided ones no amounts.",
             "(t.status <> 'open' AND t.outstanding_amount <> 0) OR (t.status = 'voided' AND t.gross_amount <> 0)",
             "has an amount its status does not allow"),
        Rows("due_after_issue", "warning", "No open invoice is due before it was issued.",
             "t.status = 'open' AND t.due_date < t.issue_date", "is due before it was issued"),
        Rows("net_within_gross", "warning", "No invoice has a net amount above its gross amount.",
             "t.net_amount > t.gross_amount AND t.status <> 'voided'",
             "has a net amount above its gross amount (withholding tax?)"),
        Rows("outstanding_within_gross", "warning", "Nothing more is open than was invoiced.",
             "t.outstanding_amount > t.gross_amount AND t.gross_amount >= 0", "has more open than was invoiced"),
        Rows("payment_terms", "info", "Every open invoice has payment terms.",
             "t.status = 'open' AND t.payment_terms IS NULL", "has no payment terms"),
    )  # fmt: skip


SUITE = Suite("invoices", "invoice", _batch, _rows)
