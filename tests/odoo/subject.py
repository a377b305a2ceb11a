"""Odoo as the subject of the conformance suite."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from include.connectors.base import Connection, Connector, Stream
from include.connectors.normalized import Record
from include.connectors.odoo import Odoo
from tests.conformance.subject import Subject


def connector(url: str, login: str, password: str, database: str, entity: str) -> Odoo:
    """Return the connector of one company."""
    return Odoo(Connection("erp", url, login, password, {"database": database}), entity)


def make(connect: Callable[..., Connector], nowhere: str, history_from: date, touch: Callable[[], str]) -> Subject:
    """Return the subject of a running server.

    Args:
        connect: takes `connector`'s arguments that differ from the right ones.
        nowhere: an address at which nobody answers.
        touch: changes a partner that is a customer and returns its key.
    """
    return Subject(
        connect=connect,
        wrong_secret=lambda: connect(password="no-sesame-4711"),
        unreachable=lambda: connect(url=nowhere),
        history_from=history_from,
        as_of=datetime.now(UTC).date(),
        stream="customers",
        touch=touch,
        break_record=_spoil,
    )


def _spoil(stream: Stream, record: Record) -> Record:
    """Spoil a decoded record as the typing of the model sees it."""
    spoiled: dict[str, dict[str, Any]] = {
        "customers": {"active": None, "name": 7},
        "invoices": {"amount_total": "12,3O"},
        "payments": {"entry": None, "balance": "much"},
    }
    return record | spoiled[stream.name]
