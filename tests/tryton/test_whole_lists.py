"""A list that Tryton's answers cut short is told, by Tryton's own count; what is paid meanwhile is no loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest

from include.connectors.base import Window
from include.connectors.tryton import pages, scope
from include.connectors.tryton.rpc import Reply
from include.errors import ContractError, SourceUnavailable

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Books:
    """So many records by id, and what becomes of each answer on the way."""

    ids: list[int]
    spoil: Callable[[Books, list[int]], list[int]] = lambda books, found: found
    asked: list[int] = field(default_factory=list)

    def search_read(self, model: str, domain: list[Any], fields: Any, *, limit: int, **_: Any) -> Reply:
        after = domain[-1][2]
        self.asked.append(after)
        found = self.spoil(self, [i for i in self.ids if i > after][:limit])
        return Reply([{"id": i} for i in found], b"", NOW)

    def count(self, model: str, domain: list[Any], company: int, **_: Any) -> int:
        return len([i for i in self.ids if i > domain[-1][2]])


def listed(books: Books, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(pages, "LIST_SIZE", 10)
    return [row["id"] for row in pages.Reader(books, 1, "USD").listed("party.party", [], ("id",))]  # type: ignore[arg-type]


def test_a_whole_list_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books(list(range(1, 36)))
    assert listed(books, monkeypatch) == books.ids and len(books.asked) == 4


@pytest.mark.parametrize("kept", [0, 4])
def test_an_answer_that_was_cut_in_the_middle_is_told(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    books = Books(list(range(1, 36)), lambda books, found: found[:kept] if found[0] > 10 else found)
    with pytest.raises(SourceUnavailable, match=f"{10 + kept} of 35 records"):
        listed(books, monkeypatch)


def test_what_leaves_the_list_while_it_is_read_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    def pay(books: Books, found: list[int]) -> list[int]:
        books.ids = [i for i in books.ids if i not in (30, 31)]
        return found

    assert len(listed(Books(list(range(1, 36)), pay), monkeypatch)) == 33


def test_a_server_that_forgets_where_the_list_goes_on_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books(list(range(1, 36)), lambda books, found: books.ids[:10])
    with pytest.raises(ContractError, match="do not ascend"):
        listed(books, monkeypatch)
    assert len(books.asked) == 2


def test_a_record_without_any_timestamp_passes_every_filter_by_time() -> None:
    (either,) = scope.modified(Window(date(2000, 1, 1), since=NOW), "move")
    assert [["write_date", "=", None], ["create_date", "=", None]] in either
    assert ["write_date", ">=", NOW] in either, "to the microsecond, and the very moment counts"
