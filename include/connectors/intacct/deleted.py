"""What was deleted, by the audit trail: one list for all objects, where the user may read it.

The trail tells up to two hours late. What was asked for by its number and is not there any more is named before, so
that an invoice of order entry that was made anew does not stand beside the one that it replaces for a night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from include.connectors.base import Stream
from include.connectors.intacct.conditions import Both, Condition, Is
from include.connectors.intacct.objects import AUDIT
from include.connectors.intacct.scope import BESIDES, OBJECTS
from include.connectors.intacct.transport import Query, Row, Transport
from include.connectors.paging import MOST_PAGES
from include.errors import MissingRights, SourceUnavailable

REFUSED = (MissingRights,)
"""The permission is of its own, and the refusal may come without a number."""
SUFFIX = "--REC"
MODES = {"rest": "delete", "gateway": "D"}
"""Transport → its word for a deletion."""


def are_listed(transport: Transport, streams: Sequence[Stream]) -> bool:
    """Tell whether the user may read the trail, and whether it names our records by their numbers."""
    by_name = _by_name(streams)
    try:
        reply = transport.query(Query(AUDIT, "", _is_deletion(transport), order=("id",)))
    except REFUSED:
        return False
    return all(_number(row) for row in reply.rows if str(row.get("changeDetails.objectName")) in by_name)


def since(transport: Transport, streams: Sequence[Stream], at: datetime) -> Iterator[tuple[str, str]]:
    """Yield (stream, key) of what was deleted from then on, as far as the trail names it by its number.

    Customers are named by their id, which is not their key: they are compared by their keys every night.
    """
    by_name = _by_name(streams)
    moment = at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    condition = Both((_is_deletion(transport), Is("changeSource.accessDateTime", "$gte", moment)))
    start = 0
    order = ("changeSource.accessDateTime", "id")
    for _ in range(MOST_PAGES):
        try:
            reply = transport.query(Query(AUDIT, "", condition, order, start=start))
        except REFUSED:
            return
        for row in reply.rows:
            stream = by_name.get(str(row.get("changeDetails.objectName")))
            if stream and (number := _number(row)):
                yield stream.name, f"{stream.record_types[0]}:{number}"
        if reply.is_last:
            return
        start += len(reply.rows)
    raise SourceUnavailable("the audit trail has no end", next_step="the task retries; if it stays so, file a bug")


def _by_name(streams: Sequence[Stream]) -> Mapping[str, Stream]:
    """Return what the trail calls the objects of the streams that it is asked for."""
    return {
        name: stream
        for stream in streams
        if stream.fed
        for object in (OBJECTS[stream.name], BESIDES.get(stream.name))
        if object
        for name in (object.path, object.element.lower())
        if name
    }


def _is_deletion(transport: Transport) -> Condition:
    return Is("changeSource.actionPerformed", "$eq", MODES[str(transport.facts()["transport"])])


def _number(row: Row) -> str:
    """Return the record's number, which some objects are named by with a suffix; "" where it is named otherwise."""
    named = str(row.get("changeDetails.objectId")).removesuffix(SUFFIX)
    return named if named.isascii() and named.isdigit() else ""
