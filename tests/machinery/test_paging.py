"""Paging ends, also where a server does not."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import pytest

from include.connectors.paging import by_key, by_number, by_token
from include.errors import ContractError, SourceUnavailable

PAGES = {1: b"a", 2: b"b", 3: b"c"}


def numbered(pages: dict[int, bytes], last: int = 3) -> Iterator[bytes]:
    asked = iter(count(1))
    return by_number(lambda n: pages[n], is_last=lambda _: next(asked) == last, content=lambda page: page)


def test_by_number_asks_until_the_last_page() -> None:
    assert list(numbered(PAGES)) == [b"a", b"b", b"c"]
    assert list(numbered({1: b""}, last=1)) == [b""]


def test_by_number_is_not_fooled_by_a_server_that_ignores_the_number() -> None:
    pages = numbered(dict.fromkeys(range(1, 9), b"same"), last=9)
    assert next(pages) == b"same"
    with pytest.raises(SourceUnavailable, match="page 2 repeats page 1"):
        next(pages)


def test_by_number_is_not_fooled_by_pages_that_take_turns() -> None:
    with pytest.raises(SourceUnavailable, match="page 3 repeats page 1"):
        list(numbered({1: b"a", 2: b"b", 3: b"a", 4: b"b"}, last=9))


def test_pages_without_content_do_not_repeat_each_other() -> None:
    assert len(list(numbered(dict.fromkeys(range(1, 4), b"")))) == 3


def test_nothing_is_asked_before_it_is_wanted() -> None:
    asked: list[int] = []
    pages = by_number(lambda n: asked.append(n) or n, is_last=lambda n: n == 9, content=lambda n: bytes([n]))  # type: ignore[func-returns-value]
    assert list(islice(pages, 2)) == [1, 2] and asked == [1, 2]


def test_no_paging_goes_on_for_ever() -> None:
    endless = (
        by_number(lambda n: n, is_last=lambda _: False, content=lambda n: bytes([n]), most=5),
        by_token(lambda t: f"{t}x", following=lambda t: t, most=5),
        by_key(lambda k: (k or 0) + 1, last_key=lambda k: k, most=5),
    )
    for pages in endless:
        assert len(list(islice(pages, 5))) == 5
        with pytest.raises(SourceUnavailable, match="no end after 5 pages"):
            next(pages)


def test_by_token_asks_until_a_page_has_none() -> None:
    chain = {"": "1", "1": "2", "2": None}
    assert list(by_token(lambda t: t, following=lambda t: chain[t])) == ["", "1", "2"]
    assert list(by_token(lambda t: t, following=lambda t: chain[t], first="2")) == ["2"]
    assert list(by_token(lambda t: t, following=lambda t: "")) == [""], "an empty token is the end"
    assert len(list(by_token(lambda t: t, following=lambda t: chain[t], most=3))) == 3


def test_by_token_is_not_fooled_by_a_token_that_comes_back() -> None:
    chain = {"": "1", "1": "2", "2": "1"}
    seen = []
    with pytest.raises(SourceUnavailable, match="came back"):
        seen.extend(by_token(lambda t: t, following=lambda t: chain[t]))
    stuck = by_token(lambda t: t, following=lambda t: "same", first="same")
    assert next(stuck) == "same"
    with pytest.raises(SourceUnavailable, match="circles"):
        next(stuck)


def test_by_key_goes_on_after_the_last_key() -> None:
    rows = [3, 5, 8, 13, 21]

    def ask(after: int | None) -> list[int]:
        return [row for row in rows if after is None or row > after][:2]

    pages = by_key(ask, last_key=lambda page: page[-1] if page else None)
    assert list(pages) == [[3, 5], [8, 13], [21], []]
    assert list(by_key(ask, last_key=lambda page: page[-1] if page else None, first=13)) == [[21], []]


def test_by_key_refuses_keys_that_do_not_ascend() -> None:
    for second in ([2], [1], [0]):
        pages = iter(([2], second))
        with pytest.raises(ContractError, match="do not ascend"):
            list(by_key(lambda _, pages=pages: next(pages), last_key=lambda page: page[-1]))
