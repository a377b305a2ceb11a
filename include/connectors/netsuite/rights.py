"""What the role must see, asked table by table, so that whoever sets it up reads what is missing in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from include.connectors.base import Stream
from include.connectors.netsuite import deletions, queries, values
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.pages import Reader
from include.connectors.netsuite.refusals import TableMissing
from include.connectors.netsuite.suiteql import Query, moment, one_of
from include.errors import ConfigurationError, MissingRights

AHEAD = timedelta(minutes=10)
"""By how much two clocks may differ."""


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
    _require_time_zone(client)
    lost = []
    if _refusal(client, lambda: queries.contacts((0,))):
        lost.append("without Lists › Contacts a customer has its own mailbox only")
    if not deletions.are_listed(client):
        lost.append("without Lists › Deleted Records all ids are compared every night instead")
    return lost


def _require_time_zone(client: Client) -> None:
    """Hold the latest change, read by the account's clock as it is set here, to NetSuite's own clock.

    Raises:
        ConfigurationError: it lies ahead, so the clock is another one.
    """
    reply = client.ask(Query((moment("MAX(t.lastmodifieddate)", "newest"),), "transaction t"))
    newest = values.latest((row.get("newest") for row in reply.rows), client.settings.timezone)
    if newest and newest > reply.at + AHEAD:
        raise ConfigurationError(
            "the latest change lies ahead of NetSuite's own clock: the account is in another time zone",
            next_step="set timezone in the connection's extra to that of Setup › Company › Company Information",
        )


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
