"""What torture counts: how often each thing was tried, and how often it survived."""

from __future__ import annotations

import gc
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TRIES_BETWEEN_COLLECTIONS = 20
"""A stage freezes what it finds (include/collector.py), and Python rarely looks at it again: a process that dies a
thousand deaths keeps gigabytes of tracebacks, sessions and their servers' threads. A task's process ends before."""


class Report:
    """Counts by name; a failure is said at once, with what repeats it.

    Args:
        minutes: after so many, whoever asks `has_time` is told to stop; what was tried until then counts.
    """

    def __init__(self, minutes: float = 24 * 60.0) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self.failures: list[str] = []
        self._ends_at = time.monotonic() + minutes * 60
        self._tries = 0

    @property
    def has_time(self) -> bool:
        """There is time to try more."""
        return time.monotonic() < self._ends_at

    def add(self, name: str, tried: int = 1, survived: int = 1, total: str = "tried", good: str = "survived") -> None:
        """Count so many tries of a name, and how many of them ended well."""
        counts = self.counts.setdefault(name, {total: 0, good: 0})
        counts[total] += tried
        counts[good] += survived
        self._tries += tried
        if self._tries >= TRIES_BETWEEN_COLLECTIONS:
            self._tries = 0
            gc.collect()

    def failed(self, name: str, what: str) -> None:
        """Say what did not survive, and how to see it again."""
        self.failures.append(f"{name}: {what}")
        print(f"FAILED {name}: {what}", flush=True)

    @contextmanager
    def trying(self, name: str, what: str) -> Iterator[None]:
        """Count one try; whatever it raises is a failure, said and swallowed.

        Args:
            what: how to see it again: a seed, a failpoint, a stream.
        """
        try:
            yield
        except Exception as error:
            self.add(name, 1, 0)
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(place.filename).name}:{place.lineno} {place.line}"
            self.failed(name, f"{type(error).__name__} {str(error).partition(chr(10))[0][:400]} at {where}; {what}")
        except BaseException as outcome:
            if type(outcome).__module__.startswith("_pytest"):  # pytest.fail() is no Exception
                self.add(name, 1, 0)
                self.failed(name, f"{str(outcome).partition(chr(10))[0][:400]}; {what}")
                return
            raise
        else:
            self.add(name)

    @property
    def is_good(self) -> bool:
        """Something was tried, and everything that was tried survived."""
        return bool(self.counts) and not self.failures and all(len(set(c.values())) == 1 for c in self.counts.values())

    def as_dict(self) -> dict[str, Any]:
        """Return the counts, sorted by name."""
        return dict(sorted(self.counts.items()))
