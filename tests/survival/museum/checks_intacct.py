"""Checks of Sage Intacct, over its sandbox: what both protocols hide, and what they tell late or wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from include.connectors.base import Window
from include.connectors.intacct import deleted, objects, transport
from include.connectors.intacct.objects import INVOICE
from include.connectors.intacct.transport import Query, Reply
from include.sandbox.intacct.documents import current, is_order_entry
from include.sandbox.intacct.server import serve
from include.sandbox.invoicing import new_document
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind
from tests.intacct.conftest import Running, Transport
from tests.survival.museum.room import Room


@contextmanager
def company(over: Transport = "rest") -> Iterator[Running]:
    ledger = Ledger(invoices=24, customers=12, entities=2)
    with serve(ledger) as server:
        yield Running(server, ledger, over, extra={"calls_at_once": 100})


def read(own: Running, window: Window | None = None) -> set[str]:
    connector = own.connector()
    window = window or Window(history_from=own.ledger.now.date() - timedelta(days=9999))
    return {item.key for page in connector.read(connector.stream("invoices"), window) for item in page.items}


def held(own: Running) -> set[str]:
    """Return the entity's invoices, those of the top level included, as the books have them."""
    rows = own.server.face.views.now().rows("accounts-receivable/invoice").values()
    return {f"invoice:{row.key}" for row in rows if row.owner.entity in ("", own.entity)}


def what_belongs_to_an_entity_is_read(room: Room) -> None:
    for over in ("rest", "gateway"):
        with company(over) as own:
            assert read(own) == held(own)


def what_never_changed_is_news_once(room: Room) -> None:
    with company("gateway") as own:
        asked = Window(history_from=own.ledger.now.date() - timedelta(days=9999), since=own.ledger.now)
        with own.ledger.lock:
            own.ledger.now += timedelta(minutes=5)
            books = own.ledger.entity(0)
            party = next(p for p in books.parties.values() if not p.archived)
            new_document(books, Kind.INVOICE, party, own.ledger.now)
        assert len(read(own, asked)) == 1


def what_was_made_anew_leaves_no_twin_behind_for_a_night(room: Room) -> None:
    with company() as own:
        books, settings, source = own.ledger.entity(0), own.server.face.settings, own.server.face.views.now().source
        invoice = next(
            i for i in books.kinds(Kind.INVOICE)
            if i.outstanding and is_order_entry(i, settings) and not books.is_touched(i)
        )  # fmt: skip
        old = f"invoice:{source.record(*current(books, invoice, settings)[0])}"
        with own.ledger.lock:
            own.ledger.now += timedelta(minutes=5)
            books.touch(invoice, own.ledger.now)
        connector = own.connector()
        stream = connector.stream("invoices")
        assert not [item for page in connector.read_ids(stream, [old]) for item in page.items]
        assert ("invoices", old) in [*connector.deletions(own.ledger.now - timedelta(hours=3))]


def a_full_page_is_not_the_last_because_it_says_so(room: Room) -> None:
    class Lying:
        """Says of every page that nothing follows."""

        def query(self, query: Query) -> Reply:
            first = 0 if query.condition is None else 2
            rows = [{"key": str(number)} for number in range(first + 1, min(first + 3, 4))]
            return Reply(rows, b"", datetime.now(UTC), len(rows), is_last=True, size=2)

    lying: Any = Lying()
    assert [row["key"] for row in transport.every(lying, Query(INVOICE))] == ["1", "2", "3"]


def what_is_left_of_a_deposit_is_not_made_of_rounded_totals(room: Room) -> None:
    told = "paymentInformation"
    row = objects._as_payment({
        "key": "1", "currency.baseCurrency": "EUR", "currency.txnCurrency": "USD", f"{told}.totalEntered": "10.00",
        f"{told}.txnTotalPaid": "5.00", f"{told}.totalAmountEntered": "3.33", f"{told}.totalPaid": "1.66",
    })  # fmt: skip
    assert row["baseCurrency.totalDue"] is None and row["exchangeRate.rate"] == "0.333000000000"


def a_deletion_that_is_named_with_a_suffix_is_one(room: Room) -> None:
    assert deleted._number({"changeDetails.objectId": "4711--REC"}) == "4711"
    assert deleted._number({"changeDetails.objectId": "CUST-10"}) == ""
