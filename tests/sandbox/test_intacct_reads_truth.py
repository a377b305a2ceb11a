"""What both protocols of the sandbox's Sage Intacct say is the ledger's truth, to the minor unit."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.books import Books
from include.sandbox.intacct import documents
from include.sandbox.intacct.server import Server
from include.sandbox.ledger import Ledger
from include.sandbox.records import Document, Kind, State
from tests.sandbox.intacct_reader import (
    ADJUSTMENT,
    ADVANCE,
    CUSTOMER,
    DEPOSIT,
    DETAIL,
    INVOICE,
    PAYMENT,
    Gateway,
    Reader,
    amount,
)  # fmt: skip

LIVING = ("posted", "partiallyPaid", "paid", "selected", "confirmed")
GATEWAY_STATES = {"Posted": "posted", "Partially Paid": "partiallyPaid", "Paid": "paid", "Selected": "selected"}


def numbers(server: Server) -> dict[str, tuple[Books, Document]]:
    """Return the ledger's document behind every record number."""
    source = server.face.views.now().source
    return {
        str(source.record(*documents.current(books, document, source.settings)[0])): (books, document)
        for books, document in source.company.documents()
    }


def expected(server: Server, ledger: Ledger) -> dict[str, tuple[Any, ...]]:
    """Return (entity, currency, gross, rest) of every posted document, by its number; credits are negative."""
    found = {}
    truths = {books.entity.id: ledger.truth(n) for n, books in enumerate(ledger.books.values())}
    for key, (books, document) in numbers(server).items():
        balance = truths[books.entity.id].documents[document.id]
        if balance.state is State.POSTED:
            entity = server.face.company.owner(books, document.party)
            sign = 1 if balance.kind is Kind.INVOICE else -1
            found[key] = (entity or None, balance.currency, sign * balance.gross, sign * balance.outstanding)
    return found


def rest_documents(reader: Reader) -> dict[str, tuple[Any, ...]]:
    """Return the same as REST says it; advances and overpayments are positive there."""
    found = {}
    fields = ("key", "entity.id", "currency.txnCurrency", "totalTxnAmount", "totalTxnAmountDue", "state")
    for r in reader.rows(INVOICE, *fields):
        if r["state"] in LIVING:
            found[r["key"]] = (r["entity.id"], r[fields[2]], amount(r[fields[3]]), amount(r[fields[4]]))
    side = "txnCurrency"
    fields = (
        "key",
        "entity.id",
        f"{side}.currency",
        f"{side}.totalEntered",
        f"{side}.totalDue",
        "state",
        "description",
    )
    for r in reader.rows(ADJUSTMENT, *fields, "state", "description"):
        if r["state"] in LIVING and r["description"] != "Refund":
            found[r["key"]] = (r["entity.id"], r[fields[2]], amount(r[fields[3]]), amount(r[fields[4]]))
    inside = "paymentInformation"
    fields = ("key", "entity.id", f"{inside}.currency.txnCurrency", "txnTotalEntered", f"{inside}.totalTxnAmountDue")
    for r in reader.rows(ADVANCE, *fields):
        found[r["key"]] = (r["entity.id"], r[fields[2]], -amount(r[fields[3]]), -amount(r[fields[4]]))
    fields = ("key", "entity.id", "currency.txnCurrency", f"{inside}.totalEntered", f"{inside}.txnTotalPaid")
    for r in reader.rows(DEPOSIT, *fields):
        rest = amount(r[fields[3]]) - amount(r[fields[4]])
        found[r["key"]] = (r["entity.id"], r[fields[2]], -amount(r[fields[3]]), -rest)
    fields = ("key", "entity.id", f"{side}.currency", f"{side}.totalAmount", f"{side}.totalDue")
    for r in reader.rows(PAYMENT, *fields, filters=[{"$eq": {"recordType": "ro"}}]):
        found[r["key"]] = (r["entity.id"], r[fields[2]], -amount(r[fields[3]]), -amount(r[fields[4]]))
    return found


def gateway_documents(gateway: Gateway) -> dict[str, tuple[Any, ...]]:
    found = {}
    fields = ("RECORDNO", "MEGAENTITYID", "CURRENCY", "TRX_TOTALENTERED", "TRX_TOTALDUE", "STATE")
    for name, sign in (("ARINVOICE", 1), ("ARADJUSTMENT", 1), ("ARADVANCE", -1)):
        for r in gateway.rows(name, *fields, "DESCRIPTION"):
            if r["STATE"] in GATEWAY_STATES and r["DESCRIPTION"] != "Refund":
                found[r["RECORDNO"]] = (
                    r["MEGAENTITYID"], r["CURRENCY"], sign * amount(r[fields[3]]), sign * amount(r[fields[4]])
                )  # fmt: skip
    for r in gateway.rows("ARPYMT", *fields, "RECORDTYPE", "PAYMENTMETHOD"):
        if r["RECORDTYPE"] == "ro" or (r["RECORDTYPE"] == "rp" and r["STATE"] in GATEWAY_STATES):
            found[r["RECORDNO"]] = (r["MEGAENTITYID"], r["CURRENCY"], -amount(r[fields[3]]), -amount(r[fields[4]]))
    return found


@pytest.mark.parametrize("days", [0, 8])
def test_every_document_of_the_company_is_the_ledgers_in_both_protocols(
    company: Server, group: Ledger, days: int
) -> None:
    group.advance(days)
    truth = expected(company, group)
    assert len({entity for entity, *_ in truth.values()}) == 3, "two entities and the top level"
    assert rest_documents(Reader(company)) == truth
    assert gateway_documents(Gateway(company)) == truth


def links(company: Server, group: Ledger) -> Counter[tuple[str, str, Decimal]]:
    """Return (source, target, amount) of the truth; a payment is `money`, of a refund the target is `memo`."""
    found: Counter[tuple[str, str, Decimal]] = Counter()
    for number in range(2):
        for link in group.truth(number).links:
            match link.kind:
                case "allocation":
                    found[link.source, link.target, link.amount] += 1
                case "refund":
                    found[link.target, "memo", link.amount] += 1
                case _:
                    found["money", link.target, link.amount] += 1
    return found


CREDIT_SIDES = {
    "arAdjustment": ("adjustmentAmount", "ADJUSTMENTKEY", "TRX_ADJUSTMENTAMOUNT"),
    "negativeInvoice": ("negativeInvoiceAmount", "NEGATIVEINVOICEKEY", "TRX_NEGATIVEINVOICEAMOUNT"),
    "arAdvance": ("postedAdvanceAmount", "ADVANCEKEY", "TRX_POSTEDADVANCEAMOUNT"),
    "arPostedOverPayment": ("postedOverPaymentAmount", "OVERPAYMENTKEY", "TRX_POSTEDOVERPAYMENTAMOUNT"),
}


def rest_links(reader: Reader, ids: dict[str, str]) -> Counter[tuple[str, str, Decimal]]:
    fields = [name for side, (total, *_) in CREDIT_SIDES.items() for name in (f"{side}.key", f"txnCurrency.{total}")]
    states = ("arInvoice.key", "positiveAdjustment.key", "txnCurrency.paymentAmount", "arPayment.state")
    found: Counter[tuple[str, str, Decimal]] = Counter()
    for row in reader.rows(DETAIL, "key", *states, *fields):
        if row["arPayment.state"] in ("reversed", "reversal"):
            continue
        target = "memo" if row["positiveAdjustment.key"] else ids[row["arInvoice.key"]]
        source, total = "money", row["txnCurrency.paymentAmount"]
        for side, (name, *_) in CREDIT_SIDES.items():
            if row[f"{side}.key"]:
                source, total = ids[row[f"{side}.key"]], row[f"txnCurrency.{name}"]
        found[source, target, Decimal(total)] += 1
    return found


def gateway_links(gateway: Gateway, ids: dict[str, str]) -> Counter[tuple[str, str, Decimal]]:
    fields = [name for _, *names in CREDIT_SIDES.values() for name in names]
    first = ("RECORDKEY", "POSADJKEY", "TRX_PAYMENTAMOUNT", "ARPYMT.STATE")
    found: Counter[tuple[str, str, Decimal]] = Counter()
    for row in gateway.rows("ARPYMTDETAIL", *first, *fields):
        if row["ARPYMT.STATE"] in ("Reversed", "Reversal"):
            continue
        target = "memo" if row["POSADJKEY"] else ids[row["RECORDKEY"]]
        source, total = "money", row["TRX_PAYMENTAMOUNT"]
        for _, key, name in CREDIT_SIDES.values():
            if row[key]:
                source, total = ids[row[key]], row[name]
        found[source, target, Decimal(total)] += 1
    return found


@pytest.mark.parametrize("days", [0, 8])
def test_every_link_is_the_ledgers_in_both_protocols(company: Server, group: Ledger, days: int) -> None:
    group.advance(days)
    ids = {key: document.id for key, (_, document) in numbers(company).items()}
    truth = links(company, group)
    assert rest_links(Reader(company), ids) == truth
    assert gateway_links(Gateway(company), ids) == truth
    assert {"memo"} < {target for _, target, _ in truth}


@pytest.mark.parametrize("entity", ["", "E100", "E200"])
def test_a_readers_place_decides_what_it_sees_and_the_parts_are_the_whole(
    company: Server, group: Ledger, entity: str
) -> None:
    everything = expected(company, group)
    mine = {key: said for key, said in everything.items() if (said[0] or "") == entity}
    reader = Reader(company, entity)
    if entity:
        assert rest_documents(reader) == mine and gateway_documents(Gateway(company, entity)) == mine
        return
    shown = {r["key"] for r in reader.rows(INVOICE, "key", private=False, filters=[{"$eq": {"state": "posted"}}])}
    assert shown and shown <= set(mine), "without includePrivate the top level shows its own alone"


def test_an_invoice_adds_up_in_both_currencies(company: Server, group: Ledger) -> None:
    names = [
        f"{group}{side}Amount{what}"
        for side in ("Base", "Txn")
        for group, what in (("total", ""), ("total", "Due"), ("paymentInformation.total", "Paid"))
    ]
    books_of = numbers(company)
    foreign = 0
    for row in Reader(company).rows(INVOICE, "key", "state", "currency.baseCurrency", "currency.txnCurrency", *names):
        base, base_due, _, gross, due, paid = (Decimal(row[name]) for name in names)
        if row["state"] not in LIVING:
            continue
        assert due == gross - paid
        books, document = books_of[row["key"]]
        assert row["currency.baseCurrency"] == books.entity.currency
        sign = 1 if document.kind is Kind.INVOICE else -1
        stated = [books.in_base(sign * each, document.rate) for each in (document.gross, document.outstanding)]
        assert [base, base_due] == stated
        foreign += row["currency.txnCurrency"] != row["currency.baseCurrency"]
    assert foreign > 10


@pytest.mark.parametrize("entity", ["", "E100", "E200"])
def test_what_customers_owe_and_the_aging_are_the_truths_base_totals(
    company: Server, group: Ledger, entity: str
) -> None:
    totals = {}
    for number, (name, books) in enumerate(company.face.company.entities.items()):
        owned = [d for d in books.documents.values() if company.face.company.owner(books, d.party) == name]
        rest = group.truth(number).documents
        totals[name] = sum(
            (books.in_base(rest[d.id].outstanding * (1 if d.kind is Kind.INVOICE else -1), d.rate)
             for d in owned if d.id in rest), Decimal(0),
        )  # fmt: skip
        totals[""] = totals.get("", Decimal(0)) + group.truth(number).base_total
    due = sum((Decimal(row["totalDue"]) for row in Reader(company, entity).rows(CUSTOMER, "totalDue")), Decimal(0))
    assert due == totals[entity] != 0
    report = Gateway(company, entity).data("<get_araging><useduedate>true</useduedate></get_araging>")
    assert sum((Decimal(each.text or 0) for each in report.iter("totalamount")), Decimal(0)) == totals[entity]
