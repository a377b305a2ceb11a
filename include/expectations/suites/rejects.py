"""Rejected records: an open document that could not be kept, or its customer, blocks the gate."""

from __future__ import annotations

from include.expectations.suite import Rows, Scope, Suite


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, t.number, c.number AS customer_number, t.currency, NULL AS amount,
               t.is_open, t.reason,
               t.message || COALESCE(' (' || CAST(t.amount AS TEXT) || ' ' || t.currency || ')', '') AS message
        FROM rejected_records t
        LEFT JOIN customers c ON c.organization_id = t.organization_id AND c.deleted_at IS NULL
          AND c.external_id = t.customer_external_id
        WHERE {scope.own}"""


def _open(name: str, expects: str, reason: str) -> Rows:
    condition = f"t.is_open IS NOT FALSE AND {reason}"
    return Rows(name, "critical", expects, condition, "could not be loaded", detail="t.message")


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        _open("open_record_currency", "Every open document is in a currency that ISO 4217 knows.",
              "t.reason = 'unknown_currency'"),
        _open("open_record_amount", "Every open document has amounts that its currency can have.",
              "t.reason = 'impossible_amount'"),
        _open("open_record_rejected", "No open document, and no customer of one, was rejected for another reason.",
              "COALESCE(t.reason, '') NOT IN ('unknown_currency', 'impossible_amount')"),
        Rows("rejects_share", "warning",
             f"At most {scope.rejects_percent} % of all other records were rejected.",
             f"""SELECT t.record, t.number, t.customer_number, t.currency, NULL AS amount, t.message AS detail
                 FROM {{batch}} AS t,
                      (SELECT COUNT(*) AS n FROM {{batch}} AS r WHERE r.is_open IS FALSE) AS rejected,
                      (SELECT COUNT(*) AS n FROM source_records AS t WHERE {scope.own}) AS known
                 WHERE t.is_open IS FALSE AND rejected.n * 100.0 > known.n * {scope.rejects_percent}""",
             "could not be loaded", whole_table=True),
    )  # fmt: skip


SUITE = Suite("rejects", "document", _batch, _rows)
