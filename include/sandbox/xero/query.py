"""What a request for a list asks: which records, in which order, which page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from include.sandbox.books import Books
from include.sandbox.xero.lists import List, record_day
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.where import BadFilter, BadParameter, Column, condition


@dataclass(frozen=True, slots=True)
class Query:
    """The parts of a request that decide what it is answered; equal ones are answered alike.

    `page` is 0 when none was asked for.
    """

    where: str = ""
    order: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    search: str = ""
    since: datetime | None = None
    archived: bool = False
    summary: bool = False
    page: int = 0
    size: int = 100

    @property
    def selection(self) -> tuple[object, ...]:
        """What decides which records are meant, and in which order, whatever the page."""
        return self.where, self.order, self.filters, self.search, self.since, self.archived


def read(parameters: Mapping[str, str], modified_since: str, the_list: List, settings: Settings) -> Query:
    """Read a request's parameters; names are compared without case, what is not known is ignored.

    Raises:
        BadFilter: a parameter cannot be understood.
    """
    given = {name.lower(): value for name, value in parameters.items()}
    size = _number("pageSize", given.get("pagesize", str(settings.page_size)))
    if size > settings.largest_page and settings.oversized_page == "refuse":
        raise BadParameter(f"pageSize must be between 1 and {settings.largest_page}")
    return Query(
        where=given.get("where", ""),
        order=given.get("order", ""),
        filters=tuple((column, given[n.lower()]) for n, column in the_list.filters.items() if given.get(n.lower())),
        search=given.get("searchterm", "").lower(),
        since=moment(modified_since),
        archived=given.get("includearchived", "").lower() == "true",
        summary=given.get("summaryonly", "").lower() == "true",
        page=_number("page", given["page"]) if "page" in given and the_list.is_paged else 0,
        size=min(size, settings.largest_page),
    )


def select(books: Books, the_list: List, query: Query, settings: Settings) -> list[Any]:
    """Return the records that a query means, in its order.

    Raises:
        BadFilter: a filter or an order cannot be understood, or asks for a column that is not optimised.
    """
    optimised = dict(the_list.optimised(books, settings))
    every = optimised | dict(the_list.other(books, settings))
    askable = optimised if settings.high_volume else every
    records = list(the_list.records(books))
    if (
        the_list.name == "Contacts"
        and not query.archived
        and not any(column == "contactid" for column, _ in query.filters)
    ):
        records = [record for record in records if not record.archived]
    for column, values in query.filters:
        wanted = {value.strip().lower() for value in values.split(",")}
        read_column = every[column]
        records = [record for record in records if str(read_column(record)).lower() in wanted]
    if query.since:
        records = [record for record in records if is_modified(record.updated_at, query.since, settings)]
    if query.search:
        records = [record for record in records if query.search in _searched(record)]
    if query.where:
        wanted_by = condition(query.where, askable)
        records = [record for record in records if wanted_by(record)]
    return _ordered(records, query.order, the_list, askable, settings)


def _ordered(
    records: list[Any], order: str, the_list: List, columns: Mapping[str, Column], settings: Settings
) -> list[Any]:
    """Sort by the first change by default: a record that changes while it is paged moves to the end."""
    records.sort(key=lambda record: (record.updated_at, record.id))
    for part in reversed(order.split(",") if order else []):
        name, _, direction = part.strip().partition(" ")
        key = _order_key(name, the_list, columns, settings)
        records.sort(key=key, reverse=direction.strip().upper() in ("DESC", "DESCENDING"))
    return records


def _order_key(name: str, the_list: List, columns: Mapping[str, Column], settings: Settings) -> Any:
    allowed = {field.lower() for field in (*the_list.order, the_list.id_field)}
    if name.lower() not in allowed and (settings.high_volume or name.lower() not in columns):
        raise BadFilter(f"No property or field '{name}' exists that can be ordered by")
    match name.lower():
        case "updateddateutc":
            return lambda record: record.updated_at
        case "date":
            return record_day
        case key if key == the_list.id_field.lower():
            return lambda record: record.id
    column = columns[name.lower()]
    return lambda record: (column(record) is not None, column(record))


def is_modified(at: datetime, since: datetime, settings: Settings) -> bool:
    """Return whether a change is later than If-Modified-Since, in the vendor's sense."""
    return at > since if settings.modified_since == "after" else at >= since


def _searched(record: Any) -> str:
    return " ".join(
        str(getattr(record, name, "")) for name in ("name", "email", "number", "reference", "registration_number")
    ).lower()


def _number(name: str, text: str) -> int:
    if not text.isdigit() or not int(text):
        raise BadParameter(f"{name} must be a whole number from 1")
    return int(text)


def moment(text: str) -> datetime | None:
    """Read If-Modified-Since, of which fractions of a second do not count; None if it is empty.

    Raises:
        BadParameter: it is no date.
    """
    if not text:
        return None
    try:
        read_as = datetime.fromisoformat(text)
    except ValueError:
        try:
            read_as = parsedate_to_datetime(text)
        except ValueError:
            raise BadParameter("If-Modified-Since is no date") from None
    read_as = read_as.replace(tzinfo=UTC) if read_as.tzinfo is None else read_as.astimezone(UTC)
    return read_as.replace(microsecond=0)
