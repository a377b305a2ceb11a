"""What a running Tryton itself says about its receivables, to compare a warehouse with.

    python tryton_truth.py --url http://127.0.0.1:8000 --password-file admin.password \\
        --history-from 2024-11-23

Counts what a load can bring over: customer invoices in any state and journal entries on
receivable accounts, without what no warehouse can hold (a currency that ISO does not know, a
fraction that the currency does not have) and without what was closed before the history began.
Amounts are integers in minor units of the currency beside them.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any

from proteus import Model, config
from tryton_books import todays_date, work_for
from tryton_client import answer, connect, parser

ISO_EXPONENTS = {"USD": 2, "EUR": 2, "JPY": 0}  # ISO 4217, of the currencies in use here
HISTORY_MONTHS = 24


def main() -> None:
    """Ask about every company that the user may see."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--history-from", type=dt.date.fromisoformat, help=f"default: {HISTORY_MONTHS} months ago")
    arguments = options.parse_args()
    with connect(arguments):
        history_from = arguments.history_from or _months_before(todays_date(), HISTORY_MONTHS)
        companies = Model.get("company.company").find([], order=[("id", "ASC")])
        answer(arguments, {"companies": [_company(company, history_from) for company in companies]})


def _months_before(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _company(company: Any, history_from: dt.date) -> dict[str, Any]:
    work_for(company)
    invoices = [
        invoice
        for invoice in _rows(
            "account.invoice",
            [("company", "=", company.id), ("type", "=", "out")],
            "party",
            "state",
            "invoice_date",
            "total_amount",
            "amount_to_pay",
            "currency.code",
        )
        if _is_loadable(invoice, history_from)
    ]
    customers = {row["party"] for row in invoices} | _journal_customers(company, history_from)
    outstanding: Counter[str] = Counter()
    for row in invoices:
        if row["state"] == "posted" and row["total_amount"] >= 0:
            code = row["currency."]["code"]
            outstanding[code] += _minor(row["amount_to_pay"], code)
    credits = sum(row["total_amount"] < 0 for row in invoices)
    return {
        "company_id": company.id,
        "name": company.party.name,
        "customers": sorted(customers),
        "counts": {
            "customers": len(customers),
            "contacts": _count_contacts(customers),
            "invoices": len(invoices) - credits,
            "credit_notes": credits,
        },
        "outstanding": dict(outstanding),
        "ledger": _ledger(company),
    }


def _rows(model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
    """Records as plain values, inactive ones too, in one request."""
    current = config.get_config()
    return current.get_proxy(model).search_read(
        domain, 0, None, [("id", "ASC")], list(fields), {**current.context, "active_test": False}
    )


def _is_loadable(invoice: dict[str, Any], history_from: dt.date) -> bool:
    code, total = invoice["currency."]["code"], invoice["total_amount"]
    if code not in ISO_EXPONENTS or total != round(total, ISO_EXPONENTS[code]):
        return False
    closed = invoice["state"] in ("paid", "cancelled")
    return not (closed and invoice["invoice_date"] and invoice["invoice_date"] < history_from)


def _journal_customers(company: Any, history_from: dt.date) -> set[int]:
    """Parties with an entry on a receivable account that comes from no document."""
    lines = _rows(
        "account.move.line",
        [("move.company", "=", company.id), ("account.type.receivable", "=", True), ("move.origin", "=", None)],
        "party",
        "reconciliation",
        "date",
    )
    return {line["party"] for line in lines if not line["reconciliation"] or line["date"] >= history_from}


def _count_contacts(customers: set[int]) -> int:
    """E-mail addresses, and numbers of humans of whom the party has no e-mail address."""
    mechanisms = _rows(
        "party.contact_mechanism",
        [("party", "in", sorted(customers)), ("type", "in", ["email", "phone", "mobile"]), ("active", "=", True)],
        "party",
        "type",
        "name",
    )
    reached = {(row["party"], row["name"] or "") for row in mechanisms if row["type"] == "email"}
    return sum(row["type"] == "email" or (row["party"], row["name"] or "") not in reached for row in mechanisms)


def _ledger(company: Any) -> dict[str, int]:
    """The two totals that Tryton keeps apart from the documents, in the company's currency."""
    code = company.currency.code
    parties = _rows("party.party", [], "receivable")
    accounts = _rows("account.account", [("company", "=", company.id), ("type.receivable", "=", True)], "balance")
    return {
        "receivable_base": _minor(sum(row["receivable"] for row in parties), code),
        "account_balance": _minor(sum(row["balance"] for row in accounts), code),
    }


def _minor(amount: Decimal, code: str) -> int:
    """Minor units of an amount that must fit into them."""
    scaled = amount.scaleb(ISO_EXPONENTS[code])
    if scaled != int(scaled):
        raise ValueError(f"{amount} {code} has a fraction that the currency does not have")
    return int(scaled)


if __name__ == "__main__":
    main()
