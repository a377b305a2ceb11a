"""The bench's own PostgreSQL, durable as in production, and the CPU time that its processes took."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import psycopg
from psycopg import sql

from bench import stages
from bench.worker import Worker
from tests import postgres

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_wal_size": "4GB",
           "shared_buffers": "256MB"}  # fmt: skip
TEMPLATE = "migrated"


class Database:
    """Warehouses made from a migrated template, each used once."""

    def __init__(self, server: postgres.Server, worker: Worker) -> None:
        self.server = server
        self._names = (f"bench_{number}" for number in itertools.count(1))
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        worker.run(stages.migrate, server.database_url(TEMPLATE))

    @contextmanager
    def warehouse(self) -> Iterator[str]:
        """Yield the address of an empty warehouse, dropped at the end."""
        name = next(self._names)
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
        self._run(made)
        self._run(sql.SQL("CHECKPOINT"))  # what was written before is not on the next one's account
        try:
            yield self.server.database_url(name)
        finally:
            self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def cpu(self) -> float:
        """Return the CPU seconds of all server processes so far, also of those that have ended."""
        postmaster = psutil.Process(self.server.pid)
        times = [postmaster.cpu_times()]
        used = times[0].children_user + times[0].children_system
        for process in [postmaster, *postmaster.children()]:
            with suppress(psutil.NoSuchProcess):
                own = process.cpu_times()
                used += own.user + own.system
        return used

    def version(self) -> str:
        """Return the server's version."""
        with psycopg.connect(self.server.url) as connection:
            return str(connection.info.server_version // 10_000)

    def _run(self, statement: sql.Composable) -> None:
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running(worker: Worker) -> Iterator[Database]:
    """Start a private server; it and its data are gone at the end."""
    with postgres.server(DURABLE) as server:
        yield Database(server, worker)
