"""What Sage Intacct does with the ledger's business: re-creates, reverses, deletes, splits and hides."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.books import Books
from include.sandbox.intacct.documents import is_order_entry
from include.sandbox.intacct.server import Server
from include.sandbox.ledger import Ledger
from include.sandbox.records import Document, Kind, State
from tests.sandbox.intacct_reader import (
    ADJUSTMENT,
    ADVANCE,
    AUDIT,
    DEPOSIT,
    DETAIL,
    INVOICE,
    PAYMENT,
    Gateway,
    Reader,
    Row,
    condition,
    key,
)  # fmt: skip

TXN = "txnCurrency"


def free(books: Books, server: Server, *, ordered: bool) -> Document:
    """Return an entity's own open invoice that nothing settles, from order entry or entered by hand."""
    company, settings = server.face.company, server.face.settings
    return next(
        d
        for d in books.kinds(Kind.INVOICE)
        if d.outstanding == d.gross and d.due_on and not books.is_touched(d)
        if is_order_entry(d, settings) is ordered and company.owner(books, d.party) == company.entity_of(books)
    )


def invoice(reader: Reader, number: str) -> list[Row]:
    names = ("key", "invoiceNumber", "state", "moduleKey", "entity.id", "customer.id", "dueDate", "totalTxnAmount")
    stamps = ("audit.createdDateTime", "totalTxnAmountDue")
    return reader.rows(INVOICE, *names, *stamps, filters=[{"$eq": {"invoiceNumber": number}}])


def test_order_entry_re_creates_an_invoice_that_is_edited_under_a_new_number_and_entry_by_hand_does_not(
    company: Server, group: Ledger
) -> None:
    reader, books = Reader(company, "E100"), group.entity(0)
    for ordered in (True, False):
        edited = free(books, company, ordered=ordered)
        (before,) = invoice(reader, edited.number)
        books.change_due(edited, edited.due_on + timedelta(days=3), group.now)
        (after,) = invoice(reader, edited.number)
        assert (after["key"] != before["key"]) is ordered
        assert after["moduleKey"] == ("orderEntry" if ordered else "accountsReceivable")
        same = ("invoiceNumber", "entity.id", "customer.id", "totalTxnAmount")
        assert all(after[name] == before[name] for name in same) and after["dueDate"] > before["dueDate"]
        gone = reader.ask("GET", f"/objects/{INVOICE}/{before['key']}").status_code
        assert gone == (404 if ordered else 200)
        if ordered:
            assert after["audit.createdDateTime"] == group.now.strftime("%Y-%m-%dT%H:%M:%SZ")
            assert int(after["key"]) > int(before["key"])


def test_a_payment_finds_the_invoice_under_its_new_number(company: Server, group: Ledger) -> None:
    books = group.entity(0)
    edited = free(books, company, ordered=True)
    books.change_due(edited, edited.due_on + timedelta(days=3), group.now)
    books.pay(edited, edited.outstanding, group.now)
    new = key(company, books, edited)
    details = Reader(company).rows(DETAIL, "arInvoice.key", filters=[{"$eq": {"arInvoice.key": new}}])
    assert len(details) == 1
    assert key(company, books, edited) == new, "what settles an invoice is no edit of it"


def test_most_invoices_come_from_order_entry_and_numbers_stay_when_days_pass(company: Server, group: Ledger) -> None:
    reader = Reader(company)
    before = {row["key"]: row for row in reader.rows(INVOICE, "key", "moduleKey", "invoiceNumber", "entity.id")}
    share = sum(row["moduleKey"] == "orderEntry" for row in before.values()) / len(before)
    assert 0.6 < share < 0.95
    group.advance(3)
    after = {row["key"]: row for row in reader.rows(INVOICE, "key", "moduleKey", "invoiceNumber", "entity.id")}
    gone = set(before) - set(after)
    assert all(after[k] == before[k] for k in set(before) & set(after)) and 2 <= len(gone) < 15
    assert {before[k]["invoiceNumber"] for k in gone} & {row["invoiceNumber"] for row in after.values()}


def test_another_process_gives_the_same_numbers(company: Server, company_with: Any) -> None:
    with company_with() as other:
        rows = [sorted(Reader(s).rows(INVOICE, "key", "invoiceNumber", "entity.id"), key=str) for s in (company, other)]
        assert rows[0] == rows[1]


def audit(gateway: Gateway, name: str) -> list[Row]:
    inside = "<filter><and>" + condition("equalto", "OBJECTTYPE", name) + condition("equalto", "ACCESSMODE", "D")
    return gateway.rows("AUDITHISTORY", "OBJECTKEY", "ACCESSTIME", "ID", inside=inside + "</and></filter>")


def test_a_deletion_appears_in_the_audit_history_two_hours_late(company: Server, group: Ledger) -> None:
    gateway, books = Gateway(company), group.entity(0)
    edited = free(books, company, ordered=True)
    old = key(company, books, edited)
    draft = next(d for d in books.kinds(Kind.INVOICE) if d.state in (State.DRAFT, State.SUBMITTED))
    drafted = key(company, books, draft)
    books.change_due(edited, edited.due_on + timedelta(days=3), group.now)
    books.void(draft, group.now)
    assert drafted not in {row["RECORDNO"] for row in gateway.rows("ARINVOICE", "RECORDNO")}
    at = group.now
    for hours, seen in ((0, False), (1.9, False), (2, True)):
        group.now = at + timedelta(hours=hours)
        shown = {row["OBJECTKEY"] for row in audit(gateway, "arinvoice")}
        assert ({old, drafted} <= shown) is seen and bool({old, drafted} & shown) is seen
    rest = Reader(company).rows(
        AUDIT, "changeDetails.objectName", "changeDetails.objectId", "changeSource.actionPerformed"
    )
    assert {row["changeDetails.objectId"] for row in rest} >= {old, drafted}
    assert {row["changeSource.actionPerformed"] for row in rest} == {"delete"}
    assert {row["changeDetails.objectName"] for row in rest} <= {INVOICE, PAYMENT, ADJUSTMENT}


def test_the_use_of_a_credit_that_is_taken_back_is_gone_with_its_payment(company: Server, group: Ledger) -> None:
    reader, gateway, books = Reader(company), Gateway(company), group.entity(0)
    allocation = next(a for a in books.allocations.values() if not a.deleted)
    source = company.face.views.now().source
    header = str(source.record("application", allocation.id))
    assert reader.one(PAYMENT, header)[TXN]["totalAmount"] == "0.00", "a payment of nothing"
    books.delete_allocation(allocation, group.now)
    assert reader.ask("GET", f"/objects/{PAYMENT}/{header}").status_code == 404
    assert reader.rows(DETAIL, "key", filters=[{"$eq": {"arPayment.key": header}}]) == []
    group.now += timedelta(hours=3)
    assert header in {row["OBJECTKEY"] for row in audit(gateway, "arpymt")}


def test_uses_of_credits_may_have_no_payment_of_their_own(company_with: Any) -> None:
    with company_with(credit_applications="no_payment") as server:
        reader = Reader(server)
        rows = reader.rows(DETAIL, "arPayment.key", f"{TXN}.paymentAmount", "paymentDate")
        assert {row["arPayment.key"] is None for row in rows if row[f"{TXN}.paymentAmount"] is None} == {True}
        amounts = {row[f"{TXN}.totalAmount"] for row in reader.rows(PAYMENT, f"{TXN}.totalAmount")}
        assert "0.00" not in amounts


def test_what_is_voided_is_reversed_by_a_record_of_its_own_with_the_other_sign(company: Server, group: Ledger) -> None:
    reader = Reader(company)
    names = ("invoiceNumber", "state", "entity.id", "totalTxnAmount", "totalTxnAmountDue", "customer.id")
    rows = reader.rows(INVOICE, *names)
    voided = {(r["entity.id"], r["invoiceNumber"]): r for r in rows if r["state"] == "reversed"}
    reversals = [r for r in rows if r["state"] == "reversal"]
    assert len(voided) == len(reversals) > 3
    for row in reversals:
        original = voided[row["entity.id"], row["invoiceNumber"].removesuffix(" - Reversed")]
        assert Decimal(row["totalTxnAmount"]) == -Decimal(original["totalTxnAmount"])
        assert row["totalTxnAmountDue"] == original["totalTxnAmountDue"] == "0.00"
        assert row["customer.id"] == original["customer.id"]
    adjustments = reader.rows(ADJUSTMENT, "state", f"{TXN}.totalEntered", f"{TXN}.totalDue")
    states = {row["state"] for row in adjustments}
    assert {"reversed", "reversal", "paid"} <= states
    assert {Decimal(r[f"{TXN}.totalEntered"]) < 0 for r in adjustments if r["state"] == "reversed"} == {True}


def test_credits_come_as_adjustments_negative_invoices_advances_overpayments_and_deposits(
    company: Server, group: Ledger
) -> None:
    reader = Reader(company)
    memos = reader.rows(ADJUSTMENT, "txnType", f"{TXN}.totalEntered", "description")
    assert {row["txnType"] for row in memos} == {"ra"}
    assert {Decimal(row[f"{TXN}.totalEntered"]) > 0 for row in memos if row["description"] == "Refund"} == {True}
    negative = reader.rows(INVOICE, "key", filters=[{"$lt": {"totalTxnAmount": 0}}, {"$ne": {"state": "reversal"}}])
    assert negative and len(memos) > 5
    payments = reader.rows(PAYMENT, "key", "recordType", "paymentMethod", "documentNumber")
    by_type = {kind: {r["key"] for r in payments if r["recordType"] == kind} for kind in ("rp", "rr", "ro")}
    assert by_type["rr"] == {row["key"] for row in reader.rows(ADVANCE, "key")} and by_type["ro"]
    deposits = {row["key"] for row in reader.rows(DEPOSIT, "key")}
    assert deposits and not deposits & {row["key"] for row in payments}
    in_xml = {row["RECORDNO"]: row["RECORDTYPE"] for row in Gateway(company).rows("ARPYMT", "RECORDNO", "RECORDTYPE")}
    assert {in_xml[each] for each in deposits} == {"rp"} and set(in_xml) == deposits | {r["key"] for r in payments}


def test_every_choice_of_forms_is_a_setting(company_with: Any) -> None:
    plain = {"negative_invoice_every": 0, "manual_deposit_every": 0, "advances_among_payments": False}
    with company_with(**plain, top_level_every=0, promised_invoices="posted") as server:
        reader = Reader(server)
        assert reader.rows(DEPOSIT, "key") == []
        assert {row["recordType"] for row in reader.rows(PAYMENT, "recordType")} == {"rp", "ro"}
        rows = reader.rows(INVOICE, "state", "entity.id", "totalTxnAmount")
        assert {row["entity.id"] for row in rows} == {"E100", "E200"}
        assert {row["state"] for row in rows if Decimal(row["totalTxnAmount"]) < 0} == {"reversal"}
        assert "selected" not in {row["state"] for row in rows}


def test_a_promised_invoice_is_selected_for_payment(group: Ledger, company: Server) -> None:
    books = group.entity(0)
    promised = free(books, company, ordered=False)
    promised.expected_on = group.now.date() + timedelta(days=5)
    books.version += 1
    (row,) = [r for r in invoice(Reader(company), promised.number) if r["key"] == key(company, books, promised)]
    assert (row["state"], Decimal(row["totalTxnAmountDue"])) == ("selected", promised.outstanding)


@pytest.mark.parametrize("shown", ["shown", "hidden"])
def test_a_payment_taken_back_is_reversed_and_its_details_cancel_out(
    company_with: Any, group: Ledger, shown: str
) -> None:
    with company_with(reversed_details=shown) as server:
        books = group.entity(0)
        bill = free(books, server, ordered=True)
        payment = books.pay(bill, bill.gross, group.now)
        source = server.face.views.now().source
        number = str(source.record("payment", payment.id))
        reader = Reader(server)
        assert reader.one(PAYMENT, number)["state"] == "complete"
        books.delete_payment(payment, group.now + timedelta(minutes=1))
        assert reader.one(PAYMENT, number)["state"] == "reversed"
        names = ("key", "state", f"{TXN}.totalAmount", "recordType")
        back = reader.rows(PAYMENT, *names, filters=[{"$eq": {"state": "reversal"}}], orderBy=[{"key": "desc"}])[0]
        assert Decimal(back[f"{TXN}.totalAmount"]) == -payment.amount and int(back["key"]) > int(number)
        details = reader.rows(
            DETAIL, f"{TXN}.paymentAmount", filters=[{"$eq": {"arInvoice.key": key(server, books, bill)}}]
        )
        amounts = [Decimal(row[f"{TXN}.paymentAmount"]) for row in details]
        assert sum(amounts) == 0 and len(amounts) == (2 if shown == "shown" else 0)


def test_one_bank_transfer_is_one_payment_until_a_part_of_it_is_taken_back(company: Server, group: Ledger) -> None:
    books, reader = group.entity(0), Reader(company)
    batch, parts = next((b, p) for b, p in books.batches.items() if not any(each.deleted for each in p))
    source = company.face.views.now().source
    number = str(source.record("payment", batch))
    said = reader.one(PAYMENT, number)
    assert Decimal(said[TXN]["totalAmount"]) == sum(p.amount for p in parts)
    assert sorted(Decimal(d[TXN]["paymentAmount"]) for d in said["paymentDetails"]) == sorted(p.amount for p in parts)
    books.delete_payment(parts[0], group.now)
    assert reader.one(PAYMENT, number)["state"] == "reversed"
    bill = key(company, books, books.documents[parts[1].document])
    living = reader.rows(
        DETAIL, "arPayment.key", filters=[{"$eq": {"arInvoice.key": bill}}, {"$eq": {"arPayment.state": "complete"}}]
    )
    again = reader.one(PAYMENT, living[0]["arPayment.key"])
    assert len(living) == 1 and Decimal(again[TXN]["totalAmount"]) == parts[1].amount


def test_a_write_off_is_a_payment_that_no_bank_saw(company: Server, group: Ledger) -> None:
    names = ("financialEntity.entityId", "undepositedGLAccount.id", "recordType")
    rows = Reader(company).rows(PAYMENT, *names, filters=[{"$ne": {"undepositedGLAccount.id": None}}])
    expected = [p for b in group.books.values() for p in b.payments.values() if p.account == "bad_debts"]
    assert len(rows) == len(expected) > 0 and all(row["financialEntity.entityId"] is None for row in rows)


def test_whether_a_payment_stamps_its_invoice_is_a_setting(company_with: Any, group: Ledger) -> None:
    group.advance()
    since = {"$gte": {"audit.modifiedDateTime": (group.now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}}
    found = {}
    for stamped in (True, False):
        with company_with(payment_stamps_invoice=stamped) as server:
            rows = Reader(server).rows(INVOICE, "key", "state", filters=[since])
            found[stamped] = {row["key"] for row in rows}
    assert found[False] < found[True]


SHOWS = {
    "missing_due_date": lambda row: row["dueDate"] is None,
    "unknown_currency": lambda row: row["currency.txnCurrency"] == "QQQ",
    "missing_customer": lambda row: row["customer.id"] is None,
    "amounts_do_not_add_up": lambda row: (
        Decimal(row["totalTxnAmountDue"])
        != Decimal(row["totalTxnAmount"]) - Decimal(row["paymentInformation.totalTxnAmountPaid"])
    ),
    "outstanding_above_gross": lambda row: Decimal(row["totalTxnAmountDue"]) > Decimal(row["totalTxnAmount"]) > 0,
    "impossible_amount": lambda row: Decimal(row["totalTxnAmount"]).as_tuple().exponent == -5,
    "due_before_issue": lambda row: (row["dueDate"] or "9") < row["invoiceDate"],
    "missing_number": lambda row: row["invoiceNumber"] is None,
    "future_stamp": lambda row: row["invoiceDate"] > "2027",
}


def test_every_defect_shows_where_it_was_planted_and_nowhere_else(company: Server, group: Ledger) -> None:
    group.plant(1)
    books = group.entity(1)
    names = ("key", "state", "entity.id", "dueDate", "currency.txnCurrency", "customer.id", "totalTxnAmount",
             "totalTxnAmountDue", "paymentInformation.totalTxnAmountPaid", "invoiceDate", "invoiceNumber")  # fmt: skip
    rows = [r for r in Reader(company).rows(INVOICE, *names) if r["state"] not in ("draft", "reversed", "reversal")]
    planted = {key(company, books, books.documents[i]) for i in books.spoilt() if i in books.documents}
    for name, shows in SHOWS.items():
        shown = {row["key"] for row in rows if shows(row)}
        mine = {key(company, books, books.documents[i]) for i in books.defects[name]}
        assert mine <= shown <= planted, name


@pytest.mark.parametrize("basis", ["base_per_document", "document_per_base"])
def test_an_exchange_rate_may_have_either_direction(company_with: Any, basis: str) -> None:
    names = ("currency.exchangeRate.rate", "totalTxnAmount", "totalBaseAmount", "currency.txnCurrency")
    with company_with(rate_basis=basis) as server:
        rows = Reader(server, "E100").rows(INVOICE, *names, filters=[{"$gt": {"totalTxnAmount": 100}}])
        foreign = [row for row in rows if row["currency.txnCurrency"] != "NZD"]
        for row in foreign:
            rate, txn, base = (Decimal(str(row[name])) for name in names[:3])
            assert abs((txn * rate if basis == "base_per_document" else txn / rate) - base) < 1
        assert len(foreign) > 10


def test_an_advance_is_named_by_either_of_two_references(company_with: Any) -> None:
    for setting, other in (("arAdvance", "postedAdvance"), ("postedAdvance", "arAdvance")):
        with company_with(advance_reference=setting) as server:
            rows = Reader(server).rows(DETAIL, "arAdvance.key", "postedAdvance.key", f"{TXN}.postedAdvanceAmount")
            used = [row for row in rows if row[f"{TXN}.postedAdvanceAmount"]]
            assert used and all(row[f"{setting}.key"] and row[f"{other}.key"] is None for row in used)


def test_a_refresh_token_may_last_and_gives_way_to_none(company_with: Any) -> None:
    with company_with(refresh_rotates=False) as server:
        reader = Reader(server)
        form = {"grant_type": "refresh_token", "refresh_token": reader.refresh}
        assert [reader.token(**form).status_code for _ in "12"] == [200, 200]
