"""Starts and stops a real Tryton server for the demonstration and the tests.

Tryton lives in an environment of its own (requirements-tryton.txt), because its packages and
Airflow's need not agree. This file runs under the project's Python and speaks to Tryton only
through that environment's Python and over HTTP.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from demo.tryton_files import copy_database, free_port, is_free, surroundings, write_secret

HERE = Path(__file__).resolve().parent
MODULES = ("party", "account", "account_invoice", "account_payment")
STARTING_SECONDS = 60
STOPPING_SECONDS = 5
LOG_LINES = 20  # of the server's log, in an error about it


class TrytonError(RuntimeError):
    """Tryton did not do what it was asked; the text ends with what it said itself."""


def make_template(env_python: Path, template: Path) -> None:
    """Build a blank database with the modules activated (about 18 s), to be copied afterwards."""
    template.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=template.parent) as name:
        server = TrytonServer(env_python, Path(name))
        server.create_database()
        copy_database(server.database_file, template)


class TrytonServer:
    """A Tryton server on SQLite, with all its files in one folder.

    As a context manager it is up inside the block and gone after it, whatever happens in
    between; it also ends by itself soon after a killed parent.
    """

    def __init__(
        self,
        env_python: Path,
        folder: Path,
        *,
        port: int = 0,
        template: Path | None = None,
        database: str = "erp",
        settings: str = "",
    ) -> None:
        """`port` 0 picks a free one; `settings` are further lines of trytond.conf."""
        if not env_python.exists():
            raise TrytonError(f"no Tryton environment at {env_python}: it holds requirements-tryton.txt")
        self.env_python = env_python.absolute()
        self.folder = folder.resolve()
        self.port = port or free_port()
        self.database = database
        self.database_file = self.folder / f"{database}.sqlite"
        self.password_file = self.folder / "admin.password"
        self.reader_passwords_file = self.folder / "readers.json"
        self.log_file = self.folder / "trytond.log"
        self._config_file = self.folder / "trytond.conf"
        self._template = template
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the server listens; RPC calls go to `<url>/<database>/rpc/`."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def create_database(self) -> None:
        """Make the database, from the template if there is one, with a new admin password."""
        self._write_config()
        write_secret(self.password_file, secrets.token_urlsafe(24))
        if self._template:
            copy_database(self._template, self.database_file)
            # Without the second option trytond-admin takes the administrator's rights away.
            task = ["--password", "--administrator"]
        else:
            self.database_file.touch()
            task = ["--email", "admin@example.com", "--activate-dependencies", "-u", *MODULES]
        command = ["-m", "trytond.cli.admin", "-c", str(self._config_file), "-d", self.database, *task]
        self._run("trytond-admin", command, TRYTONPASSFILE=str(self.password_file))

    def seed(self) -> Any:
        """Fill a new database with the two companies; only before the server starts."""
        if self._process:
            raise TrytonError("the database is seeded before the server starts")
        if not self.database_file.exists():
            self.create_database()
        return self._script(
            "tryton_seed.py", config=self._config_file, database=self.database, passwords=self.reader_passwords_file
        )

    def ask(self, script: str, *arguments: str) -> Any:
        """Run tryton_day.py or tryton_truth.py against the running server; answer its JSON."""
        return self._script(script, *arguments, url=self.url, database=self.database, password_file=self.password_file)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        if not self.database_file.exists():
            self.create_database()
        self._write_config()
        if not is_free(self.port):
            # Whoever is there would answer instead of our server.
            raise TrytonError(f"port {self.port} is taken")
        with self.log_file.open("ab") as log:
            guarded = [HERE / "tryton_guard.py", os.getpid(), "-c", self._config_file, "-d", self.database]
            self._process = subprocess.Popen(
                [str(part) for part in (self.env_python, *guarded)],
                env=surroundings(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server and everything that it started; harmless when none runs."""
        process, self._process = self._process, None
        if not process:
            return
        for signum in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, signum)
                process.wait(STOPPING_SECONDS)
            except ProcessLookupError:
                process.wait()
                return
            except subprocess.TimeoutExpired:
                continue

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        """Log in: Tryton also listens when it could not open its database."""
        login = {
            "id": 0,
            "method": "common.db.login",
            "params": ["admin", {"password": self.password_file.read_text(encoding="utf-8").strip()}],
        }
        request = urllib.request.Request(
            f"{self.url}/{self.database}/rpc/",
            data=json.dumps(login).encode(),
            headers={"Content-Type": "application/json"},
        )
        deadline = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise TrytonError(
                    f"Tryton ended with code {process.returncode} while starting "
                    f"on port {self.port}:\n{self._log_tail()}"
                )
            try:
                with urllib.request.urlopen(request, timeout=STARTING_SECONDS) as response:
                    answer = json.load(response)
            except urllib.error.HTTPError as error:
                answer = {"error": f"HTTP {error.code}"}
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
                continue
            if "error" in answer:
                raise TrytonError(
                    f"Tryton runs but its administrator cannot log in ({answer['error']}):\n{self._log_tail()}"
                )
            return
        raise TrytonError(f"Tryton did not answer on {self.url} within {STARTING_SECONDS} s:\n{self._log_tail()}")

    def _log_tail(self) -> str:
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def _write_config(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._config_file.write_text(
            f"[web]\nlisten = 127.0.0.1:{self.port}\n"
            f"[database]\nuri = sqlite://\npath = {self.folder}\n{self._settings}\n",
            encoding="utf-8",
        )

    def _script(self, name: str, *arguments: str, **options: object) -> Any:
        """Run a script of this folder and answer the JSON that it prints."""
        given = [f"--{option.replace('_', '-')}={value}" for option, value in options.items()]
        return json.loads(self._run(name, [str(HERE / name), *given, *arguments]))

    def _run(self, what: str, command: list[str], **variables: str) -> str:
        """Run the Tryton environment's Python to its end and answer what it printed."""
        done = subprocess.run(
            [str(self.env_python), *command],
            env=surroundings() | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            tail = "\n".join(done.stderr.splitlines()[-LOG_LINES:])
            raise TrytonError(f"{what} failed with code {done.returncode}:\n{tail}")
        return done.stdout
