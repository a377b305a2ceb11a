"""NetSuite: customers, invoices and what settles them, of one subsidiary, by SuiteQL over REST.

| stream | types of transactions | fills |
|---|---|---|
| customers | customer, contact | customers, contacts |
| invoices | CustInvc, CustChrg | invoices, installments |
| credit_notes | CustCred | credit_notes, allocations |
| payments | CustPymt, CustDep, DepAppl, CustRfnd, Journal | payments, refunds, allocations |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
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
from include.connectors.netsuite import customers, deletions, documents, movements, records, scope, subsidiaries, values
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.figures import Control
from include.connectors.netsuite.movements import NoCustomer
from include.connectors.netsuite.pages import Reader
from include.connectors.netsuite.rights import require
from include.connectors.netsuite.values import UnknownValue
from include.connectors.normalized import Normalized, Record, Reject
from include.errors import ConfigurationError

OVERLAP = timedelta(minutes=75)
"""In autumn the account's clock shows one hour twice, and both are taken for the first."""
STREAMS = (
    Stream(
        "customers", (records.CUSTOMER,), {"customers": None, "contacts": "customers"}, cursor="lastmodifieddate",
        overlap=OVERLAP, swept=True, reread=True,
    ),
    *(
        Stream(name, types, tables, cursor="lastmodifieddate", overlap=OVERLAP, swept=True, fed=True)
        for name, types, tables in (
            ("invoices", scope.INVOICES, {"invoices": None, "installments": "invoices"}),
            ("credit_notes", scope.CREDIT_NOTES, {"credit_notes": None, "allocations": "credit_notes"}),
            ("payments", scope.PAYMENTS, {"payments": None, "refunds": None, "allocations": "payments"}),
        )
    ),
)  # fmt: skip
"""All customers are read every night: a contact that is deleted, or taken off a customer, leaves no trace on it."""


class NetSuite(Connector):
    """One subsidiary of an account."""

    name: ClassVar[str] = "netsuite"
    title: ClassVar[str] = "Oracle NetSuite"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    allocations: ClassVar[Literal["complete", "partial", "none"]] = "complete"
    grades: ClassVar[Mapping[str, Grade]] = {
        "open_total": Grade.A,
        "customer_balance": Grade.B,
        "open_document": Grade.C,
        "closed_world": Grade.A,
        "count": Grade.C,
    }
    proven: ClassVar[Mapping[Proof, str]] = {
        Proof.SANDBOX: "`include/sandbox/netsuite`, which parses every query and runs it over the ledger; the "
        "client `netsuite` reads it, too",
    }

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        self._client = Client(connection)
        self._known: Reader | None = None
        self._lists_deletions: bool | None = None

    @property
    def request_count(self) -> int:
        """HTTP requests made so far, those for tokens included."""
        return self._client.http.request_count

    @property
    def costs(self) -> Mapping[str, Costs]:
        """Account, subsidiary and rights first, in every task; a page takes one request more for each thing looked up.

        Contacts and addresses of customers; lines and links of documents; of credit memos the other ends, too. Three
        of the constant of documents are asked only where customers were merged.
        """
        page = self._client.settings.page_size
        return {
            "customers": Costs(fixed=7, page=page, follow_ups=2),
            "invoices": Costs(fixed=8, page=page, follow_ups=2),
            "credit_notes": Costs(fixed=8, page=page, follow_ups=3),
            "payments": Costs(fixed=8, page=page, follow_ups=2),
            "figures": Costs(fixed=12, page=page),
        }

    def check(self) -> str:
        """Ask every table once; say which permission or feature is missing, and what is lost without others."""
        seen = self.entities()
        reader = self._reader(seen[0].id if not self.entity else "")
        lost = require(self._client, reader, {stream.name: stream for stream in self.streams})
        said = f"account {self._client.settings.account}, sees {', '.join(entity.name for entity in seen)}"
        return "; ".join((said, *lost))

    def entities(self) -> Sequence[Entity]:
        """List the active subsidiaries that the role sees; an account without any is one entity."""
        found = subsidiaries.entities(self._client).active
        if not found:
            raise ConfigurationError(
                "the role sees no subsidiary", next_step="give the role access to the subsidiaries that are to be read"
            )
        return found

    def identity(self) -> Identity:
        """Name the account, as it was logged in to and as NetSuite's links spell it, and the subsidiary."""
        reader = self._reader()
        return Identity(self.name, self._client.settings.account, reader.entity.id, reader.entity.base_currency)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page by id through what the window bounds."""
        return self._reader().read(stream, window)

    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Page through transactions with an open rest, or waiting for approval."""
        return self._reader().open(stream)

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Read records by id, a thousand at a time."""
        if not records.ids(stream.record_types, ids):
            return iter(())
        return self._reader().by_id(stream, ids)

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List ids and types only."""
        return self._reader().keys(stream, history_from)

    def deletions(self, since: datetime) -> Iterator[tuple[str, str]]:
        """List what NetSuite's own list of deleted records names; nothing where the role may not read it.

        A customer among them may have been merged, as one may where nobody can tell: then what is the survivor's is
        named, too, and read again.
        """
        is_merged = not self.lists_deletions()
        for stream, key in deletions.deletions(self._client, since):
            is_merged = is_merged or stream == "customers"
            yield stream, key
        if is_merged:
            yield from self._reader().moved(since)

    def lists_deletions(self) -> bool:
        """Tell whether the role may read the list of deleted records."""
        if self._lists_deletions is None:
            self._lists_deletions = deletions.are_listed(self._client)
        return self._lists_deletions

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask ledger, balances and open lines; NetSuite answers as of now, which is the as-of day's night."""
        return Control(self._client, self._reader()).figures(history_from)

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Return a page's records, each with what was looked up for it."""
        return records.decode(stream, body)

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Map all at once, and where one is odd each by its own; one that cannot be mapped becomes a reject."""
        return Normalized.of_records(
            stream, list(records), partial(self._fill, stream), partial(_reject, stream),
            (LookupError, TypeError, AttributeError, ValueError, ArithmeticError),
        )  # fmt: skip

    def _fill(self, stream: Stream, found: Sequence[Record], said: Normalized) -> None:
        keys = [records.key_of(stream, record) for record in found]
        for record in found:
            values.identifier(record["id"])
        match stream.name:
            case "customers":
                for record, key in zip(found, keys, strict=True):
                    customers.normalize(record, key, said, self.keyed_hash)
            case "invoices":
                documents.invoices(found, keys, said)
            case "credit_notes":
                documents.credit_notes(found, keys, said)
            case _:
                movements.movements(found, keys, said)

    def _reader(self, default: str = "") -> Reader:
        """Return the reader of this organization's subsidiary.

        Raises:
            ConfigurationError: the role sees several and none was named, or not the one named, or it is closed.
        """
        if self._known is None:
            seen, wanted = subsidiaries.entities(self._client), self.entity or default
            mine = [entity for entity in seen.active if entity.id == wanted or (not wanted and len(seen.active) == 1)]
            if wanted in seen.closed:
                raise ConfigurationError(
                    f"subsidiary {wanted} ({seen.closed[wanted]}) is inactive in NetSuite",
                    next_step="make it active again, or remove the organization's YAML file, which keeps its rows",
                )
            if not mine:
                listed = ", ".join(f"{entity.id} ({entity.name})" for entity in seen.active) or "none"
                raise ConfigurationError(
                    f"the role does not see subsidiary {wanted or '(none named)'}; it sees: {listed}",
                    next_step="correct entity in the YAML, or give the role access to the subsidiary",
                )
            self._known = Reader(self._client, mine[0], seen.has_subsidiaries)
        return self._known


def _reject(stream: Stream, record: Record, error: Exception) -> Reject:
    """Reject a record that lacks what it must have, has it in another shape, or a value that no mapping covers."""
    column = error.column if isinstance(error, UnknownValue) else ""
    reason, message = "malformed_record", f"the record is not as NetSuite sends it ({type(error).__name__})"
    if column:
        reason, message = "unknown_value", f"{column} has a value that no mapping covers"
    elif isinstance(error, NoCustomer):
        reason, message = "missing_value", "a line on a receivable account names no customer"
        column = "customer_external_id"
    entity = record.get("entity")
    about = record.get("about") or {}
    return Reject(
        key=records.key_of(stream, record),
        table=next(iter(stream.tables)),
        reason=reason,
        message=message,
        is_open=str(record.get("status")).rpartition(":")[2] not in ("B", "V"),
        column=column,
        number=str(record.get("tranid") or ""),
        customer=f"customer:{entity}" if str(entity or "").isdigit() else "",
        currency=str((about.get("currencies") or {}).get(str(record.get("currency")), "")),
        amount=_amount(record),
    )


def _amount(record: Record) -> Decimal | None:
    try:
        return values.rest(record.get("foreignamountunpaid"), record.get("foreignpaymentamountunused"))
    except ValueError:
        return None
