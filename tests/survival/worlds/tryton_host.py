"""A real Tryton whose clock is ours and whose books one clerk changes on order; runs in Tryton's own environment.

    python tryton_host.py --config trytond.conf --port 8000 --passwords readers.json

Serves every database of the configured folder, and takes orders as JSON lines: {"do": …, "database": …}.
Each gets one line back: {"said": …}, {"nothing": true} where the books do not allow it, or {"error": …}.
Ends when its orders end.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import sqlite3
import sys
import threading
import traceback
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

PROJECT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(PROJECT / "demo"), str(PROJECT / "tests" / "tryton")]

BEGIN = dt.datetime.fromisoformat("2026-06-30T18:00:00")  # as Tryton has it: UTC, unsaid
SEED, READER = "seed", "greenlight"


class Clock:
    """What this Tryton takes for now: it stamps and dates by it, and tells it in every answer."""

    def __init__(self) -> None:
        self.now = BEGIN

    def rule(self) -> None:
        """Let Tryton's database, its calendar and its web server go by this clock."""
        from trytond.backend.sqlite import database
        from trytond.ir.date import Date
        from werkzeug.serving import WSGIRequestHandler

        database.now = lambda: self.now.isoformat(" ", "microseconds")
        Date.today = staticmethod(lambda timezone=None: self.now.date())
        seconds = WSGIRequestHandler.date_time_string
        WSGIRequestHandler.date_time_string = lambda handler, timestamp=None: seconds(
            handler, self.now.replace(tzinfo=dt.UTC).timestamp()
        )
        WSGIRequestHandler.wbufsize = -1  # head and body leave together
        WSGIRequestHandler.log_request = lambda *_: None


def keep_connections() -> None:
    """Use SQLite's connections again, as Tryton does with PostgreSQL's: to open one costs as much as a small answer."""
    from trytond.backend.sqlite import database

    kept: dict[str, list[Any]] = defaultdict(list)
    connect, opened = sqlite3.connect, database.Database.connect

    def connected(self: Any) -> Any:
        if self._conn is None and self.name and kept[self.name]:
            self._conn = kept[self.name].pop()
        return opened(self)

    def ended(self: Any) -> None:
        if self._conn is not None:
            self._conn.rollback()
            kept[self.name].append(self._conn)

    class Shared:
        """SQLite's module, whose connections may go from one thread to the next."""

        def __getattr__(self, name: str) -> Any:
            return getattr(sqlite3, name)

        def connect(self, *arguments: Any, **options: Any) -> Any:
            return connect(*arguments, **options, check_same_thread=False)

    database.sqlite = Shared()
    database.Database.connect, database.Database.__del__ = connected, ended


class Host:
    """The server, its databases, and the clerk who works in them."""

    def __init__(self, config: Path, passwords: Path) -> None:
        self.config = config
        self.passwords = passwords
        self.clock = Clock()
        self.clerks: dict[str, Any] = {}
        self.active = ""

    def start(self, port: int) -> None:
        """Configure Tryton, make the seeded database unless it is there, and serve."""
        import trytond.config

        trytond.config.update_etc(str(self.config))
        trytond.config.set("queue", "worker", "True")  # printing costs more than posting; see `settle`
        self.folder = Path(trytond.config.get("database", "path"))
        self.clock.rule()
        keep_connections()
        import pwdlib
        import trytond.res.user
        import trytond.wsgi
        from werkzeug.serving import make_server

        # Every task of a night logs in anew; the usual hash takes as long as reading these books whole.
        cheap = pwdlib.hashers.argon2.Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
        trytond.res.user.PASSWORD_HASH = pwdlib.PasswordHash([cheap])
        server = make_server("127.0.0.1", port, trytond.wsgi.app, threaded=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def obey(self, order: dict[str, Any]) -> Any:
        """Do what one order says."""
        if now := order.get("now"):
            self.clock.now = dt.datetime.fromisoformat(now)
        match order["do"]:
            case "seed":
                return self.seed()
            case "restore":
                return self.restore(order["database"])
            case "change":
                return self.change(order["database"], order["name"], Random(order["seed"]))
            case "wait":
                return None
            case "truth":
                return self.truth(order["database"])
        raise ValueError(f"no order {order['do']}")

    def seed(self) -> Any:
        """Fill the blank database with a company, a few customers and what they owe."""
        from tryton_work import fill

        self._enter(SEED)
        self.clock.now = BEGIN - dt.timedelta(days=40)
        fill(self.passwords, READER, self.tick)
        return self.settle()

    def tick(self) -> None:
        """Let a day of the seed pass."""
        self.clock.now += dt.timedelta(days=1)

    def restore(self, database: str) -> int:
        """Make a database what the seed was; return its company."""
        with (
            contextlib.closing(sqlite3.connect(self.folder / f"{SEED}.sqlite")) as read,
            contextlib.closing(sqlite3.connect(self.folder / f"{database}.sqlite")) as written,
        ):
            read.backup(written)
        from trytond.cache import Cache

        Cache.drop(database)
        return self._clerk(database).books.company.id

    def change(self, database: str, name: str, random: Random) -> str:
        """Let the clerk do one thing, and what Tryton's queue would do after it."""
        from tryton_work import CHANGES

        try:
            return CHANGES[name](self._clerk(database), random, self.clock)
        finally:
            self.settle()

    def settle(self) -> None:
        """Turn documents to paid and back, as the queue does after each settlement."""
        from proteus import config

        current = config.get_config()
        invoices = current.get_proxy("account.invoice")
        settled = [("state", "in", ["posted", "paid"])]
        found = invoices.search_read(settled, 0, None, None, ["state", "reconciled"], current.context)
        if off := [row["id"] for row in found if (row["state"] == "paid") != bool(row["reconciled"])]:
            invoices.process(off, current.context)

    def truth(self, database: str) -> Any:
        """Ask Tryton's own client what is so."""
        from tryton_work import told

        return told(self._clerk(database))

    def _enter(self, database: str) -> None:
        from proteus import config

        config.set_trytond(database=database, user="admin", config_file=str(self.config)).skip_warning = True
        self.active = database

    def _clerk(self, database: str) -> Any:
        from clerk import Clerk
        from proteus import config

        if database not in self.clerks:
            self._enter(database)
            self.clerks[database] = (config.get_config(), Clerk())
        self.active = database
        config._CONFIG.current, clerk = self.clerks[database]
        return clerk


def main() -> None:
    """Serve and obey until the orders end."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--passwords", type=Path, required=True)
    arguments = parser.parse_args()
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever Tryton prints is no answer
    host = Host(arguments.config, arguments.passwords)
    host.start(arguments.port)
    for line in sys.stdin:
        try:
            said = {"said": host.obey(json.loads(line))}
        except LookupError as error:
            said = {"nothing": str(error)} if type(error) is LookupError else {"error": traceback.format_exc()}
        except Exception:
            said = {"error": traceback.format_exc()}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
