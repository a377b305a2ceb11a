"""The warehouse's tables: those of the model, generated from include/model.py, and the operational ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    false,
    or_,
)
from sqlalchemy.types import TypeEngine

from include import model
from include.model import Kind
from include.warehouse.operational import define, lookup
from include.warehouse.types import ExactDecimal, UtcTimestamp, identifier, json

RECORD_NAMESPACE = UUID("6f0f4f0e-6a52-4a0e-9f0d-2b1f5a3c7d41")
"""Namespace of record_id = uuid5(`<organization>/<table>/<first external_id>`); never changes."""

MODEL_TABLES = tuple(model.TABLES)
ROOT_TABLES = tuple(name for name, definition in model.TABLES.items() if not definition.child)
CHILD_TABLES = tuple(name for name, definition in model.TABLES.items() if definition.child)

metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})

IDENTIFIERS = ("organization_id", "record_id", "parent_stream", "run_id")
"""Text columns that hold identifiers, beside those of kind KEY."""

LOOKUPS = {
    "customers": ("record_id", "number", "parent_external_id", "root_external_id"),
    "contacts": ("record_id", "customer_external_id"),
    "invoices": ("record_id", "customer_external_id", "number"),
    "credit_notes": ("record_id", "customer_external_id", "number"),
    "installments": ("invoice_external_id",),
    "payments": ("record_id", "customer_external_id"),
    "refunds": ("record_id", "customer_external_id"),
    "allocations": ("source_external_id", "target_external_id"),
}
"""Columns that rows are looked up by, within one organization."""


def column_type(column: model.Column) -> TypeEngine[Any]:
    """Return how a column of the model is stored."""
    if column.name in IDENTIFIERS:
        return identifier()
    match column.kind:
        case Kind.KEY:
            return identifier()
        case Kind.MONEY:
            return BigInteger()
        case Kind.INTEGER:
            return Integer()
        case Kind.DECIMAL:
            return ExactDecimal()
        case Kind.FLAG:
            return Boolean()
        case Kind.DATE:
            return Date()
        case Kind.TIMESTAMP:
            return UtcTimestamp()
        case Kind.JSON:
            return json()
        case _:
            return Text()


def _model_table(definition: model.Table) -> Table:
    keys = [Column(key.name, column_type(key), primary_key=True) for key in model.KEYS]
    columns = [
        Column(column.name, column_type(column), nullable=not column.required)
        for column in (*definition.all_columns, *model.BOOKKEEPING)
    ]
    lookups = [lookup(definition.name, name) for name in LOOKUPS[definition.name]]
    if definition.child:
        lookups.append(lookup(definition.name, "parent_stream", "parent_external_id"))
    return Table(definition.name, metadata, *keys, *columns, *lookups)


for _definition in model.TABLES.values():
    _model_table(_definition)
define(metadata)


def filled_columns(definition: model.Table) -> tuple[model.Column, ...]:
    """Return the columns a normalized file of this table has: its key and all that a connector fills."""
    ours = ("record_id", *model.RECOMPUTED.get(definition.name, ()))
    return (model.KEYS[1], *(column for column in definition.all_columns if column.name not in ours))


def record_id(organization_id: str, table_name: str, external_id: str) -> str:
    """Return the identity a row has from its own first key, before it inherits another's."""
    return str(uuid5(RECORD_NAMESPACE, f"{organization_id}/{table_name}/{external_id}"))


def has_record_id(definition: model.Table) -> bool:
    """Tell whether rows of this table have an identity of their own, beside their key."""
    return model.RECORD_ID in definition.columns


def is_of_type(table: Table, record_types: Iterable[str]) -> ColumnElement[bool]:
    """Restrict a statement to keys of these record types, in a form that an index serves."""
    key = table.c.external_id
    return or_(false(), *(and_(key > f"{kind}:", key < f"{kind};") for kind in sorted(record_types)))


def table(name: str) -> Table:
    """Return the table of that name; KeyError if there is none."""
    return metadata.tables[name]
