"""Reconciliation: does the warehouse equal the ERP, by figures the ERP keeps elsewhere?

Single documents are named first; a total or balance is named only when they do not explain it.
What was rejected is named by the rejects.
"""

from __future__ import annotations

from dataclasses import replace

from include.expectations.suite import Rows, Scope, Suite, quoted


def _batch(scope: Scope) -> str:
    return f"""
        SELECT CASE WHEN t.subject = '' THEN t.figure ELSE t.subject END AS record, t.number,
               c.number AS customer_number, t.currency,
               CASE WHEN t.basis = 'mixed' THEN NULL ELSE t.difference END AS amount, t.figure, t.grade,
               t.classification, t.is_explained, t.ours, t.theirs
        FROM reconciliations t
        LEFT JOIN customers c ON c.organization_id = t.organization_id AND c.external_id = t.customer_external_id
          AND c.deleted_at IS NULL
        WHERE {scope.own} AND t.run_id = {quoted(scope.run_id)}"""


def _unasked(name: str, what: str, says: str, condition: str) -> Rows:
    return Rows(
        name, "critical", what,
        f"SELECT '{name}' AS record, NULL AS number, NULL AS customer_number, NULL AS currency, NULL AS amount, "
        f"NULL AS detail FROM (SELECT COUNT(*) AS n FROM {{batch}} AS t WHERE {condition}) AS asked WHERE n = 0",
        says, whole_table=True,
    )  # fmt: skip


def _rows(scope: Scope) -> tuple[Rows, ...]:
    """All of them speak of this run's figures, so that renewed evidence looks at them again."""
    return tuple(replace(rows, date_dependent=True) for rows in _figures())


def _figures() -> tuple[Rows, ...]:
    emptied = "t.figure = 'count' AND COALESCE(t.ours, 0) = 0 AND t.theirs > 0"
    unsettled = "t.classification NOT IN ('equal', 'not_offered', 'listed', 'unanswered', 'undecided')"
    return (
        _unasked("total_asked", "The ERP was asked for its open total, kept apart from the documents.",
                 "this run has no open total of the ERP to compare with",
                 "t.figure IN ('open_total', 'customer_balance') AND t.grade IN ('A', 'B') "
                 "AND t.classification <> 'unanswered'"),
        _unasked("counts_asked", "The ERP was asked how many records there are.",
                 "this run has no counts of the ERP to compare with",
                 "t.figure = 'count' AND t.grade IN ('A', 'B', 'C') AND t.classification <> 'unanswered'"),
        Rows("figure_answered", "critical", "The ERP answered everything it was asked.",
             "t.classification = 'unanswered'", "was asked of the ERP and not answered"),
        Rows("figure_decided", "critical", "The ERP held still long enough to be compared.",
             "t.classification = 'undecided' AND t.is_explained IS NOT TRUE",
             "kept changing while it was compared; run again when the ERP is quiet"),
        Rows("document_equal", "critical", "Every open document is here as the ERP has it.",
             f"t.figure = 'open_document' AND {unsettled} AND t.classification <> 'rejected_here'",
             "is not here as the ERP has it", detail="REPLACE(t.classification, '_', ' ')"),
        Rows("customer_balance", "critical", "What every customer owes equals the ERP's balance.",
             f"t.figure = 'customer_balance' AND {unsettled} AND t.is_explained IS NOT TRUE",
             "owes another amount in the ERP, and no single document explains it"),
        Rows("open_total", "critical", "What all customers owe equals the ERP's ledger.",
             f"t.figure = 'open_total' AND {unsettled} AND t.is_explained IS NOT TRUE",
             "is another one in the ERP's ledger, and no single document explains it"),
        Rows("counts_equal", "critical", "There are as many records as the ERP counts.",
             f"t.figure = 'count' AND {unsettled} AND t.is_explained IS NOT TRUE AND NOT ({emptied})",
             "are not as many as the ERP counts"),
        Rows("none_emptied", "critical", "No table is empty of which the ERP counts records.",
             f"{emptied} AND t.record NOT IN ('customers', 'invoices')",
             "are not here at all, although the ERP counts some", detail="CAST(t.theirs AS TEXT)"),
        Rows("closed_world", "critical", "Every kind of entry on receivables is understood.",
             "t.classification = 'unmapped'", "is a kind of entry that no mapping covers"),
    )  # fmt: skip


SUITE = Suite("reconciliation", "", _batch, _rows)
