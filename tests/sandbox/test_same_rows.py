"""The same ledger, served by three vendors' protocols over four transports, ends in the same rows.

What a vendor cannot say is left out, and nothing else: Sage Intacct merges no customers, so everyone goes by who they
became; it pays money back by a debit memo, and a reversal is a document; a transfer that pays several invoices is one
payment there and in NetSuite, but one for each invoice in Xero, so payments are added up by customer; over Sage
Intacct's gateway contact lists are not reached.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from include import access, warehouse
from include.sandbox.books import Books
from include.sandbox.intacct import server as intacct
from include.sandbox.intacct import settings as of_company
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite import server as netsuite
from include.sandbox.netsuite import settings as of_account
from include.sandbox.xero import server as xero
from tests.intacct.conftest import Running as Company
from tests.intacct.night import Nights as CompanyNights
from tests.netsuite.conftest import Running as Account
from tests.netsuite.night import Nights as AccountNights
from tests.nights import Nights, Row
from tests.xero.conftest import FAST
from tests.xero.conftest import Running as Organisation
from tests.xero.night import Nights as OrganisationNights

OTHERS = ("netsuite", "rest", "gateway")
"""What is held against Xero's rows."""
SIGNS = {"invoices": (1, "outstanding_amount"), "credit_notes": (-1, "unapplied_amount"),
         "payments": (-1, "unapplied_amount"), "refunds": (1, "unapplied_amount")}  # fmt: skip
LEDGER = ("open", "paid", "voided")
"""Where a document may stand in the ledger; before that vendors have words of their own."""


class Told:
    """What an organization's rows say, in words that every vendor has: numbers, currencies, amounts, days."""

    def __init__(self, nights: Nights, books: Books) -> None:
        self.tables = {name: nights.rows(name) for name in (*SIGNS, "customers", "contacts", "allocations")}
        became = {party.number: books.parties[books.survivor(party.id)].number for party in books.parties.values()}
        self.merged = {number for pair in became.items() if pair[0] != pair[1] for number in pair}
        self.holder = {key: became[str(row["number"])] for key, row in self.tables["customers"].items()}

    def customers(self) -> dict[str, tuple[Any, ...]]:
        """Customers that are there in the end, by number."""
        said = (
            "name",
            "currency",
            "is_active",
            "address_line1",
            "address_city",
            "address_postal_code",
            "address_country",
        )
        rows = self.tables["customers"].values()
        return {row["number"]: tuple(row[c] for c in said) for row in rows if row["number"] not in self.merged}

    def mailboxes(self) -> dict[str, set[str]]:
        """Addresses of customers that were never merged."""
        found: dict[str, set[str]] = defaultdict(set)
        for row in self.tables["contacts"].values():
            number = self.tables["customers"][row["customer_external_id"]]["number"]
            if row["email"] and number not in self.merged:
                found[number].add(row["email"])
        return found

    def documents(self, table: str) -> Counter[tuple[Any, ...]]:
        """Documents of the ledger: whose, how much, what is left, and when."""
        return Counter(
            (
                row["number"], self.holder[row["customer_external_id"]], row["currency"], row["gross_amount"],
                row[SIGNS[table][1]], row["status"], row["issue_date"],
                row["due_date"] if table == "invoices" else None, row["base_currency"],
            )
            for row in self.tables[table].values()
            if row["status"] in LEDGER and not _is_a_vendors_own(row)
        )  # fmt: skip

    def balances(self) -> dict[tuple[str, str], int]:
        """What each customer owes, by currency, credits and money that is not used yet taken off."""
        found: Counter[tuple[str, str]] = Counter()
        for table, (sign, rest) in SIGNS.items():
            for row in self.tables[table].values():
                found[self.holder[row["customer_external_id"]], row["currency"]] += sign * row[rest]
        return {key: amount for key, amount in found.items() if amount}

    def moved(self) -> dict[tuple[str, str], int]:
        """Money that came from each customer less what went back, by currency."""
        found: Counter[tuple[str, str]] = Counter()
        for table, sign, amount in (("payments", 1, "amount"), ("refunds", -1, "amount")):
            for row in self.tables[table].values():
                if row["status"] == "booked":
                    found[self.holder[row["customer_external_id"]], row["currency"]] += sign * row[amount]
        for row in self.tables["invoices"].values():
            if _is_paid_back(row):
                found[self.holder[row["customer_external_id"]], row["currency"]] -= row["gross_amount"]
        return {key: amount for key, amount in found.items() if amount}

    def settled(self) -> dict[tuple[str, str, str], int]:
        """How much of each document each credit note, or money, settled; what was paid back has no number."""
        found: Counter[tuple[str, str, str]] = Counter()
        for row in self.tables["allocations"].values():
            ends = [self._number(row, "source"), self._number(row, "target")]
            if "back" in ends:
                ends = sorted(ends, key=lambda end: end == "back")
            found[ends[0], ends[1], row["target_currency"]] += row["target_amount"]
        return dict(found)

    def _number(self, row: Row, end: str) -> str:
        kind, key = row[f"{end}_type"], row[f"{end}_external_id"]
        if kind == "refund":
            return "back"
        if kind == "payment":
            return "money"
        document = self.tables[f"{kind}s"][key]
        return "back" if _is_paid_back(document) else str(document["number"])


def _is_paid_back(document: Row) -> bool:
    """Tell the debit memo by which Sage Intacct's sandbox pays a credit back."""
    return str(document["number"]).startswith("RF-")


def _is_a_vendors_own(document: Row) -> bool:
    return _is_paid_back(document) or str(document["number"]).endswith(" - Reversed")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    """What four organizations over one ledger say after a first night and two more, with days of work between."""
    folder = tmp_path_factory.mktemp("same")
    ledger = Ledger(invoices=80, now=datetime.now(UTC))
    with pytest.MonkeyPatch.context() as patch, ExitStack() as running:
        patch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())
        patch.setenv("GREENLIGHT_STAGING", f"file://{folder}/staging")
        patch.setenv("AIRFLOW_CONN_WAREHOUSE", f"sqlite:///{folder}/warehouse.sqlite")
        engine = warehouse.engine(f"sqlite:///{folder}/warehouse.sqlite")
        warehouse.upgrade(engine)
        access.upgrade(access.engine(engine))
        organisation = Organisation(running.enter_context(xero.serve(ledger, FAST)), ledger)
        roomy = of_account.Settings(concurrent_limit=100)
        account = Account(running.enter_context(netsuite.serve(ledger, roomy)), ledger)
        flat = of_company.Settings(top_level_every=0)
        company = Company(running.enter_context(intacct.serve(ledger, flat)), ledger)
        nights: dict[str, Nights] = {
            "xero": OrganisationNights(engine, organisation, "xero"),
            "netsuite": AccountNights(engine, account, "netsuite"),
            "rest": CompanyNights(engine, company, "rest"),
            "gateway": CompanyNights(engine, company.over("gateway"), "gateway"),
        }
        for days in (0, 3, 3):
            ledger.advance(days)
            for each in nights.values():
                each.sync()
        yield {name: Told(each, ledger.entity(0)) for name, each in nights.items()}


@pytest.mark.parametrize("other", OTHERS)
def test_customers_are_the_same(told: dict[str, Told], other: str) -> None:
    assert told[other].customers() == told["xero"].customers() != {}


@pytest.mark.parametrize("other", OTHERS)
def test_whom_to_write_to_is_the_same(told: dict[str, Told], other: str) -> None:
    ours, theirs = told["xero"].mailboxes(), told[other].mailboxes()
    if other == "gateway":
        assert theirs and all(theirs[number] <= ours[number] for number in theirs)
    else:
        assert theirs == ours


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("table", ["invoices", "credit_notes"])
def test_documents_are_the_same(told: dict[str, Told], table: str, other: str) -> None:
    ours, theirs = told["xero"].documents(table), told[other].documents(table)
    assert len(ours) > 10 and theirs - ours == ours - theirs == Counter()


@pytest.mark.parametrize("other", OTHERS)
def test_balances_money_and_what_settled_what_are_the_same(told: dict[str, Told], other: str) -> None:
    assert told[other].balances() == told["xero"].balances() != {}
    assert told[other].moved() == told["xero"].moved() != {}
    assert told[other].settled() == told["xero"].settled() != {}
