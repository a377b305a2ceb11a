"""Xero, as the sandbox speaks it, as the subject of the conformance suite."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from demo.tryton_files import free_port
from include.connectors.base import Stream
from include.connectors.normalized import Record
from include.sandbox.records import Kind
from tests.conformance.subject import Subject
from tests.xero.conftest import Running


def make(running: Running) -> Subject:
    """Return the subject of a running sandbox."""
    unreachable = f"http://127.0.0.1:{free_port()}"
    today = datetime.now(UTC).date()

    def touch() -> str:
        """Edit the open invoice that lay still for longest."""
        books = running.ledger.entity(running.number)
        with running.ledger.lock:
            waiting = [invoice for invoice in books.kinds(Kind.INVOICE) if invoice.outstanding]
            invoice = min(waiting, key=lambda each: each.updated_at)
            invoice.reference += "!"
            books.touch(invoice, running.ledger.now)
        return f"Invoice:{invoice.id}"

    return Subject(
        connect=running.connector,
        wrong_secret=lambda: running.connector(running.custom(id="wrong", password="no-sesame-4711")),
        unreachable=lambda: running.connector(running.custom(id="nowhere", host=unreachable)),
        history_from=today - timedelta(days=700),
        as_of=today,
        stream="invoices",
        touch=touch,
        break_record=spoil,
        absent=lambda stream: f"{stream.record_types[0]}:{uuid.UUID(int=7)}",
    )


def spoil(stream: Stream, record: Record) -> Record:
    """Return the record with a value that cannot be."""
    match stream.name:
        case "customers":
            return record | {"ContactStatus": "PERHAPS"}
        case "payments":
            return record | {"Amount": "12,3O"}
        case "invoices":
            return record | {"AmountDue": None}
    return record | {"RemainingCredit": True}
