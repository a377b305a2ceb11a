"""A step in a thread of its own while the caller is at another, one at a time and in their order.

The next batch of a load is read while PostgreSQL takes one; a page is stored while the next one is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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


@contextmanager
def one_behind() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Give what has steps done by a thread, in their order, while the caller goes on: at most one at a time.

    What a step raises is raised when the next one is given, or at the end of the block, and none is begun after it.
    However the block ends, the step that was begun is done first.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="behind") as thread:
        begun: list[Future[object]] = []

        def do(step: Callable[[], object]) -> None:
            if begun:
                begun.pop().result()
            begun.append(thread.submit(step))

        yield do
        if begun:
            begun.pop().result()


def _maker(items: Iterable[T]) -> Generator[T, None, None]:
    """Return the items as what can be closed; where they come from a generator, that is closed with it."""
    yield from items


def _handed_over(thread: ThreadPoolExecutor, maker: Iterator[T]) -> Iterator[T]:
    coming = thread.submit(next, maker, _END)
    while (item := coming.result()) is not _END:
        coming = thread.submit(next, maker, _END)
        yield item
