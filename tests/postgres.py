"""A private PostgreSQL server for tests and bench: its own cluster, port and user, gone when they end."""

from __future__ import annotations

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql

UNPRIVILEGED = ("postgres", "nobody")
"""Users the server may run as when the tests run as root, which PostgreSQL refuses."""
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "fsync": "off",  # the tests kill clients, never the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class Server:
    """A running server; `url` is its maintenance database, `pid` its first process."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        self.url = self.database_url("postgres")
        self._names = (f"test_{number}" for number in itertools.count(1))

    def database_url(self, name: str) -> str:
        """Return the address of one of its databases, as libpq and SQLAlchemy take it."""
        return f"postgresql://greenlight@127.0.0.1:{self.port}/{name}"

    def create(self) -> str:
        """Create an empty database and return its URL."""
        name = next(self._names)
        self._run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.database_url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        name = url.rpartition("/")[2]
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def server(
    others: Mapping[str, str] = MappingProxyType({}), *, copy_of: Path | None = None, keep: Path | None = None
) -> Iterator[Server]:
    """Start a server in a folder of its own, stop it and remove the folder at the end.

    Args:
        others: settings in addition to, or in place of, `SETTINGS`.
        copy_of: a data folder that was kept by this major version, to begin with instead of an empty one.
        keep: where to leave the data folder when all went well.

    Raises:
        FileNotFoundError: PostgreSQL is not installed. The tests need it; they do not skip.
    """
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="greenlight-postgres-"))
    try:
        if user:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        if copy_of:
            _copy(copy_of, data)
        else:
            _as(user, "initdb", "--pgdata", data, "--username=greenlight", "--auth=trust", "--locale=C",
                "--encoding=UTF8", "--no-sync").wait_or_fail()  # fmt: skip
        port = _free_port()
        settings = {**SETTINGS, **others, "port": str(port), "unix_socket_directories": str(folder)}
        options = [f"--{name}={value}" for name, value in settings.items()]
        process = _as(user, "postgres", "-D", data, *options)
        try:
            running = Server(port, process.child.pid)
            process.wait_until_it_answers(running.url)
            yield running
        finally:
            process.stop()
        if keep:
            _copy(data, keep)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Process:
    """A child that ends with its parent, with its output in a file."""

    def __init__(self, command: list[str], user: pwd.struct_passwd | None) -> None:
        self.output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            preexec_fn=_end_with_parent,
        )

    def wait_or_fail(self) -> None:
        if self.child.wait(60):
            raise RuntimeError(f"{self.child.args!r} failed:\n{self._said()}")

    def wait_until_it_answers(self, url: str) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self.child.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self._said()}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)  # fast shutdown: ends every session
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()

    def _said(self) -> str:
        self.output.seek(0)
        return self.output.read().decode(errors="replace")


def _copy(source: Path, target: Path) -> None:
    """Copy a data folder with its owner, sharing blocks where the file system can."""
    subprocess.run(["cp", "-a", "--reflink=auto", source, target], check=True)


def _as(user: pwd.struct_passwd | None, name: str, *arguments: str | Path) -> _Process:
    return _Process([program(name), *map(str, arguments)], user)


def _end_with_parent() -> None:
    set_death_signal = 1
    ctypes.CDLL(None).prctl(set_death_signal, signal.SIGINT)


def program(name: str) -> str:
    """Return where a program of the newest PostgreSQL is."""
    installed = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(installed, key=lambda path: float(path.parts[4]), default=None)
    found = str(newest) if newest else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing: install PostgreSQL (Debian: apt-get install postgresql)")
    return found


def _user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError(f"PostgreSQL refuses to run as root, and there is none of the users {', '.join(UNPRIVILEGED)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
