"""Supersession: a new row takes the place, and the record_id, of one that is gone.

Either the source names the survivor (merged customers), or a document's number comes back with the
same customer under another key (an order-entry invoice that was edited). Then the new row inherits
record_id and the old one says which row superseded it: for what goes out, nothing was deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, and_, delete, func, insert, literal, or_, select, update

from include import model
from include.warehouse import merge, tables
from include.warehouse.stamp import Stamp

if TYPE_CHECKING:
    from include.warehouse.staged import Staged

SUPERSEDABLE = tuple(name for name, definition in model.TABLES.items() if model.SUPERSEDED in definition.columns)
SUPERSEDED = model.SUPERSEDED.name
NUMBERED = ("invoices", "credit_notes")
"""Tables whose rows a number and a customer identify."""


def supersede(connection: Connection, staged: Staged, names: set[str], stamp: Stamp) -> dict[str, set[str]]:
    """Hand identities on in those tables where this load made or removed a row; return the keys written."""
    written = {}
    for name in names.intersection(SUPERSEDABLE):
        table = tables.table(name)
        connection.execute(delete(staged.survivors))
        _named_by_source(connection, table, staged, stamp)
        if name in NUMBERED and name not in staged.all_new:
            _same_number(connection, table, staged, stamp)
        written[name] = _hand_on(connection, table, staged.survivors, stamp)
    return written


def give_back(connection: Connection, staged: Staged, names: set[str], stamp: Stamp) -> dict[str, set[str]]:
    """Undo an inheritance whose old row is back, so that no two rows have one identity; return the keys written."""
    written: dict[str, set[str]] = {}
    for name in names.intersection(SUPERSEDABLE):
        table, changed = tables.table(name), staged.changed
        back, heir = table.alias("back"), table.alias("heir")
        same = and_(heir.c.organization_id == back.c.organization_id, heir.c.record_id == back.c.record_id)
        pairs = (
            select(back.c.record_id, back.c.external_id.label("back"), heir.c.external_id.label("heir"))
            .select_from(changed.join(back, back.c.external_id == changed.c.external_id).join(heir, same))
            .where(
                back.c.organization_id == stamp.organization_id,
                changed.c.table_name == name,
                changed.c.is_new.is_(False),
                heir.c.external_id != back.c.external_id,
                *(row.c[column].is_(None) for row in (back, heir) for column in ("deleted_at", SUPERSEDED)),
            )
        )
        for record_id, *keys in connection.execute(pairs).all():
            own = {key: tables.record_id(stamp.organization_id, name, key) for key in keys}
            heir_key = keys[1] if own[keys[1]] != record_id else keys[0]
            mine = (stamp.owns(table), table.c.external_id == heir_key)
            connection.execute(update(table).values(record_id=own[heir_key], **stamp.marks()).where(*mine))
            written.setdefault(name, set()).add(heir_key)
    return written


def _named_by_source(connection: Connection, table: Table, staged: Staged, stamp: Stamp) -> None:
    """Pair each new row with the row whose survivor the source says it is; the first of several."""
    old, new = table.alias("old"), merge.new_keys(staged, table.name).subquery("new")
    pairs = (
        select(func.min(old.c.external_id), new.c.external_id, literal(""))
        .select_from(new.join(old, old.c.superseded_by_external_id == new.c.external_id))
        .where(
            old.c.organization_id == stamp.organization_id,
            old.c.superseded_by_external_id.is_not(None),  # hardly any are: nothing is joined then
            old.c.external_id != new.c.external_id,
        )
        .group_by(new.c.external_id)
    )
    connection.execute(insert(staged.survivors).from_select(["old", "new", "record_id"], pairs))


def _same_number(connection: Connection, table: Table, staged: Staged, stamp: Stamp) -> None:
    """Pair a deleted row and a younger live one of the same number and customer, if there is one of each."""
    old, new, survivors = table.alias("old"), table.alias("new"), staged.survivors
    pairs = (
        select(func.min(old.c.external_id), func.min(new.c.external_id), literal(""))
        .select_from(
            old.join(
                new,
                and_(
                    new.c.organization_id == old.c.organization_id,
                    new.c.number == old.c.number,
                    new.c.customer_external_id == old.c.customer_external_id,
                ),
            )
        )
        .where(
            old.c.organization_id == stamp.organization_id,
            old.c.deleted_at.is_not(None),
            old.c.superseded_by_external_id.is_(None),
            new.c.deleted_at.is_(None),
            new.c.record_id != old.c.record_id,
            new.c.first_seen_at >= old.c.first_seen_at,
            new.c.external_id.not_in(select(survivors.c.new)),
            or_(new.c.external_id.in_(merge.new_keys(staged, table.name)), old.c.deleted_at == stamp.now),
        )
        .group_by(new.c.number, new.c.customer_external_id)
        .having(func.count() == 1)
    )
    connection.execute(insert(survivors).from_select(["old", "new", "record_id"], pairs))


def _hand_on(connection: Connection, table: Table, survivors: Table, stamp: Stamp) -> set[str]:
    identity = select(table.c.record_id).where(stamp.owns(table), table.c.external_id == survivors.c.old)
    connection.execute(update(survivors).values(record_id=identity.scalar_subquery()))
    heirs = (
        update(table)
        .values(record_id=survivors.c.record_id)
        .where(stamp.owns(table), table.c.external_id == survivors.c.new)
        .returning(table.c.external_id)
    )
    predecessors = (
        update(table)
        .values(superseded_by_external_id=survivors.c.new, **stamp.marks())
        .where(stamp.owns(table), table.c.external_id == survivors.c.old)
        .returning(table.c.external_id)
    )
    return {*connection.scalars(heirs), *connection.scalars(predecessors)}
