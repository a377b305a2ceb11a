"""Tryton as the subject of the conformance suite."""

from __future__ import annotations

from datetime import UTC, datetime

from demo.tryton_files import free_port
from include.connectors.base import Stream
from include.connectors.normalized import Record
from tests.conformance.subject import Subject
from tests.tryton.books import HISTORY_FROM
from tests.tryton.conftest import Running


def make(tryton: Running) -> Subject:
    """Return the subject of a running server."""
    unreachable = f"http://127.0.0.1:{free_port()}"
    return Subject(
        connect=tryton.connector,
        wrong_secret=lambda: tryton.connector(password="no-sesame-4711"),
        unreachable=lambda: tryton.connector(host=unreachable),
        history_from=HISTORY_FROM,
        as_of=datetime.now(UTC).date(),
        stream="customers",
        touch=lambda: str(tryton.ask("change.py", '{"email_changed": {}}')["email_changed"]["party.party"]),
        break_record=_spoil,
    )


def _spoil(stream: Stream, record: Record) -> Record:
    if stream.name == "customers":
        return record | {"active": None, "name": 7}
    if stream.name == "invoices":
        return record | {"total_amount": "12,3O"}
    return record | {"party": None, "debit": "much"}
