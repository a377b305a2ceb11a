"""What Odoo itself says of a company's receivables, asked in ways that share nothing with the connector.

Its documents and partners by its own methods; partner ledger and aged receivable, which the free edition has no
pages for, from its entries: the ledger by its own grouping, the aging by SQL in its database, as its report computes
it: each entry's balance less what was matched with it by the day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.odoo.clerk import Clerk
from tests.odoo.server import Odoo

BUCKETS = (0, 30, 60, 90)
"""Days overdue, up to and including; beyond the last is one bucket more."""
DOCUMENTS = ("out_invoice", "out_refund", "out_receipt")

AGED = """
SELECT coalesce(p.commercial_partner_id, 0) AS customer, l.id, coalesce(l.date_maturity, l.date) AS due,
       round(l.balance - coalesce(d.amount, 0) + coalesce(c.amount, 0), 6) AS open -- matched amounts are not rounded
FROM account_move_line l
JOIN account_account a ON a.id = l.account_id AND a.internal_type = 'receivable'
JOIN account_move m ON m.id = l.move_id AND m.state = 'posted'
LEFT JOIN res_partner p ON p.id = l.partner_id
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM account_partial_reconcile r
                   WHERE r.debit_move_id = l.id AND r.max_date <= %(as_of)s) d ON true
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM account_partial_reconcile r
                   WHERE r.credit_move_id = l.id AND r.max_date <= %(as_of)s) c ON true
WHERE m.company_id = %(company)s AND l.date <= %(as_of)s
"""


@dataclass
class Truth:
    """Amounts in whole currency; customers are ids of commercial partners, documents ids of entries."""

    documents: dict[int, dict[str, Any]]
    """State, type, names, dates, total and rest of every customer document."""
    credit: dict[int, Decimal]
    """Partner → what Odoo's partner form says is receivable of it, in the books' currency."""
    ledger: dict[tuple[int, str], tuple[Decimal, Decimal]]
    """Partner and currency → the partner ledger's balance, in the currency and in the books'."""
    rests: dict[tuple[int, str], Decimal]
    """Partner and currency → what of that is not matched, in the currency."""
    aged: dict[int, dict[int, Decimal]]
    """Customer → days overdue (the bucket's upper end; 10000 beyond) → open, in the books' currency."""
    settled: dict[int, list[tuple[int, Decimal]]]
    """Document → the entries that its form lists as its payments, and with how much of it."""
    due: dict[int, list[tuple[dt.date, Decimal]]]
    """Document → its due dates and what is open of each, in the document's currency."""
    partners: dict[int, dict[str, Any]] = field(default_factory=dict)
    waiting: tuple[int, Decimal] = (0, Decimal(0))
    """How many documents the sales journal's dashboard counts as unpaid, and their rests in the books' currency."""


def of(odoo: Odoo, database: str, clerk: Clerk, as_of: dt.date | None = None) -> Truth:
    """Ask for everything as it is now, and for the aging as of a day, the clerk's by default."""
    lines = [["account_id.internal_type", "=", "receivable"], ["parent_state", "=", "posted"],
             ["company_id", "=", clerk.company]]  # fmt: skip
    ledger, rests = _ledger(clerk, lines)
    documents = _documents(clerk)
    return Truth(
        documents, _credit(clerk, {partner for partner, _ in ledger if partner}), ledger, rests,
        aged(odoo, database, clerk, as_of), {key: _settled(row) for key, row in documents.items()}, _due(clerk, lines),
        _partners(clerk), _waiting(clerk),
    )  # fmt: skip


def aged(odoo: Odoo, database: str, clerk: Clerk, as_of: dt.date | None = None) -> dict[int, dict[int, Decimal]]:
    """Return the aged receivable as of a day, today's by default."""
    day = as_of or clerk.today
    found: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in odoo.query(database, AGED, {"as_of": day, "company": clerk.company}):
        late = (day - row["due"]).days
        bucket = next((bucket for bucket in BUCKETS if late <= bucket), 10000)
        found[row["customer"]][bucket] += row["open"]
    return {customer: {b: x for b, x in sums.items() if x} for customer, sums in found.items() if any(sums.values())}


def decimal(value: Any) -> Decimal:
    """Return an amount of the wire, which is a float's shortest text or false, to Odoo's six digits at most."""
    return Decimal(0) if value is False else Decimal(repr(value)).quantize(Decimal("0.000001")).normalize() + 0


def _documents(clerk: Clerk) -> dict[int, dict[str, Any]]:
    fields = ["name", "state", "payment_state", "move_type", "commercial_partner_id", "currency_id", "invoice_date",
              "amount_total", "amount_residual", "amount_untaxed", "amount_tax", "posted_before",
              "invoice_payments_widget"]  # fmt: skip
    domain = [["move_type", "in", DOCUMENTS], ["company_id", "=", clerk.company]]
    return {row["id"]: row for row in clerk.do("account.move", "search_read", domain, fields)}


def _settled(document: dict[str, Any]) -> list[tuple[int, Decimal]]:
    widget = json.loads(document["invoice_payments_widget"] or "false")
    return sorted((row["move_id"], decimal(row["amount"])) for row in (widget or {"content": []})["content"])


def _credit(clerk: Clerk, partners: set[int]) -> dict[int, Decimal]:
    rows = clerk.do("res.partner", "read", sorted(partners), ["credit"])
    return {row["id"]: decimal(row["credit"]) for row in rows}


def _ledger(
    clerk: Clerk, lines: list[Any]
) -> tuple[dict[tuple[int, str], tuple[Decimal, Decimal]], dict[tuple[int, str], Decimal]]:
    sums = ["amount_currency:sum", "balance:sum", "amount_residual_currency:sum"]
    rows = clerk.do("account.move.line", "read_group", lines, sums, ["partner_id", "currency_id"], lazy=False)
    ledger, rests = {}, {}
    for row in rows:
        key = ((row["partner_id"] or [0])[0], row["currency_id"][1])
        ledger[key] = (decimal(row["amount_currency"]), decimal(row["balance"]))
        rests[key] = decimal(row["amount_residual_currency"])
    return ledger, rests


def _due(clerk: Clerk, lines: list[Any]) -> dict[int, list[tuple[dt.date, Decimal]]]:
    domain = [*lines, ["move_id.move_type", "in", DOCUMENTS]]
    found: dict[int, list[tuple[dt.date, Decimal]]] = defaultdict(list)
    rows = clerk.do("account.move.line", "search_read", domain,
                    ["move_id", "date_maturity", "amount_residual_currency"], order="date_maturity, id")  # fmt: skip
    for row in rows:
        due = dt.date.fromisoformat(row["date_maturity"])
        found[row["move_id"][0]].append((due, decimal(row["amount_residual_currency"])))
    return dict(found)


def _partners(clerk: Clerk) -> dict[int, dict[str, Any]]:
    fields = ["name", "active", "email", "type", "parent_id", "commercial_partner_id", "is_company"]
    rows = clerk.do("res.partner", "search_read", [], fields, context={"active_test": False})
    return {row["id"]: row for row in rows}


def _waiting(clerk: Clerk) -> tuple[int, Decimal]:
    """Ask the sales journal's dashboard, whose sum has a thousands separator and a symbol."""
    said = json.loads(clerk.read("account.journal", clerk.journal("sale"), "kanban_dashboard")["kanban_dashboard"])
    digits = "".join(letter for letter in said["sum_waiting"] if letter.isdigit() or letter in "-.")
    return said["number_waiting"], Decimal(digits)
