"""What a check of the museum gets: a small living company, and warehouses that cost a copy of a file.

The books of the sample system are always the same, and so is what a first night makes of them: it is
loaded once, and whoever wants to begin on the second night begins with a copy.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import Engine

from include import access, warehouse
from tests.conformance import ledger
from tests.conformance.books import Row
from tests.nights import Nights
from tests.survival.worlds.sample import SampleWorld, fresh
from tests.warehouse.batches import Batch


class Template:
    """Two files to copy: a warehouse without rows, and one after a first night."""

    def __init__(self, folder: Path) -> None:
        self.key = Fernet.generate_key().decode()
        self.empty, self.loaded = folder / "empty.sqlite", folder / "loaded.sqlite"
        made = warehouse.engine(f"sqlite:///{folder}/first.sqlite")
        warehouse.upgrade(made)
        _copy(folder / "first.sqlite", self.empty)
        _copy(folder / "first-access.sqlite", folder / "empty-access.sqlite")
        with _surroundings(folder, self.key):
            world = fresh(folder)
            try:
                Nights(made, world, "acme").sync()
            finally:
                world.close()
        _copy(folder / "first.sqlite", self.loaded)


class Room:
    """One check's own world, warehouse, staging and key."""

    def __init__(self, folder: Path, template: Template) -> None:
        self.folder = folder
        self.template = template

    @cached_property
    def world(self) -> SampleWorld:
        """The company whose books a check changes."""
        return fresh(self.folder)

    @cached_property
    def engine(self) -> Engine:
        """A warehouse without rows."""
        _copy(self.template.empty, self.folder / "warehouse.sqlite")
        return warehouse.engine(f"sqlite:///{self.folder}/warehouse.sqlite")

    @cached_property
    def store(self) -> Engine:
        """The access store: tokens, leases, pacing."""
        made = access.engine(self.engine)
        _copy(self.template.empty.with_name("empty-access.sqlite"), Path(str(made.url.database)))
        return made

    @cached_property
    def before(self) -> Nights:
        """The organization acme before its first night."""
        return Nights(self.engine, self.world, "acme")

    @cached_property
    def acme(self) -> Nights:
        """The organization acme after its first night."""
        _copy(self.template.loaded, self.folder / "loaded.sqlite")
        return Nights(warehouse.engine(f"sqlite:///{self.folder}/loaded.sqlite"), self.world, "acme", first=100)

    def read(self, stream: str = "documents", organization_id: str = "acme") -> Batch:
        """Begin what normalize would have written for one read."""
        return Batch(self.folder / "batches", stream, organization_id)

    def bill(self, states: str = "SL") -> str:
        """Return the key of a bill of last year: settled (S) or given up (L), or open (O)."""
        known = self.acme.rows("invoices")
        first, last = ((self.world.now - timedelta(days=days)).isoformat() for days in (500, 60))
        return next(
            key
            for d in ledger.read(self.world.folder, "north")["documents"]
            if d["kynd"] == "B" and d["st"] in states and first < (d["mod"] or d["made"]) < last
            and (key := f"Bill:{d['ident']}") in known
        )  # fmt: skip

    def change(self, key: str, **fields: Any) -> Row:
        """Change a bill in the books; its timestamp stays, unless `mod` is among the fields."""
        with self.world.books() as books:
            found: Row = next(d for d in books.ledger["documents"] if f"Bill:{d['ident']}" == key and d["kynd"] == "B")
            found |= fields
        return found

    def title(self, key: str) -> Any:
        """Return the title that the warehouse has for an invoice."""
        return self.acme.rows("invoices")[key]["title"]


@contextmanager
def opened(folder: Path, template: Template) -> Iterator[Room]:
    """Open a room in a folder of its own; what it started ends with it."""
    room = Room(folder, template)
    with _surroundings(folder, template.key, AIRFLOW_CONN_WAREHOUSE=f"sqlite:///{template.empty}"):
        try:
            yield room
        finally:
            if "world" in vars(room):
                room.world.close()


@contextmanager
def _surroundings(folder: Path, key: str, **more: str) -> Iterator[None]:
    """Set what rooms read from the environment; the store of tokens and limits lies beside the template's warehouse."""
    mine = {"GREENLIGHT_STAGING": f"file://{folder}/staging", "GREENLIGHT_SECRET_KEY": key, **more}
    before = {name: os.environ.get(name) for name in mine}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database whole, whatever still stands in its log."""
    connection = sqlite3.connect(source)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()
    other = sqlite3.connect(target)
    other.execute("PRAGMA journal_mode = WAL")
    other.close()
