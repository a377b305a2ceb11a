"""A warm process: imports are done once, then it runs one job after the other and says what each cost."""

from __future__ import annotations

import multiprocessing
import os
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")
KIBIBYTE = 1024

Job = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job gave and took: wall and CPU seconds, and the most memory (resident bytes) its process had."""

    result: Any
    seconds: float
    cpu: float
    peak: int


class Worker:
    """One process; jobs are functions of a module, named by what the module exports."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._pipe, theirs = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=_serve, args=(theirs, dict(environment)), daemon=True)
        self._process.start()
        theirs.close()

    def run(self, job: Job, *arguments: Any) -> Cost:
        """Run a job to its end.

        Raises:
            RuntimeError: it failed; shows how.
        """
        self._pipe.send((job, arguments))
        try:
            cost, failure = self._pipe.recv()
        except EOFError:
            raise RuntimeError(f"the process of {job.__name__} was killed") from None
        if failure:
            raise RuntimeError(f"{job.__name__} failed:\n{failure}")
        found: Cost = cost
        return found

    def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _serve(pipe: Connection, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    while True:
        try:
            job, arguments = pipe.recv()
        except EOFError:
            return
        _forget_peak()
        started, used = time.perf_counter(), time.process_time()
        try:
            result = job(*arguments)
        except Exception:
            pipe.send((None, traceback.format_exc()))
            continue
        pipe.send((Cost(result, time.perf_counter() - started, time.process_time() - used, _peak()), ""))


def _forget_peak() -> None:
    """Let the kernel count the peak anew."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * KIBIBYTE
    raise RuntimeError("the kernel does not tell a process's peak")
