"""The connector contract: what every system must answer, and nothing about how it does so.

A connector is one module (or small package) in this folder. It subclasses `Connector`, names itself
and declares its streams; importing it registers it, no list is edited by hand. What its system
lacks it declares with a reason in `not_offered`; it never fakes an answer. `tests/conformance/`
tests every method.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from include.connectors.costs import Costs
from include.connectors.normalized import Normalized, Record
from include.errors import ConfigurationError, ContractError

if TYPE_CHECKING:
    from include.connectors.oauth import Bearer


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one account: `host` is the base address, so a connector can be pointed anywhere.

    Args:
        extra: the system's own settings and secrets, by name.
    """

    id: str
    host: str
    login: str = ""
    password: str = field(default="", repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Entity:
    """One subsidiary, company or tenant that the connection can see."""

    id: str
    name: str
    base_currency: str
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answered: stored at the first load, compared before the first row of every later one.

    Args:
        account: the vendor's account or database id, or a fingerprint of immutable answers.
    """

    connector: str
    account: str
    entity: str
    base_currency: str


@dataclass(frozen=True, slots=True)
class Stream:
    """What the ERP pages as one list, named in the field's words after what it fills.

    Args:
        name: customers, invoices, payments …; shown in the Airflow UI.
        record_types: prefixes of the record keys this stream reads (`account.invoice`).
        tables: table of the model → the table whose rows list it, None for tables of its own.
        cursor: the source's timestamp that "modified since" filters on; None = no such filter.
        overlap: how far before the cursor a read starts, covering the system's late commits.
        swept: True where hard deletes leave no trace and only `keys` shows them.
        fed: True where `deletions` lists them; neither is where what was deleted keeps its place, with a status.
            Both is where a user may lack the right to that list: swept only as long as `lists_deletions` says no.
        reread: True where what a record lists may go without a trace on the record (a contact that is deleted): then
            all of a swept stream's records are read every night.
    """

    name: str
    record_types: tuple[str, ...]
    tables: Mapping[str, str | None]
    cursor: str | None
    overlap: timedelta = timedelta(minutes=5)
    swept: bool = False
    fed: bool = False
    reread: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """What a read is bounded by; None leaves that side open.

    Args:
        since: records modified at or after it (overlap already taken off), UTC.
        until: records modified before it, UTC; a filter the system may lack.
        history_from: closed documents of before are left out, open ones never.
        customers: only these customers' records, by external id.
        resume: token of the last page that is already staged.
    """

    history_from: date
    since: datetime | None = None
    until: datetime | None = None
    customers: tuple[str, ...] | None = None
    resume: str | None = None


class Item(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What extract must know of a record without normalizing it; one stands for every record of a night.

    Args:
        key: the record's external id.
        digest: of the raw record; equal digests mean there is nothing to load.
        updated_at: the source's timestamp, UTC; None where it has none.
    """

    key: str
    digest: str
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came.

    Args:
        body: the response untouched, or the JSON of the responses it took, in order.
        items: one per record, in the body's order.
        token: opaque; as `Window.resume` it makes the next read go on after this page.
        source_time: the vendor's clock when the page was asked for, UTC.
    """

    body: bytes
    items: tuple[Item, ...]
    token: str
    source_time: datetime


class Grade(StrEnum):
    """How independent a control figure is of the rows that were loaded."""

    A = "A"  # a report or general-ledger balance
    B = "B"  # a balance or count the ERP keeps on another record
    C = "C"  # the same records asked another way
    D = "D"  # the same response; never counts


class Proof(StrEnum):
    """What a connector was held against; each says more than the one before it."""

    SANDBOX = "sandbox"  # our own server that speaks the vendor's protocol
    CLIENT = "client"  # the vendor's own client reads the same records from the same server
    SERVER = "server"  # the vendor's own software


FigureName = Literal["open_total", "customer_balance", "open_document", "closed_world", "count"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number the ERP was asked for, to hold the warehouse against.

    Args:
        name: open_total (one per currency or in base currency), customer_balance (one per customer),
            open_document (one per document or movement with an open rest), closed_world (one per
            document type of the source), count (one per table).
        basis: document (amount is in the document's own currency), base, or mixed (a raw sum over all
            currencies, never converted, with no currency of its own).
        amount: signed, positive = the customer owes, major units of `currency`; None for counts.
        subject: customer, document or movement key, table name, or source document type.
        customer: the customer of an open_document.
        base_amount: open_document only: the same rest in the organization's base currency, where the
            ERP states it; lets totals in base currency be explained document by document.
        number: document number, for people.
        mapped: closed_world only: False where no mapping covers that type.
        due_date: open_document only: the earliest open due date as the ERP has it.
    """

    name: FigureName
    grade: Grade
    subject: str = ""
    currency: str = ""
    basis: Literal["document", "base", "mixed"] = "document"
    amount: Decimal | None = None
    count: int | None = None
    customer: str = ""
    number: str = ""
    base_amount: Decimal | None = None
    due_date: date | None = None
    mapped: bool = True


@dataclass(frozen=True, slots=True)
class ControlFigures:
    """Every figure of one asking, and what was not offered or did not answer.

    Args:
        unanswered: figure name → why the system did not answer; critical.
        asked: figure name → how it was asked, one line for the analyst.
    """

    figures: tuple[Figure, ...]
    asked: Mapping[str, str]
    unanswered: Mapping[str, str] = field(default_factory=dict)


class Connector(ABC):
    """One system, seen through one connection and one entity.

    Making one costs no request. Every method may raise ConfigurationError (fix the connection) or
    SourceUnavailable (wait); a record that is wrong never raises, it becomes a Reject.
    """

    name: ClassVar[str]
    """As YAML and connection form write it: lower case, no underscore."""
    title: ClassVar[str]
    streams: ClassVar[tuple[Stream, ...]]
    allocations: ClassVar[Literal["complete", "partial", "none"]]
    grades: ClassVar[Mapping[str, Grade]]
    """Figure name → the best grade this system offers."""
    not_offered: ClassVar[Mapping[str, str]] = {}
    """`deletions`, a filter (`read.since`, `read.until`, `read.customers`) or a figure → why the system lacks it."""
    proven: ClassVar[Mapping[Proof, str]] = {}
    """By what the connector was proven, `name` first, and how; tests marked `proves` must be there for each."""
    mapping_version: ClassVar[int] = 1
    """Raise it whenever normalize changes: stored digests no longer match and records load again."""

    _registry: ClassVar[dict[str, type[Connector]]] = {}

    hash_key: Callable[[], bytes] | None = None
    """Gives the organization's key for hashes inside external ids; set by whoever knows the organization."""

    def __init__(self, connection: Connection, entity: str = "") -> None:
        self.connection = connection
        self.entity = entity

    def keyed_hash(self, value: str) -> str:
        """Return what stands in a key for a personal value of a source without ids; case and blanks do not count.

        Raises:
            ContractError: nobody said whose key to use.
        """
        if self.hash_key is None:
            raise ContractError("the organization's hash key is not set", next_step="open the connector through Run")
        normal = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
        return blake2b(normal.encode(), key=self.hash_key(), digest_size=16).hexdigest()

    @property
    @abstractmethod
    def request_count(self) -> int:
        """HTTP requests this instance has made so far, retries included; several vendors bill them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            Connector._registry[cls.name] = cls

    @property
    def costs(self) -> Mapping[str, Costs]:
        """Name of a stream, or `figures` → what asking for it costs in requests, by the connection's settings."""
        return {}

    def authorization(self) -> Bearer | None:
        """Return what a person can authorize (`include.connect --authorize`); None where there is no such thing."""
        return None

    @abstractmethod
    def check(self) -> str:
        """Prove that connection and rights suffice; return one line saying as whom and where."""

    @abstractmethod
    def entities(self) -> Sequence[Entity]:
        """List what the connection can see, sorted by id."""

    @abstractmethod
    def identity(self) -> Identity:
        """Ask the system who it is, for this entity."""

    @abstractmethod
    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page through what the window bounds, in an order that shifting records cannot break."""

    @abstractmethod
    def read_open(self, stream: Stream) -> Iterator[Page]:
        """Page through the records that are open in the ERP now, whatever their age."""

    @abstractmethod
    def read_ids(self, stream: Stream, ids: Sequence[str]) -> Iterator[Page]:
        """Read these records; what does not exist (any more) is simply absent."""

    @abstractmethod
    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List the external id of every record that `read` would give for an open window."""

    @abstractmethod
    def deletions(self, since: datetime) -> Iterator[tuple[str, str]]:
        """List (stream name, external id) of what was deleted since; declared where not offered.

        Asked for streams that are `fed`. What it names is read by its id before it counts as gone.
        """

    def lists_deletions(self) -> bool:
        """Tell whether this user may read the list that `deletions` asks."""
        return True

    @abstractmethod
    def control_figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask for figures the ERP keeps elsewhere, all for one date, in their best grades.

        Counts obey history_from as `read` does; open amounts are of any age.
        """

    @abstractmethod
    def decode(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Turn a staged body back into its records, in the order of the page's items."""

    def whole(self, stream: Stream, body: bytes) -> Sequence[Record]:
        """Like `decode`, with what the mapping never reads; a reject is kept as it came."""
        return self.decode(stream, body)

    @abstractmethod
    def normalize(self, stream: Stream, records: Iterable[Record]) -> Normalized:
        """Say what the records mean in the model; one record's trouble becomes one Reject.

        A record without an id has the key `<record type>:?<digest>`, in `read`'s items as here.
        """

    def unknown_fields(self, stream: Stream, body: bytes, records: Sequence[Record]) -> set[str]:
        """Return the names of fields that a staged body's records have and the mapping's author had never heard of.

        None where every field is asked for by its name.

        Args:
            records: what `decode` returned for that body.
        """
        return set()

    @classmethod
    def stream(cls, name: str) -> Stream:
        """Return the stream of that name; KeyError lists the known ones."""
        for stream in cls.streams:
            if stream.name == name:
                return stream
        raise KeyError(f"{cls.name} has no stream {name!r}; it has {', '.join(s.name for s in cls.streams)}")

    @classmethod
    def stream_of(cls, key: str) -> Stream | None:
        """Return the stream that reads the record with this external id, None if none does."""
        record_type = key.partition(":")[0]
        return next((s for s in cls.streams if record_type in s.record_types), None)


def is_unnamed(key: str) -> bool:
    """Tell whether a key is made of a record's digest, because the record came without an id."""
    return key.partition(":")[2].startswith("?")


def digest(raw: bytes) -> str:
    """Return the content digest of one raw record."""
    return blake2b(raw, digest_size=16).hexdigest()


def known() -> list[str]:
    """Return the names of all connectors, sorted; imports every module of this folder."""
    package = importlib.import_module("include.connectors")
    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"include.connectors.{module}")
    return sorted(Connector._registry)


def get(name: str) -> type[Connector]:
    """Return the connector class of that name; imports its module only.

    Raises:
        ConfigurationError: there is none; the sentence lists those there are.
    """
    module = f"include.connectors.{name.replace('-', '_')}"
    if name not in Connector._registry and name.replace("-", "").isalnum() and importlib.util.find_spec(module):
        importlib.import_module(module)
    if name not in Connector._registry:
        raise ConfigurationError(f"there is no connector {name!r}", next_step=f"use one of: {', '.join(known())}")
    return Connector._registry[name]
