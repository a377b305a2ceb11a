"""Days, links, references and addresses of what a real Tryton's books give."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.tryton.books import EVERYTHING, Loaded, load
from tests.tryton.conftest import Running


def test_what_old_payments_settle_now_is_in_the_history(tryton: Running) -> None:
    """The payments are older than the history, the invoices are not, or are open."""
    connector = tryton.connector()
    window = replace(EVERYTHING, history_from=datetime.now(UTC).date() - timedelta(days=730))
    recent = load(connector, {"payments": connector.read(connector.stream("payments"), window)})
    for case, amount in (("old_payment", 4400), ("old_payment_of_an_installment", 3000)):
        (row,) = recent.onto(tryton.document(case))
        assert (row["target_amount"], row["kind"]) == (amount, "payment"), case


def test_days_of_settling(tryton: Running, loaded: Loaded) -> None:
    """Tryton dates a reconciliation by the latest due date in it; nothing was settled in the future."""
    (early,) = loaded.of("payments", tryton.cases["payment_in_the_future"]["customer"])
    today = early["source_created_at"].date()
    for row in loaded.tables["allocations"].values():
        assert row["applied_on"] <= today, row
    for row in (*loaded.tables["invoices"].values(), *loaded.tables["credit_notes"].values()):
        assert bool(row["closed_on"]) == (row["status"] == "paid"), row
        assert not row["closed_on"] or row["issue_date"] <= row["closed_on"] <= today, row
        assert bool(row["voided_on"]) == (row["status"] == "voided"), row


def test_credit_note_names_the_invoice_it_corrects(tryton: Running, loaded: Loaded) -> None:
    for case in ("credited_by_wizard", "cancelled_by_credit_note"):
        invoice, note = tryton.cases[case]["documents"]
        assert loaded.tables["credit_notes"][note]["original_document_external_id"] == invoice, case


def test_documents_link_into_the_web_client(tryton: Running, loaded: Loaded) -> None:
    key = tryton.document("overpaid")
    at = f"{tryton.server.url}/#erp/model/{key.replace(':', '/')}"
    assert loaded.tables["invoices"][key]["source_url"] == at


def test_main_contact_is_the_email_tryton_names(tryton: Running, loaded: Loaded, truth: Any) -> None:
    main = {c["customer_external_id"]: c["email"] for c in loaded.tables["contacts"].values() if c["is_main"]}
    emails = {key: truth["emails"][key] for key in loaded.tables["customers"] if truth["emails"][key]}
    assert main == emails
    assert main[tryton.cases["second_email_first"]["customer"]] == "main@cases.example"


def test_address_for_invoices_goes_first(tryton: Running, loaded: Loaded) -> None:
    customer = loaded.tables["customers"][tryton.cases["address_for_invoices"]["customer"]]
    assert customer["address_city"] == "Invoice Town"


def test_cancelled_write_offs_settle_nothing(tryton: Running, loaded: Loaded) -> None:
    for case in ("write_off_cancelled", "write_off_cancelled_in_euro"):
        assert {row["kind"] for row in loaded.onto(tryton.document(case))} == {"payment"}, case
