"""The sample system as the suite's subject, for its own connector or a broken one."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.connectors.base import Connection, Stream
from include.connectors.normalized import Record
from tests.conformance import ledger
from tests.conformance.sample import Sample
from tests.conformance.sample_server import SECRET, Running
from tests.conformance.subject import Subject

ENTITY = "north"


def fill(folder: Path) -> None:
    """Write two entities of one account, with the same numbers in both."""
    ledger.write(folder, ENTITY, ledger.make(entity=ENTITY, base="EUR"))
    ledger.write(folder, "gulf", ledger.make(entity="gulf", base="KWD", invoices=12))


def connection(running: Running) -> Connection:
    """Return the connection to a running sample system."""
    return Connection("sample_erp", running.url, password=SECRET)


def subject(running: Running, connector: type[Sample]) -> Subject:
    """Return the subject that a connector class makes of a running sample system."""
    right = connection(running)
    today = datetime.now(UTC).date()

    def touch() -> str:
        """Change the open bill that lay still for longest."""
        with ledger.changing(running.folder, ENTITY) as books:
            bills = [d for d in books["documents"] if d["kynd"] == "B" and d["st"] == "O"]
            bill = min(bills, key=lambda d: str(d["mod"] or d["made"]))
            bill |= {"ttl": f"{bill['ttl']}!", "mod": datetime.now(UTC).isoformat()}
        return f"Bill:{bill['ident']}"

    return Subject(
        connect=lambda: connector(right, ENTITY),
        wrong_secret=lambda: connector(replace(right, password="no-sesame-4711"), ENTITY),
        unreachable=lambda: connector(replace(right, host=f"http://127.0.0.1:{_closed_port()}"), ENTITY),
        history_from=today - timedelta(days=730),
        as_of=today,
        stream="invoices",
        touch=touch,
        break_record=spoil,
    )


def spoil(stream: Stream, record: Record) -> Record:
    """Return the record with a value that cannot be: customers by a flag, the others by what is in their lines."""
    if stream.name == "customers":
        return record | {"arch": "perhaps"}
    if stream.name == "invoices":
        return record | {"tot": "12,3O"}
    return record | {"appl": "none"} if record["kynd"] == "X" else record | {"amt": None}


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
