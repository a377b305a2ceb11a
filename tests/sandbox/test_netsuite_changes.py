"""What NetSuite's sandbox shows of a change, and what it does not: stamps, links, deletions, signs, states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.sandbox.books import Books
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import Server, serve
from include.sandbox.netsuite.settings import Settings
from include.sandbox.records import Allocation, Document, Kind, State
from tests.sandbox.netsuite_reader import Reader

STAMP = "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM transaction WHERE id = ?"
LINK = (
    "SELECT TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM nexttransactionlinelink "
    "WHERE previousdoc = ? AND nextdoc = ?"
)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(seed=11, invoices=120)


def at(moment: datetime, zone: str = "Europe/Berlin") -> list[dict[str, str]]:
    return [{"at": f"{moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, microsecond=0)}"}]


def applied(books: Books) -> Allocation:
    """Return a credit note's living use."""
    return next(
        a for a in books.allocations.values() if not a.deleted and books.documents[a.credit].kind is Kind.CREDIT_NOTE
    )


def ids(server: Server, *records: Any) -> list[int]:
    return [server.internal_id("transaction", record if isinstance(record, str) else record.id) for record in records]


def again(ledger: Ledger, allocation: Allocation) -> Allocation:
    """Undo an application and make it again, now."""
    books = ledger.entity(0)
    credit, invoice = books.documents[allocation.credit], books.documents[allocation.invoice]
    books.delete_allocation(allocation, ledger.now)
    return books.allocate(credit, invoice, allocation.amount, ledger.now)


@pytest.mark.parametrize(
    ("stamps", "invoice_moves", "credit_moves"),
    [("invoice", True, False), ("both", True, True), ("link", False, False)],
)
def test_an_application_stamps_its_link_and_not_always_what_it_links(
    ledger: Ledger, stamps: Any, invoice_moves: bool, credit_moves: bool
) -> None:
    allocation = applied(ledger.entity(0))
    with serve(ledger, Settings(applications_stamp=stamps)) as server:
        reader = Reader(server)
        reader.rows("SELECT COUNT(*) FROM transaction")
        invoice, credit = ids(server, allocation.invoice, allocation.credit)
        before = reader.rows(STAMP, invoice), reader.rows(STAMP, credit)
        again(ledger, allocation)
        now = at(ledger.now)
        assert reader.rows(LINK, invoice, credit) == now
        assert reader.rows(STAMP, invoice) == (now if invoice_moves else before[0])
        assert reader.rows(STAMP, credit) == (now if credit_moves else before[1])


def test_an_application_that_was_taken_back_leaves_nothing_behind(ledger: Ledger) -> None:
    allocation = applied(ledger.entity(0))
    with serve(ledger) as server:
        reader = Reader(server)
        deleted = "SELECT COUNT(*) AS n FROM deletedrecord"
        before = reader.rows(deleted)
        pair = ids(server, allocation.invoice, allocation.credit)
        assert len(reader.rows(LINK, *pair)) == 1
        ledger.entity(0).delete_allocation(allocation, ledger.now)
        assert reader.rows(LINK, *pair) == [] and reader.rows(deleted) == before


def test_a_use_of_a_deposit_is_a_transaction_of_its_own_and_its_end_a_deletion(ledger: Ledger) -> None:
    books = ledger.entity(0)
    use = next(
        a for a in books.allocations.values() if not a.deleted and books.documents[a.credit].kind is Kind.PREPAYMENT
    )
    with serve(ledger) as server:
        reader = Reader(server)
        reader.rows("SELECT COUNT(*) FROM transaction")
        deposit, invoice, application = ids(server, use.credit, use.invoice, use.id)
        links = "SELECT previousdoc, previoustype, linktype, foreignamount FROM previoustransactionlinelink " \
            "WHERE nextdoc = ? ORDER BY linktype"  # fmt: skip
        from_deposit, to_invoice = reader.rows(links, application)
        assert (from_deposit["previousdoc"], from_deposit["linktype"]) == (str(deposit), "DepAppl")
        assert (to_invoice["previousdoc"], to_invoice["linktype"]) == (str(invoice), "Payment")
        assert Decimal(to_invoice["foreignamount"]) == use.amount
        books.delete_allocation(use, ledger.now)
        assert reader.rows("SELECT id FROM transaction WHERE id = ?", application) == []
        gone = reader.rows("SELECT type, TO_CHAR(deleteddate, 'YYYY-MM-DD HH24:MI:SS') AS at FROM deletedrecord "
                           "WHERE recordid = ? AND recordtypeid = -30", application)  # fmt: skip
        assert gone == [{"type": "depositapplication"} | at(ledger.now)[0]]


def test_a_draft_that_was_deleted_is_gone_and_deletedrecord_says_since_when(ledger: Ledger) -> None:
    books = ledger.entity(0)
    draft = next(d for d in books.kinds(Kind.INVOICE) if d.state is State.DRAFT)
    with serve(ledger) as server:
        reader = Reader(server)
        (key,) = ids(server, draft)
        row = "SELECT approvalstatus, status, posting, foreignamountunpaid FROM transaction WHERE id = ?"
        assert reader.rows(row, key)[0] | {"foreignamountunpaid": ""} == {
            "approvalstatus": "1", "status": "D", "posting": "F", "foreignamountunpaid": "",
        }  # fmt: skip
        books.void(draft, ledger.now)
        assert reader.rows(row, key) == []
        told = reader.rows("SELECT name, recordid FROM deletedrecord WHERE deleteddate >= TO_DATE(?, "
                           "'YYYY-MM-DD HH24:MI:SS')", at(ledger.now)[0]["at"])  # fmt: skip
        assert told == [{"name": f"Invoice #{key}", "recordid": str(key)}]
    with serve(ledger, Settings(deleted_type="label")) as server:
        assert {"type": "Invoice"} in Reader(server).rows("SELECT DISTINCT type FROM deletedrecord ORDER BY type")


@pytest.mark.parametrize("way", ["deleted", "voided"])
def test_a_payment_that_was_taken_back_is_deleted_or_voided(ledger: Ledger, way: Any) -> None:
    books = ledger.entity(0)
    payment = next(p for p in books.payments.values() if not p.deleted and not p.batch and not p.is_refund)
    with serve(ledger, Settings(payments_taken_back=way)) as server:
        reader = Reader(server)
        reader.rows("SELECT COUNT(*) FROM transaction")
        (key,) = ids(server, payment)
        row = "SELECT voided, status, foreigntotal FROM transaction WHERE id = ?"
        assert Decimal(reader.rows(row, key)[0]["foreigntotal"]) == payment.amount
        books.delete_payment(payment, ledger.now)
        gone = reader.rows("SELECT recordid FROM deletedrecord WHERE recordid = ? AND recordtypeid = -30", key)
        if way == "deleted":
            assert reader.rows(row, key) == [] and gone == [{"recordid": str(key)}]
        else:
            assert reader.rows(row, key) == [{"voided": "T", "status": "V", "foreigntotal": "0"}] and gone == []
            assert reader.rows(STAMP, key) == at(ledger.now)
        assert reader.rows("SELECT previousdoc FROM nexttransactionlinelink WHERE nextdoc = ?", key) == []


@pytest.mark.parametrize(("kept", "total"), [("zero", Decimal(0)), ("kept", None)])
def test_an_invoice_that_was_voided_stays_with_nothing_open(ledger: Ledger, kept: Any, total: Decimal | None) -> None:
    invoice = next(d for d in ledger.entity(0).kinds(Kind.INVOICE) if d.state is State.VOIDED)
    with serve(ledger, Settings(void_amounts=kept)) as server:
        (row,) = Reader(server).rows("SELECT * FROM transaction WHERE id = ?", *ids_after(server, invoice))
    assert (row["voided"], row["status"], row["foreignamountunpaid"]) == ("T", "V", "0")
    assert Decimal(row["foreigntotal"]) == (invoice.gross if total is None else total)


def ids_after(server: Server, *records: Document) -> list[int]:
    """Return internal ids once all have been given."""
    server.face.render()
    return ids(server, *records)


def test_what_was_handed_in_waits_or_was_rejected(ledger: Ledger) -> None:
    draft = next(d for d in ledger.entity(0).kinds(Kind.INVOICE) if d.state is State.SUBMITTED)
    for how, told in (("pending", ("1", "D")), ("rejected", ("3", "E"))):
        with serve(ledger, Settings(submitted=how)) as server:
            (row,) = Reader(server).rows(
                "SELECT approvalstatus, status FROM transaction WHERE id = ?", *ids_after(server, draft)
            )
        assert (row["approvalstatus"], row["status"]) == told


@pytest.mark.parametrize("sign", [1, -1])
def test_no_sign_of_a_payment_or_a_rest_is_to_be_trusted(ledger: Ledger, sign: int) -> None:
    with serve(ledger, Settings(payment_sign=sign, refund_sign=sign, credit_rest_sign=sign)) as server:
        reader = Reader(server)
        signs: Callable[[str, str], set[bool]] = lambda column, kind: {  # noqa: E731
            Decimal(row["a"]) > 0
            for row in reader.rows(f"SELECT {column} AS a FROM transaction WHERE type = '{kind}' AND {column} <> 0")
        }
        assert signs("foreigntotal", "CustPymt") == signs("foreigntotal", "CustRfnd") == {sign > 0}
        assert signs("foreignpaymentamountunused", "CustCred") == {sign > 0}
        assert signs("foreigntotal", "CustCred") == {False} and signs("foreigntotal", "CustInvc") == {True}


def test_a_credit_memos_application_may_be_told_from_the_credit_memo(ledger: Ledger) -> None:
    allocation = applied(ledger.entity(0))
    for reversed_, names in ((False, ("CustInvc", "CustCred")), (True, ("CustCred", "CustInvc"))):
        with serve(ledger, Settings(credit_as_previous=reversed_, statement_charges=0)) as server:
            invoice, credit = ids_after(server, *(ledger.entity(0).documents[key] for key in
                                                  (allocation.invoice, allocation.credit)))  # fmt: skip
            pair = (credit, invoice) if reversed_ else (invoice, credit)
            rows = Reader(server).rows(
                "SELECT previoustype, nexttype FROM nexttransactionlinelink WHERE previousdoc = ? AND nextdoc = ?",
                *pair,
            )
        assert rows == [{"previoustype": names[0], "nexttype": names[1]}]


def test_a_merged_customers_transactions_move_and_are_stamped_or_not(ledger: Ledger) -> None:
    books = ledger.entity(0)
    used = {d.party for d in books.kinds(Kind.INVOICE) if d.outstanding}
    mine, into = [p for p in books.parties.values() if p.id in used and not p.archived and not p.parent][:2]
    invoice = next(d for d in books.kinds(Kind.INVOICE) if d.party == mine.id and d.outstanding)
    for stamps in (True, False):
        with serve(ledger, Settings(merge_stamps=stamps)) as server:
            reader = Reader(server)
            (key,) = ids_after(server, invoice)
            if not mine.merged_into:
                books.merge(mine, into, ledger.now)
            (row,) = reader.rows("SELECT entity FROM transaction WHERE id = ?", key)
            assert row["entity"] == str(server.internal_id("entity", into.id))
            assert reader.rows("SELECT id FROM customer WHERE id = ?", server.internal_id("entity", mine.id)) == []
            assert (reader.rows(STAMP, key) == at(ledger.now)) is stamps


def test_a_posting_has_a_stamp_of_its_own_or_never(ledger: Ledger) -> None:
    count = "SELECT COUNT(lastmodifieddate) AS n FROM transactionaccountingline"
    for stamps in (True, False):
        with serve(ledger, Settings(line_stamps=stamps)) as server:
            assert (Reader(server).rows(count) == [{"n": "0"}]) is not stamps


def test_ids_are_the_same_for_the_same_ledger_and_stay(ledger: Ledger) -> None:
    query = "SELECT id, tranid, type FROM transaction ORDER BY id"
    with serve(ledger) as server:
        before = Reader(server).rows(query)
        ledger.advance(4)
        after = {row["id"]: row for row in Reader(server).rows(query)}
    assert all(after[row["id"]]["tranid"] == row["tranid"] for row in before if row["id"] in after)
    other = Ledger(seed=11, invoices=120)
    with serve(other) as server:
        assert Reader(server).rows(query) == before
        entities = {row["id"] for row in Reader(server).rows("SELECT id FROM customer ORDER BY id")}
    assert entities & {row["id"] for row in before}, "equal ids of different records"


def test_a_type_that_nobody_expects_may_post_on_receivables(ledger: Ledger) -> None:
    types = (
        "SELECT t.type, SUM(a.amount) AS amount FROM transaction t, transactionaccountingline a, account c "
        "WHERE a.transaction = t.id AND c.id = a.account AND c.accttype = 'AcctRec' AND a.posting = 'T' GROUP BY t.type"
    )
    found = []
    for kind in ("Journal", "Check"):
        with serve(ledger, Settings(write_offs=kind)) as server:
            found.append({row["type"]: row["amount"] for row in Reader(server).rows(types)})
    usual, other = found
    assert other.pop("Check") == usual.pop("Journal") and other == usual
