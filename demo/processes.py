"""Child processes that never outlive the demo, however it ends."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import psutil

MARK = "GREENLIGHT_DEMO_ID"
GRACE_SECONDS = 8


class Processes:
    """Starts processes in sessions of their own and ends them with everything they started.

    Airflow's components fork workers that may outlive their parents, some start sessions anew and some
    overwrite their environment with a title. Descendants are found by the session they were born in
    or by a random mark in the environment they inherited: each has one of the two.
    """

    def __init__(self) -> None:
        self.mark = secrets.token_hex(8)
        self.sessions: set[int] = set()

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """Return this process's environment with the mark and what the caller adds."""
        return {**os.environ, MARK: self.mark, **extra}

    def start(self, command: Sequence[str], log: Path, environment: Mapping[str, str], cwd: Path) -> int:
        """Start a process in the background, its output in a file; return its process id."""
        with log.open("ab") as output:
            return self._session(command, output, environment, cwd).pid

    def run(self, command: Sequence[str], log: Path, environment: Mapping[str, str], cwd: Path, what: str) -> str:
        """Run a command to its end and return its output; a failure shows the command's last lines.

        Raises:
            RuntimeError: it failed; the sentence names what was tried and where the whole output is.
        """
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            code = self._session(command, output, environment, cwd, errors).wait()
            said, complained = (_whole(file) for file in (output, errors))
        with log.open("a") as whole:
            whole.write(said + complained)
        if code:
            tail = "\n".join((complained or said).strip().splitlines()[-8:])
            raise RuntimeError(f"{what} failed (exit {code}):\n{tail}\nThe whole output is in {log}")
        return said

    def _session(
        self, command: Sequence[str], output: IO[Any], environment: Mapping[str, str], cwd: Path,
        errors: IO[Any] | int = subprocess.STDOUT,
    ) -> subprocess.Popen[bytes]:  # fmt: skip
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            env=self.environment(environment), cwd=cwd, start_new_session=True,
        )  # fmt: skip
        self.sessions.add(child.pid)
        return child

    def alive(self) -> list[psutil.Process]:
        """Return every running process that was started here, or by one that was."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return os.getsid(process.pid) in self.sessions or process.environ().get(MARK) == self.mark
        except (psutil.Error, OSError):
            return False

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


def _whole(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
