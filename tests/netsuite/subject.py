"""NetSuite, as the sandbox speaks it, as the subject of the conformance suite."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from demo.tryton_files import free_port
from include.connectors.base import Stream
from include.connectors.normalized import Record
from include.sandbox.records import Kind
from tests.conformance.subject import Subject
from tests.netsuite.conftest import Running


def make(running: Running) -> Subject:
    """Return the subject of a running sandbox."""
    unreachable = f"http://127.0.0.1:{free_port()}"
    today = datetime.now(UTC).date()
    entity = running.entity

    def touch() -> str:
        """Edit the open invoice that lay still for longest; return its key, found by its number."""
        books = running.ledger.entity(running.number)
        with running.ledger.lock:
            waiting = [invoice for invoice in books.kinds(Kind.INVOICE) if invoice.outstanding]
            invoice = min(waiting, key=lambda each: each.updated_at)
            invoice.reference += "!"
            books.touch(invoice, running.ledger.now)
        made = running.connector(entity=entity)
        invoices = made.stream("invoices")
        for page in made.read_open(invoices):
            for item, record in zip(page.items, made.decode(invoices, page.body), strict=True):
                if invoice.number in (record.get("tranid"), record.get("transactionnumber")):
                    return item.key
        raise AssertionError("the invoice that was touched is not open")

    return Subject(
        connect=lambda: running.connector(entity=entity),
        wrong_secret=lambda: running.connector(running.signed(id="wrong", password="no-sesame-4711"), entity=entity),
        unreachable=lambda: running.connector(running.signed(id="nowhere", host=unreachable), entity=entity),
        history_from=today - timedelta(days=700),
        as_of=today,
        stream="invoices",
        touch=touch,
        break_record=spoil,
    )


def spoil(stream: Stream, record: Record) -> Record:
    """Return the record with a value that cannot be."""
    if stream.name == "customers":
        return record | {"isinactive": "PERHAPS"}
    return record | {"foreigntotal": "12,3O", "lines": None}
