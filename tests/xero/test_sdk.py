"""The vendor's own client and the connector read the same records from the same server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import AccountingApi

from include.connectors.base import Window
from include.connectors.xero import Xero
from tests.sandbox.reader import Official
from tests.xero.conftest import Running

pytestmark = pytest.mark.proves("xero", "client")

SALES = ("ACCRECCREDIT", "RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT")
EVERYTHING = Window(date(2000, 1, 1))
Row = dict[str, Any]


@pytest.fixture(scope="module")
def api(running: Running) -> AccountingApi:
    """The vendor's client, which refreshes its token first."""
    official = Official(running.server)
    assert running.entity in [connection.tenant_id for connection in official.identity.get_connections()]
    return official.accounting


@pytest.fixture(scope="module")
def ours(running: Running) -> dict[str, dict[str, Row]]:
    """Every row that the connector makes, by table and key."""
    connector = running.connector()
    tables: dict[str, dict[str, Row]] = {}
    for stream in Xero.streams:
        for page in connector.read(stream, EVERYTHING):
            said = connector.normalize(stream, connector.decode(stream, page.body))
            assert not said.rejects
            for table, columns in said.tables.items():
                rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
                tables.setdefault(table, {}).update({row["external_id"]: row for row in rows})
    return tables


def _all(ask: Callable[..., Any], tenant: str, what: str, **more: Any) -> list[Any]:
    found: list[Any] = []
    for page in range(1, 100):
        rows = getattr(ask(tenant, page=page, page_size=100, **more), what)
        found += rows
        if len(rows) < 100:
            return found
    raise AssertionError("there is no end")


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def test_the_same_invoices(running: Running, api: AccountingApi, ours: dict[str, dict[str, Row]]) -> None:
    theirs = [i for i in _all(api.get_invoices, running.entity, "invoices") if i.type == "ACCREC"]
    assert {f"Invoice:{i.invoice_id}" for i in theirs} == ours["invoices"].keys()
    for invoice in theirs:
        row = ours["invoices"][f"Invoice:{invoice.invoice_id}"]
        is_void = invoice.status == "VOIDED"
        said = (invoice.total, invoice.amount_due if invoice.status == "AUTHORISED" else Decimal(0))
        told = (row["gross_before_void"] if is_void else row["gross_amount"], row["outstanding_amount"])
        assert said == told, invoice.invoice_number
        assert (row["number"], row["source_status"], row["currency"]) == (
            invoice.invoice_number or None, invoice.status, invoice.currency_code.value,
        )  # fmt: skip
        assert (row["issue_date"], row["due_date"]) == (_day(invoice.date), _day(invoice.due_date))
        assert row["customer_external_id"] == f"Contact:{invoice.contact.contact_id}"
        assert row["exchange_rate"] == invoice.currency_rate
        assert row["source_updated_at"] == _utc(invoice.updated_date_utc)
        paid = {f"Payment:{p.payment_id}": p.amount for p in invoice.payments or ()}
        assert paid == {
            a["source_external_id"]: a["target_amount"]
            for a in ours["allocations"].values()
            if a["parent_external_id"] == row["external_id"]
        }


def test_the_same_credits_and_their_uses(running: Running, api: AccountingApi, ours: dict[str, dict[str, Row]]) -> None:
    for ask, what, key, table in (
        (api.get_credit_notes, "credit_notes", "credit_note_id", "credit_notes"),
        (api.get_overpayments, "overpayments", "overpayment_id", "payments"),
        (api.get_prepayments, "prepayments", "prepayment_id", "payments"),
    ):
        record_type = {"credit_notes": "CreditNote", "overpayments": "Overpayment", "prepayments": "Prepayment"}[what]
        listed = [c for c in _all(ask, running.entity, what) if c.type in SALES]
        theirs = {f"{record_type}:{getattr(c, key)}": c for c in listed}
        assert theirs.keys() == {k for k in ours[table] if k.startswith(f"{record_type}:")}
        for external_id, credit in theirs.items():
            row = ours[table][external_id]
            gross = row["amount"] if table == "payments" else row["gross_before_void"] or row["gross_amount"]
            left = credit.remaining_credit if credit.status == "AUTHORISED" else Decimal(0)
            assert (gross, row["unapplied_amount"]) == (credit.total, left), external_id
            used = sorted(
                (f"Invoice:{a.invoice.invoice_id}", a.amount) for a in credit.allocations or () if not a.is_deleted
            )
            back = sorted((f"Payment:{p.payment_id}", p.amount) for p in credit.payments or ())
            mine = [a for a in ours["allocations"].values() if a["parent_external_id"] == external_id]
            assert used == sorted((a["target_external_id"], a["target_amount"]) for a in mine if a["kind"] != "refund")
            assert back == sorted((a["source_external_id"], a["source_amount"]) for a in mine if a["kind"] == "refund")


def test_the_same_payments_and_refunds(running: Running, api: AccountingApi, ours: dict[str, dict[str, Row]]) -> None:
    kinds = {"ACCRECPAYMENT": "payments", "ARCREDITPAYMENT": "refunds", "AROVERPAYMENTPAYMENT": "refunds",
             "ARPREPAYMENTPAYMENT": "refunds"}  # fmt: skip
    theirs = [p for p in _all(api.get_payments, running.entity, "payments") if p.payment_type in kinds]
    mine = {k for table in ("payments", "refunds") for k in ours[table] if k.startswith("Payment:")}
    assert {f"Payment:{p.payment_id}" for p in theirs} == mine
    for payment in theirs:
        table = kinds[payment.payment_type]
        row = ours[table][f"Payment:{payment.payment_id}"]
        assert (row["amount"], row["currency"]) == (payment.amount, payment.invoice.currency_code.value)
        assert row["paid_on" if table == "payments" else "refunded_on"] == _day(payment.date)
        assert (row["status"] == "voided") == (payment.status == "DELETED")
        assert row["customer_external_id"] == f"Contact:{payment.invoice.contact.contact_id}"


def test_the_same_customers_and_their_people(
    running: Running, api: AccountingApi, ours: dict[str, dict[str, Row]]
) -> None:
    theirs = [c for c in _all(api.get_contacts, running.entity, "contacts", include_archived=True) if c.is_customer]
    assert {f"Contact:{c.contact_id}" for c in theirs} == ours["customers"].keys()
    for contact in theirs:
        row = ours["customers"][f"Contact:{contact.contact_id}"]
        assert (row["name"], row["is_active"]) == (contact.name, contact.contact_status == "ACTIVE")
        survivor = contact.merged_to_contact_id
        assert row["superseded_by_external_id"] == (f"Contact:{survivor}" if survivor else None)
        people = [c for c in ours["contacts"].values() if c["customer_external_id"] == row["external_id"]]
        assert [c["email"] for c in people if c["is_main"]] == (
            [contact.email_address] if contact.email_address else []
        )
        emails = sorted(p.email_address for p in contact.contact_persons or ())
        assert sorted(c["email"] for c in people if not c["is_main"]) == emails
