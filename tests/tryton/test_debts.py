"""Who owes, what is used on more than one document, and what a company's books say about others'."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from include.connectors.base import Figure
from include.connectors.tryton import Tryton
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded
from tests.tryton.conftest import Running


@pytest.mark.parametrize("case", ["delegated_whole", "delegated_whole_and_paid", "owed_by_another_from_the_start"])
def test_invoice_that_another_owes_is_read_with_that_customer(case: str, tryton: Running, loaded: Loaded) -> None:
    key = tryton.document(case)
    owing = loaded.tables["invoices"][key]["customer_external_id"]
    assert owing != tryton.cases[case]["customer"] and owing in loaded.tables["customers"]
    connector = tryton.connector()
    window = replace(EVERYTHING, customers=(owing,))
    assert [item.key for page in connector.read(connector.stream("invoices"), window) for item in page.items] == [key]


def test_credit_note_among_an_invoices_payments_is_used_once(tryton: Running, loaded: Loaded) -> None:
    for case, amount in (("credit_attached", 8000), ("credit_attached_in_euro", 8000)):
        invoice, note = tryton.cases[case]["documents"]
        (row,) = loaded.onto(invoice)
        assert (row["kind"], row["source_type"], row["source_external_id"]) == ("credit", "credit_note", note), case
        assert (row["source_amount"], row["target_amount"], row["is_derived"]) == (amount, amount, False), case


def test_invoice_among_a_credit_notes_payments_is_settled_by_it(tryton: Running, loaded: Loaded) -> None:
    note, invoice = tryton.cases["invoice_attached_to_credit"]["documents"]
    (row,) = loaded.onto(invoice)
    assert (row["kind"], row["source_external_id"], row["target_amount"]) == ("credit", note, 5000)
    (part,) = loaded.parts(invoice)
    assert (part["amount"], part["outstanding_amount"]) == (5000, 0)


def test_credit_note_reduces_the_earliest_installments(tryton: Running, loaded: Loaded) -> None:
    parts = loaded.parts(tryton.cases["credit_attached_to_installments"]["documents"][0])
    assert [part["outstanding_amount"] for part in parts] == [0, 15000, 40000]


def test_more_than_is_open_stays_with_the_last_installment(tryton: Running, loaded: Loaded) -> None:
    parts = loaded.parts(tryton.cases["attached_more_than_is_open"]["documents"][0])
    assert [part["outstanding_amount"] for part in parts] == [0, 0, -20000]


def test_installments_of_a_currency_without_decimals(tryton: Running, loaded: Loaded) -> None:
    parts = loaded.parts(tryton.document("won_part_paid"))
    assert [(part["amount"], part["outstanding_amount"]) for part in parts] == [
        (300000, 0),
        (300000, 150000),
        (400001, 400001),
    ]


def test_an_old_open_invoice_may_bear_a_new_ones_number(tryton: Running, loaded: Loaded) -> None:
    invoices = loaded.tables["invoices"]
    old = invoices[tryton.document("number_again_in_an_old_open_invoice")]
    (new,) = (row for row in invoices.values() if row["number"] == old["number"] and row is not old)
    assert old["issue_date"] < new["issue_date"] and old["status"] == new["status"] == "open"


def test_a_customer_of_both_companies_has_each_ones_debts_apart(tryton: Running, loaded: Loaded) -> None:
    customer = tryton.cases["in_both_companies"]["customer"]
    assert [row["outstanding_amount"] for row in loaded.of("invoices", customer)] == [1800]
    assert [f.amount for f in _figures(tryton.connector(), "customer_balance") if f.subject == customer] == [18]
    contoso = Tryton(tryton.connection(), tryton.companies["Contoso Services"])
    assert [f.amount for f in _figures(contoso, "customer_balance") if f.subject == customer] == [61]


def test_entries_without_customer_are_counted_and_named_as_such(tryton: Running) -> None:
    """One of them is not posted: it is in no figure."""
    contoso = Tryton(tryton.connection(), tryton.companies["Contoso Services"])
    unmapped = [f for f in _figures(contoso, "closed_world") if not f.mapped]
    assert [(f.amount, f.count) for f in unmapped] == [(21, 1)]
    assert unmapped[0].subject.endswith("without customer")
    assert "" in {f.customer for f in _figures(contoso, "open_document")}
    assert not [f for f in _figures(contoso, "customer_balance") if "None" in f.subject]


def _figures(connector: Tryton, name: str) -> list[Figure]:
    said = connector.control_figures(datetime.now(UTC).date(), HISTORY_FROM)
    return [figure for figure in said.figures if figure.name == name]
