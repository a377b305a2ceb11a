"""One part of a document that something settles, as the model writes it; both sides are in one currency."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

End = tuple[str, str]
"""Type and external id of a document or movement."""


def allocation(
    stream: str, parent: str, ordinal: int, kind: str, source: End, target: End, amount: Decimal, currency: str | None,
    on: date | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the row of an allocation that the parent lists as its `ordinal`th."""
    return {
        "external_id": f"{parent}/{source[0]}:{source[1]}/{target[0]}:{target[1]}/{ordinal}",
        "kind": kind,
        "source_type": source[0],
        "source_external_id": source[1],
        "source_amount": amount,
        "source_currency": currency,
        "target_type": target[0],
        "target_external_id": target[1],
        "target_amount": amount,
        "target_currency": currency,
        "applied_on": on,
        "is_derived": False,
        "parent_stream": stream,
        "parent_external_id": parent,
    }
