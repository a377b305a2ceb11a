"""Answers that are well written and wrong: what they hold is not what was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from tests.survival.wire.kinds import Ending, Kind, instead, said
from tests.survival.wire.proxy import ALWAYS, Answer, Asked, Exchange
from tests.survival.wire.vendors import Vendor

Place = Literal["any", "after", "before", "last"]
"""Which page of a list: any, one after another, one before another, the last one."""
Change = Callable[[Any, Vendor, str], None]
"""Changes an answer's JSON in place."""


@dataclass(frozen=True, slots=True)
class Content:
    """One kind of wrong content.

    Args:
        place: which page of a list it spoils.
        of_a_record: one record alone is wrong, so that it may be rejected while all others are kept.
    """

    name: str
    what: str
    change: Change | None
    place: Place = "any"
    times: int = 1
    ends: Ending = "either"
    of_a_record: bool = False

    def kind(self, vendor: Vendor, stream: str) -> Kind:
        """Return it as a kind of this vendor's answers."""

        def spoil(exchange: Exchange) -> None:
            if self.change is None:
                _repeat(exchange)
                return
            changed = said(exchange)
            self.change(changed, vendor, stream)
            instead(exchange, json.dumps(changed).encode())

        return Kind(self.name, self.what, spoil, self.times, self.ends)

    def positions(self, vendor: Vendor, stream: str, log: Sequence[tuple[Asked, Answer]]) -> list[int]:
        """Return which of the list's pages, in the order of an undisturbed read, it can spoil."""
        pages = [(question, answer) for asked, answer in log if (question := vendor.question(asked, stream))]
        found = []
        for number, (question, answer) in enumerate(pages):
            follows = number > 0 and pages[number - 1][0][0] == question[0]
            has_records = bool(vendor.records(json.loads(answer.body), stream))
            _, following = pages[number + 1] if number + 1 < len(pages) else (None, None)
            goes_on = following is not None and pages[number + 1][0][0] == question[0]
            is_followed = goes_on and bool(vendor.records(json.loads(following.body), stream))
            fits = {"any": True, "after": follows, "before": is_followed, "last": follows and not goes_on}
            if fits[self.place] and (has_records or self.place in ("after", "last")):
                found.append(number)
        return found


CONTENT: dict[str, Content] = {}


def content(**options: Any) -> Callable[[Change], Change]:
    """Register a change as a kind of its name; its docstring says what happens."""

    def register(change: Change) -> Change:
        CONTENT[change.__name__] = Content(change.__name__, change.__doc__ or "", change, **options)
        return change

    return register


def _repeat(exchange: Exchange) -> None:
    """Answer what was answered before."""
    _, before = exchange.before[-1]
    exchange.send(before.whole())


CONTENT["page_comes_again"] = Content("page_comes_again", "A page is the one before it again.", None, "after")
CONTENT["same_page_for_ever"] = Content("same_page_for_ever", "Every page is the first one.", None, "after", ALWAYS)


@content(place="before")
def page_is_empty(answer: Any, vendor: Vendor, stream: str) -> None:
    """A page in the middle holds nothing."""
    vendor.records(answer, stream).clear()


@content(place="before")
def page_is_short(answer: Any, vendor: Vendor, stream: str) -> None:
    """A page in the middle lacks its last records."""
    rows = vendor.records(answer, stream)
    del rows[len(rows) // 2 :]


@content(place="before")
def claims_less(answer: Any, vendor: Vendor, stream: str) -> None:
    """A page in the middle says that it is the last one."""
    vendor.claim(answer, stream, more=False)


@content(place="last")
def claims_more(answer: Any, vendor: Vendor, stream: str) -> None:
    """The last page says that others follow."""
    vendor.claim(answer, stream, more=True)


@content()
def records_twice(answer: Any, vendor: Vendor, stream: str) -> None:
    """Each record comes twice on one page."""
    rows = vendor.records(answer, stream)
    rows += deepcopy(rows)


@content()
def records_reordered(answer: Any, vendor: Vendor, stream: str) -> None:
    """A page in another order than was asked for."""
    vendor.records(answer, stream).reverse()


@content(of_a_record=True)
def stranger_among_them(answer: Any, vendor: Vendor, stream: str) -> None:
    """A record of another type."""
    vendor.records(answer, stream).insert(0, vendor.stranger(stream))


@content(of_a_record=True)
def record_without_key(answer: Any, vendor: Vendor, stream: str) -> None:
    """A record has lost its id."""
    _one(answer, vendor, stream).pop(vendor.field("key", stream))


@content(of_a_record=True)
def record_that_is_null(answer: Any, vendor: Vendor, stream: str) -> None:
    """Among the records stands null."""
    vendor.records(answer, stream).append(None)


@content(of_a_record=True)
def record_that_is_a_word(answer: Any, vendor: Vendor, stream: str) -> None:
    """Among the records stands a word."""
    vendor.records(answer, stream).insert(0, "none")


@content(of_a_record=True)
def value_is_nan(answer: Any, vendor: Vendor, stream: str) -> None:
    """An amount is NaN, which JSON does not have."""
    _one(answer, vendor, stream)[vendor.field("amount", stream)] = float("nan")


@content(of_a_record=True)
def value_is_infinite(answer: Any, vendor: Vendor, stream: str) -> None:
    """An amount has no end, written as the system writes amounts."""
    _one(answer, vendor, stream)[vendor.field("amount", stream)] = vendor.number(float("inf"))


@content(of_a_record=True)
def value_is_huge(answer: Any, vendor: Vendor, stream: str) -> None:
    """An amount has more digits than a column."""
    _one(answer, vendor, stream)[vendor.field("amount", stream)] = 10**60


@content(of_a_record=True)
def value_is_nested(answer: Any, vendor: Vendor, stream: str) -> None:
    """An amount is a list in a list, four hundred times."""
    nested: Any = []
    for _ in range(400):
        nested = [nested]
    _one(answer, vendor, stream)[vendor.field("amount", stream)] = nested


@content(of_a_record=True)
def value_is_half_a_letter(answer: Any, vendor: Vendor, stream: str) -> None:
    """A text that is no text: a lone surrogate and a NUL."""
    _one(answer, vendor, stream)[vendor.field("amount", stream)] = "\ud83d\x00"


def error_envelopes(vendor: Vendor) -> list[Kind]:
    """Return the system's own ways to say an error with status 200."""

    def envelope(number: int, said: Any) -> Kind:
        body = json.dumps(said, ensure_ascii=False).encode()
        what = "The system tells an error, with status 200."
        return Kind(f"error_envelope_{number}", what, lambda exchange: instead(exchange, body), ends="failure")

    return [envelope(number, said) for number, said in enumerate(vendor.errors, 1)]


def _one(answer: Any, vendor: Vendor, stream: str) -> Any:
    """Return one of the records, always the same of the same answer."""
    rows = vendor.records(answer, stream)
    return rows[Random(len(rows)).randrange(len(rows))]
