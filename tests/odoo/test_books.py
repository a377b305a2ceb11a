"""The seeded books are what the cases mean, and Odoo's own answers about them agree with each other."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.odoo import truth
from tests.odoo.conftest import Running
from tests.odoo.truth import Truth

pytestmark = pytest.mark.e2e

OWED = {
    "overdue": "50", "taxed": "114.99", "paid": "0", "paid_in_part": "70", "overpaid": "-30",
    "overpayment_paid_back": "0", "payment_on_account": "15", "payment_on_account_in_euro": "-63.22",
    "payment_not_posted": "100", "payment_cancelled": "60", "payment_of_a_bank_statement": "0", "written_off": "0",
    "euro_paid_at_another_rate": "0", "first_installment_paid": "700", "credit_note_open": "120",
    "credit_note_used": "120", "credit_note_used_in_part": "-30", "reversed_whole": "0", "credit_note_paid_back": "0",
    "credit_note_paid_back_in_part": "-40", "receipt_open": "15", "draft": "0", "cancelled": "0",
    "part_paid_cancelled": "-30", "reset_to_draft": "-31", "debit_by_hand": "70", "credit_by_hand": "-20",
    "debit_and_credit_in_one_entry": "23", "on_a_further_receivable_account": "12", "archived_debtor": "21",
    "in_both_companies": "24",
}  # fmt: skip
"""Case → what its customer owes Northwind, in dollars."""
STATES = {
    "paid": ["posted/paid"], "paid_in_part": ["posted/partial"], "reversed_whole": ["posted/reversed", "posted/paid"],
    "draft": ["draft/not_paid"] * 2, "cancelled": ["cancel/not_paid"], "reset_to_draft": ["draft/not_paid"],
    "draft_deleted": [],
}  # fmt: skip


@pytest.mark.parametrize("case", OWED)
def test_customer_owes_what_the_case_means(case: str, odoo: Running, said: Truth) -> None:
    assert said.credit.get(odoo.cases[case][0], Decimal(0)) == Decimal(OWED[case])


@pytest.mark.parametrize("case", STATES)
def test_documents_stand_as_the_case_means(case: str, odoo: Running, said: Truth) -> None:
    rows = [said.documents[document] for document in odoo.cases[case][1]]
    assert [f"{row['state']}/{row['payment_state']}" for row in rows] == STATES[case]


def test_partner_forms_partner_ledger_and_aged_receivable_agree(odoo: Running, said: Truth) -> None:
    ledger: dict[int, Decimal] = defaultdict(Decimal)
    for (partner, _), (_, balance) in said.ledger.items():
        ledger[partner] += balance
    assert {p: a for p, a in ledger.items() if a} == {p: a for p, a in said.credit.items() if a}
    customers: dict[int, Decimal] = defaultdict(Decimal)
    for partner, balance in ledger.items():
        customers[said.partners[partner]["commercial_partner_id"][0]] += balance
    after_the_last_entry = odoo.clerk().today + timedelta(days=9)
    aged = truth.aged(odoo.server, odoo.database, odoo.clerk(), after_the_last_entry)
    owed = {customer: sum(sums.values(), Decimal(0)) for customer, sums in aged.items()}
    assert {p: a for p, a in owed.items() if a} == {p: a for p, a in customers.items() if a}


def test_a_payment_of_next_week_is_in_the_ledger_and_not_in_todays_aging(odoo: Running, said: Truth) -> None:
    who = odoo.cases["payment_in_the_future"][0]
    assert said.credit[who] == 55 and said.aged[who] == {30: 100}


def test_overdue_invoices_stand_in_the_buckets_of_their_days(odoo: Running, said: Truth) -> None:
    aged = said.aged[odoo.cases["overdue"][0]]
    assert aged == {30: 11, 60: 12, 90: 13, 10000: 14}
    assert said.aged[odoo.cases["not_due"][0]] == {0: 100}


def test_each_company_has_its_own_debts(odoo: Running) -> None:
    who = odoo.cases["in_both_companies"][0]
    contoso = odoo.truth(odoo.companies.contoso)
    assert contoso.ledger[who, "EUR"] == (Decimal(61), Decimal(61))
    assert contoso.ledger[who, "USD"][0] == 50
    assert contoso.documents.keys().isdisjoint(odoo.truth().documents)


def test_a_copy_is_changed_and_the_seeded_books_are_not(odoo: Running, another: Running) -> None:
    who, (invoice,) = another.cases["not_due"]
    another.clerk().pay(invoice)
    assert not another.truth().credit[who]
    assert odoo.truth().credit[who] == 100
