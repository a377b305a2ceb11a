"""A real Odoo 14 on a PostgreSQL of its own: started, asked and stopped by the tests; never installed by them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from demo.tryton_files import free_port
from tests import postgres
from tests.odoo import debian

MODULES = ("account", "contacts", "l10n_generic_coa")
BLANK = "blank"
"""The database without a booking that set-up makes, to be copied."""
ADMIN, PASSWORD = "admin", "admin"
STARTING_SECONDS = 90
STOPPING_SECONDS = 10
LOG_LINES = 20


class OdooError(RuntimeError):
    """Odoo did not do what it was asked; the text ends with what it said itself."""


def major() -> str:
    """Return the version of this machine's PostgreSQL, whose data folders no other version reads."""
    said = subprocess.run([postgres.program("postgres"), "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"(\d+)", said.stdout)
    assert found
    return found[1]


def template() -> Path:
    """Return where set-up keeps the data folder with the blank database; there when it is whole."""
    recipe = hashlib.sha256(repr((debian.ROOT.name, MODULES)).encode()).hexdigest()[:8]
    return debian.CACHE / f"postgresql-{major()}-{recipe}"


class Odoo:
    """A running server for any number of databases, with all its files in one folder.

    As a context manager it is up inside the block and gone after it, whatever happens in between; it also ends
    with a killed parent.
    """

    def __init__(self, database: postgres.Server, folder: Path, under: Sequence[str] = ()) -> None:
        """Take the PostgreSQL server that has `blank`.

        Args:
            database: that server.
            folder: gets the log; Odoo has it as /mnt.
            under: a command that Odoo is started by, if any.
        """
        self.database = database
        self.port = free_port()
        self.folder = folder
        self.log_file = folder / "odoo.log"
        self._under = under
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the server listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._run("--http-interface=127.0.0.1", f"--http-port={self.port}", "--max-cron-threads=0",
                  "--limit-time-real=3600", "--log-level=warn")  # fmt: skip
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def make_blank(self) -> None:
        """Install the modules into a new database, without demo data; the server must not run."""
        self._run("--database", BLANK, "--init", ",".join(MODULES), "--without-demo=all", "--no-http",
                  "--stop-after-init", "--log-level=warn")  # fmt: skip
        assert self._process
        code = self._process.wait()
        self.stop()
        if code:
            raise OdooError(f"Odoo's modules were not installed (code {code}):\n{self._log_tail()}")

    def stop(self) -> None:
        """End the server and everything that it started; harmless when none runs."""
        process, self._process = self._process, None
        if not process:
            return
        deadline = time.monotonic() + STOPPING_SECONDS
        while time.monotonic() < deadline:
            try:
                os.killpg(process.pid, signal.SIGKILL)  # there is nothing to finish: its database goes, too
            except ProcessLookupError:
                return
            process.poll()
            time.sleep(0.02)
        raise OdooError(f"processes of group {process.pid} did not end")

    def copy(self, source: str, target: str) -> None:
        """Make a database as another one is now; whoever is in the other one is sent out."""
        with psycopg.connect(self.database.url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(target), sql.Identifier(source)))

    def drop(self, database: str) -> None:
        """Remove a database, whoever is in it."""
        self.database.drop(self.database.database_url(database))

    def query(self, database: str, statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the rows of a query, past Odoo."""
        with psycopg.connect(self.database.database_url(database), row_factory=dict_row) as connection:
            return connection.execute(statement.encode(), values).fetchall()

    def _run(self, *options: str) -> None:
        where = ("--db_host=127.0.0.1", f"--db_port={self.database.port}", "--db_user=greenlight",
                 "--data-dir=/var/lib/odoo")  # fmt: skip
        with self.log_file.open("ab") as log:
            self._process = debian.work(
                (*self._under, "odoo", "--config=/dev/null", *where, *options), self.folder, log
            )

    def _wait_until_it_answers(self) -> None:
        assert self._process
        request = urllib.request.Request(
            f"{self.url}/web/webclient/version_info", data=b"{}", headers={"Content-Type": "application/json"}
        )
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise OdooError(f"Odoo ended with code {self._process.returncode}:\n{self._log_tail()}")
            try:
                with urllib.request.urlopen(request, timeout=STARTING_SECONDS) as response:
                    json.load(response)
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise OdooError(f"Odoo did not answer on {self.url} within {STARTING_SECONDS} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])
