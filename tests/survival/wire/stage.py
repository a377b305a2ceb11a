"""Where faults are tried: a world after a good night and a day of work, and what an undisturbed night makes of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest
from sqlalchemy import select

from include import access, extract, warehouse
from include.connectors import base
from include.connectors.base import Connector
from include.warehouse import StreamState
from tests.conformance import sample_server
from tests.nights import Nights, Row
from tests.survival.wire.proxy import Answer, Asked, Proxy, proxy
from tests.survival.wire.waiting import Patience, patience
from tests.survival.worlds import NothingToDo, World, worlds

Scenario = Literal["nightly", "first"]
PAGE = 3
"""Records a page."""
ONE_BY_ONE = ("credit_notes", "overpayments", "prepayments", "adjustments", "advances")
"""Streams of which there are few records: they come one a page, where the connection may say so."""
ORGANIZATION = "acme"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an organization has: its living rows, its rejects, and where its streams stand."""

    rows: dict[str, dict[str, Row]]
    rejects: dict[str, tuple[Any, ...]]
    states: dict[str, StreamState]


@dataclass(frozen=True, slots=True)
class Base:
    """Where a case begins and what it must end in.

    Args:
        contents: all that stands in the warehouse's tables.
        log: what an undisturbed read asks.
        known: the stream's digests by key.
        seals: digests of what was staged and, loaded, made the rows that it must.
    """

    file: Path
    contents: str
    before: Seen
    after: Seen
    log: tuple[tuple[Asked, Answer], ...]
    known: dict[str, str]
    seals: set[str] = field(default_factory=set)


class PagedNights(Nights):
    """Nights whose connector asks for small pages."""

    page_size = PAGE

    def system(self) -> Connector:
        connection = self.world.connection(self.host)
        connection = replace(connection, extra={**connection.extra, "page_size": self.page_size})
        made = self.world.connector(connection, self.world.entity)
        made.hash_key = lambda: warehouse.hash_key(self.engine, self.organization_id)
        return made


class Stage:
    """One living world, one warehouse, and the states that cases begin with."""

    def __init__(self, world: World, folder: Path, wire: Proxy, waiting: Patience, seed: int = 7) -> None:
        self.world = world
        self.proxy = wire
        self.waiting = waiting
        self.folder = folder
        self.file = folder / "warehouse.sqlite"
        self.engine = warehouse.engine(f"sqlite:///{self.file}")
        warehouse.upgrade(self.engine)
        self.staging = folder / "staging"
        self.runs = count(1)
        self.streams = tuple(stream.name for stream in world.connector.streams)
        self._access = Path(str(access.engine(warehouse.engine(os.environ["AIRFLOW_CONN_WAREHOUSE"])).url.database))
        self._bases: dict[tuple[Scenario, str], Base] = {}
        nights = self.nights()
        extract.identify(self.engine, nights.organization, nights.system(), nights.now)  # keys' hashes stay the same
        self._keep(folder / "empty.sqlite")
        nights.sync()
        world.assert_equal(nights)
        self.changed = list(_work(world, seed))
        self._keep(folder / "nightly.sqlite")
        _copy(self._access, folder / "access.sqlite")
        self.undisturbed: Mapping[Scenario, Seen] = {"first": self._whole("empty"), "nightly": self._whole("nightly")}
        self.log = tuple(self.proxy.log)
        """What a whole night asks, up to its figures."""
        self._keep(folder / "judged.sqlite")

    def nights(self, stream: str = "", host: str = "") -> Nights:
        """Return nights over the warehouse as it is now, with pages that make several of this stream."""
        made = PagedNights(self.engine, self.world, ORGANIZATION, host or self.proxy.url, first=next(self.runs) * 1000)
        made.page_size = 1 if stream in ONE_BY_ONE else PAGE
        return made

    def base(self, scenario: Scenario, stream: str) -> Base:
        """Return where cases of this stream begin: all other streams are loaded, this one has work to do."""
        if (scenario, stream) not in self._bases:
            self._bases[scenario, stream] = self._prepared(scenario, stream)
        return self._bases[scenario, stream]

    def restore(self, begun: Path) -> None:
        """Put warehouse, tokens and limits back to where a case begins."""
        _copy(begun, self.file)
        _copy(self.folder / "access.sqlite", self._access)
        self.waiting.slept = 0.0
        shutil.rmtree(self.staging, ignore_errors=True)

    def contents(self) -> str:
        """Return a digest of every row of every table."""
        with closing(sqlite3.connect(self.file)) as read:
            names = sorted(row[0] for row in read.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
            rows = [read.execute(f'SELECT * FROM "{name}"').fetchall() for name in names]
        return blake2b(repr(rows).encode()).hexdigest()

    def seen(self, nights: Nights) -> Seen:
        """Return what the organization has now."""
        rejected = warehouse.table("rejected_records")
        columns = (rejected.c.external_id, rejected.c.table_name, rejected.c.reason, rejected.c.number)
        with self.engine.connect() as connection:
            found = connection.execute(select(*columns).where(rejected.c.organization_id == ORGANIZATION)).all()
        rejects = {row[0]: tuple(row[1:]) for row in found}
        return Seen(nights.everything(), rejects, {name: nights.state(name) for name in self.streams})

    def _whole(self, begun: str) -> Seen:
        """Run an undisturbed night from a kept state and hold it to the books."""
        _copy(self.folder / f"{begun}.sqlite", self.file)
        self.proxy.expect()
        nights = self.nights()
        night = nights.sync()
        self.world.assert_equal(nights)
        assert not night.outcome.differences
        return self.seen(nights)

    def _prepared(self, scenario: Scenario, stream: str) -> Base:
        _copy(self.folder / f"{'empty' if scenario == 'first' else 'nightly'}.sqlite", self.file)
        nights, run_id = self.nights(), f"others-of-{stream}"
        for other in self.streams:
            if other != stream:
                nights.load(nights.extract(other, run_id=run_id))
        file = self._keep(self.folder / f"{scenario}-{stream}.sqlite")
        contents, before = self.contents(), self.seen(nights)
        known = warehouse.digests(self.engine, ORGANIZATION, stream)
        self.proxy.expect()
        manifest = self.nights(stream).extract(stream, run_id=run_id)
        log = tuple(self.proxy.log)
        nights.load(manifest)
        nights.complete(run_id)
        after = self.seen(nights)
        assert_same(self.undisturbed[scenario], after)  # the streams may load in any order
        return Base(file, contents, before, after, log, known)

    def _keep(self, file: Path) -> Path:
        _copy(self.file, file)
        return file


def assert_same(expected: Seen, found: Seen) -> None:
    """Hold rows and rejects to those of an undisturbed night, which were held to the books."""
    for table, rows in expected.rows.items():
        there = found.rows[table]
        differing = {key for key in rows.keys() | there.keys() if rows.get(key) != there.get(key)}
        assert not differing, (
            table,
            {key: _difference(rows.get(key), there.get(key)) for key in sorted(differing)[:3]},
        )
    assert found.rejects == expected.rejects


def _difference(expected: Row | None, found: Row | None) -> Any:
    """Return what two versions of a row do not agree on."""
    if expected is None or found is None:
        return "missing" if found is None else "should not be there"
    return {name: (value, found[name]) for name, value in expected.items() if value != found[name]}


def _work(world: World, seed: int) -> Iterator[str]:
    """Do a day's work of every kind in the books."""
    random = Random(seed)
    for name, change in world.changes.items():
        for _ in range(3 if name in ("create", "child_only") else 1):
            try:
                yield f"{name} {change(random)}"
            except NothingToDo:
                yield f"{name}: nothing to do"


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
        read.backup(written)


@contextmanager
def staged(name: str, folder: Path, seed: int = 7) -> Iterator[Stage]:
    """Build a stage over a fresh world of this name; staging, key and access store are the caller's."""
    with ExitStack() as ended:
        folder.mkdir(parents=True, exist_ok=True)
        patch = ended.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("GREENLIGHT_STAGING", f"file://{folder / 'staging'}")
        patch.setattr(sample_server, "PAGE_SIZE", PAGE)
        world = worlds()[name](folder)
        ended.callback(world.close)
        if name in ("tryton", "odoo"):
            patch.setattr(f"include.connectors.{name}.pages.PAGE_SIZE", PAGE)
        wire = ended.enter_context(proxy(world.url))
        waiting = ended.enter_context(patience())
        assert base.known()
        yield Stage(world, folder, wire, waiting, seed)
