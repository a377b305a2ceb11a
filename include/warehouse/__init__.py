"""The warehouse: tables, transactions, and the only ways to write receivables.

Imports neither pandas nor pyarrow nor Great Expectations.
"""

from __future__ import annotations

from include.warehouse.binding import (
    bind,
    bound_at,
    compare,
    data_version,
    hash_key,
    raise_data_version,
    reset_binding,
)
from include.warehouse.comparison import store_reconciliation
from include.warehouse.engine import begin, engine, read
from include.warehouse.fence import Summary
from include.warehouse.loading import load, recompute, record_unchanged
from include.warehouse.queries import (
    StreamState,
    digests,
    loaded_since_reconcile,
    missing_references,
    open_keys,
    rejected_keys,
    run_started_at,
    state,
)
from include.warehouse.schema import check_schema, upgrade
from include.warehouse.snapshots import snapshot_balances
from include.warehouse.tables import MODEL_TABLES, metadata, table

__all__ = [
    "MODEL_TABLES",
    "StreamState",
    "Summary",
    "begin",
    "bind",
    "bound_at",
    "check_schema",
    "compare",
    "data_version",
    "digests",
    "engine",
    "hash_key",
    "load",
    "loaded_since_reconcile",
    "metadata",
    "missing_references",
    "open_keys",
    "raise_data_version",
    "read",
    "recompute",
    "record_unchanged",
    "rejected_keys",
    "reset_binding",
    "run_started_at",
    "snapshot_balances",
    "state",
    "store_reconciliation",
    "table",
    "upgrade",
]
