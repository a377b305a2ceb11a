"""Which records a query is for: conditions as a tree, written as REST's filters or as the gateway's XML.

Fields are REST's names; what the gateway calls them, and how it writes their values, objects.py says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Operator = Literal["$eq", "$ne", "$lt", "$gt", "$gte", "$in", "$notIn"]
Value = str | int | None | Sequence[str]


@dataclass(frozen=True, slots=True)
class Is:
    """One comparison; the value None is null."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Both:
    """All of these hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of these holds."""

    parts: tuple[Condition, ...]


Condition = Is | Both | Either


def both(*parts: Condition | None) -> Condition | None:
    """Return what holds where all of these do; None says nothing."""
    said = tuple(part for part in parts if part is not None)
    return Both(said) if len(said) > 1 else said[0] if said else None


def either(*parts: Condition) -> Condition:
    """Return what holds where one of these does."""
    return Either(parts) if len(parts) > 1 else parts[0]


def is_in(field: str, values: Sequence[str]) -> Condition:
    """Return what holds where the field has one of the values."""
    return Is(field, "$in", tuple(values))


def rest(condition: Condition | None) -> tuple[list[dict[str, Any]], str]:
    """Return the filters and the expression that ties them, numbered from 1."""
    filters: list[dict[str, Any]] = []

    def write(part: Condition, inside: bool) -> str:
        if isinstance(part, Is):
            value = list(part.value) if isinstance(part.value, tuple) else part.value
            filters.append({part.operator: {part.field: value}})
            return str(len(filters))
        word = " and " if isinstance(part, Both) else " or "
        said = word.join(write(each, inside=True) for each in part.parts)
        return f"({said})" if inside else said

    return (filters, write(condition, inside=False)) if condition else (filters, "")
