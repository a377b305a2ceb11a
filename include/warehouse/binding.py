"""The binding: which account of which system an organization's rows come from."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, exists, insert, literal, select, update

from include import encryption
from include.errors import ConfigurationError
from include.warehouse import tables
from include.warehouse.engine import begin
from include.warehouse.types import identifier

if TYPE_CHECKING:
    from include.connectors.base import Identity

HASH_KEY_BYTES = 32
COMPARED = ("connector", "account", "entity", "base_currency")


def bind(engine: Engine, organization_id: str, identity: Identity, now: datetime) -> datetime:
    """Store who answered, or compare it with who answered the first time; return when that was.

    The first time also makes the key that hashes personal parts of external ids; it is never
    rotated and outlives a reset.

    Raises:
        ConfigurationError: the system answers as someone else, whatever the host; says what differs.
    """
    bound = _bound(engine, organization_id, identity)
    if bound is not None:
        return bound
    key = encryption.encrypt(secrets.token_bytes(HASH_KEY_BYTES))
    organizations = tables.table("organizations")
    with begin(engine, organization_id) as connection:
        ensure_row(connection, organization_id)
        is_mine = organizations.c.organization_id == organization_id
        connection.execute(
            update(organizations).values(hash_key=key).where(is_mine, organizations.c.hash_key.is_(None))
        )
        connection.execute(
            update(organizations)
            .values(bound_at=now, **{name: getattr(identity, name) for name in COMPARED})
            .where(is_mine, organizations.c.bound_at.is_(None))
        )
    bound = _bound(engine, organization_id, identity)
    assert bound is not None
    return bound


def compare(engine: Engine, organization_id: str, identity: Identity) -> datetime | None:
    """Hold who answers to who answered the first time, storing nothing; return when that was, None before it.

    Raises:
        ConfigurationError: as `bind`.
    """
    return _bound(engine, organization_id, identity)


def bound_at(engine: Engine, organization_id: str) -> datetime:
    """Return when the organization was bound.

    Raises:
        ConfigurationError: it is not bound.
    """
    organizations = tables.table("organizations")
    with engine.connect() as connection:
        found: datetime | None = connection.scalar(
            select(organizations.c.bound_at).where(organizations.c.organization_id == organization_id)
        )
    if found is None:
        raise _unbound(organization_id)
    return found


def hash_key(engine: Engine, organization_id: str) -> bytes:
    """Return the key for hashes inside external ids.

    Raises:
        ConfigurationError: the organization is not bound, or GREENLIGHT_SECRET_KEY lost the key it was stored with.
    """
    organizations = tables.table("organizations")
    with engine.connect() as connection:
        stored: str | None = connection.scalar(
            select(organizations.c.hash_key).where(organizations.c.organization_id == organization_id)
        )
    if stored is None:
        raise _unbound(organization_id)
    return encryption.decrypt(stored)


def reset_binding(engine: Engine, organization_id: str, who: str, why: str, now: datetime) -> None:
    """Unbind the organization, on a person's word, which is recorded; its rows and hash key stay.

    Raises:
        ConfigurationError: it is not bound.
    """
    organizations = tables.table("organizations")
    with begin(engine, organization_id) as connection:
        unbound = connection.execute(
            update(organizations)
            .values(bound_at=None, **dict.fromkeys(COMPARED))
            .where(organizations.c.organization_id == organization_id, organizations.c.bound_at.is_not(None))
        ).rowcount
        if not unbound:
            raise _unbound(organization_id)
        connection.execute(
            insert(tables.table("mode_events")).values(
                organization_id=organization_id, target="", event="binding_reset", who=who, why=why, at=now
            )
        )


def ensure_row(connection: Connection, organization_id: str) -> None:
    """Make the organization's row, unbound, if there is none."""
    organizations = tables.table("organizations")
    missing = select(literal(organization_id, identifier())).where(
        ~exists().where(organizations.c.organization_id == organization_id)
    )
    connection.execute(insert(organizations).from_select(["organization_id"], missing))


def raise_data_version(connection: Connection, organization_id: str) -> int:
    """Count a change of the organization's data, in the transaction that changes it; return the new version.

    To be called by whoever writes rows, rejected_records or acknowledgements outside of a load.
    """
    organizations = tables.table("organizations")
    ensure_row(connection, organization_id)
    version: int = connection.execute(
        update(organizations)
        .values(data_version=organizations.c.data_version + 1)
        .where(organizations.c.organization_id == organization_id)
        .returning(organizations.c.data_version)
    ).scalar_one()
    return version


def data_version(connection: Connection, organization_id: str) -> int:
    """Return how often the organization's data has changed; 0 before the first load."""
    organizations = tables.table("organizations")
    query = select(organizations.c.data_version).where(organizations.c.organization_id == organization_id)
    return connection.scalar(query) or 0


def _bound(engine: Engine, organization_id: str, identity: Identity) -> datetime | None:
    organizations = tables.table("organizations")
    with engine.connect() as connection:
        row = connection.execute(
            select(organizations).where(
                organizations.c.organization_id == organization_id, organizations.c.bound_at.is_not(None)
            )
        ).one_or_none()
    if row is None:
        return None
    differing = [
        f"{name.replace('_', ' ')} was {getattr(row, name)!r} and is {getattr(identity, name)!r}"
        for name in COMPARED
        if getattr(row, name) != getattr(identity, name)
    ]
    if differing:
        raise ConfigurationError(
            f"the system answers as another one than this organization was bound to: {'; '.join(differing)}",
            next_step="correct the connection or the entity; for a new company, add a new organization",
            organization=organization_id,
            system=identity.connector,
        )
    bound: datetime = row.bound_at
    return bound


def _unbound(organization_id: str) -> ConfigurationError:
    return ConfigurationError(
        "the organization is not bound to a system yet",
        next_step="run its sync once",
        organization=organization_id,
    )
