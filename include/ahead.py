"""Making the next item while the one before it is worked on: the next batch of a load while PostgreSQL takes one."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar

T = TypeVar("T")
_END: Final[Any] = object()


@contextmanager
def one_ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """Give the items in their order, made by a thread: each while the one before it is in the caller's hands.

    None is begun before the one before it is handed over. What making one raises is raised where it was due.
    However the block ends, the thread ends what it is at, closes the maker, and is gone.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        maker = _maker(items)
        try:
            yield _handed_over(thread, maker)
        finally:
            thread.submit(maker.close).result()


def _maker(items: Iterable[T]) -> Generator[T, None, None]:
    """Return the items as what can be closed; where they come from a generator, that is closed with it."""
    yield from items


def _handed_over(thread: ThreadPoolExecutor, maker: Iterator[T]) -> Iterator[T]:
    coming = thread.submit(next, maker, _END)
    while (item := coming.result()) is not _END:
        coming = thread.submit(next, maker, _END)
        yield item
