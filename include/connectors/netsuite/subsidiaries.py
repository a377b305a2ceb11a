"""The subsidiaries of an account, or the account itself where it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from include.connectors.base import Entity
from include.connectors.netsuite import pages, queries, values
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.refusals import TableMissing
from include.connectors.netsuite.suiteql import Query
from include.errors import ConfigurationError

ALONE = "account"
"""Id of the one entity of an account without subsidiaries."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the role sees: `active` ones, sorted by id; `closed` ones, id → name; whether the account has any at all."""

    active: Sequence[Entity]
    closed: Mapping[str, str] = field(default_factory=dict)
    has_subsidiaries: bool = True


def entities(client: Client) -> Seen:
    """Return the subsidiaries that the role sees; those of eliminations have no customers.

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
        return Seen([_alone(client, codes)], has_subsidiaries=False)
    zone = client.settings.timezone.key
    found, closed = [], {}
    for row in rows:
        if row.get("iselimination") == "T":
            continue
        if values.flag(row.get("isinactive")):
            closed[str(row["id"])] = str(row.get("name") or row["id"])
            continue
        base = codes.get(str(row.get("currency"))) or client.settings.base_currency
        if not base:
            raise _no_currency()
        found.append(Entity(str(row["id"]), str(row.get("name") or row["id"]), base, zone))
    return Seen(sorted(found, key=lambda entity: entity.id), closed)


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
