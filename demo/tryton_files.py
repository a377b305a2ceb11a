"""Files, ports and surroundings of a Tryton server that runs beside the project."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on the port."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are just ending is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def surroundings() -> dict[str, str]:
    """Our environment without what would lead Tryton to our packages or to another database."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME") and not name.startswith("TRYTON")
    }


def write_secret(path: Path, secret: str) -> None:
    """Write a file that only its owner can read."""
    opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(opened, "w", encoding="utf-8") as file:
        file.write(secret + "\n")


def copy_database(source: Path, target: Path) -> None:
    """Copy through SQLite, so that what stands in a journal beside the file comes along."""
    partial = target.with_suffix(".part")
    partial.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as read,
        closing(sqlite3.connect(partial)) as written,
    ):
        read.backup(written)
    partial.replace(target)
