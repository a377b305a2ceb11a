"""The sample system's connector: hostile in its answers, true to the contract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Literal, NoReturn

from include.connectors.base import (
    Connection,
    Connector,
    ControlFigures,
    Entity,
    Grade,
    Identity,
    Item,
    Page,
    Stream,
    Window,
    digest,
)
from include.connectors.http import Answer, Http
from include.connectors.normalized import Normalized, Record
from include.errors import ConfigurationError
from tests.conformance import sample_figures, sample_rows, sample_wire

CUSTOMERS = Stream("customers", ("Party",), {"customers": None, "contacts": "customers"}, cursor="mod", swept=True)
INVOICES = Stream(
    "invoices", ("Bill", "Note"), {"invoices": None, "credit_notes": None, "installments": "invoices"},
    cursor="mod", swept=True,
)  # fmt: skip
PAYMENTS = Stream(
    "payments", ("Receipt", "Payout", "Offset"), {"payments": None, "refunds": None, "allocations": "payments"},
    cursor="mod", swept=True,
)  # fmt: skip
ENDPOINTS = {"customers": "parties", "invoices": "documents", "payments": "movements"}
IDS_PER_REQUEST = 50


class Sample(Connector):
    """One entity of the sample system."""

    name: ClassVar[str] = "sample"
    title: ClassVar[str] = "Sample ERP"
    streams: ClassVar[tuple[Stream, ...]] = (CUSTOMERS, INVOICES, PAYMENTS)
    allocations: ClassVar[Literal["complete", "partial", "none"]] = "complete"
    grades: ClassVar[Mapping[str, Grade]] = {
        "open_total": Grade.A,
        "customer_balance": Grade.B,
        "open_document": Grade.C,
        "closed_world": Grade.A,
        "count": Grade.C,
    }
    not_offered: ClassVar[Mapping[str, str]] = {
        "deletions": "a deleted record leaves no trace; the key sweep finds it",
    }

    def __init__(self, connection: Connection, entity: str = "") -> None:
        super().__init__(connection, entity)
        self._http = Http(connection.host, secrets=(connection.password,))
        self._mine: dict[str, Any] | None = None

    @property
    def request_count(self) -> int:
        """HTTP requests made so far."""
        return self._http.request_count

    def check(self) -> str:
        """Ask for the entities and for one empty page of every stream."""
        seen = self.entities()
        for stream in self.streams:
            self._get(f"/rows/{ENDPOINTS[stream.name]}", {"ids": "none"})
        return f"sees {', '.join(entity.name for entity in seen)}"

    def entities(self) -> Sequence[Entity]:
        """List the directory."""
        found = (Entity(row["id"], row["label"], row["base"], row["tz"]) for row in self._directory())
        return sorted(found, key=lambda entity: entity.id)

    def identity(self) -> Identity:
        """Return the account number the system gives itself."""
        mine = self._own()
        return Identity(self.name, mine["acct"], mine["id"], mine["base"])

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page by kind and number, which nothing can shift."""
        asked = {"von": window.history_from.isoformat()}
        if window.since:
            asked["since"] = window.since.isoformat()
        if window.until:
            asked["until"] = window.until.isoformat()
        if window.customers is not None:
            asked["party"] = ",".join(name[2:] for name in sample_rows.names(CUSTOMERS, window.customers))
        return self._pages(stream, asked, window.resume)

    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Ask for what is open, and whose it is."""
        return self._pages(stream, {"open": "1"})

    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Ask for records by name, some at a time."""
        wanted = sample_rows.names(stream, ids)
        for start in range(0, len(wanted), IDS_PER_REQUEST):
            yield from self._pages(stream, {"ids": ",".join(wanted[start : start + IDS_PER_REQUEST])})

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """Ask for names only."""
        said = self._get(f"/keys/{ENDPOINTS[stream.name]}", {"von": history_from.isoformat()}).json()
        return (sample_rows.key(*name.split(":")) for name in sample_wire.listed(said, "keyz", str))

    def deletions(self, since: datetime) -> NoReturn:
        """Not offered."""
        raise NotImplementedError(self.not_offered["deletions"])

    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask for every figure by its own request; the system answers as of now."""
        return sample_figures.ask(
            lambda what, asked: sample_wire.listed(self._get(f"/tell/{what}", asked).json(), "tell", dict), history_from
        )

    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Return the rows of a page."""
        rows: list[Record] = json.loads(body)["rws"]
        return rows

    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Map each record by its own; one that cannot be mapped becomes a reject."""
        said = Normalized.of(stream)
        for record in records:
            sample_rows.normalize(stream, record, said)
        return said

    def _pages(self, stream: Stream, asked: Mapping[str, str], after: str | None = None) -> Iterator[Page]:
        """Page on until nothing comes: a page that says it is the last one is not believed."""
        while True:
            answer = self._get(f"/rows/{ENDPOINTS[stream.name]}", {**asked, **({"after": after} if after else {})})
            rows, after = sample_wire.page(answer.json(), after)
            if after is None:
                return
            yield Page(answer.body, tuple(_item(stream, row) for row in rows), after, answer.at)

    def _get(self, path: str, asked: Mapping[str, str]) -> Answer:
        return self._http.get(f"/api/{self._own()['id']}{path}", params=asked, headers=self._headers())

    def _directory(self) -> list[dict[str, Any]]:
        rows = sample_wire.listed(self._http.get("/api/dir", headers=self._headers()).json(), "dir", dict)
        if not all(row.keys() >= {"id", "label", "base", "tz", "acct"} for row in rows):
            raise sample_wire.nonsense()
        return rows

    def _headers(self) -> dict[str, str]:
        return {"X-Sesame": self.connection.password}

    def _own(self) -> dict[str, Any]:
        """Return this organization's entry of the directory.

        Raises:
            ConfigurationError: it is not there, or there are several and none was named.
        """
        if self._mine is None:
            seen = self._directory()
            mine = [row for row in seen if row["id"] == self.entity or (not self.entity and len(seen) == 1)]
            if not mine:
                raise ConfigurationError(
                    f"there is no entity {self.entity or '(none named)'}",
                    next_step=f"set entity in the YAML to one of: {', '.join(sorted(row['id'] for row in seen))}",
                )
            self._mine = mine[0]
        return self._mine


def _item(stream: Stream, row: Record) -> Item:
    raw = json.dumps(row, sort_keys=True).encode()
    return Item(sample_rows.record_key(stream, row), digest(raw), sample_wire.changed_at(row))
