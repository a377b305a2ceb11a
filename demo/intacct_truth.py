"""Asks a client that is not ours (`sageintacctrestsdk`) what a company's entities hold, and prints it as JSON.

Runs in an environment of its own, which knows nothing of this project:

    .intacct/bin/python demo/intacct_truth.py CREDENTIALS_FILE TOP_LEVEL_ENTITY

Amounts are integers in minor units of the currency beside them.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from intacctsdk import intacctsdk
from intacctsdk.apis import api_base

DECIMALS = {"JPY": 0, "KWD": 3, "BHD": 3}
"""Currencies of the sandbox's books with other than two."""
ROLES = ("default", "primary", "billTo", "shipTo")
DOCUMENTS = {
    "invoice": ("totalTxnAmount", "totalTxnAmountDue", "currency.txnCurrency"),
    "adjustment": ("txnCurrency.totalEntered", "txnCurrency.totalDue", "txnCurrency.currency"),
}
"""Objects that hold debts and credits: total, rest and currency. What is not negative is a debt."""
WHOSE = ("entity.id", "customer.id")
MONEY_IN = ("payment", "advance", "manual-deposit")
Row = dict[str, Any]


class Company:
    """The company as its top level sees it, records that belong to entities among them."""

    def __init__(self, url: str, said: Row) -> None:
        for module in (intacctsdk, api_base):  # the client has its vendor's address in two places
            module.BASE_URL = url + said["api"]
        self.client = intacctsdk.IntacctRESTSDK(
            username=f"{said['user_id']}@{said['company']}",
            client_id=said["client_id"],
            client_secret=said["client_secret"],
        )

    def rows(self, path: str, *fields: str) -> list[Row]:
        """Return all rows of an object, by the client's own paging."""
        api = api_base.ApiBase(self.client, object_path=f"/objects/{path}")
        api.update_access_token(self.client.access_token)
        pages: Iterable[list[Row]] = api.get_all_generator(
            fields=["key", *fields], filter_parameters={"includePrivate": True}, order_by=[{"key": "asc"}]
        )
        return [row for page in pages for row in page]


def main() -> None:
    """Print the figures of every entity, and those of the company."""
    said = json.loads(Path(sys.argv[1]).read_text())
    company, top = Company(said["url"], said), sys.argv[2]
    documents = [
        {
            "entity": row["entity.id"] or top, "customer": row["customer.id"], "total": Decimal(row[total]),
            "rest": Decimal(row[rest]), "currency": row[currency], "is_draft": row["state"] == "draft",
        }
        for name, (total, rest, currency) in DOCUMENTS.items()
        for row in company.rows(f"accounts-receivable/{name}", *WHOSE, "state", total, rest, currency)
    ]  # fmt: skip
    money = [
        {"entity": row["entity.id"] or top, "customer": row["customer.id"]}
        for name in MONEY_IN
        for row in company.rows(f"accounts-receivable/{name}", *WHOSE)
    ]
    people = _people(company)
    entities = company.rows("company-config/entity", "id", "name")
    print(
        json.dumps(
            {
                "companies": [_entity(entity, documents, money, people) for entity in entities],
                "outstanding": _outstanding(documents),
            }
        )
    )


def _people(company: Company) -> dict[str, set[str]]:
    """Return whom each customer names: under a role, or in its list of contacts."""
    roles = [f"contacts.{role}.id" for role in ROLES]
    found = {
        row["id"]: {row[role] for role in roles if row[role]}
        for row in company.rows("accounts-receivable/customer", "id", *roles)
    }
    for row in company.rows("accounts-receivable/customer-contact", "customer.id", "contact.id"):
        found[row["customer.id"]].add(row["contact.id"])
    return found


def _entity(entity: Row, documents: list[Row], money: list[Row], people: dict[str, set[str]]) -> Row:
    mine = [row for row in documents if row["entity"] == entity["id"]]
    holders = {row["customer"] for row in (*mine, *money) if row["entity"] == entity["id"]}
    return {
        "company_id": entity["id"],
        "name": entity["name"],
        "counts": {
            "customers": len(holders),
            "contacts": sum(len(people[customer]) for customer in holders),
            "invoices": sum(row["total"] >= 0 for row in mine),
        },
        "outstanding": _outstanding(mine),
    }


def _outstanding(documents: list[Row]) -> dict[str, int]:
    owed: Counter[str] = Counter()
    for row in documents:
        if row["total"] >= 0 and not row["is_draft"]:
            owed[row["currency"]] += int(row["rest"].scaleb(DECIMALS.get(row["currency"], 2)))
    return {currency: amount for currency, amount in owed.items() if amount}


if __name__ == "__main__":
    main()
