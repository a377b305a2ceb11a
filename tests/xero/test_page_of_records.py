"""A page is mapped by its columns: every record means on it what it means alone, whoever stands beside it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from include.connectors.normalized import Normalized
from include.connectors.xero import Xero
from tests.xero.records import CREDIT_NOTE, INVOICE, ORGANISATION, OVERPAYMENT, PAYMENT, REFUND, connector

DOCUMENT: list[dict[str, Any]] = [
    {}, {"Status": "VOIDED"}, {"Status": "PAID", "FullyPaidOnDate": "/Date(1539993600000+0000)/"},
    {"Status": "DRAFT", "DateString": "", "Date": None}, {"Payments": None, "Allocations": []},
    {"CurrencyCode": "JPY", "CurrencyRate": Decimal("0.5"), "SentToContact": None},
    {"DueDateString": " ", "DueDate": "/Date(1539993600000+0000)/", "UpdatedDateUTC": None, "Reference": " x "},
    {"Total": 12, "organisation": ORGANISATION | {"short_code": "", "base_currency": "JPY"}},
]  # fmt: skip
CREDIT = [{"Status": "PAID"}, {"CurrencyRate": None}, {"Date": "/Date(0+0000)/", "DateString": None}]
BAD: list[dict[str, Any]] = [
    {"Status": "ON HOLD"},
    {"Status": 5},
    {"Date": True, "DateString": None},
    {"UpdatedDateUTC": 7},
]
PAGES = [
    ("invoices", "InvoiceID", [INVOICE], DOCUMENT), ("credit_notes", "CreditNoteID", [CREDIT_NOTE], DOCUMENT),
    ("payments", "PaymentID", [PAYMENT, REFUND], CREDIT),
    ("overpayments", "OverpaymentID", [OVERPAYMENT], [{}, {"Status": "VOIDED"}, *CREDIT]),
]  # fmt: skip


def page(name: str, texts: list[str], changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    records = [json.loads(text, parse_float=Decimal) | {"organisation": ORGANISATION} for text in texts]
    return [
        record | change | {name: f"{number}-{kind}"}
        for number, change in enumerate(changes) for kind, record in enumerate(records)
    ]  # fmt: skip


def meaning(said: Normalized) -> dict[str, list[dict[str, Any]]]:
    return {
        table: sorted(
            (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)),
            key=lambda row: str(row["external_id"]),
        )
        for table, columns in said.tables.items()
    }


@pytest.mark.parametrize(("stream", "name", "texts", "changes"), PAGES)
@pytest.mark.parametrize("bad", [[], BAD], ids=["all good", "some bad"])
def test_a_record_means_on_a_page_what_it_means_alone(
    stream: str, name: str, texts: list[str], changes: list[dict[str, Any]], bad: list[dict[str, Any]]
) -> None:
    records = page(name, texts, [*bad, *changes, *bad])
    said = connector().normalize(Xero.stream(stream), records)
    alone = Normalized.of(Xero.stream(stream))
    for record in records:
        alone.join(connector().normalize(Xero.stream(stream), [record]))
    assert meaning(said) == meaning(alone) and said.rejects == alone.rejects
    assert len(said.rejects) == len(bad) * len(texts) * 2
    assert sum(map(len, meaning(said).values())) >= len(changes) * len(texts)
