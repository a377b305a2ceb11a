"""Child processes that never outlive the demo, however it ends."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

MARK = "GREENLIGHT_DEMO_ID"
GRACE_SECONDS = 8


class Processes:
    """Starts processes in sessions of their own and ends them with everything they started.

    Airflow's components fork workers that may outlive their parents; every process started here
    carries a random mark in its environment, which its descendants inherit, so all are found.
    """

    def __init__(self) -> None:
        self.mark = secrets.token_hex(8)

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """Return this process's environment with the mark and what the caller adds."""
        return {**os.environ, MARK: self.mark, **extra}

    def start(self, command: Sequence[str], log: Path, environment: Mapping[str, str], cwd: Path) -> int:
        """Start a process in the background, its output in a file; return its process id."""
        with log.open("ab") as output:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=self.environment(environment), cwd=cwd, start_new_session=True,
            )  # fmt: skip
        return child.pid

    def run(self, command: Sequence[str], log: Path, environment: Mapping[str, str], cwd: Path, what: str) -> str:
        """Run a command to its end and return its output; a failure shows the command's last lines.

        Raises:
            RuntimeError: it failed; the sentence names what was tried and where the whole output is.
        """
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=self.environment(environment), cwd=cwd, start_new_session=True, check=False,
        )  # fmt: skip
        with log.open("a") as output:
            output.write(done.stdout + done.stderr)
        if done.returncode:
            tail = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
            raise RuntimeError(f"{what} failed (exit {done.returncode}):\n{tail}\nThe whole output is in {log}")
        return done.stdout

    def alive(self) -> list[psutil.Process]:
        """Return every running process that carries this demo's mark."""
        found = []
        for process in psutil.process_iter():
            try:
                marked = process.pid != os.getpid() and process.environ().get(MARK) == self.mark
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def stop(self) -> None:
        """End all of them: politely, then firmly; an impatient second Ctrl-C does not interrupt this."""
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            for wanted in (signal.SIGTERM, signal.SIGKILL):
                deadline = time.monotonic() + GRACE_SECONDS
                while (left := self.alive()) and time.monotonic() < deadline:
                    for process in left:
                        try:
                            process.send_signal(wanted)
                        except psutil.Error:
                            continue
                    psutil.wait_procs(left, timeout=1)
        finally:
            signal.signal(signal.SIGINT, before)
