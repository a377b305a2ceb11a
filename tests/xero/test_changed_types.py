"""Schema drift at Xero: a changed type rejects its record or changes nothing; an unknown word is named."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from include.connectors.xero import Xero
from include.connectors.xero.records import items
from tests.conformance.changed_types import ALIENS, paths, replaced, silent_changes
from tests.xero.records import (
    CONTACT,
    CREDIT_NOTE,
    INVOICE,
    ORGANISATION,
    OVERPAYMENT,
    PAYMENT,
    REFUND,
    connector,
    rejected,
)

RECORDS = [
    ("invoices", INVOICE), ("credit_notes", CREDIT_NOTE), ("payments", PAYMENT), ("payments", REFUND),
    ("overpayments", OVERPAYMENT), ("customers", CONTACT),
]  # fmt: skip
OURS = ("organisation",)


def record(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return found | {"organisation": ORGANISATION}


@pytest.mark.parametrize(("stream", "text"), RECORDS)
def test_a_changed_type_is_never_coerced_in_silence(stream: str, text: str) -> None:
    assert silent_changes(connector(), Xero.stream(stream), record(text), OURS) == []


@pytest.mark.parametrize(("stream", "text"), RECORDS)
def test_a_changed_type_stops_no_page(stream: str, text: str) -> None:
    whole = json.loads(text, parse_float=Decimal)
    for path in paths(whole):
        for alien in (*ALIENS, None):
            (found,) = items(Xero.stream(stream), [replaced(whole, path, alien)])
            assert found.digest


@pytest.mark.parametrize(
    ("stream", "text", "changes", "column"),
    [
        ("invoices", INVOICE, {"Status": "ON HOLD"}, "status"),
        ("invoices", INVOICE, {"Type": "ACCNEW"}, "source_document_type"),
        ("credit_notes", CREDIT_NOTE, {"Status": "on hold"}, "status"),
        ("payments", PAYMENT, {"PaymentType": "ARNEW"}, "kind"),
        ("payments", PAYMENT, {"Status": "PENDING"}, "status"),
        ("overpayments", OVERPAYMENT, {"Type": "NEW"}, "kind"),
        ("customers", CONTACT, {"ContactStatus": "SLEEPING"}, "is_active"),
        ("customers", CONTACT, {"PaymentTerms": {"Sales": {"Type": "NEXTMOON", "Day": 3}}}, "payment_terms"),
    ],
)
def test_an_unknown_word_of_a_closed_list_is_rejected_by_name(
    stream: str, text: str, changes: dict[str, Any], column: str
) -> None:
    found = rejected(stream, text, **changes)
    assert (found.reason, found.column) == ("unknown_value", column)


def test_a_payment_that_a_document_lists_in_a_way_nobody_knows_is_not_counted_as_paid() -> None:
    payments = json.loads(INVOICE, parse_float=Decimal)["Payments"]
    found = rejected("invoices", INVOICE, Payments=[payments[0] | {"Status": "PENDING"}])
    assert (found.reason, found.column) == ("unknown_value", "allocations.status")


def test_a_whole_number_as_rest_does_not_stop_the_reject_from_being_stored() -> None:
    """JSON's 26 is an int where 26.00 is a Decimal."""
    assert rejected("invoices", INVOICE, Status="ON HOLD", AmountDue=26).amount == Decimal(26)
