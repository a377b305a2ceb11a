"""What Tryton's own client says about Northwind's receivables, asked through a running server.

python truth.py --url http://127.0.0.1:8000 --password-file admin.password
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "demo"))

from proteus import config
from tryton_books import company_named, work_for
from tryton_client import answer, connect, parser


def main() -> None:
    """Print it."""
    options = parser(__doc__.splitlines()[0]).parse_args()
    with connect(options):
        company = company_named("Northwind Traders")
        work_for(company)
        answer(options, of(company))


def of(company: Any) -> dict[str, Any]:
    """Return balances by party, amounts to pay by document, the ledger's total and what is not posted yet."""
    everyone = [("active", "in", [True, False])]
    ours = [("company", "=", company.id)]
    receivable = [*ours, *everyone, ("type.receivable", "=", True)]
    documents = _rows("account.invoice", [*ours, ("type", "=", "out")], "amount_to_pay", "state", "total_amount")
    parties = _rows("party.party", everyone, "receivable", "email")
    drafts: Counter[str] = Counter()
    waiting = [
        ("move.state", "=", "draft"),
        ("reconciliation", "=", None),
        ("account.type.receivable", "=", True),
        ("move.company", "=", company.id),
    ]
    for line in _rows("account.move.line", waiting, "party", "debit", "credit"):
        drafts[f"party.party:{line['party']}"] += line["debit"] - line["credit"]
    return {
        "receivable": {f"party.party:{row['id']}": str(row["receivable"]) for row in parties},
        "not_posted": {party: str(amount) for party, amount in drafts.items()},
        "documents": {f"account.invoice:{row['id']}": str(row["amount_to_pay"]) for row in documents},
        "totals": {f"account.invoice:{row['id']}": str(row["total_amount"]) for row in documents},
        "used": _used(company),
        "states": {f"account.invoice:{row['id']}": row["state"] for row in documents},
        "emails": {f"party.party:{row['id']}": row["email"] for row in parties},
        "balance": str(sum(row["balance"] for row in _rows("account.account", receivable, "balance"))),
    }


def _used(company: Any) -> dict[str, str]:
    """What of each document stands among the payments of another: Tryton's amounts to pay of both have it."""
    documents = _rows("account.invoice", [("company", "=", company.id), ("move", "!=", None)], "move")
    by_move = {row["move"]: f"account.invoice:{row['id']}" for row in documents}
    domain = [("invoice_payment", "!=", None), ("reconciliation", "=", None), ("move", "in", list(by_move))]
    used: Counter[str] = Counter()
    for line in _rows("account.move.line", domain, "debit", "credit", "amount_second_currency", "move"):
        second = line["amount_second_currency"]
        used[by_move[line["move"]]] += line["debit"] - line["credit"] if second is None else second
    return {key: str(amount) for key, amount in used.items()}


def _rows(model: str, domain: list[Any], *fields: str) -> list[dict[str, Any]]:
    current = config.get_config()
    context = {**current.context, "flat_balance": True}
    return current.get_proxy(model).search_read(domain, 0, None, [("id", "ASC")], list(fields), context)


if __name__ == "__main__":
    main()
