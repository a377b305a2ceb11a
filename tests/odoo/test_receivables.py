"""What the connector makes of a real Odoo's books, held against what Odoo itself says of them, per company."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from include import money
from tests.odoo.clerk import Clerk
from tests.odoo.conftest import Running
from tests.odoo.truth import BUCKETS, Truth
from tests.tryton.books import Loaded, Row, load

pytestmark = [pytest.mark.e2e, pytest.mark.proves("odoo", "client"), pytest.mark.proves("odoo", "server")]

HOLDINGS = {"invoices": ("outstanding_amount", 1), "credit_notes": ("unapplied_amount", -1),
            "payments": ("unapplied_amount", -1), "refunds": ("unapplied_amount", 1)}  # fmt: skip
"""Table → its rest, and the sign that the rest has in what the customer owes."""
POSTED = ("open", "paid", "booked")
DOCUMENTS = ("invoices", "credit_notes")
BASE = ("base_unapplied_amount", "base_outstanding_amount")
"""The rest in the books' currency: of money, of documents."""


@dataclass(frozen=True)
class Books:
    """One company, as the connector and as Odoo have it."""

    odoo: Running
    clerk: Clerk
    loaded: Loaded
    said: Truth

    @property
    def documents(self) -> dict[str, tuple[str, Row]]:
        """Key → table and row of every document."""
        return {key: (table, row) for table in DOCUMENTS for key, row in self.loaded.tables[table].items()}

    def rests(self) -> list[tuple[Row, int, int]]:
        """Every posted row of a customer's debt: the row, its rest and its rest in the books' currency, signed."""
        return [
            (row, sign * row[rest], sign * row[BASE[table in DOCUMENTS]])
            for table, (rest, sign) in HOLDINGS.items()
            for row in self.loaded.tables[table].values()
            if row["status"] in POSTED
        ]


@pytest.fixture(scope="session", params=["northwind", "contoso"])
def books(request: pytest.FixtureRequest, odoo: Running) -> Books:
    company = getattr(odoo.companies, request.param)
    return Books(odoo, odoo.clerk(company), load(odoo.connector(company)), odoo.truth(company))


def minor(amount: Decimal, currency: str) -> int:
    return money.minor_units(amount, currency)


def test_sound_books_give_no_rejects(books: Books) -> None:
    assert books.loaded.rejects == []


def test_every_document_is_there_with_its_facts(books: Books) -> None:
    ours = books.documents
    assert ours.keys() == {f"account.move:{document}" for document in books.said.documents}
    for document, theirs in books.said.documents.items():
        table, row = ours[f"account.move:{document}"]
        currency = theirs["currency_id"][1]
        is_note = theirs["move_type"] == "out_refund"
        assert table == ("credit_notes" if is_note else "invoices"), document
        assert row["customer_external_id"] == f"res.partner:{theirs['commercial_partner_id'][0]}", document
        assert (row["number"] or "/", row["currency"]) == (theirs["name"], currency), document
        assert str(row["issue_date"]) == theirs["invoice_date"], document
        gross = row["gross_before_void"] if row["status"] == "voided" else row["gross_amount"]
        assert gross == minor(_exact(theirs["amount_total"]), currency), document
        rest = _exact(theirs["amount_residual"]) if theirs["state"] == "posted" else Decimal(0)
        assert row[HOLDINGS[table][0]] == minor(rest, currency), document
        assert row["status"] == _status(theirs), document


def test_due_dates_and_their_rests_are_odoos(books: Books) -> None:
    for document, theirs in books.said.due.items():
        table, row = books.documents[f"account.move:{document}"]
        if table == "invoices" and row["gross_amount"]:
            parts = [(part["due_date"], part["outstanding_amount"]) for part in books.loaded.parts(row["external_id"])]
            assert parts == [(day, minor(rest, row["currency"])) for day, rest in theirs], document


def test_partner_ledger_is_odoos(books: Books) -> None:
    """Per customer: in each currency what is not matched, and in the books' own the ledger's balance."""
    ours: dict[tuple[str, str], int] = defaultdict(int)
    base: dict[str, int] = defaultdict(int)
    for row, rest, base_rest in books.rests():
        ours[row["customer_external_id"], row["currency"]] += rest
        base[row["customer_external_id"]] += base_rest
    theirs: dict[tuple[str, str], int] = defaultdict(int)
    for (partner, currency), rest in books.said.rests.items():
        theirs[_customer(books, partner), currency] += minor(rest, currency)
    balances: dict[str, int] = defaultdict(int)
    for (partner, _), (_, balance) in books.said.ledger.items():
        balances[_customer(books, partner)] += minor(balance, _base(books))
    assert _some(ours) == _some(theirs)
    assert _some(base) == _some(balances)
    assert base.keys() <= books.loaded.tables["customers"].keys()


def test_partner_forms_say_the_same(books: Books) -> None:
    base: dict[str, int] = defaultdict(int)
    for row, _, rest in books.rests():
        base[row["customer_external_id"]] += rest
    credit: dict[str, int] = defaultdict(int)
    for partner, amount in books.said.credit.items():
        credit[_customer(books, partner)] += minor(amount, _base(books))
    assert _some(base) == _some(credit)


def test_aged_receivable_is_odoos(books: Books) -> None:
    """Documents by their due dates, what is not used of money and credit notes by its own."""
    ours: dict[tuple[str, int], int] = defaultdict(int)
    for row, _, rest in books.rests():
        if row["status"] == "booked":
            day = row.get("paid_on") or row["refunded_on"]
            if day <= books.clerk.today:
                ours[row["customer_external_id"], _bucket(books, day)] += rest
        elif "outstanding_amount" not in row:
            ours[row["customer_external_id"], _bucket(books, row["due_date"])] += rest
        else:
            for part, amount in _in_base(books.loaded.parts(row["external_id"]), row["outstanding_amount"], rest):
                ours[row["customer_external_id"], _bucket(books, part)] += amount
    theirs = {
        (f"res.partner:{customer}", bucket): minor(amount, _base(books))
        for customer, buckets in books.said.aged.items()
        for bucket, amount in buckets.items()
    }
    different = {key for key in ours.keys() | theirs.keys() if abs(ours.get(key, 0) - theirs.get(key, 0)) > 1}
    assert not {key: (ours.get(key), theirs.get(key)) for key in different}


def test_what_settles_a_document_is_what_its_form_lists(books: Books) -> None:
    """With how much of the document's currency, added up by the entry that settles it."""
    for document, listed in books.said.settled.items():
        key = f"account.move:{document}"
        table, row = books.documents[key]
        theirs = sum((amount for _, amount in listed), Decimal(0))
        onto = sum(one["target_amount"] for one in books.loaded.onto(key))
        used = sum(one["source_amount"] for one in books.loaded.out_of(key))
        assert onto + used == row["gross_amount"] - row[HOLDINGS[table][0]] or row["status"] not in POSTED, key
        if table == "invoices" and row["currency"] == _base(books):
            assert onto == minor(theirs, row["currency"]), key


def test_every_row_is_explained(books: Books) -> None:
    """Checks (a) to (c): what was is what is left and what was used."""
    explained: dict[str, int] = defaultdict(int)
    for row in books.loaded.tables["allocations"].values():
        explained[row["target_external_id"]] += row["target_amount"]
        if row["source_external_id"]:
            explained[row["source_external_id"]] += row["source_amount"]
    wrong = [
        (key, row["customer_external_id"], row["status"])
        for table, (rest, _) in HOLDINGS.items()
        for key, row in books.loaded.tables[table].items()
        if row["status"] in POSTED
        and row["gross_amount" if table in DOCUMENTS else "amount"] != explained[key] + row[rest]
    ]
    assert not wrong


def test_customers_are_whole(books: Books) -> None:
    """Everybody who holds a document or an entry, archived or not, under the name and address that Odoo has."""
    for key, row in books.loaded.tables["customers"].items():
        theirs = books.said.partners[int(key.rpartition(":")[2])]
        assert (row["name"], row["is_active"]) == (theirs["name"], theirs["active"]), key
        emails = {contact["email"] for contact in books.loaded.of("contacts", key)}
        assert not theirs["email"] or theirs["email"] in emails, key


def _exact(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.001"))


def _status(document: dict[str, object]) -> str:
    if document["state"] == "posted":
        return "open" if document["amount_residual"] else "paid"
    return {"draft": "draft", "cancel": "voided"}[str(document["state"])]


def _customer(books: Books, partner: int) -> str:
    return f"res.partner:{books.said.partners[partner]['commercial_partner_id'][0]}"


def _base(books: Books) -> str:
    return "USD" if books.clerk.company == books.odoo.companies.northwind else "EUR"


def _bucket(books: Books, day: date) -> int:
    late = (books.clerk.today - day).days
    return next((bucket for bucket in BUCKETS if late <= bucket), 10000)


def _in_base(parts: list[Row], rest: int, base: int) -> list[tuple[date, int]]:
    """Return due dates with their shares of the rest in the books' currency."""
    if not rest:
        return [(parts[0]["due_date"], base)]
    return [(part["due_date"], round(Decimal(base) * part["outstanding_amount"] / rest)) for part in parts]


def _some(amounts: Mapping[Any, int]) -> dict[Any, int]:
    return {key: amount for key, amount in amounts.items() if amount}
