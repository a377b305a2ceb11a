"""Sync: was every stream read to its end, recently enough?"""

from __future__ import annotations

from datetime import UTC

from include.expectations.suite import Rows, Scope, Suite, quoted


def _batch(scope: Scope) -> str:
    """One row per stream the connector declares, whether it was ever read or not."""
    declared = " UNION ALL ".join(f"SELECT {quoted(name)} AS stream" for name in scope.streams)
    return f"""
        SELECT declared.stream AS record, NULL AS number, NULL AS customer_number, NULL AS currency, NULL AS amount,
               t.read_to_end_at
        FROM ({declared}) AS declared
        LEFT JOIN sync_cursors t ON t.stream = declared.stream AND {scope.own}"""


def _rows(scope: Scope) -> tuple[Rows, ...]:
    limit = scope.stale_before.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")
    return (
        Rows("stream_fresh", "critical", "Every stream was read to its end within the schedule.",
             f"t.read_to_end_at IS NULL OR t.read_to_end_at < '{limit}'",
             "was not read to its end within the schedule", date_dependent=True),
    )  # fmt: skip


SUITE = Suite("sync", "stream", _batch, _rows)
