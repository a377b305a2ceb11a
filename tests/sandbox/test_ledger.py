from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from include.money import exponent
from include.sandbox.books import Books
from include.sandbox.defects import DEFECTS
from include.sandbox.group import pay_across, transfer
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind, State
from include.sandbox.truth import RECEIVABLE


def everything(books: Books) -> list[object]:
    kept = (books.parties, books.documents, books.payments, books.allocations)
    return [asdict(record) for records in kept for record in records.values()]


def check(books: Books, ledger: Ledger, number: int) -> None:
    """The rests that the books keep are those that follow from payments and allocations."""
    truth = ledger.truth(number)
    for key, balance in truth.documents.items():
        document = books.documents[key]
        assert document.outstanding == balance.outstanding
        assert 0 <= balance.outstanding <= document.gross
        assert not document.closed_on or not document.outstanding
        assert document.gross == document.net + document.tax
        assert sum((line.net + line.tax for line in document.lines), Decimal(0)) == document.gross
        assert -document.gross.as_tuple().exponent <= exponent(document.currency)
        if document.installments:
            assert sum(part.amount for part in document.installments) == document.gross
    by_party: dict[str, Decimal] = {}
    for (_, currency), amount in truth.parties.items():
        by_party[currency] = by_party.get(currency, Decimal(0)) + amount
    assert by_party == truth.totals


def test_the_same_seed_gives_the_same_books_also_after_days_and_another_seed_others() -> None:
    first, again, other = Ledger(seed=3, invoices=150), Ledger(seed=3, invoices=150), Ledger(seed=4, invoices=150)
    for ledger in (first, again, other):
        ledger.advance(5)
        ledger.plant(0)
    assert everything(first.entity(0)) == everything(again.entity(0))
    assert everything(first.entity(0)) != everything(other.entity(0))


def test_entities_share_nothing() -> None:
    ledger = Ledger(entities=3, invoices=50)
    ids = [set(books.documents) | set(books.parties) | set(books.payments) for books in ledger.books.values()]
    assert not ids[0] & ids[1] and not ids[1] & ids[2]
    assert len({books.entity.currency for books in ledger.books.values()}) == 3


def test_a_group_shares_customers_who_owe_each_entity_its_own_invoices_and_one_entity_bills_another() -> None:
    ledger, alone = Ledger(entities=3, invoices=60, shared=2), Ledger(entities=3, invoices=60)
    first, second, third = ledger.books.values()
    shared = {party.shared: party for party in second.parties.values() if party.shared}
    assert len(shared) == 2 and all(first.parties[key].shared == key for key in shared)
    for key, twin in shared.items():
        assert (first.parties[key].name, first.parties[key].email) == (twin.name, twin.email)
        assert any(d.party == twin.id and d.outstanding for d in second.kinds(Kind.INVOICE))
    assert [p.represents for p in second.parties.values() if p.represents] == [first.entity.id]
    assert everything(third) == everything(alone.entity(2)) and ledger.truth(1).totals != alone.truth(1).totals
    ledger.advance(10)
    assert all(first.parties[key].name == twin.name and not twin.archived for key, twin in shared.items())
    for number in range(3):
        check(ledger.entity(number), ledger, number)


def test_what_settles_a_document_stamps_it_but_is_no_edit() -> None:
    ledger = Ledger(invoices=100)
    books = ledger.entity(0)
    invoice = next(d for d in books.kinds(Kind.INVOICE) if d.outstanding and not books.is_touched(d))
    edited = books.edited_at(invoice)
    books.pay(invoice, invoice.outstanding, ledger.now)
    assert (books.edited_at(invoice), invoice.updated_at) == (edited, ledger.now)
    books.touch(invoice, ledger.now)
    assert books.edited_at(invoice) == ledger.now


def test_an_edit_of_what_nothing_settles_is_remembered_with_its_moment() -> None:
    ledger = Ledger(invoices=100)
    books = ledger.entity(0)
    free = next(d for d in books.kinds(Kind.INVOICE) if d.outstanding and d.due_on and not books.is_touched(d))
    part_paid = next(d for d in books.kinds(Kind.INVOICE) if 0 < d.outstanding < d.gross)
    for invoice in (free, part_paid):
        books.change_due(invoice, ledger.now.date(), ledger.now)
        books.touch(invoice, ledger.now)
    assert books.edits[free.id] == [ledger.now] * 2 and part_paid.id not in books.edits


def test_one_transfer_settles_invoices_of_several_entities() -> None:
    ledger = Ledger(entities=2, invoices=100, shared=1)
    first, second = ledger.books.values()
    twin = next(party for party in second.parties.values() if party.shared)
    bills = [
        (books, new_document(books, Kind.INVOICE, books.parties[key], ledger.now, currency="EUR"))
        for books, key in ((first, twin.shared), (second, twin.id))
    ]
    batch = pay_across(bills, ledger.now)
    for number, (books, invoice) in enumerate(bills):
        assert [p.amount for p in books.batches[batch]] == [invoice.gross] and not invoice.outstanding
        check(books, ledger, number)
    for _ in range(8):  # more often than the customer has open invoices
        again = transfer(first, second, ledger.now)
        (one,), (other,) = first.batches[again], second.batches[again]
        assert one.currency == other.currency == twin.currency
    with pytest.raises(ValueError, match="share no customer"):
        transfer(*Ledger(entities=2, invoices=20).books.values(), ledger.now)


@pytest.mark.parametrize("invoices", [10, 60, 600])
def test_every_rest_follows_from_what_settled_it_before_and_after_three_weeks(invoices: int) -> None:
    ledger = Ledger(entities=2, invoices=invoices)
    for number, books in enumerate(ledger.books.values()):
        check(books, ledger, number)
    ledger.advance(21)
    for number, books in enumerate(ledger.books.values()):
        check(books, ledger, number)


def test_a_middling_ledger_has_everything_that_receivables_have() -> None:
    books = Ledger(invoices=800).entity(0)
    documents, parties = list(books.documents.values()), list(books.parties.values())
    assert {d.kind for d in documents} == set(Kind)
    assert {d.state for d in documents if d.kind is Kind.INVOICE} == set(State)
    assert {"JPY", "KWD", "BHD", "NZD"} <= {d.currency for d in documents}
    assert {-d.gross.as_tuple().exponent for d in documents} == {0, 2, 3}
    assert any(d.installments for d in documents) and any(d.expected_on for d in documents)
    assert any(0 < d.outstanding < d.gross for d in documents if d.kind is Kind.INVOICE)
    assert {p.is_refund for p in books.payments.values()} == {True, False}
    assert any(p.deleted for p in books.payments.values()) and any(a.deleted for a in books.allocations.values())
    assert any(p.account == "bad_debts" for p in books.payments.values())
    assert any(d.reference == "Write-off bad debt" for d in books.kinds(Kind.CREDIT_NOTE))
    assert any(len(payments) > 1 for payments in books.batches.values())
    assert any(p.archived for p in parties) and any(p.merged_into for p in parties) and any(p.parent for p in parties)
    assert any(p.is_customer and p.is_supplier for p in parties) and any(not p.is_customer for p in parties)
    assert any(not p.name.isascii() for p in parties) and any(not p.email for p in parties)
    assert any(
        p.bank_amount != books.in_base(p.amount, books.documents[p.document].rate) for p in books.payments.values()
    )


def test_a_hierarchy_has_two_levels_and_a_merge_ends_in_a_survivor() -> None:
    books = Ledger(invoices=800).entity(0)
    for party in books.parties.values():
        assert not party.parent or not books.parties[party.parent].parent
        assert not books.parties[books.survivor(party.id)].merged_into


def test_a_day_brings_what_an_increment_must_bring_and_stamps_it_within_the_day() -> None:
    ledger = Ledger(invoices=400)
    books, before = ledger.entity(0), ledger.now
    known = set(books.documents) | set(books.payments) | set(books.allocations)
    states = {key: document.state for key, document in books.documents.items()}
    ledger.advance()
    assert ledger.now == before + timedelta(days=1)
    new = [d for d in books.documents.values() if d.id not in known]
    assert {d.kind for d in new} == {*RECEIVABLE, Kind.BILL}
    assert any(p.id not in known for p in books.payments.values())
    assert any(a.id not in known for a in books.allocations.values())
    turned = {(state, books.documents[key].state) for key, state in states.items()}
    assert {(State.POSTED, State.VOIDED), (State.DRAFT, State.DELETED)} <= turned
    changed = [
        r for rs in (books.documents, books.payments, books.parties) for r in rs.values() if r.updated_at > before
    ]
    assert changed and max(record.updated_at for record in changed) < ledger.now
    assert any(p.merged_into and p.updated_at > before for p in books.parties.values())


def test_a_due_date_that_moves_on_a_part_paid_invoice_leaves_no_stamp_and_on_an_open_one_does() -> None:
    ledger = Ledger(invoices=200)
    books = ledger.entity(0)
    part_paid = next(d for d in books.kinds(Kind.INVOICE) if 0 < d.outstanding < d.gross)
    untouched = next(d for d in books.kinds(Kind.INVOICE) if d.outstanding == d.gross and not books.is_touched(d))
    stamp, version = part_paid.updated_at, books.version
    for invoice in (part_paid, untouched):
        books.change_due(invoice, invoice.due_on + timedelta(days=9), ledger.now)
    assert part_paid.updated_at == stamp and untouched.updated_at == ledger.now
    assert books.version > version, "who keeps pages must see that something changed"


def test_a_customer_whose_balance_changes_is_not_stamped() -> None:
    ledger = Ledger(invoices=100)
    books = ledger.entity(0)
    invoice = next(d for d in books.kinds(Kind.INVOICE) if d.outstanding and not books.parties[d.party].archived)
    stamp = books.parties[invoice.party].updated_at
    books.pay(invoice, invoice.outstanding, ledger.now)
    assert books.parties[invoice.party].updated_at == stamp and invoice.updated_at == ledger.now


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_a_planted_defect_shows_in_its_records_and_business_goes_on(name: str) -> None:
    ledger = Ledger(invoices=150)
    books = ledger.entity(0)
    ledger.plant(0, name)
    spoilt = books.defects[name]
    assert spoilt and all(key in books.documents or key in books.parties for key in spoilt)
    assert all((books.documents.get(key) or books.parties[key]).updated_at >= ledger.now for key in spoilt)
    ledger.advance(10)


def test_all_defects_fit_into_one_small_ledger_and_four_of_them_keep_the_gate_shut() -> None:
    ledger = Ledger(invoices=150)
    ledger.plant(0)
    assert set(ledger.entity(0).defects) == set(DEFECTS) and len(DEFECTS) >= 8
    assert sum(defect.is_critical for defect in DEFECTS.values()) >= 4
    spoilt = [key for ids in ledger.entity(0).defects.values() for key in ids if key in ledger.entity(0).documents]
    assert len(spoilt) == len(set(spoilt)), "one invoice has one defect"


def test_a_defect_that_does_not_fit_is_refused() -> None:
    ledger = Ledger(invoices=10, customers=1)
    for document in ledger.entity(0).documents.values():
        document.outstanding = Decimal(0)
    with pytest.raises(ValueError, match="missing_due_date"):
        ledger.plant(0, "missing_due_date")


def test_the_clock_is_where_the_caller_puts_it() -> None:
    now = datetime(2025, 2, 28, 23, 30, tzinfo=UTC)
    ledger = Ledger(invoices=60, now=now)
    assert ledger.now == now
    stamps = [record.updated_at for record in ledger.entity(0).documents.values()]
    assert max(stamps) <= now < max(stamps) + timedelta(days=60)


@pytest.mark.slow
def test_two_hundred_thousand_invoices_would_take_about_a_minute_of_computing() -> None:
    """A tenth of them takes a tenth of the time: what a record costs does not grow with how many there are."""
    took = {}
    for invoices in (5_000, 20_000):
        before = time.process_time()
        ledger = Ledger(invoices=invoices)
        took[invoices] = time.process_time() - before
        assert ledger.entity(0).numbers[Kind.INVOICE] >= invoices
    assert took[20_000] < 9 and took[20_000] < 7 * took[5_000]


def test_importing_the_sandbox_imports_nothing_heavy() -> None:
    program = (
        "import sys, include.sandbox.__main__; "
        "import include.sandbox.intacct.server, include.sandbox.netsuite.server, include.sandbox.xero.server; "
        "print(*[n for n in ('pandas', 'pyarrow', 'great_expectations', 'airflow', 'sqlalchemy') if n in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.split() == []
