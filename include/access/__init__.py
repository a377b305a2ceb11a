"""How systems are reached: their tokens, who refreshes them, and how many calls their limits still allow.

Kept apart from the receivables and never written in one transaction with them. On SQLite, which has
one writer, in a second file beside the warehouse; on PostgreSQL in a schema of its own, in which
nobody but its owner may look.
"""

from __future__ import annotations

from include.access.database import SCHEMA, check, engine, now, opened, transaction, upgrade
from include.access.tables import calls, holds, tokens

__all__ = ["SCHEMA", "calls", "check", "engine", "holds", "now", "opened", "tokens", "transaction", "upgrade"]
