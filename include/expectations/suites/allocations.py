"""Allocations: both ends are there and speak the currency they say."""

from __future__ import annotations

from include.expectations.suite import Rows, Scope, Suite, keys, refused
from include.model import ALLOCATED_TYPES


def _end(side: str) -> str:
    """Return the joins that find one end of an allocation, whatever its type."""
    return " ".join(
        f"LEFT JOIN {table} {side}_{table} ON t.{side}_type = '{name}' "
        f"AND {side}_{table}.organization_id = t.organization_id "
        f"AND {side}_{table}.external_id = t.{side}_external_id AND {side}_{table}.deleted_at IS NULL"
        for name, table in ALLOCATED_TYPES.items()
    )


def _refused(side: str) -> str:
    """Return whether an end that is not here was rejected: then the rejects name it."""
    return f"CASE WHEN {_of_end(side, 'external_id')} IS NULL THEN {refused(f't.{side}_external_id')} END"


def _of_end(side: str, column: str) -> str:
    return f"COALESCE({', '.join(f'{side}_{table}.{column}' for table in ALLOCATED_TYPES.values())})"


def _batch(scope: Scope) -> str:
    return f"""
        SELECT t.external_id AS record, {_of_end("target", "number")} AS number,
               c.number AS customer_number, t.target_currency AS currency, t.target_amount AS amount,
               t.source_external_id, t.source_currency, t.target_currency,
               {_of_end("source", "external_id")} AS source_found, {_of_end("target", "external_id")} AS target_found,
               {_refused("source")} AS source_refused, {_refused("target")} AS target_refused,
               {_of_end("source", "currency")} AS currency_of_source,
               {_of_end("target", "currency")} AS currency_of_target
        FROM allocations t {_end("source")} {_end("target")}
        LEFT JOIN customers c ON c.organization_id = t.organization_id AND c.deleted_at IS NULL
          AND c.external_id = {_of_end("target", "customer_external_id")}
        WHERE {scope.live}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    return (
        keys("allocations"),
        Rows("allocation_source", "critical", "What an allocation uses is loaded.",
             "t.source_external_id IS NOT NULL AND t.source_found IS NULL AND t.source_refused IS NULL",
             "uses something that is not loaded"),
        Rows("allocation_target", "critical", "What an allocation settles is loaded.",
             "t.target_found IS NULL AND t.target_refused IS NULL", "settles something that is not loaded"),
        Rows("allocation_currency", "critical", "Allocations are in the currencies of what they use and settle.",
             "COALESCE(t.source_currency, '') <> t.currency_of_source OR t.target_currency <> t.currency_of_target",
             "is in another currency than what it uses or settles"),
    )  # fmt: skip


SUITE = Suite("allocations", "allocation to", _batch, _rows)
