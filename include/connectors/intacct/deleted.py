"""What was deleted, by the audit trail: one list for all objects, where the user may read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from include.connectors.base import Stream
from include.connectors.intacct.conditions import Both, Is, both
from include.connectors.intacct.objects import AUDIT
from include.connectors.intacct.scope import OBJECTS
from include.connectors.intacct.transport import Query, Transport
from include.connectors.paging import MOST_PAGES
from include.errors import MissingRights, SourceUnavailable

REFUSED = (MissingRights,)
"""The permission is of its own, and the refusal may come without a number."""
MODES = {"rest": "delete", "gateway": "D"}
"""Transport → its word for a deletion."""


def since(transport: Transport, streams: Sequence[Stream], at: datetime) -> Iterator[tuple[str, str]]:
    """Yield (stream, key) of what was deleted from then on, as far as the trail names it by its number.

    Customers are named by their id, which is not their key: the key sweep finds those.
    """
    by_name = {OBJECTS[stream.name].path: stream for stream in streams if stream.name != "customers"}
    by_name |= {OBJECTS[stream.name].element.lower(): stream for stream in streams if stream.name != "customers"}
    mode = MODES[str(transport.facts()["transport"])]
    moment = at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    condition = Both((
        Is("changeSource.actionPerformed", "$eq", mode), Is("changeSource.accessDateTime", "$gte", moment),
    ))  # fmt: skip
    start = 0
    order = ("changeSource.accessDateTime", "id")
    for _ in range(MOST_PAGES):
        try:
            reply = transport.query(Query(AUDIT, "", both(condition), order, start=start))
        except REFUSED:
            return
        for row in reply.rows:
            stream = by_name.get(str(row.get("changeDetails.objectName")))
            number = str(row.get("changeDetails.objectId"))
            if stream and number.isdigit():
                yield stream.name, f"{stream.record_types[0]}:{number}"
        if reply.is_last:
            return
        start += len(reply.rows)
    raise SourceUnavailable("the audit trail has no end", next_step="the task retries; if it stays so, file a bug")
