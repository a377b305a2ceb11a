"""A real Tryton server, seeded by the demo and with the cases of cases.py, once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.tryton_files import copy_database
from demo.tryton_server import TrytonServer
from include.connectors.base import Connection
from include.connectors.tryton import Tryton
from tests.tryton.books import Loaded, load

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parents[1] / ".tryton"
PYTHON, BLANK = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "blank.sqlite"
SEED_SECONDS = 600
BOTH, ONE = "greenlight", "greenlight-northwind"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever test comes first waits for the seeded server."""
    for item in items:
        if item.path.is_relative_to(HERE) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SEED_SECONDS))


@dataclass(frozen=True)
class Running:
    """A running server, what the seed and the cases booked, and how to reach it."""

    server: TrytonServer
    companies: dict[str, str]
    cases: dict[str, Any]
    changes: dict[str, Any]

    @property
    def entity(self) -> str:
        """Northwind's company id."""
        return self.companies["Northwind Traders"]

    def connection(self, login: str = BOTH, **changes: Any) -> Connection:
        """The connection of a reading user; `changes` replace host, password or extra."""
        passwords = json.loads(self.server.reader_passwords_file.read_text(encoding="utf-8"))
        facts = {"host": self.server.url, "password": passwords.get(login, ""), "extra": {"database": "erp"}}
        return Connection("tryton", login=login, **(facts | changes))

    def connector(self, login: str = BOTH, **changes: Any) -> Tryton:
        """A fresh connector for Northwind."""
        return Tryton(self.connection(login, **changes), self.entity)

    def document(self, case: str) -> str:
        """The key of a case's only document."""
        (document,) = self.cases[case]["documents"]
        return str(document)

    def ask(self, script: str, *arguments: str) -> Any:
        """Run a script of this folder against the server, as its administrator."""
        return self.server.ask(str(HERE / script), *arguments)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrytonServer, dict[str, Any], dict[str, Any]]:
    """A database with the seed and the cases in it, not started."""
    server = TrytonServer(PYTHON, tmp_path_factory.mktemp("tryton"), template=BLANK)
    report = server.seed()
    command = [str(HERE / "cases.py"), f"--config={server._config_file}", f"--database={server.database}"]
    return server, report, json.loads(server._run("cases.py", command))


@pytest.fixture(scope="session")
def tryton(seeded: tuple[TrytonServer, dict[str, Any], dict[str, Any]]) -> Iterator[Running]:
    """The running server."""
    server, report, cases = seeded
    with server:
        yield Running(server, {c["name"]: str(c["company_id"]) for c in report["companies"]}, **cases)


@pytest.fixture
def another(tryton: Running, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Running]]:
    """Start further servers on copies of the database, with other settings."""
    started: list[TrytonServer] = []

    def start(settings: str = "") -> Running:
        server = TrytonServer(PYTHON, tmp_path / str(len(started)), template=BLANK, settings=settings)
        server.folder.mkdir()
        copy_database(tryton.server.database_file, server.database_file)
        for name in ("password_file", "reader_passwords_file"):
            getattr(server, name).write_text(getattr(tryton.server, name).read_text(encoding="utf-8"))
        server.start()
        started.append(server)
        return Running(server, tryton.companies, tryton.cases, tryton.changes)

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def loaded(tryton: Running) -> Loaded:
    """Everything there is, read and typed."""
    return load(tryton.connector())


@pytest.fixture(scope="module")
def truth(tryton: Running, loaded: Loaded) -> Any:
    """What Tryton's own client says at the same time."""
    return tryton.ask("truth.py")
