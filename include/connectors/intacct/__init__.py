"""Sage Intacct: customers, receivable documents and what settles them, of one entity, over REST or the XML gateway.

| stream | reads | fills |
|---|---|---|
| customers | customer, contact, customer-contact | customers, contacts |
| invoices | invoice, of AR and of order entry | invoices, credit_notes, installments, allocations of negative ones |
| adjustments | adjustment | credit_notes (credit memos), invoices (debit memos), installments, allocations |
| payments | payment, manual-deposit, payment-detail | payments, refunds (reversals), allocations |
| advances | advance | payments, allocations |

Whichever transport a connection holds, records come in one shape (objects.py), so there is one mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, Literal

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
from include.connectors.intacct import customers, deleted, documents, payments, records, scope
from include.connectors.intacct.figures import Control
from include.connectors.intacct.gateway import Gateway
from include.connectors.intacct.objects import MODIFIED, NEEDED
from include.connectors.intacct.pages import Reader
from include.connectors.intacct.refusals import GUIDE
from include.connectors.intacct.rest import Rest
from include.connectors.intacct.scope import OBJECTS
from include.connectors.intacct.settings import HOST, Settings
from include.connectors.intacct.transport import Query, Transport
from include.connectors.intacct.values import UnknownValue
from include.connectors.normalized import Normalized, Record, Reject
from include.errors import MissingRights

OVERLAP = timedelta(hours=3)
"""Lists show a change, and the audit trail a deletion, up to two hours and a half late."""
STREAMS = tuple(
    Stream(
        name, (OBJECTS[name].name,), tables, cursor=MODIFIED, overlap=OVERLAP, swept=True, fed=name != "customers",
        reread=name == "customers",  # no document says that who is taken off a contact list stamps the customer
    )
    for name, tables in (
        ("customers", {"customers": None, "contacts": "customers"}),
        ("invoices", {"invoices": None, "credit_notes": None, "installments": "invoices",
                      "allocations": "credit_notes"}),
        ("adjustments", {"invoices": None, "credit_notes": None, "installments": "invoices",
                         "allocations": "credit_notes"}),
        ("payments", {"payments": None, "refunds": None, "allocations": "payments"}),
        ("advances", {"payments": None, "allocations": "payments"}),
    )
)  # fmt: skip


class Intacct(Connector):
    """One entity of a Sage Intacct company."""

    name: ClassVar[str] = "intacct"
    title: ClassVar[str] = "Sage Intacct"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    allocations: ClassVar[Literal["complete", "partial", "none"]] = "complete"
    grades: ClassVar[Mapping[str, Grade]] = {
        "open_total": Grade.B,
        "customer_balance": Grade.B,
        "open_document": Grade.C,
        "closed_world": Grade.C,
        "count": Grade.C,
    }
    proven: ClassVar[Mapping[Proof, str]] = {
        Proof.SANDBOX: "`include/sandbox/intacct`, both protocols, under faults and every way that no document states; "
        "the clients `sageintacctsdk` and `sageintacctrestsdk` read it, too",
    }

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        connection = connection if connection.host else replace(connection, host=HOST)
        self.settings = Settings.of(connection)
        made = Rest if self.settings.transport == "rest" else Gateway
        self._transport: Transport = made(connection, self.settings)
        self._known: Reader | None = None
        self._lists_deletions: bool | None = None
        self._missing: set[tuple[str, str]] = set()

    @property
    def request_count(self) -> int:
        """HTTP requests made so far, those for tokens and sessions included."""
        return self._transport.request_count

    @property
    def costs(self) -> Mapping[str, Costs]:
        """Token and entities in every task, on the gateway session, user and format, too; details of every page.

        For who owns the top level, whose contacts and uses are looked up on both levels; others need less.
        """
        page, more = self.settings.page_size, 0 if self.settings.transport == "rest" else 4
        return {
            "customers": Costs(fixed=3 + more, page=page, follow_ups=5, keys=page),
            "invoices": Costs(fixed=9 + more, page=page, follow_ups=2, keys=page),
            "adjustments": Costs(fixed=9 + more, page=page, follow_ups=2, keys=page),
            "payments": Costs(fixed=11 + more, page=page, follow_ups=5, keys=page),
            "advances": Costs(fixed=9 + more, page=page, follow_ups=2, keys=page),
            "figures": Costs(fixed=13 + 2 * more, page=page),
        }

    def check(self) -> str:
        """Read one record of everything the streams need; name every permission that is missing."""
        seen = self.entities()
        level = self.entity or self.settings.signs_into or seen[0].id
        missing: dict[str, None] = {}
        for needed in NEEDED:
            if not self._transport.has(needed):
                continue
            try:
                self._transport.query(Query(needed, level, size=1))
            except MissingRights:
                missing[f"{needed.subscription} > {needed.permission}"] = None
        if missing:
            raise MissingRights(
                f"the user may not read, and so is lost: {'; '.join(missing)}",
                next_step=f"give its role these permissions (View, List), as {GUIDE} shows",
            )
        self._reader_of(level)
        said = f"signed in to {self.settings.company} as {self.settings.user}, sees {_names(seen)}"
        return said + "".join(f"; {note}" for note in self._notes(level))

    def entities(self) -> Sequence[Entity]:
        """List the entities that are not closed; a company without any is one itself."""
        return scope.entities(self._transport, self.settings)

    def identity(self) -> Identity:
        """Name the company, and the entity by its own key."""
        own = self._reader().scope
        account = f"{self.settings.company.lower()}:{own.key}" if own.key else self.settings.company.lower()
        return Identity(self.name, account, own.entity, own.base_currency)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page by key, or, since a moment, by the time of change, of creation where there was none, and of use."""
        return self._reader().read(stream, window)

    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Page through what has an open rest: whether a payment stamps its invoice as changed is not documented."""
        if stream.name == "customers":
            return iter(())
        return self._reader().listed(stream, None, is_open=True)

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Read records by their numbers, some hundreds at a time; what is not there, `deletions` names, too."""
        wanted = records.numbers(stream.record_types, ids)
        missing = {f"{stream.record_types[0]}:{number}" for number in wanted}
        for page in self._reader().named(stream, wanted) if wanted else ():
            missing -= {item.key for item in page.items}
            yield page
        self._missing |= {(stream.name, key) for key in missing}

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List keys only, a page of them per request."""
        return self._reader().keys(stream, history_from)

    def deletions(self, since: datetime) -> Iterator[tuple[str, str]]:
        """List what the audit trail says was deleted, and what was asked for and is gone before the trail tells."""
        missing, self._missing = self._missing, set()
        yield from sorted(missing)
        if self.lists_deletions():
            yield from deleted.since(self._transport, self.streams, since)

    def lists_deletions(self) -> bool:
        """Tell whether the audit trail may be read and names what was deleted; else all record numbers are compared."""
        if self._lists_deletions is None:
            self._lists_deletions = deleted.are_listed(self._transport, self.streams)
        return self._lists_deletions

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask totals, lists and the aging report; they answer as of now, which is the as-of day's night."""
        return Control(self._reader(), {stream.name: stream for stream in self.streams}).figures(history_from)

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Return a page's records, each with what was looked up for it."""
        return records.decode(stream, body)

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Map each record by its own; one that cannot be mapped becomes a reject."""
        return Normalized.of_records(
            stream, list(records), partial(self._fill, stream), partial(_reject, stream),
            (LookupError, TypeError, AttributeError, ValueError, ArithmeticError),
        )  # fmt: skip

    def _fill(self, stream: Stream, found: Sequence[Record], said: Normalized) -> None:
        fill = {
            "customers": customers.normalize, "invoices": documents.invoice, "adjustments": documents.adjustment,
            "payments": payments.payment, "advances": payments.advance,
        }[stream.name]  # fmt: skip
        for record in found:
            key = records.key(stream, record)
            if ":?" in key:
                raise ValueError("a record has no key")
            fill(record, key, said)

    def _notes(self, level: str) -> Iterator[str]:
        """Yield what the connection does without, in words for whoever sets it up."""
        if self.settings.transport == "gateway":
            yield "manual deposits come as plain payments over the XML gateway"
        if not self.lists_deletions():
            yield "the audit trail may not be read, so deletions are found by the key sweep alone"
        if why := scope.unseen(self.settings, level):
            yield why
        elif not self.settings.top_level_entity and level:
            try:
                number = scope.top_level_documents(self._transport)
            except MissingRights:
                yield "the documents of the top level may not be counted"
            else:
                if number:
                    yield f"{number} documents of the top level belong to no organization: set top_level_entity"

    def _reader(self) -> Reader:
        """Return the reader of this organization's entity.

        Raises:
            ConfigurationError: it is unknown or closed, or several are there and none was named.
        """
        if self._known is None:
            self._known = self._reader_of(self.entity)
        return self._known

    def _reader_of(self, entity: str) -> Reader:
        return Reader(self._transport, self.settings, scope.scope(self._transport, self.settings, entity))


def _names(seen: Sequence[Entity]) -> str:
    return ", ".join(f"{entity.id or 'one company'} ({entity.name})" for entity in seen)


def _reject(stream: Stream, record: Record, error: Exception) -> Reject:
    """Reject a record that lacks what it must have, has it in another shape, or a value that no mapping covers."""
    told: Mapping[str, Any] = record if isinstance(record, Mapping) else {}
    rest = told.get(scope.REST.get(stream.name, ""))
    customer = told.get("customer.key")
    return Reject(
        key=records.key(stream, told),
        table=next(iter(stream.tables)),
        reason="unknown_value" if isinstance(error, UnknownValue) else "malformed_record",
        message=f"{error.column} has a value that no mapping covers"
        if isinstance(error, UnknownValue)
        else f"the record is not as Sage Intacct sends it ({type(error).__name__})",
        is_open=told.get("state") not in ("paid", "reversed", "reversal", "voided"),
        column=error.column if isinstance(error, UnknownValue) else "",
        number=str(told.get("invoiceNumber") or told.get("adjustmentNumber") or ""),
        customer=f"customer:{customer}" if customer else "",
        currency=str(told.get("currency.txnCurrency") or told.get("txnCurrency.currency") or ""),
        amount=_decimal(rest),
    )


def _decimal(written: Any) -> Decimal | None:
    try:
        return Decimal(written) if isinstance(written, str) and written.isascii() else None
    except ArithmeticError:
        return None
