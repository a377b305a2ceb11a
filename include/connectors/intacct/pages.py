"""Pages that lose and double nothing while records change.

Nothing is paged by a number: each page is asked for anew, from the last one's key on. A record never changes its key,
so that changes meanwhile move none from one page to another, and a new one can only prolong the list. Changes are
read in that order, too: what changes behind the read's back is newer than its beginning, and so the next read's; and
no document says how fine the moments are that records are stamped with.

What a record was used for is read with it; where only that changed, the record is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from include.connectors.base import Page, Stream, Window
from include.connectors.intacct import records, scope
from include.connectors.intacct.conditions import Condition, Is, both, is_in
from include.connectors.intacct.linked import Linked
from include.connectors.intacct.lookups import Lookups, chunks
from include.connectors.intacct.objects import (
    CUSTOMER,
    PAYMENT,
    Object,
)
from include.connectors.intacct.scope import OBJECTS, SOURCES, Place, Scope
from include.connectors.intacct.settings import Settings
from include.connectors.intacct.touched import Touched, changed_since
from include.connectors.intacct.transport import Query, Reply, Row, Transport, circle, every, page
from include.connectors.paging import MOST_PAGES

END = "end"
Choose = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Pass:
    """One list of a read: an object at a place.

    Args:
        condition: besides the place's.
        named: reads these records, whatever else holds of them.
    """

    object: Object
    place: Place
    condition: Condition | None = None
    named: tuple[str, ...] | None = None


class Reader:
    """Reads one organization's lists."""

    def __init__(self, transport: Transport, settings: Settings, own: Scope) -> None:
        self.transport = transport
        self.settings = settings
        self.scope = own
        self.lookups = Lookups(transport, own)
        self.linked = Linked(transport, own)
        self.touched = Touched(transport, own)

    def read(self, stream: Stream, window: Window) -> Iterator[Page]:
        """Page through what a window bounds; `until` is held to here."""
        if window.resume == END:
            return
        wanted = None
        if window.customers is not None and (wanted := self._of_customers(stream, window.customers)) is None:
            return
        passes = self._passes(stream, window, wanted)
        first, key = _place(window.resume)
        for index in range(first, len(passes)):
            last = index == len(passes) - 1
            for reply, following in self._pages(stream, passes[index], key):
                token = END if last and following is None else f"{index}|{following or END}"
                choose = self._chosen(stream, passes[index], window)
                if made := self.page(stream, passes[index], reply, choose, token, window):
                    yield made
            key = ""

    def listed(self, stream: Stream, condition: Condition | None, is_open: bool = False) -> Iterator[Page]:
        """Page through what fulfils a condition, by key, whatever its age.

        Args:
            is_open: what has an open rest, as far as a list can be asked for it.
        """
        for index, (object, place) in enumerate(self.lists(stream)):
            asked = both(condition, scope.is_open(stream) if is_open and object is OBJECTS[stream.name] else None)
            choose: Choose = (lambda row: scope.rest_of(stream, row)) if is_open else lambda row: True
            each = Pass(object, place, condition=asked)
            for reply, following in self._pages(stream, each, ""):
                if made := self.page(stream, each, reply, choose, f"{index}|{following or END}"):
                    yield made

    def named(self, stream: Stream, keys: Sequence[str]) -> Iterator[Page]:
        """Read records by their numbers."""
        for part, chunk in enumerate(chunks(keys)):
            for each in self.listed(stream, is_in("key", chunk)):
                yield replace(each, token=f"{part}|{each.token}")

    def keys(self, stream: Stream, history_from: date) -> Iterator[str]:
        """List the keys of a whole read; where it takes more to tell that a record belongs, it is read as there."""
        window = Window(history_from=history_from)
        for each in self._passes(stream, window, None, apart=True):
            if each.named is not None or self._is_chosen_by_more(each) or each.object is not OBJECTS[stream.name]:
                for reply, _ in self._pages(stream, each, ""):
                    wanted = self._chosen(stream, each, window)
                    if made := self.page(stream, each, reply, wanted, "-"):
                        yield from (item.key for item in made.items)
                continue
            for reply, _ in self._pages(stream, each, "", fields=("key",)):
                yield from (records.key(stream, row) for row in reply.rows)

    def page(
        self, stream: Stream, each: Pass, reply: Reply, choose: Choose, token: str, window: Window | None = None
    ) -> Page | None:
        """Return the page of those records that are chosen, with what is looked up for them; None if none is."""
        place = each.place
        kept = [index for index, row in enumerate(reply.rows) if choose(row)]
        looked = self.lookups.of(stream, place, [reply.rows[index] for index in kept])
        about = self._about(each)
        found = records.assemble(stream, about, [reply.rows[index] for index in kept], looked)
        pairs = [
            (index, record)
            for index, record in zip(kept, found, strict=True)
            if self._is_ours(record, looked) and _is_timely(record, window)
        ]
        if not pairs:
            return None
        mine = [record for _, record in pairs]
        whole = records.body(about, reply.raw, looked, [index for index, _ in pairs])
        return Page(whole, records.items(stream, mine), token, reply.at)

    def ours(self, stream: Stream, place: Place, condition: Condition | None) -> Iterator[tuple[Row, Row]]:
        """Yield each record of a place that is the organization's, as it came and as it is joined."""
        each = Pass(OBJECTS[stream.name], place, condition=condition)
        for reply, _ in self._pages(stream, each, ""):
            looked = self.lookups.of(stream, place, reply.rows)
            found = records.assemble(stream, self._about(each), reply.rows, looked)
            for row, record in zip(reply.rows, found, strict=True):
                if self._is_ours(record, looked):
                    yield row, record

    def rows(self, query: Query) -> Iterator[Row]:
        """Yield every record that a query is for."""
        return every(self.transport, query)

    def lists(self, stream: Stream, apart: bool = False) -> list[tuple[Object, Place]]:
        """Return every list of the stream; `apart` takes payments of the top level, which may be shared, for one."""
        return [
            (object, place)
            for object in scope.objects(stream, self.transport)
            for place in self.scope.places(object, apart and object is PAYMENT)
        ]

    def _passes(self, stream: Stream, window: Window, wanted: Condition | None, apart: bool = False) -> list[Pass]:
        """Return the lists of a read.

        Args:
            wanted: what holds of the records of those customers that the window names.
        """
        lists = self.lists(stream, apart)
        dated = scope.in_range(stream, window.history_from)
        bounds = {object: both(dated if object is OBJECTS[stream.name] else None, wanted) for object, _ in lists}
        if window.since is None:
            passes = [Pass(object, place, condition=bounds[object]) for object, place in lists]
            if stream.name in SOURCES and window.customers is None:
                older = tuple(self.linked.of(stream, window.history_from))
                passes += [Pass(object, place, named=older) for object, place in lists] if older else []
            return passes
        moment = _written(window.since)
        changed = [Pass(object, place, both(bounds[object], changed_since(moment))) for object, place in lists]
        if named := tuple(self.touched.since(stream, moment)):
            changed += [Pass(object, place, condition=bounds[object], named=named) for object, place in lists]
        return changed

    def _pages(
        self, stream: Stream, each: Pass, key: str, fields: tuple[str, ...] | None = None
    ) -> Iterator[tuple[Reply, str | None]]:
        """Yield each page of a pass and behind which key the next begins; None after the last.

        Raises:
            SourceUnavailable: the list is not in the order of the key.
        """
        asked = Query(each.object, each.place.level, fields=fields)
        fixed = both(each.place.condition, scope.types(stream.name, each.object), each.condition)
        if each.named is not None:
            left = [number for number in each.named if not key or int(number) > int(key)]
            for start in range(0, len(left), self.settings.page_size):
                chunk = left[start : start + self.settings.page_size]
                is_last = start + len(chunk) == len(left)
                condition = both(fixed, is_in("key", chunk))
                yield page(self.transport, replace(asked, condition=condition)), None if is_last else chunk[-1]
            return
        for _ in range(MOST_PAGES):
            behind = Is("key", "$gt", key) if key else None
            reply = page(self.transport, replace(asked, condition=both(fixed, behind)))
            numbers = [_number(row.get("key")) for row in reply.rows]
            if numbers != sorted(numbers) or (numbers and key and numbers[0] <= int(key)):
                raise circle(f"{stream.name} do not come in the order that was asked for")
            if reply.is_last:
                yield reply, None
                return
            key = str(reply.rows[-1].get("key"))
            yield reply, key
        raise circle(f"{stream.name} have no end")

    def _chosen(self, stream: Stream, each: Pass, window: Window) -> Choose:
        """Return what leaves out of a pass what is out of range, and what an earlier one of the read has brought."""
        is_within: Choose = lambda row: scope.is_in_range(stream, row, window.history_from)  # noqa: E731
        if each.named is None:
            return is_within if each.object is not OBJECTS[stream.name] else lambda row: True
        if window.since is None:
            return lambda row: not is_within(row)
        since = window.since
        return lambda row: is_within(row) and ((own := records.stamp(row)) is None or own < since)

    def _is_chosen_by_more(self, each: Pass) -> bool:
        """Tell whether it takes more than a list to know which of its records are the organization's."""
        return each.object is PAYMENT and each.place.has_top

    def _is_ours(self, record: Row, looked: records.Looked) -> bool:
        """Tell whether a payment of the top level is the organization's, or settles a document of its."""
        if "targets" not in record:
            return True
        if record.get("key") in looked.split:
            return False
        return self.scope.owns_top or any(map(self.scope.owns, record["targets"].values()))

    def _of_customers(self, stream: Stream, external_ids: Sequence[str]) -> Condition | None:
        """Return what holds for records of these customers; None where there are no such customers."""
        keys = records.numbers((CUSTOMER.name,), external_ids)
        if stream.name == "customers":
            return is_in("key", keys) if keys else None
        ids = self.lookups.ids_of(keys)
        return is_in("customer.id", ids) if ids else None

    def _about(self, each: Pass) -> dict[str, Any]:
        return {
            "object": each.object.name, "facts": self.transport.facts(),
            "base_currency": self.scope.base_currency,
            "entity": self.scope.entity, "owns_top": self.scope.owns_top, "rate_basis": self.settings.rate_basis,
        }  # fmt: skip


def _is_timely(record: Row, window: Window | None) -> bool:
    at = records.changed(record)
    if window is None or at is None:
        return True
    return (window.since is None or window.since <= at) and (window.until is None or at < window.until)


def _place(token: str | None) -> tuple[int, str]:
    """Return which pass a read goes on with, and behind which key."""
    if token is None:
        return 0, ""
    index, _, key = token.partition("|")
    return (int(index) + 1, "") if key == END else (int(index), key)


def _written(moment: datetime) -> str:
    """Return a moment as REST writes it, whole seconds: records are stamped so."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _number(value: Any) -> int:
    return int(value) if isinstance(value, str) and value.isdigit() else -1
