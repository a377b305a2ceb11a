"""What Odoo's records mean, one by one, as Odoo 14 sends them and as later versions differ."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.odoo.records import (
    ACME,
    BANKED,
    EUR,
    EXCHANGES,
    INVOICED,
    LINE,
    MOVE,
    NEWER,
    OPENING,
    PAID,
    PARTIAL,
    PARTNER,
    PAYMENT,
    PERSON,
    REST,
    SECOND,
    customer,
    invoice,
    line,
    table,
)  # fmt: skip

DUE = [LINE, REST]
CLOSED = [LINE, REST | {"amount_residual": 0.0, "amount_residual_currency": 0.0, "reconciled": True}]
OPEN = [LINE | {"amount_residual": 30.0, "amount_residual_currency": 30.0}, REST | {"amount_residual": 70.0,
        "amount_residual_currency": 70.0}]  # fmt: skip


def test_each_due_line_is_an_installment_with_the_rest_that_odoo_keeps_for_it() -> None:
    parts = table(invoice(MOVE, DUE), "installments")
    assert [(p["sequence"], p["due_date"], p["amount"], p["outstanding_amount"]) for p in parts] == [
        (1, date(2026, 2, 11), Decimal("30.00"), 0), (2, date(2026, 3, 13), Decimal("70.00"), Decimal("60.00"))
    ]  # fmt: skip


def test_an_open_invoice_is_due_when_its_earliest_unpaid_part_is() -> None:
    (row,) = table(invoice(MOVE, DUE), "invoices")
    assert (row["status"], row["due_date"], row["outstanding_amount"]) == ("open", date(2026, 3, 13), Decimal("60.00"))
    assert (row["purchase_order"], row["payment_terms"], row["is_sent"]) == ("PO 7", "30/70", True)


@pytest.mark.parametrize("state", ["paid", "in_payment", "reversed"])
def test_what_has_no_rest_is_paid_on_the_day_of_the_last_matching(state: str) -> None:
    (row,) = table(invoice(MOVE | {"payment_state": state, "amount_residual": 0.0}, CLOSED), "invoices")
    assert (row["status"], row["closed_on"], row["pending_amount"]) == ("paid", date(2026, 3, 1), None)


def test_in_payment_with_its_whole_rest_is_open_with_the_payment_announced() -> None:
    """From version 18 on a payment need not have an entry."""
    (row,) = table(invoice(MOVE | {"payment_state": "in_payment", "amount_residual": 100.0}, OPEN), "invoices")
    assert (row["status"], row["outstanding_amount"], row["pending_amount"]) == ("open", Decimal(100), Decimal(100))


@pytest.mark.parametrize(("move", "due"), [({"payment_state": "blocked"}, DUE), ({}, [LINE | {"blocked": True}, REST])])
def test_a_blocked_document_is_disputed_in_the_word_of_either_version(move: dict[str, Any], due: list[Any]) -> None:
    (row,) = table(invoice(MOVE | move, due), "invoices")
    assert (row["status"], row["is_disputed"]) == ("open", True)


def test_a_draft_owes_nothing_and_may_lack_number_and_day() -> None:
    draft = {
        "state": "draft",
        "name": "/",
        "payment_state": "not_paid",
        "invoice_date": False,
        "amount_residual": 100.0,
    }
    meant = invoice(MOVE | draft, OPEN)
    (row,) = table(meant, "invoices")
    assert (row["status"], row["outstanding_amount"], row["number"], row["issue_date"]) == ("draft", 0, None, None)
    assert table(meant, "installments") == []


@pytest.mark.parametrize(("was_posted", "status"), [(True, "voided"), (False, "rejected")])
def test_a_cancelled_document_is_voided_if_it_was_ever_posted(was_posted: bool, status: str) -> None:
    (row,) = table(invoice(MOVE | {"state": "cancel", "posted_before": was_posted}, DUE), "invoices")
    assert (row["status"], row["outstanding_amount"]) == (status, 0)
    assert row["gross_before_void"] == (Decimal(100) if was_posted else None)


def test_a_refund_is_a_credit_note_of_positive_amounts_that_names_what_it_reverses() -> None:
    note = MOVE | {"move_type": "out_refund", "amount_total": 30.0, "amount_residual": 30.0, "ref": "Reversal of: X",
                   "reversed_entry_id": [5, "INV/2026/01/0001"]}  # fmt: skip
    due = LINE | {"balance": -30.0, "amount_currency": -30.0, "amount_residual": -30.0,
                  "amount_residual_currency": -30.0, "matched_credit_ids": []}  # fmt: skip
    (row,) = table(invoice(note, [due]), "credit_notes")
    assert (row["gross_amount"], row["unapplied_amount"], row["base_outstanding_amount"]) == (30, 30, 30)
    assert (row["original_document_external_id"], row["title"]) == ("account.move:5", "Reversal of: X")


def test_due_lines_that_do_not_add_up_to_the_document_reject_it() -> None:
    (reject,) = invoice(MOVE, [REST]).rejects
    assert (reject.key, reject.reason, reject.is_open) == ("account.move:1", "impossible_amount", True)
    assert (reject.number, reject.amount) == ("INV/2026/02/0001", Decimal(60))


def test_what_a_float_added_behind_the_cents_is_taken_off_and_real_tenths_of_cents_are_not() -> None:
    noisy = {"amount_total": 100.00000000000001, "amount_untaxed": 89.99999999999999}
    (row,) = table(invoice(MOVE | noisy, DUE), "invoices")
    assert (row["gross_amount"], row["net_amount"]) == (Decimal("100.00"), Decimal("90.00"))
    (row,) = table(invoice(MOVE | {"amount_tax": 10.005}, DUE), "invoices")
    assert row["tax_amount"] == Decimal("10.005")  # for the model to refuse


def test_a_state_that_odoo_learns_some_day_rejects_the_document() -> None:
    (reject,) = invoice(MOVE | {"payment_state": "half_paid"}, DUE).rejects
    assert (reject.reason, reject.column) == ("unknown_value", "source_status")


def test_a_payment_is_used_on_each_part_as_odoo_matched_it() -> None:
    meant = line(PAID, [PARTIAL, SECOND], DUE, [INVOICED, BANKED], [PAYMENT])
    (payment,) = table(meant, "payments")
    assert (payment["kind"], payment["amount"], payment["unapplied_amount"]) == ("payment", 40, 0)
    found = [(a["kind"], a["source_amount"], a["target_external_id"], a["target_amount"])
             for a in table(meant, "allocations")]  # fmt: skip
    assert found == [("payment", 30, "account.move:1", 30), ("payment", 10, "account.move:1", 10)]


def test_a_documents_own_line_is_no_movement_and_leaves_its_allocations_to_what_was_used() -> None:
    meant = line(LINE, [PARTIAL], [PAID], [INVOICED, BANKED], [PAYMENT])
    assert [table(meant, name) for name in ("payments", "refunds", "allocations")] == [[], [], []]


def test_later_versions_call_a_due_line_by_another_word() -> None:
    meant = line(LINE | NEWER, [PARTIAL], [PAID | NEWER], [INVOICED, BANKED], [PAYMENT])
    assert table(meant, "refunds") == []


def test_marked_as_fully_paid_is_what_was_paid_and_a_write_off_over_the_rest() -> None:
    meant = line(PAID, [PARTIAL, SECOND], DUE, [INVOICED, BANKED], [PAYMENT | {"amount": 35.0}])
    (payment,) = table(meant, "payments")
    assert payment["amount"] == 35
    found = [(a["kind"], a["source_amount"], a["target_amount"], a["is_derived"]) for a in table(meant, "allocations")]
    assert found == [("payment", 30, 30, False), ("payment", 5, 5, True), ("write_off", None, 5, True)]


def test_an_unreconciled_payment_with_a_write_off_stands_for_all_of_it() -> None:
    loose = PAID | {"matched_debit_ids": [], "reconciled": False, "amount_residual": -40.0,
                    "amount_residual_currency": -40.0}  # fmt: skip
    (payment,) = table(line(loose, [], [], [BANKED], [PAYMENT | {"amount": 35.0}]), "payments")
    assert (payment["amount"], payment["unapplied_amount"], payment["source_total_amount"]) == (40, 40, 35)


def test_an_exchange_difference_settles_nothing_where_only_the_books_moved() -> None:
    difference = PAID | {"payment_id": False, "balance": -2.5, "amount_currency": 0.0, "currency_id": EUR,
                         "matched_debit_ids": [11]}  # fmt: skip
    only_books = PARTIAL | {"amount": 2.5, "debit_amount_currency": 0.0, "credit_amount_currency": 0.0}
    entry = BANKED | {"journal_id": [EXCHANGES, "Exchange Difference"]}
    meant = line(difference, [only_books], [LINE], [INVOICED, entry], [])
    assert [table(meant, name) for name in ("payments", "refunds", "allocations")] == [[], [], []]


def test_an_exchange_difference_in_the_documents_own_currency_is_told() -> None:
    difference = PAID | {"payment_id": False, "balance": 0.0, "amount_currency": -1.25, "matched_debit_ids": [11]}
    partial = PARTIAL | {"amount": 0.0, "debit_amount_currency": 1.25, "credit_amount_currency": 1.25}
    entry = BANKED | {"journal_id": [EXCHANGES, "Exchange Difference"]}
    (row,) = table(line(difference, [partial], [LINE], [INVOICED, entry], []), "allocations")
    assert (row["kind"], row["source_type"], row["target_amount"]) == ("exchange_difference", None, Decimal("1.25"))


@pytest.mark.parametrize(("move", "journal", "kind"), [(8, 3, "journal"), (OPENING, 3, "opening_balance")])
def test_a_debit_without_a_document_is_a_refund_of_its_kind(move: int, journal: int, kind: str) -> None:
    debit = REST | {"move_id": [move, "MISC"], "matched_credit_ids": [], "exclude_from_invoice_tab": False}
    entry = {"id": move, "move_type": "entry", "state": "posted", "journal_id": [journal, "Miscellaneous"]}
    (row,) = table(line(debit, [], [], [entry], []), "refunds")
    assert (row["kind"], row["unapplied_amount"], row["instrument"]) == (kind, 60, "Miscellaneous")


def test_a_line_that_names_no_customer_is_refused_and_blocks_while_it_is_open() -> None:
    loose = PAID | {"partner_id": False, "matched_debit_ids": [], "reconciled": False}
    (reject,) = line(loose, [], [], [BANKED], [PAYMENT]).rejects
    assert (reject.column, reject.is_open) == ("customer_external_id", True)


def test_a_matching_that_did_not_come_rejects_the_line_and_is_not_taken_for_none() -> None:
    (reject,) = line(PAID, [PARTIAL], DUE, [INVOICED, BANKED], [PAYMENT]).rejects
    assert (reject.key, reject.reason) == ("account.move.line:21", "malformed_record")


def test_a_customer_is_a_commercial_partner_with_its_people_as_contacts() -> None:
    meant = customer(PARTNER, [PERSON, PERSON | {"id": 11, "type": "delivery"}])
    (row,) = table(meant, "customers")
    assert (row["number"], row["address_region"], row["address_country"]) == ("K-9", "California", "US")
    assert (row["account_owner_email"], row["category"]) == ("sam@seller.example", "Gold")
    assert row["custom_fields"] == {"x_segment": "A"}
    found = [(c["external_id"], c["email"], c["is_main"]) for c in table(meant, "contacts")]
    assert found == [("res.partner:9", "ap@acme.example", True), ("res.partner:10", "bob@acme.example", False)]


def test_the_invoice_address_is_the_main_contact_of_a_customer_without_an_address_of_its_own() -> None:
    people = [PERSON, PERSON | {"id": 11, "type": "invoice", "email": "bills@acme.example"}]
    found = table(customer(PARTNER | {"email": False}, people), "contacts")
    assert [c["external_id"] for c in found if c["is_main"]] == ["res.partner:11"]


def test_a_partner_below_whom_nobody_holds_a_document_is_no_customer() -> None:
    stranger = PARTNER | {"id": 77, "commercial_partner_id": [77, "Lead"]}
    assert table(customer(stranger, []), "customers") == []


def test_a_company_above_a_customer_is_its_parent_and_is_read_too() -> None:
    parent = PARTNER | {"id": 50, "commercial_partner_id": [50, "Group"]}
    child = PARTNER | {"parent_id": [50, "Group"]}
    (row,) = table(customer(parent, [child]), "customers")
    assert row["external_id"] == "res.partner:50"
    (row,) = table(customer(child, [], [{"id": 50, "commercial_partner_id": [50, "Group"]}]), "customers")
    assert (row["external_id"], row["parent_external_id"]) == (f"res.partner:{ACME[0]}", "res.partner:50")
