"""Xero: contacts, sales invoices and what settles them, of one organisation over the Accounting API 2.0.

| stream | reads | fills |
|---|---|---|
| customers | Contacts | customers, contacts |
| invoices | Invoices of type ACCREC | invoices, installments, allocations of payments |
| credit_notes | CreditNotes of type ACCRECCREDIT | credit_notes, allocations |
| payments | Payments of sales | payments, refunds |
| overpayments | Overpayments received | payments, allocations |
| prepayments | Prepayments received | payments, allocations |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import ClassVar, Literal

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
from include.connectors.oauth import Bearer
from include.connectors.xero import customers, documented, invoices, payments, records, scope, values
from include.connectors.xero.client import TRIAL_BALANCE, Client
from include.connectors.xero.documented import Documented
from include.connectors.xero.figures import Control
from include.connectors.xero.pages import Reader
from include.connectors.xero.records import LISTS, SLIM
from include.connectors.xero.wire import UnknownValue
from include.errors import ConfigurationError, MissingRights

STREAMS = tuple(
    Stream(name, (record_type,), tables, cursor="UpdatedDateUTC")
    for name, record_type, tables in (
        ("customers", "Contact", {"customers": None, "contacts": "customers"}),
        ("invoices", "Invoice", {"invoices": None, "installments": "invoices", "allocations": "invoices"}),
        ("credit_notes", "CreditNote", {"credit_notes": None, "allocations": "credit_notes"}),
        ("payments", "Payment", {"payments": None, "refunds": None}),
        ("overpayments", "Overpayment", {"payments": None, "allocations": "payments"}),
        ("prepayments", "Prepayment", {"payments": None, "allocations": "payments"}),
    )
)


class Xero(Connector):
    """One organisation of Xero."""

    name: ClassVar[str] = "xero"
    title: ClassVar[str] = "Xero"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    allocations: ClassVar[Literal["complete", "partial", "none"]] = "complete"
    grades: ClassVar[Mapping[str, Grade]] = {
        "open_total": Grade.A,
        "customer_balance": Grade.B,
        "open_document": Grade.C,
        "closed_world": Grade.C,
        "count": Grade.C,
    }
    proven: ClassVar[Mapping[Proof, str]] = {
        Proof.SANDBOX: "`include/sandbox/xero`, under load, faults and planted defects",
        Proof.CLIENT: "`xero-python` 15.2 reads the same records from the sandbox",
    }
    mapping_version: ClassVar[int] = 2

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        self._client = Client(connection, entity)
        self._known: Reader | None = None

    @property
    def request_count(self) -> int:
        """HTTP requests made so far, those for tokens included."""
        return self._client.http.request_count

    def authorization(self) -> Bearer:
        """Return the grant that a person consents to; a custom connection needs nobody."""
        return self._client.bearer

    @property
    def costs(self) -> Mapping[str, Costs]:
        """The organisation in every task; for figures contacts, five lists (longer ones are counted), two reports."""
        page = self._client.settings.page_size
        streams = {stream.name: Costs(fixed=1, page=page, ids=scope.IDS_AT_ONCE) for stream in self.streams}
        return {**streams, "figures": Costs(fixed=12, page=page)}

    def check(self) -> str:
        """Read one record of everything the streams need; say what is lost where a scope is missing."""
        seen = self.entities()
        if lost := self._client.lost():
            raise MissingRights(
                f"not granted, and so lost: {'; '.join(lost)}",
                next_step="add the scopes of docs/connect/xero.md to the app and authorize it again",
            )
        self._client.tenant = self.entity or seen[0].id  # rights are the grant's: one organisation stands for all
        for the_list in LISTS.values():
            self._client.page(the_list.name, 1, {}, size=1)
        said = f"authorized for {', '.join(entity.name for entity in seen)}"
        if not self._client.may_read_trial_balance:
            said += f"; without {TRIAL_BALANCE} the open total is not compared with the trial balance"
        if self._client.settings.balances_include_credits is None:
            said += "; balances_include_credits is undecided, so balances of customers with credits are not compared"
        return said

    def entities(self) -> Sequence[Entity]:
        """List the organisations that can be read; those that the user has lost since are left out."""
        found = []
        for row in self._client.connections():
            try:
                mine = self._client.of(row["tenantId"])
            except MissingRights:
                continue
            found.append(Entity(row["tenantId"], mine.name, mine.base_currency, mine.timezone))
        if not found:
            raise ConfigurationError(
                "no organisation can be read", next_step="authorize the connection again and choose the organisations"
            )
        return found

    def identity(self) -> Identity:
        """Name the organisation by its own id."""
        reader = self._reader()
        mine = reader.client.organisation
        return Identity(self.name, mine.id, reader.client.tenant, mine.base_currency)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page by id, or, since a moment, by the time of change."""
        return self._reader().read(stream, window)

    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Page through unfinished documents: a due date that moves on a part-paid one is no change to Xero.

        Customers are not open or closed, and payments are whole when they are made.
        """
        the_list = LISTS[stream.name]
        if the_list in (scope.CONTACTS, scope.PAYMENTS):
            return iter(())
        if the_list is scope.INVOICES:
            asked = {"where": the_list.where, "Statuses": ",".join(scope.UNFINISHED)}
        else:
            asked = {"where": scope.both(the_list.where, scope.any_of("Status", scope.UNFINISHED))}
        return self._reader().listed(stream, [asked])

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Read records by id, as many at a time as an address can hold."""
        wanted = records.ids(stream.record_types, ids)
        if not wanted:
            return iter(())
        the_list = LISTS[stream.name]
        return self._reader().listed(stream, scope.filters_by_id(the_list, the_list.id_field, wanted))

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List the keys of a whole read: Xero lists nothing lighter that says what is in range."""
        return (item.key for page in self.read(stream, Window(history_from=history_from)) for item in page.items)

    def deletions(self, since: datetime) -> Iterator[tuple[str, str]]:
        """List what was deleted: Xero keeps it with a status, contacts are merged or archived but never deleted."""
        for stream in self.streams:
            if LISTS[stream.name] is scope.CONTACTS:
                continue
            for page in self.read(stream, Window(history_from=date.min, since=since)):
                for item, record in zip(page.items, self.decode(stream, page.body), strict=True):
                    if record.get("Status") == "DELETED":
                        yield stream.name, item.key

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask contacts, lists and the trial balance; Xero answers as of now, which is the as-of day's night."""
        reader = self._reader()
        return Control(reader.client, reader).figures(as_of, history_from)

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Return a page's records, each with what its organisation says of itself."""
        return records.decode(stream, body)

    def whole(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Return a page's records with everything Xero says of them."""
        return records.whole(stream, body)

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Map each record by its own; one that cannot be mapped becomes a reject."""
        return Normalized.of_records(
            stream, list(records), partial(self._fill, stream), partial(_reject, stream),
            (LookupError, TypeError, AttributeError, ValueError, ArithmeticError),
        )  # fmt: skip

    def unknown_fields(self, stream: Stream, body: bytes, records: Sequence[Record]) -> set[str]:
        """Return what Xero's published description does not name."""
        if isinstance(records, Documented):
            return set()
        return documented.unknown(stream, self.whole(stream, body) if stream.name in SLIM else records)

    def _fill(self, stream: Stream, records: Sequence[Record], said: Normalized) -> None:
        ids = values.identifiers([record[LISTS[stream.name].id_field] for record in records])
        keys = [f"{stream.record_types[0]}:{identifier}" for identifier in ids]
        match stream.name:
            case "customers":
                for record, key in zip(records, keys, strict=True):
                    customers.normalize(record, key, said, self.keyed_hash)
            case "invoices":
                invoices.invoices(records, keys, said)
            case "credit_notes":
                invoices.credit_notes(records, keys, said)
            case "payments":
                payments.payments(records, keys, said)
            case _:
                payments.credits(records, keys, said, stream.name)

    def _reader(self) -> Reader:
        """Return the reader of this organization's organisation.

        Raises:
            ConfigurationError: several can be read and none was named, or the named one cannot.
        """
        if self._known is None:
            if not self.entity:
                seen = self.entities()
                if len(seen) > 1:
                    listed = ", ".join(f"{entity.id} ({entity.name})" for entity in seen)
                    raise ConfigurationError(
                        f"the grant sees several organisations and none was named: {listed}",
                        next_step="set entity in the YAML to one of them",
                    )
                self._client.tenant = seen[0].id
            self._known = Reader(self._client)
        return self._known


def _reject(stream: Stream, record: Record, error: Exception) -> Reject:
    """Reject a record that lacks what it must have, has it in another shape, or a value that no mapping covers."""
    is_unknown = isinstance(error, UnknownValue)
    rest = record.get("AmountDue", record.get("RemainingCredit"))
    contact = record.get("Contact")
    return Reject(
        key=records.keys(stream, [record])[0],
        table=next(iter(stream.tables)),
        reason="unknown_value" if is_unknown else "malformed_record",
        message=f"{error.column} has a value that no mapping covers"
        if isinstance(error, UnknownValue)
        else f"the record is not as Xero sends it ({type(error).__name__})",
        is_open=record.get("Status") not in ("PAID", "VOIDED", "DELETED"),
        column=error.column if isinstance(error, UnknownValue) else "",
        number=str(record.get("InvoiceNumber") or record.get("CreditNoteNumber") or ""),
        customer=f"Contact:{contact['ContactID']}" if isinstance(contact, dict) and contact.get("ContactID") else "",
        currency=str(record.get("CurrencyCode") or ""),
        amount=Decimal(rest) if isinstance(rest, int | Decimal) and not isinstance(rest, bool) else None,
    )
