"""The subsidiaries of an account, or the account itself where it has none."""

from __future__ import annotations

from collections.abc import Sequence

from include.connectors.base import Entity
from include.connectors.netsuite import pages, queries
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.refusals import TableMissing
from include.connectors.netsuite.suiteql import Query
from include.errors import ConfigurationError

ALONE = "account"
"""Id of the one entity of an account without subsidiaries."""


def entities(client: Client) -> tuple[Sequence[Entity], bool]:
    """Return what the role sees, sorted by id, and whether it has any; those of eliminations have no customers.

    Raises:
        ConfigurationError: a subsidiary's or the account's currency cannot be told.
    """

    def asked() -> Query:
        query = queries.subsidiaries()
        return Query(client.known(query.columns), query.tables, query.where, query.key)

    codes = pages.currencies(client)
    try:
        rows = client.rows(asked)
    except TableMissing:
        return [_alone(client, codes)], False
    zone = client.settings.timezone.key
    found = []
    for row in rows:
        if row.get("iselimination") == "T":
            continue
        base = codes.get(str(row.get("currency"))) or client.settings.base_currency
        if not base:
            raise _no_currency()
        found.append(Entity(str(row["id"]), str(row.get("name") or row["id"]), base, zone))
    return sorted(found, key=lambda entity: entity.id), True


def _alone(client: Client, codes: dict[str, str]) -> Entity:
    base = client.settings.base_currency or (next(iter(codes.values())) if len(codes) == 1 else "")
    if not base:
        raise _no_currency()
    return Entity(ALONE, client.settings.account, base, client.settings.timezone.key)


def _no_currency() -> ConfigurationError:
    return ConfigurationError(
        "which currency the books are kept in cannot be told",
        next_step="give the role Lists › Currency, level View, or set base_currency in the connection's extra",
    )
