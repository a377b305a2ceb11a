"""Columns that depend on other rows: root_external_id, exclusion_reason and is_effective.

A new row gets its likely value when it is inserted; afterwards one statement per column, over the
whole organization, corrects the rows whose value differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    FromClause,
    Table,
    and_,
    case,
    exists,
    false,
    func,
    null,
    or_,
    select,
    true,
    update,
)

from include import model
from include.errors import ConfigurationError
from include.warehouse import tables
from include.warehouse.stamp import Stamp
from include.warehouse.statements import over_whole_tables

Rules = Sequence[Mapping[str, str | bool]]
"""Customers to leave out of collections: those that have every column's value of any one rule."""


TABLES = ("customers", "contacts")
"""Tables with recomputed columns; they depend on rows of these tables only."""


def check(rules: Rules) -> None:
    """Refuse rules on columns that customers do not have, or that the rule itself would change.

    Raises:
        ConfigurationError: names the column and those there are.
    """
    if not all(rules):
        raise ConfigurationError("exclude has an empty rule", next_step="name at least one column and its value")
    known = {column.name for column in tables.filled_columns(model.CUSTOMERS)} - {"custom_fields"}
    for name in sorted({name for rule in rules for name in rule} - known):
        raise ConfigurationError(
            f"exclude names the column {name!r}, which customers do not have",
            next_step=f"use one of: {', '.join(sorted(known))}",
        )


def initial(name: str, rows: Table, rules: Rules) -> dict[str, ColumnElement[Any]]:
    """Return the recomputed columns' likely values for new rows, which are right for nearly all of them."""
    match name:
        case "customers":
            return {"root_external_id": rows.c.external_id, "exclusion_reason": _exclusion(rows, rules)}
        case "contacts":
            return {"is_effective": true()}
        case _:
            return {}


def recompute(connection: Connection, stamp: Stamp, rules: Rules) -> dict[str, set[str]]:
    """Correct the recomputed columns of the whole organization; return the keys written, per table."""
    customers, contacts = tables.table("customers"), tables.table("contacts")
    with over_whole_tables(connection):
        return {
            "customers": _write_roots(connection, customers, stamp)
            | _write(connection, customers, "exclusion_reason", _exclusion(customers, rules), stamp),
            "contacts": _write(connection, contacts, "is_effective", _is_effective(contacts, stamp), stamp),
        }


def _write(
    connection: Connection,
    table: Table,
    name: str,
    value: ColumnElement[Any],
    stamp: Stamp,
    *where: ColumnElement[bool],
) -> set[str]:
    statement = (
        update(table)
        .where(stamp.owns(table), table.c.deleted_at.is_(None), table.c[name].is_distinct_from(value), *where)
        .values({name: value, **stamp.marks()})
        .returning(table.c.external_id)
    )
    return set(connection.scalars(statement))


def _write_roots(connection: Connection, customers: Table, stamp: Stamp) -> set[str]:
    each, below = customers.alias("each"), _below_another(customers, stamp)
    tops = (
        select(each.c.external_id, func.coalesce(below.c.root, each.c.external_id).label("root"))
        .select_from(each.outerjoin(below, below.c.external_id == each.c.external_id))
        .where(stamp.owns(each))
        .subquery("tops")
    )
    same_row = tops.c.external_id == customers.c.external_id
    return _write(connection, customers, "root_external_id", tops.c.root, stamp, same_row)


def _exclusion(customers: Table, rules: Rules) -> ColumnElement[Any]:
    return case(
        (customers.c.is_active.is_(False), "inactive"),
        (customers.c.is_intercompany.is_(True), "intercompany"),
        *([(_matches(customers, rules), "by_rule")] if rules else []),
        else_=null(),
    )


def _matches(customers: Table, rules: Rules) -> ColumnElement[bool]:
    return or_(false(), *(and_(*(customers.c[name] == value for name, value in rule.items())) for rule in rules))


def _is_effective(contacts: Table, stamp: Stamp) -> ColumnElement[Any]:
    """A contact counts unless an active one of the same customer comes from another system."""
    organizations, other = tables.table("organizations"), contacts.alias("other")
    connector = select(organizations.c.connector).where(stamp.owns(organizations)).scalar_subquery()
    replaced = exists().where(
        other.c.organization_id == contacts.c.organization_id,
        other.c.customer_external_id == contacts.c.customer_external_id,
        other.c.deleted_at.is_(None),
        other.c.is_active.is_(True),
        other.c.source != connector,
    )
    return case((contacts.c.source != connector, True), (replaced, False), else_=True)


def _below_another(customers: Table, stamp: Stamp) -> CTE:
    """Every customer below another one, with the top of its tree.

    The way goes down from the tops, so a cycle, which has no top, is never entered; its members,
    and who stands below them, are roots of their own.
    """
    top, parent, child = (customers.alias(name) for name in ("top", "parent", "child"))

    def alive(alias: FromClause) -> ColumnElement[bool]:
        return and_(stamp.owns(alias), alias.c.deleted_at.is_(None))

    has_parent = exists().where(alive(parent), parent.c.external_id == top.c.parent_external_id)
    below = (
        select(child.c.external_id, top.c.external_id.label("root"))
        .select_from(child.join(top, child.c.parent_external_id == top.c.external_id))
        .where(alive(child), alive(top), ~has_parent)
        .cte("roots", recursive=True)
    )
    further = customers.alias("further")
    return below.union_all(
        select(further.c.external_id, below.c.root)
        .select_from(further.join(below, further.c.parent_external_id == below.c.external_id))
        .where(alive(further))
    )
