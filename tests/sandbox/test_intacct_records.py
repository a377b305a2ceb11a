"""What Sage Intacct does with the ledger's business: re-creates, reverses, deletes, splits and hides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.books import Books
from include.sandbox.group import pay_across
from include.sandbox.intacct.documents import current, is_order_entry
from include.sandbox.intacct.server import Server
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Document, Kind, State
from tests.sandbox.intacct_reader import (
    ADJUSTMENT,
    ADVANCE,
    AUDIT,
    CUSTOMER,
    DEPOSIT,
    DETAIL,
    INVOICE,
    PAYMENT,
    Gateway,
    Reader,
    Row,
    condition,
)  # fmt: skip

TXN = "txnCurrency"


def key(server: Server, books: Books, document: Document) -> str:
    """Return the number that a document has now."""
    source = server.face.views.now().source
    return str(source.record(*current(books, document, source.settings)[0]))


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


# -- order entry


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


# -- deletions


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


# -- reversals, credits, kinds of money


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


# -- several entities


@contextmanager
def paid_across(
    group: Ledger, serve: Any, **settings: Any
) -> Iterator[tuple[Server, Reader, list[tuple[Books, Document]]]]:
    """Serve a company in which one transfer of a shared customer paid an invoice in each entity."""
    first, second = group.books.values()
    twin = next(party for party in second.parties.values() if party.shared)
    bills = [
        (books, new_document(books, Kind.INVOICE, books.parties[party], group.now, currency="EUR"))
        for books, party in ((first, twin.shared), (second, twin.id))
    ]
    pay_across(bills, group.now)
    with serve(**settings) as server:
        yield server, Reader(server), bills


NAMES = ("key", "entity.id", "multiEntityPayment.key", f"{TXN}.totalAmount", "customer.id")


@pytest.mark.parametrize(("mode", "shares", "wholes"), [("shares_and_whole", 2, 1), ("shares", 2, 0), ("whole", 0, 1)])
def test_a_payment_over_several_entities_is_shares_that_name_the_whole_or_the_whole(
    company_with: Any, group: Ledger, mode: str, shares: int, wholes: int
) -> None:
    with paid_across(group, company_with, multi_entity_payment=mode) as (server, reader, bills):
        keys = [key(server, books, bill) for books, bill in bills]
        names = ("arPayment.key", "arInvoice.key", f"{TXN}.paymentAmount")
        details = reader.rows(DETAIL, *names, filters=[{"$in": {"arInvoice.key": keys}}])
        assert {(d["arInvoice.key"], Decimal(d[names[2]])) for d in details} == {
            (k, bill.gross) for k, (_, bill) in zip(keys, bills, strict=True)
        }
        payments = {row["key"]: row for row in reader.rows(PAYMENT, *NAMES)}
        mine = [payments[each] for each in dict.fromkeys(d["arPayment.key"] for d in details)]
        total = sum(bill.gross for _, bill in bills)
        assert len(mine) == (shares or wholes)
        if not shares:
            assert (mine[0]["entity.id"], Decimal(mine[0][NAMES[3]])) == (None, total)
            return
        assert {row["entity.id"] for row in mine} == {"E100", "E200"}
        whole = {row["multiEntityPayment.key"] for row in mine}
        assert len(whole) == 1 and sum(Decimal(row[NAMES[3]]) for row in mine) == total
        listed = payments.get(whole.pop())
        assert bool(listed) is bool(wholes)
        if listed:
            assert (listed["entity.id"], Decimal(listed[NAMES[3]])) == (None, total)


def test_a_shared_customer_is_one_record_that_every_entity_sees_with_its_own_debt(
    company: Server, group: Ledger
) -> None:
    second = group.entity(1)
    twin = next(party for party in second.parties.values() if party.shared)
    number = company.face.company.customer_id(group.entity(0).parties[twin.shared])
    only = {"filters": [{"$eq": {"id": number}}]}
    rows = {e: Reader(company, e).rows(CUSTOMER, "key", "name", "totalDue", **only) for e in ("", "E100", "E200")}
    assert all(len(found) == 1 for found in rows.values()) and len({found[0]["key"] for found in rows.values()}) == 1
    due = {entity: Decimal(found[0]["totalDue"]) for entity, found in rows.items()}
    assert due[""] == due["E100"] + due["E200"] and due["E200"] > 0
    mine = {
        r["entity.id"] for r in Reader(company).rows(INVOICE, "entity.id", filters=[{"$eq": {"customer.id": number}}])
    }
    assert mine == {"E100", "E200"}


def test_an_entity_of_the_group_is_a_customer_of_the_kind_intercompany(company: Server, group: Ledger) -> None:
    rows = Reader(company).rows(CUSTOMER, "name", "customerType.id", filters=[{"$ne": {"customerType.id": None}}])
    assert [row["name"] for row in rows] == [group.entity(0).entity.name]


def test_who_sees_a_customer_follows_from_its_owner_and_its_restriction(company: Server) -> None:
    names = ("id", "customerRestriction", "entity.id")
    every = {row["id"]: row for row in Reader(company).rows(CUSTOMER, *names)}
    assert {row["customerRestriction"] for row in every.values()} == {"unrestricted", "restricted", "rootOnly"}
    shown = {e: {row["id"] for row in Reader(company, e).rows(CUSTOMER, "id")} for e in ("E100", "E200")}
    top = {row["id"] for row in Reader(company).rows(CUSTOMER, "id", private=False)}
    for number, row in every.items():
        owner = row["entity.id"]
        assert (number in top) is (owner is None)
        for entity, seen in shown.items():
            if owner or row["customerRestriction"] == "rootOnly":
                assert (number in seen) is (owner == entity)
            elif row["customerRestriction"] == "unrestricted":
                assert number in seen
    restricted = [n for n, row in every.items() if row["customerRestriction"] == "restricted" and not row["entity.id"]]
    assert restricted and all((n in shown["E100"]) is not (n in shown["E200"]) for n in restricted)


def test_documents_of_the_top_level_are_nobodys_but_may_be_shown_in_entities(company_with: Any) -> None:
    for shown in (False, True):
        with company_with(top_level_documents_in_entities=shown) as server:
            owners = {row["entity.id"] for row in Reader(server, "E200").rows(INVOICE, "entity.id")}
            assert owners == ({None, "E200"} if shown else {"E200"})
            assert None in {row["entity.id"] for row in Reader(server).rows(INVOICE, "entity.id")}


def test_whether_a_payment_stamps_its_invoice_is_a_setting(company_with: Any, group: Ledger) -> None:
    group.advance()
    since = {"$gte": {"audit.modifiedDateTime": (group.now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}}
    found = {}
    for stamped in (True, False):
        with company_with(payment_stamps_invoice=stamped) as server:
            rows = Reader(server).rows(INVOICE, "key", "state", filters=[since])
            found[stamped] = {row["key"] for row in rows}
    assert found[False] < found[True]


# -- defects

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


# -- what nobody knows, and so is a setting


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


def test_what_a_customer_owes_may_be_the_companys_or_blind_to_currencies(company_with: Any, group: Ledger) -> None:
    def total(entity: str, **settings: Any) -> Decimal:
        with company_with(**settings) as server:
            rows = Reader(server, entity).rows(CUSTOMER, "totalDue")
            return sum((Decimal(row["totalDue"]) for row in rows), Decimal(0))

    assert total("E200") == group.truth(1).base_total
    assert total("E200", customer_balance="document") == sum(group.truth(1).totals.values())
    assert total("E200", customer_balance_scope="company") > total("E200"), "shared customers owe others, too"


def test_the_aging_may_leave_credits_out_or_add_up_documents_as_they_are(company_with: Any, group: Ledger) -> None:
    def total(**settings: Any) -> Decimal:
        with company_with(**settings) as server:
            data = Gateway(server, "E200").data("<get_araging/>")
            return sum((Decimal(each.text or 0) for each in data.iter("totalamount")), Decimal(0))

    truth = group.truth(1)
    assert total() == truth.base_total
    assert total(aging_currency="document") == sum(truth.totals.values())
    assert total(aging_currency="document", aging_counts_credits=False) == sum(truth.owed.values())


def test_an_advance_is_named_by_either_of_two_references(company_with: Any) -> None:
    for setting, other in (("arAdvance", "postedAdvance"), ("postedAdvance", "arAdvance")):
        with company_with(advance_reference=setting) as server:
            rows = Reader(server).rows(DETAIL, "arAdvance.key", "postedAdvance.key", f"{TXN}.postedAdvanceAmount")
            used = [row for row in rows if row[f"{TXN}.postedAdvanceAmount"]]
            assert used and all(row[f"{setting}.key"] and row[f"{other}.key"] is None for row in used)


def test_the_top_level_may_be_listed_among_the_entities(company_with: Any) -> None:
    with company_with(root_entity_listed=True) as server:
        rows = Reader(server).rows("company-config/entity", "id", "isRoot")
        assert {row["id"] for row in rows if row["isRoot"]} == {"acme"} and len(rows) == 3


def test_a_refresh_token_may_last_and_gives_way_to_none(company_with: Any) -> None:
    with company_with(refresh_rotates=False) as server:
        reader = Reader(server)
        form = {"grant_type": "refresh_token", "refresh_token": reader.refresh}
        assert [reader.token(**form).status_code for _ in "12"] == [200, 200]
