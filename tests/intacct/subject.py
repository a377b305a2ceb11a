"""Sage Intacct, as the sandbox speaks it, as the subject of the conformance suite."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from demo.tryton_files import free_port
from include.connectors.base import Stream
from include.connectors.normalized import Record
from include.sandbox.intacct.documents import is_order_entry
from include.sandbox.records import Document, Kind
from tests.conformance.subject import Subject
from tests.intacct.conftest import Running


def make(running: Running) -> Subject:
    """Return the subject of a running sandbox."""
    unreachable = f"http://127.0.0.1:{free_port()}"
    today = datetime.now(UTC).date()
    settings = running.server.face.settings

    def touch() -> str:
        """Edit the open invoice of the AR ledger that lay still for longest: one of order entry would be re-created."""
        books = running.ledger.entity(running.number)
        with running.ledger.lock:
            owed = [i for i in books.kinds(Kind.INVOICE) if i.outstanding and not is_order_entry(i, settings)]
            invoice = min(owed, key=lambda each: each.updated_at)
            running.ledger.now = max(running.ledger.now, datetime.now(UTC)) + timedelta(seconds=2)
            invoice.reference += "!"
            books.touch(invoice, running.ledger.now)
        return key_of(running, invoice)

    return Subject(
        connect=running.connector,
        wrong_secret=lambda: running.connector(running.connection(id="wrong", password="no-sesame-4711")),
        unreachable=lambda: running.connector(running.connection(id="nowhere", host=unreachable)),
        history_from=date(2000, 1, 1),
        as_of=today,
        stream="invoices",
        touch=touch,
        break_record=spoil,
    )


def key_of(running: Running, invoice: Document) -> str:
    """Return the external id of an invoice; another entity may have one of the same number."""
    rows = running.server.face.views.now().rows("accounts-receivable/invoice").values()
    told = (invoice.number, invoice.created_at)
    same = (r for r in rows if (r.values["invoiceNumber"], r.values["audit.createdDateTime"]) == told)
    return f"invoice:{next(same).key}"


def spoil(stream: Stream, record: Record) -> Record:
    """Return the record with a value that cannot be."""
    match stream.name:
        case "customers":
            return record | {"status": "perhaps"}
        case "payments":
            return record | {"txnCurrency.totalAmount": 12.5}
        case "advances":
            return record | {"txnTotalEntered": "12,3O"}
    return record | {"state": "odd"}
