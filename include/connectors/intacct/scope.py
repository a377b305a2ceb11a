"""Which records are an organization's, on which level they are asked for, and which of them are in its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from include.connectors.base import Entity, Stream
from include.connectors.intacct.conditions import Condition, Is, both, either
from include.connectors.intacct.objects import (
    ADJUSTMENT,
    ADVANCE,
    CUSTOMER,
    DEPOSIT,
    ENTITY,
    INVOICE,
    PAYMENT,
    PLACE,
    Object,
)
from include.connectors.intacct.settings import Settings
from include.connectors.intacct.transport import Query, Row, Transport, every
from include.errors import ConfigurationError, SourceUnavailable

OBJECTS: Mapping[str, Object] = {
    "customers": CUSTOMER, "invoices": INVOICE, "adjustments": ADJUSTMENT, "payments": PAYMENT, "advances": ADVANCE,
}  # fmt: skip
"""Stream → what it reads."""
BESIDES: Mapping[str, Object] = {"payments": DEPOSIT}
"""Stream → another list with records of the same kind, under numbers of the same sequence."""
TYPES: Mapping[str, Condition] = {
    # An advance may come among the payments, under the same number: its own list reads it.
    "payments": Is("recordType", "$ne", "rr"),
}
SOURCES: Mapping[str, tuple[str, ...]] = {
    "payments": ("arPayment.key", "arPostedOverPayment.key"),
    "invoices": ("negativeInvoice.key", "inlineTxn.key"),
    "adjustments": ("arAdjustment.key",),
    "advances": ("arAdvance.key", "postedAdvance.key"),
}
"""Stream → by which fields a payment detail names its records as what is used."""
TARGETS: Mapping[str, str] = {"invoices": "arInvoice.key", "adjustments": "positiveAdjustment.key"}
"""Stream → by which field a payment detail names its records as what is settled."""
DATE: Mapping[str, str] = {
    "invoices": "invoiceDate", "adjustments": "createdDate", "payments": "paidDate",
    "advances": "paymentInformation.paymentDate",
}  # fmt: skip
REST: Mapping[str, str] = {
    "invoices": "totalTxnAmountDue", "adjustments": "txnCurrency.totalDue", "payments": "txnCurrency.totalDue",
    "advances": "paymentInformation.totalTxnAmountDue",
}  # fmt: skip
"""What is still open; a manual deposit has no field to ask for it, so that all of them are looked at."""
CLOSED: Mapping[str, str] = {
    "invoices": "paymentInformation.fullyPaidDate", "adjustments": "baseCurrency.paidDate",
}  # fmt: skip
DRAFTS = ("invoices", "adjustments", "advances", "payments")


@dataclass(frozen=True, slots=True)
class Place:
    """A level on which is asked, and what of it is the organization's.

    Args:
        level: the entity that is signed in to; "" = the top level.
        has_top: what is found may belong to no entity: such a payment may settle documents of several.
    """

    level: str
    condition: Condition | None
    has_top: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """One organization's part of the company.

    Args:
        entity: its entity; "" for a company without any.
        base_currency: of its books.
        key: the entity's own key.
        owns_top: the documents of the top level are its, too.
        widest: the level on which most is seen: the top one, but for a user who may enter entities only its own.
    """

    entity: str
    base_currency: str
    key: str
    owns_top: bool
    widest: str = ""

    def places(self, object: Object, apart: bool = False) -> Sequence[Place]:
        """Return where an object's records of this organization are; only payments are shared among organizations.

        Args:
            apart: those of the top level are a place of their own.
        """
        if not self.entity:
            return (Place("", None),)
        own, top = Is(ENTITY, "$eq", self.entity), Is(ENTITY, "$eq", None)
        both_levels = Place(self.widest, either(own, top), has_top=True)
        if object is CUSTOMER:
            # On an entity's level its own and the shared ones are seen; those of the top level only on that.
            return (both_levels,) if self.owns_top else (Place(self.entity, None),)
        if not self.owns_top and object is not PAYMENT:
            return (Place(self.entity, own),)
        return (Place(self.entity, own), Place(self.widest, top, has_top=True)) if apart else (both_levels,)

    def owns(self, entity: str | None) -> bool:
        """Tell whether a document with this entity is the organization's."""
        return not self.entity or entity == self.entity or (not entity and self.owns_top)


def in_range(stream: Stream, history_from: date) -> Condition | None:
    """Return what holds for records that are open, unfinished, dated from the day on, or were settled from then on."""
    name, day = stream.name, history_from.isoformat()
    if name not in REST:
        return None
    parts: list[Condition] = [Is(DATE[name], "$gte", day), Is(REST[name], "$ne", 0)]
    if name in CLOSED:
        parts.append(Is(CLOSED[name], "$gte", day))
    if name in DRAFTS:
        parts.append(Is("state", "$eq", "draft"))
    return either(*parts)


def is_of_top(own: str, row: Row) -> bool:
    """Tell whether a record belongs to no entity of a company that has some."""
    return bool(own) and not row.get(ENTITY)


def is_in_range(stream: Stream, row: Row, history_from: date) -> bool:
    """Tell the same of a record; one whose amount cannot be read is in range, for the mapping to refuse."""
    name, day = stream.name, history_from.isoformat()
    if name not in REST or (name in DRAFTS and row.get("state") == "draft"):
        return True
    days = [row.get(DATE[name]), row.get(CLOSED.get(name, ""))]
    return rest_of(stream, row) or any(isinstance(each, str) and each >= day for each in days)


def rest_of(stream: Stream, row: Row) -> bool:
    """Tell whether something of a record is open; one whose amount cannot be read may be."""
    return bool(str(row.get(REST[stream.name]) or "0").strip("-0."))


def objects(stream: Stream, transport: Transport) -> list[Object]:
    """Return the lists that a stream reads over this transport."""
    found = [OBJECTS[stream.name], *([BESIDES[stream.name]] if stream.name in BESIDES else [])]
    return [object for object in found if transport.has(object)]


def types(name: str, object: Object) -> Condition | None:
    """Return what holds for those of an object's records that the stream of this name reads."""
    return TYPES.get(name) if object is OBJECTS[name] else None


def is_open(stream: Stream) -> Condition | None:
    """Return what holds for records with an open rest."""
    return Is(REST[stream.name], "$ne", 0) if stream.name in REST else None


def entities(transport: Transport, settings: Settings) -> list[Entity]:
    """List the entities that can be entered, sorted by id; a company without any is one itself.

    Raises:
        SourceUnavailable: one does not say what it is.
        ConfigurationError: a company without entities does not tell its currency.
    """
    return _open(_listed(transport), settings)


def _open(rows: Sequence[Row], settings: Settings) -> list[Entity]:
    found = [row for row in rows if not _is_closed(row) and not _is_root(row)]
    if found:
        return sorted((_entity(row) for row in found), key=lambda entity: entity.id)
    if not settings.base_currency:
        raise ConfigurationError(
            "the company has no entities, and does not state the currency of its books",
            next_step="write base_currency into the connection's extra",
        )
    return [Entity("", settings.company, settings.base_currency)]


def scope(transport: Transport, settings: Settings, entity: str) -> Scope:
    """Return the organization's part of the company.

    Raises:
        ConfigurationError: the entity is unknown or closed, or several are there and none was named.
    """
    listed = _listed(transport)
    rows = {str(row.get("id")): row for row in listed if not _is_root(row)}
    owner = settings.top_level_entity
    if owner and owner not in rows:
        raise ConfigurationError(
            f"top_level_entity of the connection is {owner!r}, which is no entity of the company",
            next_step=f"write one of: {_names(rows)}",
        )
    if entity in rows and _is_closed(rows[entity]):
        raise ConfigurationError(
            f"the entity {entity!r} is closed in Sage Intacct, so nothing of it can be read",
            next_step="open it again there, or remove the organization's YAML file: its rows are kept",
        )
    seen = _open(listed, settings)
    mine = [each for each in seen if each.id == entity or (not entity and len(seen) == 1)]
    if not mine:
        raise ConfigurationError(
            f"the company has no entity {entity!r}"
            if entity
            else "the company has several entities and none was named",
            next_step=f"set entity in the YAML to one of: {_names(rows)}; or give the user access to it",
        )
    found = mine[0]
    key = str(rows[found.id].get("key")) if found.id else ""
    return Scope(found.id, found.base_currency, key, owner == found.id, found.id if settings.signs_into else "")


def unseen(settings: Settings, entity: str) -> str:
    """Return why nobody can tell that documents of the top level are in some organization; "" where that can be told.

    Args:
        entity: of the organization.
    """
    if settings.signs_into and settings.top_level_entity in ("", entity):
        return (
            "the user signs in to an entity, where documents of the top level cannot be seen: give it top-level access "
            "and let it sign in there, or name the entity of another organization as top_level_entity"
        )
    return ""


def top_level_documents(transport: Transport) -> int:
    """Count the documents that belong to no entity."""
    lists = [*OBJECTS.items(), *BESIDES.items()]
    streams = [(name, object) for name, object in lists if name != "customers" and transport.has(object)]
    return sum(
        transport.query(
            Query(object, "", both(Is(ENTITY, "$eq", None), types(name, object)), size=1, fields=("key",))
        ).total
        for name, object in streams
    )  # fmt: skip


def _listed(transport: Transport) -> Sequence[Row]:
    return [*every(transport, Query(PLACE, ""))]


def _entity(row: Row) -> Entity:
    said = (row.get("id"), row.get("name"), row.get("baseCurrency.id"))
    if not all(isinstance(each, str) and each for each in said):
        raise SourceUnavailable("an entity does not say its id, name and currency", next_step="the task retries")
    return Entity(str(said[0]), str(said[1]), str(said[2]))


def _is_closed(row: Row) -> bool:
    return row.get("status") not in ("active", None)


def _is_root(row: Row) -> bool:
    return row.get("isRoot") is True


def _names(rows: Mapping[str, Row]) -> str:
    return ", ".join(f"{key} ({row.get('name')})" for key, row in sorted(rows.items()) if not _is_closed(row)) or "none"
