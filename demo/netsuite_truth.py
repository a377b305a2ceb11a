"""Asks a client that is not ours (`netsuite`) what an account's subsidiaries hold, and prints it as JSON.

Runs in an environment of its own, which knows nothing of this project:

    .netsuite/bin/python demo/netsuite_truth.py CREDENTIALS_FILE

Amounts are integers in minor units of the currency beside them.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from netsuite import Config, NetSuiteRestApi, TokenAuth

PAGE_SIZE = 1000
DECIMALS = {"JPY": 0, "KWD": 3, "BHD": 3}
"""Currencies of the sandbox's books with other than two."""
ROWS = {
    "subsidiaries": "SELECT id, name FROM subsidiary ORDER BY id",
    "invoices": """
        SELECT t.id, t.tranid, t.entity, l.subsidiary, c.symbol, t.foreignamountunpaid AS unpaid, t.posting, t.voided
        FROM transaction t JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'T'
        JOIN currency c ON c.id = t.currency
        WHERE t.type IN ('CustInvc', 'CustChrg') ORDER BY t.id""",
    "holders": """
        SELECT DISTINCT l.subsidiary, l.entity FROM transactionline l
        JOIN transaction t ON t.id = l.transaction
        JOIN transactionaccountingline a ON a.transaction = l.transaction AND a.transactionline = l.id
        JOIN account o ON o.id = a.account
        WHERE t.type = 'CustDep'
        OR o.accttype = 'AcctRec' AND t.type IN ('CustInvc', 'CustChrg', 'CustCred', 'CustPymt', 'CustRfnd', 'Journal')
        ORDER BY 1, 2""",
    "customers": "SELECT id, email FROM customer ORDER BY id",
    "contacts": "SELECT id, company FROM contact ORDER BY id",
    "members": "SELECT entity, subsidiary FROM customersubsidiaryrelationship ORDER BY entity, subsidiary",
    "account": """
        SELECT c.symbol, SUM(t.foreignamountunpaid) AS unpaid FROM transaction t JOIN currency c ON c.id = t.currency
        WHERE t.type IN ('CustInvc', 'CustChrg') AND t.posting = 'T' AND t.voided = 'F'
        GROUP BY c.symbol ORDER BY c.symbol""",
    "missing_due_date": """
        SELECT t.id, l.subsidiary FROM transaction t
        JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'T'
        WHERE t.type = 'CustInvc' AND t.duedate IS NULL AND t.posting = 'T' AND t.voided = 'F'
        AND t.foreignamountunpaid > 0 ORDER BY t.id""",
    "due_before_issue": """
        SELECT t.id, l.subsidiary FROM transaction t
        JOIN transactionline l ON l.transaction = t.id AND l.mainline = 'T'
        WHERE t.type = 'CustInvc' AND t.duedate < t.trandate ORDER BY t.id""",
    "no_mailbox": """
        SELECT DISTINCT c.id, r.subsidiary FROM customer c
        JOIN customersubsidiaryrelationship r ON r.entity = c.id JOIN contact o ON o.company = c.id
        WHERE c.email IS NULL AND c.isinactive = 'F' ORDER BY c.id, r.subsidiary""",
}
"""No sum and no filter is Greenlight's: what a subsidiary holds is counted from plain rows."""
DEFECTS = {
    "missing_due_date": ("critical", "CustInvc"), "due_before_issue": ("warning", "CustInvc"),
    "no_mailbox": ("warning", "customer"),
}  # fmt: skip
"""What is wrong with records: how severe it is, and the first half of their keys."""
Row = dict[str, Any]


class Local(NetSuiteRestApi):
    """The client, with the sandbox in the vendor's place."""

    url = ""

    def _make_url(self, subpath: str) -> str:
        return f"{self.url}/services/rest{subpath}"


def main() -> None:
    """Print the figures of every subsidiary, and those of the account."""
    said = json.loads(Path(sys.argv[1]).read_text())
    Local.url = said["url"]
    config = Config(account=said["account"], auth=TokenAuth(**said["tokens"][0]))
    tables = {name: asyncio.run(_rows(config, query)) for name, query in ROWS.items()}
    print(
        json.dumps(
            {
                "companies": [_company(subsidiary, tables) for subsidiary in tables["subsidiaries"]],
                "outstanding": {row["symbol"]: _minor(row, row["symbol"]) for row in tables["account"] if _any(row)},
                "shared": _shared(tables),
            }
        )
    )


async def _rows(config: Config, query: str) -> list[Row]:
    found: list[Row] = []
    while True:
        page = await Local(config).suiteql(query, limit=PAGE_SIZE, offset=len(found))
        found += page["items"]
        if not page["hasMore"]:
            return found


def _company(subsidiary: Row, tables: dict[str, list[Row]]) -> dict[str, Any]:
    mine = _mine(subsidiary, tables["invoices"])
    holders = {row["entity"] for row in _mine(subsidiary, tables["holders"]) if "entity" in row}
    mailboxes = {row["id"] for row in tables["customers"] if row.get("email")}
    people = [row["company"] for row in tables["contacts"]]
    contacts = len(mailboxes & holders) + sum(company in holders for company in people)
    outstanding: Counter[str] = Counter()
    for row in mine:
        if row["posting"] == "T" and row["voided"] == "F":
            outstanding[row["symbol"]] += _minor(row, row["symbol"])
    return {
        "company_id": subsidiary["id"],
        "name": subsidiary["name"],
        "counts": {"customers": len(holders), "contacts": contacts, "invoices": len(mine)},
        "outstanding": {symbol: amount for symbol, amount in outstanding.items() if amount},
        "planted": _planted(subsidiary, tables),
    }


def _planted(subsidiary: Row, tables: dict[str, list[Row]]) -> list[dict[str, Any]]:
    """Return what is wrong with a subsidiary's records: severity, and the keys that a reader would give them."""
    found = {name: [row["id"] for row in _mine(subsidiary, tables[name])] for name in DEFECTS}
    return [
        {"severity": DEFECTS[name][0], "records": [f"{DEFECTS[name][1]}:{key}" for key in keys]}
        for name, keys in found.items()
        if keys
    ]


def _mine(subsidiary: Row, rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["subsidiary"] == subsidiary["id"]]


def _shared(tables: dict[str, list[Row]]) -> list[dict[str, Any]]:
    """Return each customer of more than one subsidiary with the numbers of its invoices in each."""
    memberships = Counter(row["entity"] for row in tables["members"])
    found = []
    for customer in (entity for entity, count in memberships.items() if count > 1):
        numbers: dict[str, list[str]] = defaultdict(list)
        for row in tables["invoices"]:
            if row["entity"] == customer:
                numbers[row["subsidiary"]].append(row["tranid"])
        found.append({"customer": customer, "invoices": numbers})
    return found


def _any(row: Row) -> bool:
    return Decimal(row["unpaid"]) != 0


def _minor(row: Row, currency: str) -> int:
    return int(Decimal(row["unpaid"]).scaleb(DECIMALS.get(currency, 2)))


if __name__ == "__main__":
    main()
