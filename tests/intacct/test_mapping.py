"""What each kind of record means in the model, and what is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from include.connectors.base import Connection
from include.connectors.intacct import Intacct
from include.connectors.normalized import Normalized
from tests.conformance.subject import rows

ABOUT = {
    "object": "", "facts": {"transport": "rest"}, "base_currency": "AUD", "entity": "E100",
    "owns_top": False, "rate_basis": "base_per_document",
}  # fmt: skip
INVOICE = {
    "key": "292", "recordType": "ri", "invoiceNumber": "INV-7", "state": "posted", "customer.key": "1",
    "customer.id": "C1", "entity.id": "E100", "referenceNumber": "PO6917", "description": None, "term.id": "Net 30",
    "invoiceDate": "2024-09-24", "dueDate": "2024-10-24", "paymentInformation.fullyPaidDate": None,
    "currency.baseCurrency": "AUD", "currency.txnCurrency": "USD", "currency.exchangeRate.rate": 2,
    "totalBaseAmount": "880.00", "totalBaseAmountDue": "440.00", "totalTxnAmount": "440.00",
    "totalTxnAmountDue": "220.00", "moduleKey": "orderEntry", "invoiceSummary.glPostingDate": "2024-09-25",
    "audit.createdDateTime": "2024-09-24T14:18:20Z", "audit.modifiedDateTime": None, "details": [], "about": ABOUT,
}  # fmt: skip
ADJUSTMENT = {
    "key": "288", "txnType": "ra", "adjustmentNumber": "adj-1", "state": "posted", "customer.key": "1",
    "customer.id": "C1", "createdDate": "2024-09-24", "glPostingDate": "2024-09-24", "baseCurrency.currency": "AUD",
    "txnCurrency.currency": "AUD", "exchangeRate.rate": "1", "baseCurrency.totalDue": "-150.00",
    "txnCurrency.totalEntered": "-150.00", "txnCurrency.totalDue": "-150.00", "description": "Goodwill", "details": [],
    "audit.createdDateTime": "2024-09-24T13:19:27Z", "about": ABOUT,
}  # fmt: skip
PAYMENT = {
    "key": "464", "recordType": "rp", "state": "complete", "customer.key": "8", "customer.id": "C8",
    "paymentMethod": "cash", "documentNumber": "1567", "paidDate": "2024-11-20", "baseCurrency.currency": "USD",
    "txnCurrency.currency": "GBP", "exchangeRate.rate": 3, "baseCurrency.totalDue": "0", "details": [],
    "txnCurrency.totalAmount": "250", "txnCurrency.totalDue": "0", "audit.createdDateTime": "2024-10-10T00:00:00Z",
    "about": ABOUT,
}  # fmt: skip
DETAIL = {
    "key": "127", "arPayment.key": "464", "arInvoice.key": "406", "paymentDate": "2024-11-20", "header": "complete",
    "txnCurrency.currency": "GBP", "txnCurrency.paymentAmount": "250",
}  # fmt: skip


def mean(stream: str, record: dict[str, Any], **changes: Any) -> Normalized:
    connector = Intacct(Connection("intacct", "", "id", "secret", {"username": "reader@acme"}))
    return connector.normalize(connector.stream(stream), [record | changes])


def only(said: Normalized, table: str) -> dict[str, Any]:
    assert not said.rejects
    (row,) = rows(said.tables[table])
    return row


def test_an_invoice_counts_in_its_own_currency_and_states_its_base_amounts() -> None:
    said = mean("invoices", INVOICE)
    row = only(said, "invoices")
    assert (row["gross_amount"], row["outstanding_amount"], row["currency"]) == (Decimal(440), Decimal(220), "USD")
    assert (row["base_gross_amount"], row["base_outstanding_amount"]) == (Decimal(880), Decimal(440))
    assert (row["status"], row["source_document_type"]) == ("open", "order-entry invoice")
    assert row["customer_external_id"] == "customer:1" and row["posting_date"] == date(2024, 9, 25)
    part = only(said, "installments")
    assert (part["due_date"], part["outstanding_amount"]) == (date(2024, 10, 24), Decimal(220))


@pytest.mark.parametrize(
    ("state", "rest", "status"),
    [("draft", "440.00", "draft"), ("posted", "220.00", "open"), ("selected", "220.00", "open"),
     ("partiallyPaid", "1.00", "open"), ("paid", "0.00", "paid"), ("paid", "0.01", "open"), ("noValue", "5.00", "open"),
     ("reversed", "0.00", "voided")],
)  # fmt: skip
def test_the_state_says_what_counts_and_the_rest_what_is_open(state: str, rest: str, status: str) -> None:
    row = only(mean("invoices", INVOICE, state=state, totalTxnAmountDue=rest), "invoices")
    assert row["status"] == status
    assert row["outstanding_amount"] == (Decimal(rest) if status == "open" else 0)
    if status == "voided":
        assert row["gross_amount"] == 0 and row["gross_before_void"] == Decimal(440)


def test_a_negative_invoice_is_a_credit_note_with_positive_amounts() -> None:
    row = only(mean("invoices", INVOICE, totalTxnAmount="-440.00", totalTxnAmountDue="-220.00"), "credit_notes")
    assert (row["gross_amount"], row["unapplied_amount"], row["status"]) == (Decimal(440), Decimal(220), "open")


def test_what_reversed_an_invoice_is_a_voided_credit_note() -> None:
    changes = {"state": "reversal", "totalTxnAmount": "-440.00", "totalTxnAmountDue": "0.00"}
    row = only(mean("invoices", INVOICE, **changes), "credit_notes")
    assert (row["status"], row["gross_amount"], row["gross_before_void"]) == ("voided", 0, Decimal(440))


def test_a_credit_memo_is_a_credit_note_and_a_debit_memo_an_invoice_due_at_once() -> None:
    memo = only(mean("adjustments", ADJUSTMENT), "credit_notes")
    assert (memo["external_id"], memo["unapplied_amount"]) == ("adjustment:288", Decimal(150))
    debit = {"txnCurrency.totalEntered": "150.00", "txnCurrency.totalDue": "150.00"}
    row = only(mean("adjustments", ADJUSTMENT, **debit), "invoices")
    assert row["outstanding_amount"] == Decimal(150) and row["due_date"] == date(2024, 9, 24)


def test_a_payment_lists_what_it_settled() -> None:
    said = mean("payments", PAYMENT, details=[DETAIL])
    assert only(said, "payments")["amount"] == Decimal(250)
    part = only(said, "allocations")
    assert part["external_id"] == "payment:464/payment:payment:464/invoice:invoice:406/127"
    assert (part["kind"], part["source_external_id"], part["target_external_id"], part["target_amount"]) == (
        "payment", "payment:464", "invoice:406", Decimal(250),
    )  # fmt: skip


def test_a_use_of_a_credit_belongs_to_the_credit_and_a_payment_of_nothing_is_no_row() -> None:
    use = DETAIL | {"arAdjustment.key": "288", "txnCurrency.paymentAmount": None, "txnCurrency.adjustmentAmount": "50"}
    nothing = mean("payments", PAYMENT, details=[use], **{"txnCurrency.totalAmount": "0"})
    assert not rows(nothing.tables["payments"]) and not rows(nothing.tables["allocations"]) and not nothing.rejects
    part = only(mean("adjustments", ADJUSTMENT, details=[use]), "allocations")
    assert (part["kind"], part["source_type"], part["source_external_id"]) == (
        "credit",
        "credit_note",
        "adjustment:288",
    )


def test_a_reversed_payment_settles_nothing_and_its_reversal_is_a_refund_that_cancels_it() -> None:
    reversed_ = mean("payments", PAYMENT, state="reversed", details=[DETAIL])
    assert only(reversed_, "payments")["status"] == "voided" and not rows(reversed_.tables["allocations"])
    back = only(mean("payments", PAYMENT, state="reversal", **{"txnCurrency.totalAmount": "-250"}), "refunds")
    assert (back["status"], back["amount"], back["unapplied_amount"]) == ("voided", Decimal(250), 0)
    gone = mean("adjustments", ADJUSTMENT, details=[DETAIL | {"arAdjustment.key": "288", "header": "reversed",
                                                              "txnCurrency.adjustmentAmount": "50"}])  # fmt: skip
    assert not rows(gone.tables["allocations"])


def test_a_payment_of_the_top_level_is_a_share_for_each_organization() -> None:
    details = [DETAIL, DETAIL | {"key": "128", "arInvoice.key": "407", "txnCurrency.paymentAmount": "30"}]
    whole = {"txnCurrency.totalAmount": "300", "txnCurrency.totalDue": "20", "details": details}
    targets = {"invoice:406": "E100", "invoice:407": "E200"}
    other = only(mean("payments", PAYMENT | whole, about=ABOUT | {"entity": "E200"}, targets=targets),
                 "payments")  # fmt: skip
    assert (other["amount"], other["unapplied_amount"], other["source_total_amount"]) == (30, 0, 300)
    owner = ABOUT | {"owns_top": True}
    own = mean("payments", PAYMENT | whole, about=owner, targets=targets)
    row = only(own, "payments")
    assert (row["amount"], row["unapplied_amount"], row["source_total_amount"]) == (270, 20, 300)
    assert only(own, "allocations")["target_external_id"] == "invoice:406"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"state": "somethingNew"}, "unknown_value"), ({"recordType": "rx"}, "unknown_value"),
     ({"totalTxnAmount": 440.0}, "malformed_record"), ({"totalTxnAmount": None}, "malformed_record"),
     ({"totalTxnAmount": "4,40"}, "malformed_record"), ({"totalTxnAmount": "-1.00"}, "malformed_record"),
     ({"dueDate": "24.10.2024"}, "malformed_record"), ({"customer.key": None}, "malformed_record"),
     ({"key": None}, "malformed_record")],
)  # fmt: skip
def test_what_cannot_be_kept_is_one_reject(changes: dict[str, Any], reason: str) -> None:
    (reject,) = mean("invoices", INVOICE, **changes).rejects
    assert reject.reason == reason and reject.number == "INV-7" and reject.is_open
