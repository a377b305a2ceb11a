"""A real Odoo 14, with the books of books.py and the cases of cases.py, once for all tests of this folder."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import odoorpc
import pytest

from include.connectors.odoo import Odoo as Connector
from tests import postgres
from tests.odoo import cases, change, clerk, subject, truth
from tests.odoo.books import NORTHWIND, READER, SECRET, Companies, open_books
from tests.odoo.clerk import Clerk
from tests.odoo.install import missing
from tests.odoo.server import BLANK, Odoo, template
from tests.tryton.books import Loaded, load

SEEDED = "seeded"
Booked = dict[str, tuple[int, list[int]]]


@dataclass(frozen=True)
class Running:
    """A database of the running server, what was booked in it, and how to reach it."""

    server: Odoo
    database: str
    companies: Companies
    cases: Booked
    changes: dict[str, change.Ids]
    rpc: odoorpc.ODOO = field(repr=False)

    def clerk(self, company: int = 0) -> Clerk:
        """A clerk of Northwind, or of another company."""
        return Clerk(self.rpc, company or self.companies.northwind)

    def connector(self, company: int = 0, **changes: str) -> Connector:
        """A fresh connector for Northwind, or another company; `changes` replace what `subject.connector` takes."""
        facts = {"url": self.server.url, "login": READER, "password": SECRET, "database": self.database,
                 "entity": str(company or self.companies.northwind)}  # fmt: skip
        return subject.connector(**(facts | changes))

    def truth(self, company: int = 0) -> truth.Truth:
        """What Odoo says now of Northwind, or another company."""
        return truth.of(self.server, self.database, self.clerk(company))

    def documents(self, case: str) -> list[str]:
        """The keys of a case's documents."""
        return [f"account.move:{move}" for move in self.cases[case][1]]

    def customer(self, case: str) -> str:
        return f"res.partner:{self.cases[case][0]}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Odoo]:
    """A running Odoo with a PostgreSQL server of its own, in which only the blank database is."""
    if reason := missing():
        pytest.skip(reason)
    with postgres.server(copy_of=template()) as database, Odoo(database, tmp_path_factory.mktemp("odoo")) as odoo:
        yield odoo


@pytest.fixture(scope="session")
def odoo(server: Odoo) -> Running:
    """The seeded database."""
    server.copy(BLANK, SEEDED)
    rpc = clerk.rpc(server, SEEDED)
    companies = open_books(rpc, clerk.today())
    northwind = Clerk(rpc, companies.northwind)
    assert northwind.read("res.company", companies.northwind, "name")["name"] == NORTHWIND
    return Running(server, SEEDED, companies, cases.book(northwind), change.prepare(northwind), rpc)


_NUMBERS = itertools.count(1)


@pytest.fixture
def another(odoo: Running) -> Running:
    """A copy of the seeded database, to be changed."""
    return copied(odoo)


def copied(odoo: Running) -> Running:
    """Return a database that is as another one is now."""
    name = f"{odoo.database}_{next(_NUMBERS)}"
    odoo.server.copy(odoo.database, name)
    rpc = clerk.rpc(odoo.server, name)
    return Running(odoo.server, name, odoo.companies, odoo.cases, odoo.changes, rpc)


@pytest.fixture(scope="session")
def loaded(odoo: Running) -> Loaded:
    """Everything there is in Northwind, read and typed."""
    return load(odoo.connector())


@pytest.fixture(scope="session")
def said(odoo: Running) -> truth.Truth:
    """What Odoo says of Northwind at the same time."""
    return odoo.truth()
