"""Tryton 8.2: parties, customer invoices and receivable lines of one company over JSON-RPC.

| stream | reads | fills |
|---|---|---|
| customers | party.party | customers, contacts |
| invoices | account.invoice | invoices, credit_notes, installments |
| payments | account.move.line | payments, refunds, allocations |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from hashlib import blake2b
from typing import ClassVar, Literal, NoReturn

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
from include.connectors.tryton import customers, invoices, joins, lines, scope
from include.connectors.tryton.figures import DOCUMENT_LIST_SIZE, Control
from include.connectors.tryton.joins import FIELDS
from include.connectors.tryton.pages import LIST_SIZE, MODELS, NEEDED, PAGE_SIZE, Reader
from include.connectors.tryton.rpc import Client, Domain, nonsense
from include.connectors.tryton.shapes import UnknownValue
from include.errors import ConfigurationError

CUSTOMERS = Stream(
    "customers", ("party.party",), {"customers": None, "contacts": "customers"}, cursor="write_date", swept=True,
    reread=True,
)  # fmt: skip
INVOICES = Stream(
    "invoices", ("account.invoice",), {"invoices": None, "credit_notes": None, "installments": "invoices"},
    cursor="write_date", swept=True,
)  # fmt: skip
PAYMENTS = Stream(
    "payments", ("account.move.line",), {"payments": None, "refunds": None, "allocations": "payments"},
    cursor="write_date", swept=True,
)  # fmt: skip
EVERYTHING: Domain = [["active", "in", [True, False]]]
"""Tryton hides archived records unless asked."""


class Tryton(Connector):
    """One company of a Tryton database."""

    name: ClassVar[str] = "tryton"
    title: ClassVar[str] = "Tryton"
    streams: ClassVar[tuple[Stream, ...]] = (CUSTOMERS, INVOICES, PAYMENTS)
    allocations: ClassVar[Literal["complete", "partial", "none"]] = "partial"
    grades: ClassVar[Mapping[str, Grade]] = {
        "open_total": Grade.A,
        "customer_balance": Grade.B,
        "open_document": Grade.C,
        "closed_world": Grade.A,
        "count": Grade.C,
    }
    proven: ClassVar[Mapping[Proof, str]] = {
        Proof.CLIENT: "`proteus` 8.2 says the same of every document, balance and total",
        Proof.SERVER: "`trytond` 8.2, started and booked into by the tests and the demo",
    }
    mapping_version: ClassVar[int] = 5
    not_offered: ClassVar[Mapping[str, str]] = {
        "deletions": "a hard delete leaves no trace in Tryton; the key sweep finds it",
    }

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        self._client = Client(connection)
        self._company: Reader | None = None

    @property
    def costs(self) -> Mapping[str, Costs]:
        """Log-in, rights and company in every task; every list is counted, too, and a page's joins are looked up."""
        common = {"page": PAGE_SIZE, "keys": LIST_SIZE}
        return {
            "customers": Costs(fixed=8, follow_ups=5, **common),
            "invoices": Costs(fixed=6, follow_ups=2, **common),
            "payments": Costs(fixed=6, follow_ups=3, **common),
            "figures": Costs(fixed=12, page=DOCUMENT_LIST_SIZE),
        }

    @property
    def request_count(self) -> int:
        """HTTP requests made so far."""
        return self._client.http.request_count

    def check(self) -> str:
        """Log in, ask for the rights, and read one record of everything the streams need."""
        if unreadable := self._client.unreadable(NEEDED):
            raise ConfigurationError(
                f"the user may not read {', '.join(unreadable)}",
                next_step="give the user's group the read rights of docs/connect/tryton.md",
            )
        self._require_all_companies()
        seen = self.entities()
        if not seen:
            raise ConfigurationError(
                "the user works for no company", next_step="add the companies to the user in Tryton"
            )
        for stream in self.streams:
            self._client.search_read(MODELS[stream.name], [["id", "=", 1]], FIELDS[stream.name])
        self._client.search_read("account.account", [["id", "=", 1]], ["balance"], company=int(seen[0].id))
        return f"logged in as {self._client.login}, sees {', '.join(entity.name for entity in seen)}"

    def entities(self) -> Sequence[Entity]:
        """List the companies the user works for."""
        allowed = self._client.context().get("companies") or []
        found = self._client.search_read(
            "company.company", [["id", "in", allowed]], ["party.name", "currency.code", "timezone"]
        ).result
        try:
            entities = [
                Entity(str(row["id"]), row["party."]["name"], row["currency."]["code"], row["timezone"] or "")
                for row in found
            ]
        except joins.BROKEN:
            raise nonsense() from None
        return sorted(entities, key=lambda entity: entity.id)

    def identity(self) -> Identity:
        """Fingerprint what never changes: database, company, and when it and the first user were made."""
        reader = self._reader()
        company, base = reader.company, reader.base_currency
        made = self._client.search_read("company.company", [["id", "=", company]], ["create_date"]).result
        user = self._client.search_read("res.user", [*EVERYTHING], ["create_date"], limit=1).result
        facts = (self._client.database, company, made[0]["create_date"], user[0]["create_date"] if user else None)
        account = blake2b(repr(facts).encode(), digest_size=16).hexdigest()
        return Identity(self.name, account, str(company), base)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page by ascending id, so that records which change meanwhile neither shift nor double others."""
        reader = self._reader()
        domain = scope.modified(window, *scope.STAMPED_ON[stream.name])
        if window.customers is not None:
            ids = _ids(CUSTOMERS, window.customers)
            own: Domain = ["id" if stream is CUSTOMERS else "party", "in", ids]
            owed = [[f"{moves}.lines.party", "in", ids] for moves in ("move", "additional_moves")]
            domain.append(["OR", own, *owed] if stream is INVOICES else own)
        if stream is CUSTOMERS:
            domain += EVERYTHING
        else:
            in_range = scope.invoices_in_range if stream is INVOICES else scope.lines_in_range
            domain += in_range(reader.company, window.history_from)
        return reader.pages(stream, domain, int(window.resume or 0), window.history_from)

    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Page through open invoices, unreconciled lines, or the parties that hold those."""
        reader = self._reader()
        open_invoices: Domain = [*scope.invoices(reader.company), ["state", "in", scope.OPEN_STATES]]
        open_lines: Domain = [*scope.lines(reader.company), ["reconciliation", "=", None]]
        if stream is CUSTOMERS:
            parties = reader.parties(open_invoices, open_lines)
            return reader.pages(stream, [*EVERYTHING, ["id", "in", parties]]) if parties else iter(())
        return reader.pages(stream, open_invoices if stream is INVOICES else open_lines)

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Read records by id; a party without any document of this company counts as absent."""
        wanted = _ids(stream, ids)
        if not wanted:
            return
        reader = self._reader()
        company = reader.company
        scopes = {"customers": EVERYTHING, "invoices": scope.invoices(company), "payments": scope.lines(company)}
        for start in range(0, len(wanted), PAGE_SIZE):
            yield from reader.pages(stream, [*scopes[stream.name], ["id", "in", wanted[start : start + PAGE_SIZE]]])

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List ids only, a few thousand per request."""
        reader = self._reader()
        on_invoices = scope.invoices_in_range(reader.company, history_from)
        on_lines = scope.lines_in_range(reader.company, history_from)
        if stream is CUSTOMERS:
            found: Iterable[int] = reader.parties(on_invoices, on_lines)
        else:
            found = reader.ids(stream, on_invoices if stream is INVOICES else on_lines)
        return (f"{stream.record_types[0]}:{identifier}" for identifier in found)

    def deletions(self, since: datetime) -> NoReturn:
        """Not offered."""
        raise NotImplementedError(self.not_offered["deletions"])

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask ledger, parties and open lines; Tryton answers as of now, which is the as-of day's night."""
        reader = self._reader()
        return Control(self._client, reader.company, reader.base_currency).figures(history_from)

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Join a page's records with what was looked up for them."""
        return joins.decode(stream, body)

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Map each record by its own; one that cannot be mapped becomes a reject."""
        return Normalized.of_records(
            stream, list(records), partial(self._fill, stream), partial(_malformed, stream), joins.BROKEN
        )

    def _fill(self, stream: Stream, records: Sequence[Record], said: Normalized) -> None:
        for record in records:
            self._map(stream, record, said)

    def _map(self, stream: Stream, record: Record, said: Normalized) -> None:
        if record.get("malformed"):
            raise ValueError("not as asked for")
        match stream.name:
            case "customers":
                customers.normalize(record, said)
            case "invoices":
                invoices.normalize(record, record["base_currency"], said, self._client.web("account.invoice"))
            case "payments":
                lines.normalize(record, record["base_currency"], said)

    def _reader(self) -> Reader:
        """Return the reader of this organization's company.

        Raises:
            ConfigurationError: the user does not see that company, or sees several and none was named.
        """
        if self._company is None:
            self._require_all_companies()
            seen = self.entities()
            mine = [entity for entity in seen if entity.id == self.entity or (not self.entity and len(seen) == 1)]
            if not mine:
                listed = ", ".join(f"{entity.id} ({entity.name})" for entity in seen) or "none"
                raise ConfigurationError(
                    f"the user does not see company {self.entity or '(none named)'}; it sees: {listed}",
                    next_step="correct entity in the YAML, or add the company to the user in Tryton",
                )
            self._company = Reader(self._client, int(mine[0].id), mine[0].base_currency)
        return self._company

    def _require_all_companies(self) -> None:
        if self._client.context().get("company_filter") != "all":
            raise ConfigurationError(
                'the user\'s company filter is not "All", so what it sees depends on what was asked before',
                next_step="set the filter to All in the user's preferences in Tryton",
            )


def _malformed(stream: Stream, record: Record, error: Exception) -> Reject:
    """Reject a record that lacks what it must have, or has it in another shape; it may be open."""
    return Reject(
        key=joins.record_key(stream, record),
        table=next(iter(stream.tables)),
        reason="unknown_value" if isinstance(error, UnknownValue) else "malformed_record",
        message=f"{error.column} has a value that no mapping covers"
        if isinstance(error, UnknownValue)
        else f"the record is not as Tryton sends it ({type(error).__name__})",
        is_open=True,
        column=error.column if isinstance(error, UnknownValue) else "",
        number=str(record.get("number") or ""),
    )


def _ids(stream: Stream, keys: Sequence[str]) -> list[int]:
    """Return Tryton's ids of these record keys; what is no key of the stream names nothing."""
    found = (key.partition(":") for key in keys)
    return sorted(int(i) for record_type, _, i in found if record_type in stream.record_types and i.isdigit())
