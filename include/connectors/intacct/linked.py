"""Which records are closed and older than the history, and yet settled something within it, or were settled by that.

A payment lists what it settled, and a document does not: so a document within the history is explained only if
every payment and credit that settled it is read, however old, and then everything that those settled besides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date

from include.connectors.base import Stream
from include.connectors.intacct import scope
from include.connectors.intacct.conditions import Both, Condition, Is, both, either, is_in
from include.connectors.intacct.lookups import chunks
from include.connectors.intacct.objects import DEPOSIT, DETAIL
from include.connectors.intacct.scope import BESIDES, DATE, OBJECTS, SOURCES, TARGETS, Scope
from include.connectors.intacct.transport import Query, Row, Transport, every
from include.errors import MissingRights

FIELDS = ("key", *(name for names in SOURCES.values() for name in names), *TARGETS.values())
DEPOSITED = "paymentInformation.paidDate"
ROUNDS = 20
"""A chain of payments that reaches further back than so many links is cut; the gate names what it leaves open."""


class Linked:
    """Follows payment details over the history's beginning, once for each history."""

    def __init__(self, transport: Transport, own: Scope) -> None:
        self.transport = transport
        self.scope = own
        self._known: dict[date, Mapping[str, set[str]]] = {}

    def of(self, stream: Stream, history_from: date) -> list[str]:
        """Return the numbers of the older records that are linked to what lies within the history, ascending."""
        if history_from not in self._known:
            self._known[history_from] = self._followed(history_from)
        return sorted(self._known[history_from].get(stream.name, ()), key=int)

    def _followed(self, history_from: date) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        targets = {name: set(self._from_before(name, history_from)) for name in TARGETS}
        details = [*self._settling(targets), *self._uses_of_credits(history_from)]
        for _ in range(ROUNDS):
            sources = {
                name: keys - self._younger(name, keys, history_from)
                for name, keys in _new(details, SOURCES, found).items()
            }
            for name, keys in sources.items():
                found[name] |= keys
            used = [*self._of(sources, SOURCES)]
            named = _new(used, {name: (field,) for name, field in TARGETS.items()}, found, targets)
            further = {name: self._older(name, keys, history_from) for name, keys in named.items()}
            if not any(further.values()):
                break
            for name, keys in further.items():
                found[name] |= keys
            details = [*self._settling(further)]
        return found

    def _from_before(self, name: str, history_from: date) -> Iterator[str]:
        """Yield documents within the history that are older than its beginning: open, or settled since."""
        stream = Stream(name, (OBJECTS[name].name,), {}, cursor=None)
        older = Is(DATE[name], "$lt", history_from.isoformat())
        for place in self.scope.places(OBJECTS[name]):
            condition = both(place.condition, scope.in_range(stream, history_from), older)
            for row in every(self.transport, Query(OBJECTS[name], place.level, condition, fields=("key",))):
                yield str(row.get("key"))

    def _older(self, name: str, keys: Iterable[str], history_from: date) -> set[str]:
        """Return those of these documents that are older than the history's beginning."""
        older = Is(DATE[name], "$lt", history_from.isoformat())
        asked = (Query(OBJECTS[name], self.scope.widest, both(is_in("key", chunk), older), fields=("key",))
                 for chunk in chunks(sorted(keys)))  # fmt: skip
        return {str(row.get("key")) for each in asked for row in every(self.transport, each)}

    def _younger(self, name: str, keys: Iterable[str], history_from: date) -> set[str]:
        """Return those of these records that are dated from the history's beginning on: they are read anyway."""
        dated = {OBJECTS[name]: DATE[name]} | ({DEPOSIT: DEPOSITED} if name in BESIDES else {})
        found = set()
        for object, field in dated.items():
            younger = Is(field, "$gte", history_from.isoformat())
            for chunk in chunks(sorted(keys)) if self.transport.has(object) else ():
                asked = Query(object, self.scope.widest, both(is_in("key", chunk), younger), fields=("key",))
                with suppress(MissingRights):  # its own stream says so, and the others go on
                    found |= {str(row.get("key")) for row in every(self.transport, asked)}
        return found

    def _settling(self, targets: Mapping[str, Iterable[str]]) -> Iterator[Row]:
        return self._of(targets, {name: (field,) for name, field in TARGETS.items()})

    def _of(self, wanted: Mapping[str, Iterable[str]], fields: Mapping[str, tuple[str, ...]]) -> Iterator[Row]:
        for name, keys in wanted.items():
            for chunk in chunks(sorted(keys)):
                condition = either(*(is_in(field, chunk) for field in fields[name]))
                yield from every(self.transport, Query(DETAIL, self.scope.widest, condition, fields=FIELDS))

    def _uses_of_credits(self, history_from: date) -> Iterator[Row]:
        """Yield uses of credits and advances since the history's beginning: these may be older themselves."""
        credits = [name for names in SOURCES.values() for name in names if name != "arPayment.key"]
        since = Is("paymentDate", "$gte", history_from.isoformat())
        is_credit: Condition = either(*(Is(name, "$ne", None) for name in credits))
        yield from every(self.transport, Query(DETAIL, self.scope.widest, Both((since, is_credit)), fields=FIELDS))


def _new(
    details: Iterable[Row], fields: Mapping[str, tuple[str, ...]], *known: Mapping[str, set[str]]
) -> dict[str, set[str]]:
    """Return the records that details name, by stream, without those that are known."""
    new: dict[str, set[str]] = defaultdict(set)
    for row in details:
        for name, each in fields.items():
            new[name] |= {key for field in each if isinstance(key := row.get(field), str) and key.isdigit()}
    return {name: keys.difference(*(held.get(name, set()) for held in known)) for name, keys in new.items()}
