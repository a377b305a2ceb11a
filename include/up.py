"""`make up`: a whole Airflow on this machine, until Ctrl-C; it leaves no process behind.

Migrates Airflow's database and the warehouse, makes the pools and starts `airflow standalone`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import psutil

from include import environment

GRACE_SECONDS = 8
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SET_UP = {
    "Airflow's database": ("airflow", "db", "migrate"),
    "the warehouse": (sys.executable, "-m", "include.warehouse", "upgrade"),
    "the pools": (sys.executable, "-m", "include.pools"),
}
PORTS = {
    "AIRFLOW__API__PORT": 8080,
    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": 8793,
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": 8794,
}
"""What standalone listens on: an older Airflow on one of them would answer in this one's place."""


def main() -> int:
    """Set up, start, and stay until Ctrl-C, SIGTERM or Airflow's own end; return the exit status."""
    environment.load(everything=True)
    os.umask(0o077)  # the warehouse, staged pages and logs are nobody else's to read
    _end_on_signals()
    try:
        home = Path(os.environ["AIRFLOW_HOME"])
        with _only_one(home):
            _refuse_taken_ports()
            return _run(home)
    except RuntimeError as error:
        print(f"up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; no process was left behind")
        return 130


def _run(home: Path) -> int:
    log = home / "standalone.log"
    with log.open("w") as output:
        for what, command in SET_UP.items():
            print(f"setting up {what} …", flush=True)
            with _session(command, output) as child:
                if child.wait():
                    raise RuntimeError(f"{what} could not be set up (exit {child.returncode}):\n{_tail(log)}")
        print("starting Airflow …", flush=True)
        with _session(("airflow", "standalone"), output) as child:
            while child.poll() is None and not _answers(_port("AIRFLOW__API__PORT")):
                time.sleep(0.5)
            if child.poll() is None:
                passwords = home / "simple_auth_manager_passwords.json.generated"
                print(f"Airflow answers at {os.environ['AIRFLOW__API__BASE_URL']}")
                print(f"  user and password  {passwords}\n  log                {log}\nCtrl-C stops it.", flush=True)
            raise RuntimeError(f"Airflow ended by itself (exit {child.wait()}):\n{_tail(log)}")


@contextmanager
def _session(command: tuple[str, ...], output: TextIO) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a session of its own, and end whatever of that session is left at the end."""
    sessions: set[int] = set()
    try:
        child = subprocess.Popen(
            command, cwd=environment.PROJECT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        sessions.add(child.pid)
        yield child
    finally:
        for number in ENDINGS:  # a second Ctrl-C must not leave half of them behind
            signal.signal(number, signal.SIG_IGN)
        _end(sessions | {process.pid for process in psutil.Process().children()})
        _end_on_signals()


def _end_on_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in ENDINGS[1:]:
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def _end(sessions: set[int]) -> None:
    """End the sessions politely, then firmly; workers survive their scheduler, so asking children is not enough."""
    for wanted in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + GRACE_SECONDS
        asked: set[psutil.Process] = set()
        while (left := _members(sessions)) and time.monotonic() < deadline:
            for process in left - asked:
                with suppress(psutil.Error):
                    process.send_signal(wanted)
            asked |= left
            psutil.wait_procs(left, timeout=0.2)


def _members(sessions: set[int]) -> set[psutil.Process]:
    found = set()
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if os.getsid(process.pid) in sessions and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
    return found


def _refuse_taken_ports() -> None:
    for name in PORTS:
        if _answers(_port(name)):
            raise RuntimeError(f"port {_port(name)} is in use: stop what listens there, or set {name} to another one")


def _port(name: str) -> int:
    return int(os.environ.get(name, PORTS[name]))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:]) + f"\nThe whole log is {log}"


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RuntimeError(f"Airflow is already running from {home}: stop that one with Ctrl-C first") from None
        yield


if __name__ == "__main__":
    sys.exit(main())
