"""The vendor's own client reads every endpoint and gets the ledger's truth, to the minor unit."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.books import Books
from include.sandbox.ledger import Ledger
from include.sandbox.records import PURCHASES, Kind, State
from include.sandbox.truth import RECEIVABLE
from include.sandbox.xero.balance import trial_balance
from include.sandbox.xero.server import Server
from include.sandbox.xero.settings import Settings
from tests.sandbox.reader import Official

STATES = {
    "DRAFT": State.DRAFT, "SUBMITTED": State.SUBMITTED, "AUTHORISED": State.POSTED, "PAID": State.POSTED,
    "VOIDED": State.VOIDED, "DELETED": State.DELETED,
}  # fmt: skip
CREDITS = {
    "credit_notes": (Kind.CREDIT_NOTE, "credit_note_id", "ACCRECCREDIT"),
    "overpayments": (Kind.OVERPAYMENT, "overpayment_id", "RECEIVE-OVERPAYMENT"),
    "prepayments": (Kind.PREPAYMENT, "prepayment_id", "RECEIVE-PREPAYMENT"),
}


@pytest.fixture
def official(server: Server) -> Official:
    return Official(server)


def documents(official: Official, tenant: str) -> dict[str, tuple[Any, ...]]:
    """Return every receivable document as the client reads it."""
    found = {
        row.invoice_id: (
            Kind.INVOICE, row.invoice_number, row.contact.contact_id, row.currency_code.value, STATES[row.status],
            row.total, row.amount_due if STATES[row.status] is State.POSTED else Decimal(0), row.due_date,
        )
        for row in official.rows(tenant, "invoices", order="UpdatedDateUTC ASC", where='Type=="ACCREC"')
    }  # fmt: skip
    for name, (kind, id_field, word) in CREDITS.items():
        for row in official.rows(tenant, name, where=f'Type=="{word}"'):
            assert row.type == word
            number = row.credit_note_number if kind is Kind.CREDIT_NOTE else None
            found[getattr(row, id_field)] = (
                kind, number, row.contact.contact_id, row.currency_code.value, STATES[row.status], row.total,
                row.remaining_credit if STATES[row.status] is State.POSTED else Decimal(0), None,
            )  # fmt: skip
    return found


def expected(books: Books, ledger: Ledger, number: int) -> dict[str, tuple[Any, ...]]:
    truth = ledger.truth(number)
    return {
        key: (
            b.kind, b.number if b.kind in (Kind.INVOICE, Kind.CREDIT_NOTE) else None, books.documents[key].party,
            b.currency, b.state, b.gross, b.outstanding, b.due_on,
        )
        for key, b in truth.documents.items()
    }  # fmt: skip


def links(official: Official, tenant: str) -> set[tuple[str, str, Decimal]]:
    """Return (source, target, amount) of everything that still settles something."""
    found = {
        (row.payment_id, row.invoice.invoice_id, row.amount)
        for row in official.rows(tenant, "payments")
        if row.status == "AUTHORISED" and not row.payment_type.startswith("AP") and row.payment_type != "ACCPAYPAYMENT"
    }
    for name, (_, id_field, word) in CREDITS.items():
        for row in official.rows(tenant, name, where=f'Type=="{word}"'):
            found |= {
                (getattr(row, id_field), a.invoice.invoice_id, a.amount) for a in row.allocations if not a.is_deleted
            }
    return found


@pytest.mark.parametrize("days", [0, 10])
def test_every_document_and_every_link_of_both_organisations_equals_the_truth(
    ledger: Ledger, official: Official, days: int
) -> None:
    ledger.advance(days)
    tenants = official.identity.get_connections()
    assert [t.tenant_id for t in tenants] == list(ledger.books)
    for number, (tenant, books) in enumerate(ledger.books.items()):
        assert documents(official, tenant) == expected(books, ledger, number)
        assert links(official, tenant) == {(k.source, k.target, k.amount) for k in ledger.truth(number).links}


def test_an_invoice_says_what_settled_it_so_that_its_amounts_add_up(ledger: Ledger, official: Official) -> None:
    tenant = next(iter(ledger.books))
    settled = 0
    for row in official.rows(tenant, "invoices", where='Type=="ACCREC"'):
        if STATES[row.status] is not State.POSTED:
            continue
        assert row.amount_due == row.total - row.amount_paid - row.amount_credited
        assert row.amount_paid == sum((p.amount for p in row.payments), Decimal(0))
        uses = [*row.credit_notes, *row.overpayments, *row.prepayments]
        assert row.amount_credited == sum((use.applied_amount for use in uses), Decimal(0))
        assert row.sub_total + row.total_tax == row.total
        assert sum((line.line_amount for line in row.line_items), Decimal(0)) == row.sub_total
        assert (row.status == "PAID") == (row.amount_due == 0)
        assert (row.fully_paid_on_date is not None) == (row.status == "PAID")
        settled += bool(row.payments) + bool(uses)
    assert settled > 20


def test_every_contact_is_as_in_the_ledger_archived_and_merged_ones_too(ledger: Ledger, official: Official) -> None:
    tenant, books = next(iter(ledger.books.items()))
    rows = {row.contact_id: row for row in official.rows(tenant, "contacts", include_archived=True)}
    assert set(rows) == set(books.parties)
    for key, party in books.parties.items():
        row = rows[key]
        assert (row.name, row.email_address, row.account_number) == (party.name, party.email, party.number)
        assert (row.contact_status == "ARCHIVED") is party.archived
        assert (row.is_customer, row.is_supplier) == (party.is_customer, party.is_supplier)
        assert (row.merged_to_contact_id or "") == party.merged_into
        assert [p.email_address for p in row.contact_persons] == [p.email for p in party.people]
        assert row.updated_date_utc == party.updated_at
        assert next(a.city for a in row.addresses if a.address_type == "STREET") == party.address.city


def test_a_contacts_balance_is_the_sum_over_its_currencies(ledger: Ledger, official: Official) -> None:
    tenant, books = next(iter(ledger.books.items()))
    receivable, payable = dict.fromkeys(books.parties, Decimal(0)), dict.fromkeys(books.parties, Decimal(0))
    for document in books.documents.values():
        sums = payable if document.kind in PURCHASES else receivable
        adds = document.kind in (Kind.INVOICE, Kind.BILL)
        sums[document.party] += document.outstanding if adds else -document.outstanding
    rows = official.rows(tenant, "contacts", include_archived=True)
    assert {r.contact_id: r.balances.accounts_receivable.outstanding for r in rows} == receivable
    assert {r.contact_id: r.balances.accounts_payable.outstanding for r in rows} == payable
    assert any(receivable.values()) and any(payable.values())


def test_payments_keep_their_kinds_their_bank_amounts_and_their_deleted_ones(
    ledger: Ledger, official: Official
) -> None:
    tenant, books = next(iter(ledger.books.items()))
    rows = {row.payment_id: row for row in official.rows(tenant, "payments")}
    assert set(rows) == set(books.payments)
    for key, payment in books.payments.items():
        row = rows[key]
        assert (row.status == "DELETED") is payment.deleted
        assert (row.amount, row.bank_amount, row.date) == (payment.amount, payment.bank_amount, payment.paid_on)
        assert row.currency_rate == payment.rate
    kinds = {row.payment_type for row in rows.values()}
    assert {"ACCRECPAYMENT", "ARCREDITPAYMENT", "AROVERPAYMENTPAYMENT", "ARPREPAYMENTPAYMENT"} <= kinds
    batches = official.accounting.get_batch_payments(tenant).batch_payments
    assert {b.batch_payment_id: Decimal(b.total_amount) for b in batches} == {
        key: sum((p.amount for p in payments if not p.deleted), Decimal(0)) for key, payments in books.batches.items()
    }


def test_the_organisation_its_currencies_and_its_accounts(ledger: Ledger, official: Official) -> None:
    for tenant, books in ledger.books.items():
        organisation = official.accounting.get_organisations(tenant).organisations[0]
        assert (organisation.organisation_id, organisation.base_currency.value) == (tenant, books.entity.currency)
        assert organisation.name == books.entity.name
        codes = {currency.code.value for currency in official.accounting.get_currencies(tenant).currencies}
        assert codes == {d.currency for d in books.documents.values()} | {books.entity.currency}
        accounts = official.accounting.get_accounts(tenant).accounts
        assert [a.code for a in accounts if a.system_account == "DEBTORS"] == ["610"]


def test_the_trial_balance_holds_the_receivables_in_base_currency_and_balances(
    ledger: Ledger, official: Official
) -> None:
    for number, tenant in enumerate(ledger.books):
        report = official.accounting.get_report_trial_balance(tenant).reports[0]
        rows = [row for section in report.rows[1:] for row in section.rows if row.row_type.value == "Row"]
        amounts = {
            row.cells[0].value: Decimal(row.cells[3].value or 0) - Decimal(row.cells[4].value or 0) for row in rows
        }
        assert amounts["Accounts Receivable (610)"] == ledger.truth(number).base_total
        assert sum(amounts.values()) == 0
        assert all(row.cells[0].attributes[0].id == "account" for row in rows)


def test_aged_receivables_of_a_contact_are_what_it_owes(ledger: Ledger, official: Official) -> None:
    tenant, books = next(iter(ledger.books.items()))
    asked = 0
    for key in {d.party for d in books.kinds(*RECEIVABLE) if d.outstanding}:
        report = official.accounting.get_report_aged_receivables_by_contact(tenant, key).reports[0]
        closing = Decimal(report.rows[-1].rows[-1].cells[-1].value)
        owed = Decimal(0)
        for document in books.kinds(*RECEIVABLE):
            if document.party == key:
                signed = document.outstanding if document.kind is Kind.INVOICE else -document.outstanding
                owed += books.in_base(signed, document.rate)
        assert closing == owed
        asked += 1
    assert asked > 5


def test_one_record_by_its_id_is_what_the_page_shows(ledger: Ledger, official: Official) -> None:
    tenant, books = next(iter(ledger.books.items()))
    api = official.accounting
    invoice = official.rows(tenant, "invoices", where='Type=="ACCREC" AND AmountDue>0')[0]
    assert api.get_invoice(tenant, invoice.invoice_id).invoices[0].to_dict() == invoice.to_dict()
    contact = official.rows(tenant, "contacts")[0]
    assert api.get_contact(tenant, contact.contact_id).contacts[0].to_dict() == contact.to_dict()
    payment = next(iter(books.payments))
    assert api.get_payment(tenant, payment).payments[0].payment_id == payment
    note = next(books.kinds(Kind.CREDIT_NOTE))
    assert api.get_credit_note(tenant, note.id).credit_notes[0].remaining_credit == note.outstanding


def test_the_clients_first_call_rotates_its_refresh_token(server: Server, official: Official) -> None:
    before = dict(official.store)
    official.identity.get_connections()
    assert official.store["refresh_token"] not in ("", before["refresh_token"])
    assert server.face.grants.refreshes == 1


def test_what_changed_is_what_the_clients_if_modified_since_gets(ledger: Ledger, official: Official) -> None:
    tenant, books = next(iter(ledger.books.items()))
    since = ledger.now
    ledger.advance()
    rows = official.rows(tenant, "invoices", if_modified_since=since)
    assert {row.invoice_id for row in rows} == {
        d.id for d in books.kinds(Kind.INVOICE, Kind.BILL) if d.updated_at > since
    }
    assert 0 < len(rows) < 40


def test_purchases_share_the_lists_and_are_told_apart_by_their_types(ledger: Ledger, official: Official) -> None:
    tenant, books = next(iter(ledger.books.items()))
    for name, words in (
        ("invoices", {"ACCREC", "ACCPAY"}),
        ("credit_notes", {"ACCRECCREDIT", "ACCPAYCREDIT"}),
        ("prepayments", {"RECEIVE-PREPAYMENT", "SPEND-PREPAYMENT"}),
    ):
        assert {row.type for row in official.rows(tenant, name)} == words
    kinds = {row.payment_type for row in official.rows(tenant, "payments")}
    assert {"ACCPAYPAYMENT", "APCREDITPAYMENT"} <= kinds
    truth = ledger.truth()
    assert not set(truth.documents) & {d.id for d in books.documents.values() if d.kind in PURCHASES}
    assert {link.target for link in truth.links} <= set(truth.documents)


def test_books_without_a_foreign_currency_balance_without_a_gain_or_a_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.sandbox.parties.CURRENCIES", ("NZD",))
    ledger = Ledger(invoices=200)
    ledger.advance(3)
    amounts = trial_balance(ledger.entity(0), ledger.now.date() + timedelta(days=1), Settings())
    assert amounts["currency_gains"] == 0 and amounts["bad_debts"] > 0
    assert amounts["receivable"] == ledger.truth().totals["NZD"]
