"""Keys that were met, however many: kept in a private file that ends with the process, not in memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator


class Keys:
    """A set of keys; what does not fit into a small cache lies on disk."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)  # "" is a file that nobody else can open
        self._file.execute("PRAGMA journal_mode = MEMORY")  # of one page's keys
        self._file.execute("CREATE TABLE keys (key PRIMARY KEY) WITHOUT ROWID")
        self._count = 0

    def add(self, keys: Iterable[str]) -> set[str]:
        """Add the keys; return those that were met before, also earlier among these."""
        times = Counter(keys)
        rows = list(zip(times)) if "".join(times).isascii() else [(_stored(key),) for key in times]
        again = {key for key in times if times[key] > 1} if times.total() > len(rows) else set()
        self._file.execute("BEGIN")
        added = self._file.executemany("INSERT OR IGNORE INTO keys VALUES (?)", rows).rowcount
        if added < len(rows):  # some were met before: which ones must be asked one by one
            self._file.execute("ROLLBACK")
            again |= {key for key in times if key in self}
            self._file.execute("BEGIN")
            self._file.executemany("INSERT OR IGNORE INTO keys VALUES (?)", rows)
        self._file.execute("COMMIT")
        self._count += added
        return again

    def lacking(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield, of these keys, those that were not met."""
        return (key for key in keys if key not in self)

    def __contains__(self, key: str) -> bool:
        return self._file.execute("SELECT 1 FROM keys WHERE key = ?", (_stored(key),)).fetchone() is not None

    def __len__(self) -> int:
        return self._count


def _stored(key: str) -> str | bytes:
    """Return what tells a key from others; half of a surrogate pair is no UTF-8, but a key may hold it."""
    return key if key.isascii() else key.encode(errors="surrogatepass")
