"""What NetSuite's rows mean, each read off a literal row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.netsuite.records import (
    CREDIT_MEMO,
    CUSTOMER,
    DEPOSIT,
    INVOICE,
    JOURNAL,
    OF_STREAM,
    PAYMENT,
    mapped,
    rejected,
)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the one row."""
    assert len(rows) == 1, rows
    return rows[0]


def test_an_invoice_in_another_currency_keeps_both_amounts_and_its_rate() -> None:
    row = only(mapped("invoices", INVOICE)["invoices"])
    assert row.items() >= {
        "external_id": "CustInvc:7001", "customer_external_id": "customer:412", "number": "INV1042", "title": "Pumps",
        "purchase_order": "PO 77", "currency": "EUR", "gross_amount": Decimal("119.00"), "tax_amount": Decimal("19.00"),
        "net_amount": Decimal("100.00"), "outstanding_amount": Decimal("69.00"), "base_currency": "USD",
        "base_gross_amount": Decimal("128.52"), "base_outstanding_amount": Decimal("74.52"),
        "exchange_rate": Decimal("1.08"), "exchange_rate_basis": "base_per_document", "status": "open",
        "issue_date": date(2026, 3, 1), "due_date": date(2026, 3, 31), "payment_terms": "Net 30",
        "custom_fields": {"custbody_promised": "2026-04-02"},
    }.items()  # fmt: skip


def test_a_timestamp_of_the_accounts_clock_becomes_utc_in_winter_and_in_summer() -> None:
    winter = only(mapped("invoices", INVOICE, lastmodifieddate="2026-01-09 16:00:01")["invoices"])
    summer = only(mapped("invoices", INVOICE, lastmodifieddate="2026-07-09 16:00:01")["invoices"])
    assert winter["source_updated_at"] == datetime(2026, 1, 10, 0, 0, 1, tzinfo=UTC)
    assert summer["source_updated_at"] == datetime(2026, 7, 9, 23, 0, 1, tzinfo=UTC)


def test_an_invoice_has_one_installment_with_its_gross_and_rest() -> None:
    part = only(mapped("invoices", INVOICE)["installments"])
    assert (part["due_date"], part["amount"], part["outstanding_amount"]) == (
        date(2026, 3, 31), Decimal("119.00"), Decimal("69.00"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "changes", "status"),
    [
        ("A", {}, "open"),
        ("CustInvc:A", {}, "open"),
        ("B", {"foreignamountunpaid": None}, "paid"),
        ("B", {}, "open"),
        ("D", {"posting": "F", "lines": []}, "pending_approval"),
        ("E", {"posting": "F", "lines": []}, "rejected"),
        ("V", {"foreignamountunpaid": None, "voided": "T"}, "voided"),
        ("B", {"foreignamountunpaid": None, "voided": "T"}, "voided"),
        ("A", {"voided": "T"}, "open"),
    ],
)
def test_an_invoices_status_is_its_letter_and_a_stated_rest_is_believed(
    written: str, changes: dict[str, Any], status: str
) -> None:
    row = only(mapped("invoices", INVOICE, status=written, **changes)["invoices"])
    assert row["status"] == status and row["source_status"] == written
    assert bool(row["outstanding_amount"]) == (status == "open")


def test_a_voided_invoice_is_nothing_and_remembers_what_it_was() -> None:
    row = only(mapped("invoices", INVOICE, status="V", foreignamountunpaid=None)["invoices"])
    assert [row[name] for name in ("gross_amount", "net_amount", "tax_amount")] == [0, 0, 0]
    assert row["gross_before_void"] == Decimal("119.00")


def test_a_statement_charge_without_terms_is_an_invoice_due_on_its_own_day() -> None:
    row = only(mapped("invoices", INVOICE, type="CustChrg", duedate=None)["invoices"])
    assert (row["external_id"], row["due_date"]) == ("CustChrg:7001", date(2026, 3, 1))


def test_a_credit_memo_is_positive_and_each_of_its_applications_comes_once() -> None:
    said = mapped("credit_notes", CREDIT_MEMO)
    row = only(said["credit_notes"])
    assert (row["gross_amount"], row["unapplied_amount"]) == (Decimal("60.00"), Decimal("10.00"))
    assert [
        (a["kind"], a["source_external_id"], a["target_external_id"], a["target_amount"]) for a in said["allocations"]
    ] == [
        ("credit", "CustCred:7040", "CustInvc:7001", Decimal("30.00")),
        ("refund", "CustRfnd:7090", "CustCred:7040", Decimal("20.00")),
    ]


@pytest.mark.parametrize("sign", ["50.00", "-50.00"])
def test_a_payment_is_positive_whatever_its_sign(sign: str) -> None:
    said = mapped("payments", PAYMENT, foreigntotal=sign)
    row = only(said["payments"])
    assert row.items() >= {
        "external_id": "CustPymt:7050", "kind": "payment", "amount": Decimal("50.00"), "unapplied_amount": Decimal(0),
        "status": "booked", "instrument": "Wire", "on_receivable_account": True, "currency": "EUR",
    }.items()  # fmt: skip
    use = only(said["allocations"])
    assert (use["kind"], use["target_external_id"], use["applied_on"]) == ("payment", "CustInvc:7001", date(2026, 3, 9))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"voided": "T"}, "voided"),
        ({"posting": "F", "lines": []}, "pending"),
        ({"approvalstatus": "1"}, "pending"),
        ({"approvalstatus": "3", "posting": "F"}, "failed"),
    ],
)
def test_a_payment_that_is_not_booked_settles_nothing(changes: dict[str, Any], status: str) -> None:
    said = mapped("payments", PAYMENT, foreignpaymentamountunused=None, **changes)
    assert only(said["payments"])["status"] == status and not said["allocations"]


def test_a_deposit_counts_with_what_is_left_of_it_and_its_application_by_itself() -> None:
    said = mapped("payments", DEPOSIT)
    row = only(said["payments"])
    assert row.items() >= {
        "kind": "deposit", "amount": Decimal("200.00"), "source_total_amount": Decimal("500.00"),
        "unapplied_amount": Decimal("150.00"), "on_receivable_account": False,
    }.items()  # fmt: skip
    refund = only(said["allocations"])
    assert (refund["kind"], refund["source_external_id"], refund["target_amount"]) == (
        "refund", "CustRfnd:7091", Decimal("50.00"),
    )  # fmt: skip


def test_a_deposit_that_states_no_rest_has_what_its_links_leave() -> None:
    assert only(mapped("payments", DEPOSIT, foreignpaymentamountunused=None)["payments"])["unapplied_amount"] == 150


def test_a_journal_entry_gives_a_refund_for_a_debit_and_a_payment_for_a_credit() -> None:
    said = mapped("payments", JOURNAL)
    debit, credit = only(said["refunds"]), only(said["payments"])
    assert (debit["external_id"], debit["kind"], debit["amount"], debit["unapplied_amount"]) == (
        "Journal:7070:0", "journal", Decimal(90), Decimal(65),
    )  # fmt: skip
    assert (credit["external_id"], credit["customer_external_id"], credit["amount"], credit["unapplied_amount"]) == (
        "Journal:7070:2", "customer:413", Decimal(40), Decimal(15),
    )  # fmt: skip
    use = only(said["allocations"])
    assert (use["source_external_id"], use["target_type"], use["target_external_id"], use["target_amount"]) == (
        "Journal:7070:2", "refund", "Journal:7070:0", Decimal(25),
    )  # fmt: skip
    assert use["parent_external_id"] == "Journal:7070"


def test_a_journal_line_without_customer_is_refused_by_name() -> None:
    line = {"transaction": "7070", "id": "0", "foreignamount": "90.00", "amount": "90.00", "amountunpaid": "90.00"}
    reject = rejected("payments", JOURNAL, lines=[line], links=[])
    assert (reject.reason, reject.column) == ("missing_value", "customer_external_id")


def test_a_customer_has_its_parent_its_group_and_its_contacts() -> None:
    said = mapped("customers", CUSTOMER)
    assert only(said["customers"]).items() >= {
        "external_id": "customer:412", "number": "CUST412", "name": "Clampett & Söhne", "currency": "EUR",
        "parent_external_id": "customer:400", "is_intercompany": True, "credit_on_hold": True, "is_active": True,
        "address_line1": "Ramp 2", "address_line2": "Gate 3", "address_city": "Bremen", "address_country": "DE",
        "account_owner_name": "Ann Lee", "category": "VIP",
    }.items()  # fmt: skip
    own, person = said["contacts"]
    assert own["is_main"] and own["email"] == "ar@clampett.example" and "@" not in own["external_id"]
    assert (person["external_id"], person["position"], person["is_main"]) == ("contact:900", "AP clerk", False)


def test_who_works_for_a_customer_that_is_inactive_is_inactive_too() -> None:
    said = mapped("customers", CUSTOMER, isinactive="T")
    assert [contact["is_active"] for contact in said["contacts"]] == [False, False]


def test_a_person_is_called_by_name() -> None:
    changes = {"isperson": "T", "companyname": None, "altname": None, "firstname": "Liam", "lastname": "Gallagher"}
    assert only(mapped("customers", CUSTOMER, **changes)["customers"])["name"] == "Liam Gallagher"


@pytest.mark.parametrize(
    ("stream", "changes", "reason"),
    [
        ("invoices", {"status": "Q"}, "unknown_value"),
        ("invoices", {"foreigntotal": "12,3O"}, "malformed_record"),
        ("invoices", {"foreigntotal": None}, "malformed_record"),
        ("invoices", {"currency": "99"}, "malformed_record"),
        ("invoices", {"entity": "4/12"}, "malformed_record"),
        ("invoices", {"voided": "perhaps"}, "malformed_record"),
        ("credit_notes", {"trandate": "15/03/2026"}, "malformed_record"),
        ("payments", {"type": "CustWhat"}, "unknown_value"),
        ("payments", {"foreigntotal": "NaN"}, "malformed_record"),
        ("customers", {"isinactive": None}, "malformed_record"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_its_reason_told(stream: str, changes: dict[str, Any], reason: str) -> None:
    assert rejected(stream, OF_STREAM[stream], **changes).reason == reason
