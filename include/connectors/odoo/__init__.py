"""Odoo 14 and later: partners, customer documents and receivable entries of one company of a database.

| stream | reads | fills |
|---|---|---|
| customers | res.partner | customers, contacts |
| invoices | account.move | invoices, credit_notes, installments |
| payments | account.move.line | payments, refunds, allocations |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, partial
from typing import Any, ClassVar, Literal, NoReturn

from include.connectors.base import (
    Connection,
    Connector,
    ControlFigures,
    Entity,
    Grade,
    Identity,
    Page,
    Proof,
    Stream,
    Window,
)
from include.connectors.costs import Costs
from include.connectors.normalized import Normalized, Record, Reject
from include.connectors.odoo import companies, customers, fields, invoices, joins, lines
from include.connectors.odoo.body import BROKEN
from include.connectors.odoo.client import Client
from include.connectors.odoo.figures import Control
from include.connectors.odoo.invoices import UnknownValue
from include.connectors.odoo.pages import LIST_SIZE, MAIN, PAGE_SIZE, ROOTS, Reader
from include.connectors.odoo.scope import Domain, modified
from include.connectors.odoo.values import stamp

CUSTOMERS = Stream(
    "customers", ("res.partner",), {"customers": None, "contacts": "customers"}, cursor="write_date", swept=True
)
INVOICES = Stream(
    "invoices", ("account.move",), {"invoices": None, "credit_notes": None, "installments": "invoices"},
    cursor="write_date", swept=True,
)  # fmt: skip
PAYMENTS = Stream(
    "payments", ("account.move.line",), {"payments": None, "refunds": None, "allocations": "payments"},
    cursor="write_date", swept=True,
)  # fmt: skip


class Odoo(Connector):
    """One company of an Odoo database."""

    name: ClassVar[str] = "odoo"
    title: ClassVar[str] = "Odoo"
    streams: ClassVar[tuple[Stream, ...]] = (CUSTOMERS, INVOICES, PAYMENTS)
    allocations: ClassVar[Literal["complete", "partial", "none"]] = "complete"
    grades: ClassVar[Mapping[str, Grade]] = {
        "open_total": Grade.A,
        "customer_balance": Grade.B,
        "open_document": Grade.C,
        "closed_world": Grade.A,
        "count": Grade.C,
    }
    proven: ClassVar[Mapping[Proof, str]] = {
        Proof.CLIENT: "`odoorpc` 0.10.1 says the same of every document, balance and total",
        Proof.SERVER: "`odoo` 14, started and booked into by the tests; JSON-2 by a stand-in over its records",
    }
    mapping_version: ClassVar[int] = 1
    not_offered: ClassVar[Mapping[str, str]] = {
        "deletions": "a hard delete leaves no trace in Odoo; the key sweep finds it",
    }

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        self._client = Client(connection)

    @property
    def costs(self) -> Mapping[str, Costs]:
        """Version, log-in, company and rights in every task; every list is counted, a page's joins are looked up."""
        return {
            "customers": Costs(fixed=10, page=PAGE_SIZE, follow_ups=8, keys=LIST_SIZE),
            "invoices": Costs(fixed=10, page=PAGE_SIZE, follow_ups=4, keys=LIST_SIZE),
            "payments": Costs(fixed=8, page=PAGE_SIZE, follow_ups=6, keys=LIST_SIZE),
            "figures": Costs(fixed=33, page=LIST_SIZE),
        }

    @property
    def request_count(self) -> int:
        """HTTP requests made so far."""
        return self._client.http.request_count

    def check(self) -> str:
        """Log in, ask for the fields of everything the streams need, and read one record of each."""
        seen = companies.seen(self._client)
        for model in fields.NEEDED:
            self._client.search_read(model.name, [], self._client.require(model), limit=1)
        who = self._client.login or f"user {self._client.transport.user()}"
        return f"logged in to Odoo {self._client.version} as {who}, sees {', '.join(one['name'] for one in seen)}"

    def entities(self) -> Sequence[Entity]:
        """List the companies the user works for."""
        found = (
            Entity(str(one["id"]), one["name"] or "", one["currency_id"].name) for one in companies.seen(self._client)
        )
        return sorted(found, key=lambda entity: entity.id)

    def identity(self) -> Identity:
        """Fingerprint what never changes: database, company, when it was made, and its partner."""
        account = companies.fingerprint(self._client, self._company)
        return Identity(self.name, account, str(self._company["id"]), self._company["currency_id"].name)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page by ascending id, so that records which change meanwhile neither shift nor double others."""
        reader, scope, after = self._reader, self._reader.scope, int(window.resume or 0)
        if stream is CUSTOMERS:
            yield from self._read_customers(window, after)
            return
        domain = modified(window)
        if window.customers is not None:
            partner = "commercial_partner_id" if stream is INVOICES else "partner_id"
            domain.append([f"{partner}.commercial_partner_id", "in", _ids(CUSTOMERS, window.customers)])
        in_range = scope.documents_in_range if stream is INVOICES else scope.lines_in_range
        yield from reader.pages(stream, [*in_range(window.history_from), *domain], after)

    def _read_customers(self, window: Window, after: int) -> Iterator[Page]:
        """Page through partners, those changed by their own or a contact's write date, so many ids at a time."""
        reader = self._reader
        wanted = None if window.customers is None else set(_ids(CUSTOMERS, window.customers))
        if window.since:
            changed = set(reader.changed_customers(stamp(window.since)))
            wanted = changed if wanted is None else wanted & changed
        domain: Domain = [*ROOTS]
        if window.until:
            domain.append(["id", "not in", reader.changed_customers(stamp(window.until))])
        if wanted is None:
            yield from reader.pages(CUSTOMERS, domain, after, window.history_from)
            return
        for some in _chunks(sorted(one for one in wanted if one > after)):
            yield from reader.pages(CUSTOMERS, [*domain, ["id", "in", some]], 0, window.history_from)

    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Page through open documents, lines that are not reconciled, or the customers that hold those."""
        reader, scope = self._reader, self._reader.scope
        if stream is CUSTOMERS:
            for some in _chunks(sorted(reader.customers_of(scope.open_documents, scope.open_lines))):
                yield from reader.pages(stream, [["id", "in", some]])
            return
        yield from reader.pages(stream, scope.open_documents if stream is INVOICES else scope.open_lines)

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Read records by id; a partner below whom nobody holds a document of this company counts as absent."""
        for some in _chunks(_ids(stream, ids)):
            scope = self._reader.scope
            scopes = {"customers": ROOTS, "invoices": scope.documents, "payments": scope.lines}
            yield from self._reader.pages(stream, [*scopes[stream.name], ["id", "in", some]])

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List ids only, a few thousand per request."""
        reader = self._reader
        on_documents = reader.scope.documents_in_range(history_from)
        on_lines = reader.scope.lines_in_range(history_from)
        if stream is CUSTOMERS:
            found: Iterable[int] = reader.with_those_above(reader.customers_of(on_documents, on_lines))
        else:
            domain = on_documents if stream is INVOICES else on_lines
            found = (row["id"] for row in reader.listed(MAIN[stream.name].name, domain, ("id",)))
        return (f"{stream.record_types[0]}:{identifier}" for identifier in found)

    def deletions(self, since: datetime) -> NoReturn:
        """Not offered."""
        raise NotImplementedError(self.not_offered["deletions"])

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask ledger, partners and open lines; Odoo answers as of now, which is the as-of day's night."""
        return Control(self._reader).figures(history_from)

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Join a page's records with what was looked up for them."""
        return joins.decode(stream, body)

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Map each record by its own; one that cannot be mapped becomes a reject."""
        return Normalized.of_records(stream, list(records), partial(_fill, stream), partial(_rejected, stream), BROKEN)

    @cached_property
    def _company(self) -> dict[str, Any]:
        return companies.chosen(self._client, companies.seen(self._client), self.entity)

    @cached_property
    def _reader(self) -> Reader:
        company = self._company
        return Reader(self._client, companies.about(self._client, company))


MAPPINGS = {"customers": customers.normalize, "invoices": invoices.normalize, "payments": lines.normalize}


def _fill(stream: Stream, records: Sequence[Record], said: Normalized) -> None:
    for record in records:
        if record.get("malformed"):
            raise ValueError("not as asked for")
        MAPPINGS[stream.name](record, said)


def _rejected(stream: Stream, record: Record, error: Exception) -> Reject:
    """Reject a record that lacks what it must have, or has it in another shape; it may be open."""
    key = joins.record_key(stream, record)
    if stream is INVOICES and isinstance(error, UnknownValue):
        return invoices.reject(record, key, error.column)
    column = error.column if isinstance(error, UnknownValue) else ""
    name = record.get("name") if stream is INVOICES else record.get("move_name")
    return Reject(
        key=key,
        table=next(iter(stream.tables)),
        reason="unknown_value" if column else "malformed_record",
        message=f"{column} has a value that no mapping covers"
        if column
        else f"the record is not as Odoo sends it ({type(error).__name__})",
        is_open=True,
        column=column,
        number=name if isinstance(name, str) else "",
    )


def _ids(stream: Stream, keys: Sequence[str]) -> list[int]:
    """Return Odoo's ids of these record keys; what is no key of the stream names nothing."""
    found = (key.partition(":") for key in keys)
    return sorted(int(i) for record_type, _, i in found if record_type in stream.record_types and i.isdigit())


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    """Yield the ids, a page's worth at a time."""
    for start in range(0, len(ids), PAGE_SIZE):
        yield list(ids[start : start + PAGE_SIZE])
