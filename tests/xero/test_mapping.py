"""What one record of Xero means, rule by rule, on records as Xero's own documents show them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from include.connectors.xero import Xero
from include.errors import ContractError
from tests.xero.records import (
    BUYER,
    CONTACT,
    CREDIT_NOTE,
    INVOICE,
    ORGANISATION,
    OVERPAYMENT,
    PAYMENT,
    REFUND,
    connector,
    mapped,
    rejected,
)

D = Decimal
NUMBER = "046d8a6d-1ae1-4b4d-9340-5601bdf41b87"


def invoice(**changes: Any) -> dict[str, Any]:
    return mapped("invoices", INVOICE, **changes)["invoices"][0]


def test_an_open_invoice_with_its_one_installment_and_its_payment() -> None:
    found = mapped("invoices", INVOICE)
    row, part, paid = found["invoices"][0], found["installments"][0], found["allocations"][0]
    assert row == row | {
        "external_id": f"Invoice:{NUMBER}", "customer_external_id": f"Contact:{BUYER}", "number": "INV-0002",
        "purchase_order": "Red Fish, Blue Fish", "issue_date": date(2018, 10, 20), "posting_date": date(2018, 10, 20),
        "due_date": date(2018, 12, 30), "currency": "NZD", "gross_amount": D(46), "net_amount": D(40),
        "tax_amount": D(6), "outstanding_amount": D(26), "status": "open", "source_status": "AUTHORISED",
        "is_sent": True, "base_currency": "NZD", "base_gross_amount": D(46), "base_outstanding_amount": D(26),
        "source_updated_at": datetime(2018, 11, 2, 16, 36, 32, 690000, UTC),
    }  # fmt: skip
    assert (part["sequence"], part["due_date"], part["amount"], part["outstanding_amount"]) == (
        1, date(2018, 12, 30), D(46), D(26),
    )  # fmt: skip
    assert paid == paid | {
        "kind": "payment", "source_type": "payment", "source_amount": D(20), "target_amount": D(20),
        "source_external_id": "Payment:99ea7f6b-c513-4066-bc27-b7c65dcd76c2", "target_type": "invoice",
        "target_external_id": f"Invoice:{NUMBER}", "target_currency": "NZD", "applied_on": date(2018, 11, 29),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("theirs", "due", "status", "rest"),
    [
        ("DRAFT", D(46), "draft", D(0)),
        ("SUBMITTED", D(46), "pending_approval", D(0)),
        ("AUTHORISED", D(46), "open", D(46)),
        ("PAID", 0, "paid", D(0)),
        ("PAID", D("0.01"), "open", D("0.01")),
        ("VOIDED", 0, "voided", D(0)),
        ("DELETED", D(46), "rejected", D(0)),
    ],
)
def test_each_status_and_what_is_open_of_it(theirs: str, due: Any, status: str, rest: Decimal) -> None:
    row = invoice(Status=theirs, AmountDue=due, Payments=[])
    assert (row["status"], row["outstanding_amount"], row["source_status"]) == (status, rest, theirs)


def test_a_voided_invoice_keeps_its_former_gross_and_settles_nothing() -> None:
    found = mapped("invoices", INVOICE, Status="VOIDED", AmountDue=0)
    row = found["invoices"][0]
    amounts = [row[name] for name in ("gross_amount", "net_amount", "tax_amount", "outstanding_amount")]
    assert amounts == [0, 0, 0, 0] and row["gross_before_void"] == D(46) and not found["allocations"]
    assert [part["amount"] for part in found["installments"]] == [0]


def test_a_paid_invoice_says_when_it_was_closed() -> None:
    row = invoice(Status="PAID", AmountDue=D("0.00"), FullyPaidOnDate="/Date(1543449600000+0000)/")
    assert row["closed_on"] == date(2018, 11, 29)


def test_a_draft_has_no_installment_and_no_place_in_the_ledger() -> None:
    found = mapped("invoices", INVOICE, Status="DRAFT", InvoiceNumber="", Payments=[])
    assert not found["installments"] and found["invoices"][0]["posting_date"] is None
    assert found["invoices"][0]["number"] is None


def test_an_invoice_in_another_currency_states_a_rate_and_no_base_amounts() -> None:
    row = invoice(CurrencyCode="AUD", CurrencyRate=D("0.937053"))
    assert (row["exchange_rate"], row["exchange_rate_basis"]) == (D("0.937053"), "document_per_base")
    assert row["base_gross_amount"] is None and row["base_outstanding_amount"] is None


def test_sent_is_unknown_where_xero_does_not_say() -> None:
    assert invoice(SentToContact=None)["is_sent"] is None
    assert invoice(SentToContact=False)["is_sent"] is False


def test_a_promise_to_pay_is_kept() -> None:
    assert invoice(ExpectedPaymentDate="/Date(1546128000000+0000)/")["expected_payment_date"] == date(2018, 12, 30)


def test_the_link_goes_through_the_organisation() -> None:
    assert invoice()["source_url"] == (
        "https://go.xero.com/organisationlogin/default.aspx?shortcode=!23eYt"
        f"&redirecturl=/AccountsReceivable/View.aspx?InvoiceID={NUMBER}"
    )


def test_a_credit_note_lists_what_it_was_used_for_and_what_was_paid_back() -> None:
    found = mapped("credit_notes", CREDIT_NOTE)
    row = found["credit_notes"][0]
    assert (row["gross_amount"], row["unapplied_amount"], row["status"]) == (D("34.50"), D("22.50"), "open")
    used, refund = found["allocations"]
    assert (used["kind"], used["source_type"], used["target_external_id"], used["target_amount"]) == (
        "credit", "credit_note", f"Invoice:{NUMBER}", D("10.0"),
    )  # fmt: skip
    assert (refund["kind"], refund["source_external_id"], refund["target_type"], refund["target_amount"]) == (
        "refund", "Payment:6b037c9b-2e5d-4905-84d3-eabfb3438242", "credit_note", D(2),
    )  # fmt: skip
    assert row["gross_amount"] == used["source_amount"] + refund["target_amount"] + row["unapplied_amount"]


def test_an_allocation_that_was_undone_is_none() -> None:
    assert len(mapped("credit_notes", CREDIT_NOTE)["allocations"]) == 2, "of three lines one is deleted"


def test_a_payment_counts_in_the_documents_currency_not_the_banks() -> None:
    found = mapped("payments", PAYMENT)
    row = found["payments"][0]
    assert (row["amount"], row["currency"], row["unapplied_amount"]) == (D(46), "AUD", D(0))
    assert (row["paid_on"], row["status"], row["instrument"]) == (date(2018, 11, 29), "booked", "970")
    assert row["customer_external_id"] == f"Contact:{BUYER}" and not found["refunds"]


def test_a_deleted_payment_is_voided() -> None:
    assert mapped("payments", PAYMENT, Status="DELETED")["payments"][0]["status"] == "voided"


@pytest.mark.parametrize("kind", ["ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"])
def test_money_paid_back_is_a_refund(kind: str) -> None:
    found = mapped("payments", REFUND, PaymentType=kind)
    assert not found["payments"] and found["refunds"][0]["refunded_on"] == date(2019, 3, 14)


def test_a_refund_may_name_its_credit_by_its_own_name() -> None:
    paid = {"CreditNoteID": "249f15fa", "Contact": {"ContactID": BUYER}, "CurrencyCode": "NZD"}
    assert mapped("payments", REFUND, Invoice=None, CreditNote=paid)["refunds"][0]["currency"] == "NZD"


def test_an_overpayment_is_a_payment_with_a_rest() -> None:
    found = mapped("overpayments", OVERPAYMENT)
    row, used = found["payments"][0], found["allocations"][0]
    assert (row["kind"], row["amount"], row["unapplied_amount"], row["paid_on"]) == (
        "overpayment", D(25), D(20), date(2019, 3, 13),
    )  # fmt: skip
    assert row["base_unapplied_amount"] is None and row["exchange_rate"] == D("0.90")
    assert (used["kind"], used["source_type"], used["source_amount"]) == ("payment", "payment", D(5))
    assert "Reference" not in str(row["number"]), "what payers write may hold names"


def test_a_voided_overpayment_is_worth_nothing() -> None:
    found = mapped("overpayments", OVERPAYMENT, Status="VOIDED")
    assert (found["payments"][0]["status"], found["payments"][0]["unapplied_amount"]) == ("voided", 0)
    assert not found["allocations"]


def test_a_prepayment_is_one() -> None:
    row = mapped("prepayments", OVERPAYMENT.replace("Overpayment", "Prepayment"), Type="RECEIVE-PREPAYMENT")[
        "payments"
    ][0]
    assert row["kind"] == "prepayment" and row["on_receivable_account"] is True


def test_a_customer_with_its_postal_address() -> None:
    row = mapped("customers", CONTACT)["customers"][0]
    assert row == row | {
        "external_id": f"Contact:{BUYER}", "number": "K-17", "name": "Clampett & Söhne", "currency": "EUR",
        "vat_number": "DE123456789", "registration_number": "NumberBusiness1234", "address_line1": "Postfach 12",
        "address_line2": "Tor 3", "address_city": "Köln", "address_postal_code": "50667", "address_region": "NRW",
        "address_country": "DE", "category": "VIP", "payment_terms": "30 days after bill date", "is_active": True,
        "superseded_by_external_id": None,
    }  # fmt: skip


def test_the_street_stands_in_where_there_is_no_postal_address() -> None:
    street = {"AddressType": "STREET", "AddressLine1": "1 Queen St", "City": "Auckland", "Country": "Atlantis"}
    row = mapped("customers", CONTACT, Addresses=[{"AddressType": "POBOX", "City": ""}, street])["customers"][0]
    assert (row["address_line1"], row["address_city"], row["address_country"]) == ("1 Queen St", "Auckland", None)
    assert row["custom_fields"] == {"country": "Atlantis"}, "what no list of countries knows is not lost"


def test_an_archived_and_a_merged_customer() -> None:
    row = mapped("customers", CONTACT, ContactStatus="ARCHIVED", MergedToContactID="5cc8cf28")["customers"][0]
    assert row["is_active"] is False and row["superseded_by_external_id"] == "Contact:5cc8cf28"


def test_contacts_are_the_customers_own_address_first_then_its_persons() -> None:
    main, *others = mapped("customers", CONTACT)["contacts"]
    assert (main["email"], main["is_main"], main["first_name"], main["phone"]) == (
        "kat.warren@clampett.com", True, "Katherine", "49 171 999 111",
    )  # fmt: skip
    assert [c["first_name"] for c in others] == ["Debbie", "Bob", "Kat", "Nomail"]
    assert not any(c["is_main"] for c in others)


def test_keys_of_persons_are_hashes_with_an_ordinal_where_two_share_a_mailbox() -> None:
    first = [c["external_id"] for c in mapped("customers", CONTACT)["contacts"]]
    assert len(set(first)) == 5 and all(key.startswith(f"ContactPerson:{BUYER}:") for key in first)
    assert first[2] == f"{first[1]}:2", "Debbie's and Bob's address differ in case and blanks only"
    assert first[3] == f"{first[0]}:2", "so do Kat's and the customer's own"
    assert not any("rockstar" in key.lower() or "person" in key.rpartition(":")[2].lower() for key in first)
    assert first == [c["external_id"] for c in mapped("customers", CONTACT)["contacts"]]


def test_a_customer_without_an_address_of_its_own_has_no_main_contact() -> None:
    assert not any(c["is_main"] for c in mapped("customers", CONTACT, EmailAddress="")["contacts"])


@pytest.mark.parametrize(
    ("stream", "record", "changes", "reason"),
    [
        ("invoices", INVOICE, {"Status": "LOST"}, "unknown_value"),
        ("invoices", INVOICE, {"Type": "ACCNEW"}, "unknown_value"),
        ("invoices", INVOICE, {"AmountDue": "26.00"}, "malformed_record"),
        ("invoices", INVOICE, {"Date": "soon", "DateString": None}, "malformed_record"),
        ("invoices", INVOICE, {"CurrencyCode": "QQQ"}, "unknown_currency"),
        ("invoices", INVOICE, {"Total": D("46.001")}, "impossible_amount"),
        ("invoices", INVOICE, {"Contact": None}, "malformed_record"),
        ("payments", PAYMENT, {"PaymentType": "ARNEWPAYMENT"}, "unknown_value"),
        ("overpayments", OVERPAYMENT, {"Type": "RECEIVE-NEW"}, "unknown_value"),
        ("customers", CONTACT, {"ContactStatus": "VANISHED"}, "unknown_value"),
    ],
)
def test_what_cannot_be_is_refused_by_name(stream: str, record: str, changes: dict[str, Any], reason: str) -> None:
    found = rejected(stream, record, **changes)
    assert (found.reason, found.is_open) == (reason, True)
    assert "Liam" not in found.message and "Clampett" not in found.message


def test_without_the_organizations_key_no_person_gets_one() -> None:
    keyless = connector()
    keyless.hash_key = None
    with pytest.raises(ContractError):
        keyless.normalize(Xero.stream("customers"), [json.loads(CONTACT) | {"organisation": ORGANISATION}])
