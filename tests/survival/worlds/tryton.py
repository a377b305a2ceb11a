"""Tryton, alive: a real server for all worlds of a test run, in which each world has a database of its own."""

from __future__ import annotations

import atexit
import json
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import IO, Any, ClassVar

from demo.tryton_files import copy_database, free_port, surroundings
from include import money
from include.connectors.base import Connection, Connector
from include.connectors.tryton import Tryton
from tests.nights import Nights
from tests.survival.worlds import NothingToDo, World

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parents[2] / ".tryton"
PYTHON, BLANK = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "blank.sqlite"
BEGIN = datetime(2026, 6, 30, 18, tzinfo=UTC)
TICK = timedelta(seconds=1)
STARTING_SECONDS = 60
READER = "greenlight"


class Host:
    """The server's process, its orders and answers, and its databases that no world uses now."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(prefix="tryton-", dir=memory if memory.is_dir() else None)
        folder = Path(self._folder.name)
        self.port = free_port()
        (folder / "trytond.conf").write_text(
            f"[database]\nuri = sqlite://\npath = {folder}\n[session]\nmax_age = 999999999\ntimeout = 999999999\n",
            encoding="utf-8",
        )
        copy_database(BLANK, folder / "seed.sqlite")
        command = [
            str(part) for part in (
                PYTHON, HERE / "tryton_host.py", "--config", folder / "trytond.conf", "--port", self.port,
                "--passwords", folder / "readers.json",
            )
        ]  # fmt: skip
        self._log = (folder / "host.log").open("ab")
        self._process = subprocess.Popen(
            command, env=surroundings(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.order("seed")
        self.password: str = json.loads((folder / "readers.json").read_text(encoding="utf-8"))[READER]
        self.free: list[str] = []
        self.made = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def order(self, do: str, **more: Any) -> Any:
        """Have something done, and return what is said."""
        orders, answers = self._pipes()
        orders.write(json.dumps({"do": do, **more}) + "\n")
        orders.flush()
        answer = json.loads(answers.readline() or '{"error": "Tryton is gone"}')
        if "nothing" in answer:
            raise NothingToDo(answer["nothing"])
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["said"]

    def database(self) -> tuple[str, int]:
        """Return a database as the seed made it, and its company."""
        if not self.free:
            self.made += 1
            self.free.append(f"w{self.made}")
        name = self.free.pop()
        return name, self.order("restore", database=name, now=_naive(BEGIN))

    def end(self) -> None:
        """Let the process end, which it does when its orders end."""
        self._pipes()[0].close()
        self._process.wait(STARTING_SECONDS)
        self._log.close()
        self._folder.cleanup()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin and self._process.stdout
        return self._process.stdin, self._process.stdout


@cache
def host() -> Host:
    """Return the server of this test run; started by the first who asks."""
    made = Host()
    atexit.register(made.end)
    return made


class TrytonWorld(World):
    """One database of the server."""

    connector: type[Connector] = Tryton
    impossible: ClassVar[dict[str, str]] = {
        "reissue": "Tryton numbers from strict sequences, and what has a number is never deleted",
    }

    def __init__(self) -> None:
        self._host = host()
        self._now = BEGIN
        self.url = self._host.url
        self.database, company = self._host.database()
        self.entity = str(company)
        self.changes = {name: self._change_of(name) for name in (
            "create", "change", "void", "soft_delete", "hard_delete", "restore", "back_date", "future_date", "burst",
            "child_only", "merge", "late_commit",
        )}  # fmt: skip

    def connection(self, host: str = "") -> Connection:
        extra = {"database": self.database}
        return Connection(self.database, host or self.url, READER, self._host.password, extra)

    def fields(self) -> dict[str, Any]:
        return {"history_from": date(2020, 1, 1)}

    @property
    def now(self) -> datetime:
        return self._now

    def wait(self, by: timedelta) -> None:
        self._now += by
        self._order("wait")

    def close(self) -> None:
        self._host.free.append(self.database)

    def _order(self, do: str, **more: Any) -> Any:
        return self._host.order(do, database=self.database, now=_naive(self._now), **more)

    def _change_of(self, name: str) -> Callable[[Random], str]:
        def change(random: Random) -> str:
            self._now += TICK
            return str(self._order("change", name=name, seed=random.getrandbits(32)))

        return change

    def assert_equal(self, nights: Nights) -> None:
        """Every document and its rest, every customer, their e-mails and what they owe, as Tryton's own client says."""
        truth = self._order("truth")
        documents = {**nights.rows("invoices"), **nights.rows("credit_notes")}
        assert documents.keys() == truth["documents"].keys()
        owed: dict[str, int] = defaultdict(int)
        for key, row in documents.items():
            sign, rest = (1, "outstanding_amount") if "outstanding_amount" in row else (-1, "unapplied_amount")
            to_pay = Decimal(truth["documents"][key]) - Decimal(truth["used"].get(key, "0"))
            assert sign * row[rest] == money.minor_units(to_pay, row["currency"]), (key, truth["states"][key])
            facts = [row["customer_external_id"], row["number"], row["currency"]]
            assert [*facts, row["source_status"]] == [*truth["facts"][key], truth["states"][key]], key
            owed[row["customer_external_id"]] += sign * row["base_outstanding_amount"]
        for table, sign in (("payments", -1), ("refunds", 1)):
            for row in nights.rows(table).values():
                if row["status"] == "booked":
                    owed[row["customer_external_id"]] += sign * row["base_unapplied_amount"]
        posted = {p: Decimal(a) - Decimal(truth["not_posted"].get(p, "0")) for p, a in truth["receivable"].items()}
        due = {p: money.minor_units(a, "USD") for p, a in posted.items() if a}
        assert {p: a for p, a in owed.items() if a} == due
        self._assert_customers(nights, truth["parties"], owed)

    def _assert_customers(self, nights: Nights, parties: dict[str, Any], owed: dict[str, int]) -> None:
        emails: dict[str, list[str]] = defaultdict(list)
        for row in nights.rows("contacts").values():
            if row["email"] and row["is_active"]:
                emails[row["customer_external_id"]].append(row["email"])
        customers = nights.rows("customers")
        assert owed.keys() <= customers.keys()
        for key, row in customers.items():
            assert [row["name"], bool(row["is_active"]), sorted(emails[key])] == parties[key], key


def fresh(folder: Path) -> TrytonWorld:
    """Make a world."""
    return TrytonWorld()


def _naive(moment: datetime) -> str:
    return moment.replace(tzinfo=None).isoformat()
