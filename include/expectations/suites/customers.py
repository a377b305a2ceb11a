"""Customers: are they there, and can the ones who owe be reached?"""

from __future__ import annotations

from include.bridge import left_out
from include.expectations.suite import Rows, Scope, Suite, empty, keys, refused


def _batch(scope: Scope) -> str:
    """Customers with their parent, their contacts and what they owe overdue.

    Overdue is what collections would ask for: in base currency, or in the document's where the source
    states no base amounts; only then can a customer come once per currency.
    """
    collected = " ".join(f"AND ({condition}) IS NOT TRUE" for condition in left_out("i", "c", scope.as_of).values())
    return f"""
        SELECT t.external_id AS record, t.number, t.number AS customer_number, debt.currency,
               COALESCE(debt.overdue, 0) AS amount, t.parent_external_id, parent.external_id AS parent_found,
               CASE WHEN parent.external_id IS NULL THEN {refused("t.parent_external_id", blocking=True)} END
                 AS parent_refused,
               COALESCE(reach.contacts, 0) AS contacts, COALESCE(reach.usable, 0) AS usable,
               COALESCE(reach.main, 0) AS main
        FROM customers t
        LEFT JOIN customers parent ON parent.organization_id = t.organization_id
          AND parent.external_id = t.parent_external_id AND parent.deleted_at IS NULL
        LEFT JOIN (SELECT organization_id, customer_external_id, COUNT(*) AS contacts,
                          SUM(CASE WHEN email_is_valid THEN 1 ELSE 0 END) AS usable,
                          SUM(CASE WHEN is_main THEN 1 ELSE 0 END) AS main
                   FROM contacts WHERE deleted_at IS NULL AND is_active AND is_effective GROUP BY 1, 2) reach
          ON reach.organization_id = t.organization_id AND reach.customer_external_id = t.external_id
        LEFT JOIN (SELECT i.organization_id, i.customer_external_id,
                          CASE WHEN i.base_outstanding_amount IS NULL THEN i.currency ELSE i.base_currency END
                            AS currency,
                          SUM(CASE WHEN i.base_outstanding_amount IS NULL THEN late.amount
                                   WHEN i.outstanding_amount = late.amount OR i.outstanding_amount = 0
                                   THEN i.base_outstanding_amount
                                   ELSE CAST(ROUND(i.base_outstanding_amount * 1.0 * late.amount
                                             / i.outstanding_amount) AS BIGINT) END) AS overdue
                   FROM invoices i
                   JOIN (SELECT organization_id, invoice_external_id, SUM(outstanding_amount) AS amount
                         FROM installments WHERE deleted_at IS NULL AND due_date < '{scope.as_of}' GROUP BY 1, 2) late
                     ON late.organization_id = i.organization_id AND late.invoice_external_id = i.external_id
                   JOIN customers c ON c.organization_id = i.organization_id AND c.external_id = i.customer_external_id
                   WHERE i.deleted_at IS NULL AND i.status = 'open' {collected} GROUP BY 1, 2, 3) debt
          ON debt.organization_id = t.organization_id AND debt.customer_external_id = t.external_id
        WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    share = scope.unreachable_overdue_percent
    return (
        empty("customers"),
        keys("customers"),
        Rows("customer_parent", "critical", "The parent of every customer is loaded.",
             "t.parent_external_id IS NOT NULL AND t.parent_found IS NULL AND t.parent_refused IS NULL",
             "names a parent that is not loaded"),
        Rows("overdue_customer_reachable", "warning", "Every overdue customer has a usable e-mail address.",
             "t.amount > 0 AND t.usable = 0", "has overdue invoices but no usable e-mail address", date_dependent=True),
        Rows("overdue_reachable_share", "critical",
             f"Customers without a usable e-mail address hold at most {share} % of the overdue amount.",
             f"""SELECT t.record, t.number, t.customer_number, t.currency, t.amount, NULL AS detail
                 FROM {{batch}} AS t, (SELECT currency, SUM(amount) AS overdue,
                   SUM(CASE WHEN usable = 0 THEN amount ELSE 0 END) AS unreachable FROM {{batch}} AS s
                   WHERE s.amount > 0 GROUP BY currency) AS sums
                 WHERE sums.currency = t.currency AND t.amount > 0 AND t.usable = 0
                   AND sums.unreachable * 100.0 > sums.overdue * {share}""",
             "holds too much of the overdue amount to have no usable e-mail address",
             whole_table=True, date_dependent=True),
        Rows("main_contact", "warning", "Every customer that has contacts has exactly one main contact.",
             "t.contacts > 0 AND t.main <> 1", "has contacts, but none or several main ones"),
    )  # fmt: skip


SUITE = Suite("customers", "customer", _batch, _rows)
