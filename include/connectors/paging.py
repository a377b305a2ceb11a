"""Paging that ends: by number, by token, by key. A server that goes round in circles is told, not followed.

`ask` returns one page in whatever shape the connector likes (an Answer, a Page, a decoded body); the
other functions look into it. All pages are yielded as they come, nothing is collected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, Protocol, TypeVar

from include.errors import ContractError, SourceUnavailable

MOST_PAGES = 100_000
"""No list of receivables has more; a server that gives more does not end."""

Result = TypeVar("Result")


class Comparable(Protocol):
    """A key that has an order: a number, a date, a text."""

    def __lt__(self, other: Any, /) -> bool: ...


Key = TypeVar("Key", bound=Comparable)


def by_number(
    ask: Callable[[int], Result], *, is_last: Callable[[Result], bool], content: Callable[[Result], bytes],
    first: int = 1, most: int = MOST_PAGES,
) -> Iterator[Result]:  # fmt: skip
    """Ask for page after page until one is the last.

    Args:
        content: the page's records as bytes; a page that holds what an earlier one held ends the read,
            because a server which ignores the page number, or counts in circles, has no end. b"" is no content.

    Raises:
        SourceUnavailable: a page repeats an earlier one, or there is no end.
    """
    seen: dict[bytes, int] = {}
    for number in range(first, first + most):
        page = ask(number)
        if held := content(page):
            earlier = seen.setdefault(blake2b(held, digest_size=16).digest(), number)
            if earlier != number:
                raise _circle(f"page {number} repeats page {earlier}")
        yield page
        if is_last(page):
            return
    raise _circle(f"there is no end after {most} pages")


def by_token(
    ask: Callable[[str], Result], *, following: Callable[[Result], str | None], first: str = "", most: int = MOST_PAGES
) -> Iterator[Result]:
    """Ask with the token (cursor, link) of each page for the following one until a page has none.

    Raises:
        SourceUnavailable: a token comes back, or there is no end.
    """
    token: str | None = first
    seen: set[bytes] = set()
    for _ in range(most):
        if token is None:
            return
        digest = blake2b(token.encode(), digest_size=16).digest()
        if digest in seen:
            raise _circle("the token of a following page came back")
        seen.add(digest)
        page = ask(token)
        yield page
        token = following(page) or None
    if token is not None:
        raise _circle(f"there is no end after {most} pages")


def by_key(
    ask: Callable[[Key | None], Result], *, last_key: Callable[[Result], Key | None], first: Key | None = None,
    most: int = MOST_PAGES,
) -> Iterator[Result]:  # fmt: skip
    """Ask for what comes after the last key of each page, in ascending order, until a page has none.

    Raises:
        ContractError: the keys do not ascend, so records would be left out.
        SourceUnavailable: there is no end.
    """
    key = first
    for _ in range(most):
        page = ask(key)
        last = last_key(page)
        if last is not None and key is not None and not key < last:
            raise ContractError(
                "a page does not come after the one before it: its keys do not ascend",
                next_step="file a bug against the connector: the system does not sort as it is asked to",
            )
        yield page
        if last is None:
            return
        key = last
    raise _circle(f"there is no end after {most} pages")


def _circle(what: str) -> SourceUnavailable:
    return SourceUnavailable(
        f"the system pages in circles: {what}", next_step="let the task retry; if it stays so, file a bug"
    )
