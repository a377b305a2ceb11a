"""The bare script that Greenlight is measured against: fetch, decode, COPY, upsert, and nothing else.

A thread fetches ahead, two writers each take a page, decode it, COPY it into temporary tables and
upsert from there. It knows no rejects, cursors, digests, deletions, history or retries, and dies of
the first odd record.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from typing import Any

import psycopg
import requests

from bench.bare_rows import LAYOUTS, Layout, decode

WRITERS = 2
AHEAD = 4
"""Pages that are fetched and not yet taken."""
PAGES_PER_COMMIT = 10

Pages = Sequence[tuple[str, dict[str, str]]]
"""Address and headers of every page."""


def prepare(url: str, layout: str) -> None:
    """Make the tables of a layout that the database lacks."""
    with psycopg.connect(url) as connection:
        for table in LAYOUTS[layout]:
            if table.definition:
                connection.execute(table.definition)


def load(pages: Pages, url: str, layout: str) -> int:
    """Load every page; return how many invoices that were."""
    bodies: queue.Queue[bytes | None] = queue.Queue(AHEAD)
    counts: list[int] = []
    failures: list[BaseException] = []

    def guarded(work: Any, *arguments: Any) -> None:
        try:
            work(*arguments)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(fetch, pages, bodies))]
    threads += [
        threading.Thread(target=guarded, args=(write, bodies, url, LAYOUTS[layout], counts)) for _ in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(counts)


def fetch(pages: Pages, bodies: queue.Queue[bytes | None]) -> None:
    """Fetch the pages one after the other, over one connection."""
    with requests.Session() as session:
        for address, headers in pages:
            bodies.put(session.get(address, headers=headers, timeout=60).content)
    for _ in range(WRITERS):
        bodies.put(None)


def write(bodies: queue.Queue[bytes | None], url: str, layout: Layout, counts: list[int]) -> None:
    """Take pages until there are no more."""
    with psycopg.connect(url) as connection:
        cursor = connection.cursor()
        for table in layout:
            cursor.execute(f"CREATE TEMPORARY TABLE new_{table.name} (LIKE {table.name} INCLUDING DEFAULTS)")
        connection.commit()
        done = 0
        while (body := bodies.get()) is not None:
            invoices = decode(body)
            for table in layout:
                with cursor.copy(f"COPY new_{table.name} ({table.columns}) FROM STDIN") as copy:
                    copy.write(table.text(invoices))
                cursor.execute(table.upsert)
                cursor.execute(f"TRUNCATE new_{table.name}")
            counts.append(len(invoices))
            done += 1
            if done % PAGES_PER_COMMIT == 0:
                connection.commit()


def discard(pages: Pages) -> int:
    """Fetch and throw away: what the server alone can deliver; returns bytes."""
    size = 0
    with requests.Session() as session:
        for address, headers in pages:
            with session.get(address, headers=headers, timeout=60, stream=True) as answer:
                while part := answer.raw.read(2**20):
                    size += len(part)
    return size
