"""What is left out of Xero's documents is missed by nobody, and odd pages are read whole."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from include.connectors.xero import Xero, invoices, slim

STREAM = Xero.stream("invoices")
LINES = {"LineItems": [{"Description": "work", "UnitAmount": 5.25}]}
INVOICE = {
    "Type": "ACCREC", "InvoiceID": "1", "Status": "PAID", "Total": 10.50, "Contact": {"ContactID": "c", "Name": "Ann"},
    "Payments": [{"PaymentID": "p", "Amount": 10.50, "Date": "/Date(0+0000)/", "Reference": "Ann"}],
}  # fmt: skip


def body(*rows: Any) -> bytes:
    return json.dumps({"pagination": {"page": 1}, "Invoices": rows}).encode()


def test_a_document_keeps_what_is_read_of_it_exactly() -> None:
    (row,) = slim.reply("Invoices", body(INVOICE | LINES))["Invoices"]
    assert row["Total"] == Decimal("10.5") and isinstance(row["Total"], Decimal)
    assert row["Contact"] == {"ContactID": "c"}
    assert row["Payments"] == [{"PaymentID": "p", "Amount": Decimal("10.5"), "Date": "/Date(0+0000)/"}]
    assert "LineItems" not in row


def test_every_field_of_the_mapping_is_read() -> None:
    assert {*invoices.INVOICE_FIELDS, *invoices.CREDIT_NOTE_FIELDS} <= slim.Document.__annotations__.keys()


@pytest.mark.parametrize(
    "odd",
    [
        {"InvoiceID": None}, {"InvoiceID": ""}, {"Contact": "c"}, {"Payments": {}}, {"Payments": [5]},
        {"Contact": {"ContactID": "half \ud800"}},
    ],
)  # fmt: skip
def test_a_page_with_an_odd_record_is_read_whole(odd: dict[str, Any]) -> None:
    rows = slim.reply("Invoices", body(INVOICE, INVOICE | LINES | odd))["Invoices"]
    assert rows[1]["LineItems"]


def test_a_reject_keeps_the_record_as_it_came() -> None:
    page = json.dumps({"organisation": {}, "kept": [0], "reply": json.loads(body(INVOICE | LINES))}).encode()
    connector = Xero.__new__(Xero)
    assert "LineItems" not in connector.decode(STREAM, page)[0]
    assert connector.whole(STREAM, page)[0]["LineItems"] and connector.whole(STREAM, page)[0]["Contact"]["Name"]
