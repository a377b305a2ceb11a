"""What the role must see, asked table by table, so that whoever sets it up reads what is missing in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from include.connectors.base import Stream
from include.connectors.netsuite import deletions, queries
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.pages import Reader
from include.connectors.netsuite.refusals import TableMissing
from include.connectors.netsuite.suiteql import Query, one_of
from include.errors import MissingRights


def require(client: Client, reader: Reader, streams: Mapping[str, Stream]) -> Sequence[str]:
    """Ask each table that is needed for nothing; return what is lost without those that are not.

    Raises:
        MissingRights: names every permission and feature that is needed and missing.
    """
    needed = {
        "customers": lambda: reader.asked(streams["customers"], one_of("c.id", (0,))),
        "transactions": lambda: reader.asked(streams["payments"], one_of("t.id", (0,))),
        "the ledger": lambda: queries.lines(reader.scope, (0,)),
        "applications": lambda: queries.links((0,)),
    }
    missing = [f"{what}: {error}" for what, build in needed.items() if (error := _refusal(client, build))]
    if missing:
        raise MissingRights(
            f"not granted: {'; '.join(missing)}", next_step="give the role what docs/connect/netsuite.md lists"
        )
    lost = []
    if _refusal(client, lambda: queries.contacts((0,))):
        lost.append("without Lists › Contacts a customer has its own mailbox only")
    if not deletions.are_listed(client):
        lost.append("without Lists › Deleted Records all ids are compared every night instead")
    return lost


def _refusal(client: Client, build: Callable[[], Query]) -> str:
    """Return why a question is refused, "" where it is answered."""
    try:
        client.rows(lambda: _known(client, build()))
    except TableMissing as error:
        return f"{error.message}, {error.next_step}"
    except MissingRights as error:
        return error.message
    return ""


def _known(client: Client, query: Query) -> Query:
    return Query(client.known(query.columns), query.tables, query.where, query.key, query.group)
