"""Parts of documents that something settles, as the model writes them; both sides are in one currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from include.connectors.normalized import Columns
from include.connectors.xero import values


class Part(NamedTuple):
    """A record that a document lists as its `ordinal`th, and the document's key and currency."""

    row: Mapping[str, Any]
    parent: str
    ordinal: int
    currency: str | None


Ends = tuple[str, Sequence[str]]
"""The type of documents or movements, and their external ids."""


def allocations(stream: str, kind: str, parts: Sequence[Part], sources: Ends, targets: Ends) -> Columns:
    """Return the rows of allocations that documents list: one for each part, between the ends in its place.

    Raises:
        ValueError, LookupError: a value is missing or not of its kind.
    """
    count, rows = len(parts), [part.row for part in parts]
    (source_type, source_ids), (target_type, target_ids) = sources, targets
    amounts, currencies = values.amounts([row["Amount"] for row in rows]), [part.currency for part in parts]
    return {
        "external_id": [
            f"{part.parent}/{source_type}:{source}/{target_type}:{target}/{part.ordinal}"
            for part, source, target in zip(parts, source_ids, target_ids, strict=True)
        ],
        "kind": [kind] * count,
        "source_type": [source_type] * count,
        "source_external_id": list(source_ids),
        "source_amount": amounts,
        "source_currency": currencies,
        "target_type": [target_type] * count,
        "target_external_id": list(target_ids),
        "target_amount": amounts,
        "target_currency": currencies,
        "applied_on": values.days(rows, "Date"),
        "is_derived": [False] * count,
        "parent_stream": [stream] * count,
        "parent_external_id": [part.parent for part in parts],
    }


def parents(parts: Sequence[Part]) -> list[str]:
    """Return the key of the document that lists each part."""
    return [part.parent for part in parts]


def payments(parts: Sequence[Part]) -> list[str]:
    """Return the key of the payment that each part is.

    Raises:
        ValueError, LookupError: it has no id.
    """
    return [f"Payment:{identifier}" for identifier in values.identifiers([part.row["PaymentID"] for part in parts])]


def invoices(parts: Sequence[Part]) -> list[str]:
    """Return the key of the invoice that each part is of.

    Raises:
        TypeError, ValueError, LookupError: it names none.
    """
    named = values.identifiers([part.row["Invoice"]["InvoiceID"] for part in parts])
    return [f"Invoice:{identifier}" for identifier in named]
