"""Whose a record of Sage Intacct is: customers that entities share, the top level, payments over several entities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.books import Books
from include.sandbox.group import pay_across
from include.sandbox.intacct.server import Server
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Document, Kind
from tests.sandbox.intacct_reader import (
    CUSTOMER,
    DETAIL,
    INVOICE,
    PAYMENT,
    Gateway,
    Reader,
    key,
)  # fmt: skip

TXN = "txnCurrency"


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


def test_the_top_level_may_be_listed_among_the_entities(company_with: Any) -> None:
    with company_with(root_entity_listed=True) as server:
        rows = Reader(server).rows("company-config/entity", "id", "isRoot")
        assert {row["id"] for row in rows if row["isRoot"]} == {"acme"} and len(rows) == 3
