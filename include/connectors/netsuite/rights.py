"""What the role must see, asked table by table, so that whoever sets it up reads what is missing in one go."""

from __future__ import annotations

from collections.abc import Sequence

from include.connectors.netsuite import deletions, queries, scope
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.pages import Reader
from include.connectors.netsuite.refusals import TableMissing
from include.connectors.netsuite.suiteql import Query, one_of
from include.errors import MissingRights


def require(client: Client, reader: Reader) -> Sequence[str]:
    """Ask each table that is needed for nothing; return what is lost without those that are not.

    Raises:
        MissingRights: names every permission and feature that is needed and missing.
    """
    nobody = one_of("t.id", (0,))
    needed = {
        "customers": queries.customers((one_of("c.id", (0,)),), reader.subsidiary, False),
        "transactions": queries.transactions((*reader.scope.transactions(scope.EVERY), nobody)),
        "the ledger": queries.lines(reader.scope, (0,)),
        "applications": queries.links((0,)),
    }
    missing = [f"{what}: {error}" for what, query in needed.items() if (error := _refusal(client, query))]
    if missing:
        raise MissingRights(
            f"not granted: {'; '.join(missing)}", next_step="give the role what docs/connect/netsuite.md lists"
        )
    lost = []
    if _refusal(client, queries.contacts((0,))):
        lost.append("without Lists › Contacts a customer has its own mailbox only")
    if not deletions.are_listed(client):
        lost.append("without Lists › Deleted Records all ids are compared every night instead")
    return lost


def _refusal(client: Client, query: Query) -> str:
    """Return why a question is refused, "" where it is answered."""
    try:
        client.rows(lambda: Query(client.known(query.columns), query.tables, query.where, query.key, query.group))
    except TableMissing as error:
        return f"{error.message}, {error.next_step}"
    except MissingRights as error:
        return error.message
    return ""
