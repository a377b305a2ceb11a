"""A clock that is ours, for a real Odoo and its database: what would take nights takes none.

One file says what time it is. Odoo's process reads it wherever it asks for the time, through libfaketime; its
database, whose now() stamps every record, through a function that stands before its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests import postgres
from tests.odoo.server import BLANK

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
NAME = "clock"
IDS = "generate_time_safe, has_uuid_generate_time_safe = None, False\n"
"""Stands for Python's `_uuid`: libuuid waits for ever for a clock that stands, Python's own ids of the time do not."""
UNDER = (
    "env", f"LD_PRELOAD={LIBRARY}", f"FAKETIME_TIMESTAMP_FILE=/mnt/{NAME}", "FAKETIME_NO_CACHE=1",
    "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1", "PYTHONPATH=/mnt", "TZ=UTC",
)  # fmt: skip
"""What Odoo is started under, with the clock's folder shared."""

NOW = """
CREATE SCHEMA clock;
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE
AS $$ SELECT (pg_catalog.pg_read_file('{}') || '+00')::timestamptz $$;
"""
OBEY = "ALTER DATABASE {} SET search_path = public, clock, pg_catalog"


class Clock:
    """Stands still until it is set; UTC, whole seconds."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._file = folder / NAME
        self._part = folder / f"{NAME}.part"
        (folder / "_uuid.py").write_text(IDS, encoding="utf-8")
        self.set(now)

    def set(self, now: datetime) -> None:
        """Let it be this time from now on; readers see the old time or the new one."""
        self.now = now.replace(microsecond=0)
        self._part.write_text(f"{self.now.astimezone(UTC):%Y-%m-%d %H:%M:%S}", encoding="utf-8")
        self._part.chmod(0o644)
        self._part.replace(self._file)

    def rule(self, server: postgres.Server, database: str = BLANK) -> None:
        """Let a database, and every later copy of it that `obeyed` is told of, go by this clock."""
        self._do(server, database, NOW.format(self._file))
        self.obeyed(server, database)

    def obeyed(self, server: postgres.Server, database: str) -> None:
        """Let a copy go by this clock, too: a copy has the function, but not its origin's settings."""
        self._do(server, database, OBEY.format(database))

    @staticmethod
    def _do(server: postgres.Server, database: str, statement: str) -> None:
        with psycopg.connect(server.database_url(database), autocommit=True) as connection:
            connection.execute(statement.encode())
