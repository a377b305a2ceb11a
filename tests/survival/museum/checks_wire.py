"""Checks of the wire: what an answer means, when a list ends, whose turn it is, and what is never said."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from include.access.leases import TokenStore
from include.access.pacing import Limit, Pacer
from include.access.token import Token
from include.connectors import http, paging, redaction
from include.connectors.base import Connection
from include.connectors.http import Answer, Http
from include.connectors.oauth import Bearer
from include.errors import GrantRefused, GreenlightError, SourceUnavailable
from tests.machinery import vendor as vendors
from tests.machinery.vendor import CLIENT_ID, CLIENT_SECRET, OAUTH, Vendor
from tests.survival.museum.room import Room

SECRET = "sesame-of-the-museum"
BUSY = {"error": "too many requests"}


@contextmanager
def asked(room: Room, *faults: tuple[int, Any, dict[str, str]]) -> Iterator[tuple[Http, Vendor, list[float]]]:
    """Run a vendor that answers so first; yields who asks it and how long it slept, without sleeping."""
    slept: list[float] = []
    with vendors.vendor() as vendor, pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.time, "sleep", slept.append)
        vendor.faults = list(faults)
        yield Http(vendor.url), vendor, slept


def a_rate_limit_is_no_answer(room: Room) -> None:
    with asked(room, (429, BUSY, {"Retry-After": "1"})) as (session, _, _):
        assert session.get("/open").json() == {"path": "/open"}


def the_wait_that_is_asked_for_is_kept(room: Room) -> None:
    with asked(room, (429, BUSY, {"Retry-After": "7"})) as (session, _, slept):
        session.get("/open")
    assert sum(slept) >= 7


def the_wait_may_be_given_as_a_date(room: Room) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with asked(room, (429, BUSY, {"Retry-After": until})) as (session, _, slept):
        session.get("/open")
    assert sum(slept) > 20


def what_is_said_twice_is_not_believed(room: Room) -> None:
    with asked(room, (200, b'{"rows": [1], "rows": []}', {})) as (session, _, _), pytest.raises(SourceUnavailable):
        session.get("/open").json()


def a_web_page_is_no_empty_list(room: Room) -> None:
    with asked(room, (200, b"<html>Please log in</html>", {})) as (session, _, _), pytest.raises(SourceUnavailable):
        pytest.fail(f"the page was taken for {session.get('/open').json()!r}")


def a_server_error_is_no_empty_list(room: Room) -> None:
    with asked(room, (500, [], {})) as (session, _, _), pytest.raises(SourceUnavailable):
        pytest.fail(f"the answer was {session.get('/open').json()}")


def an_answer_is_bounded_after_unpacking(room: Room) -> None:
    with asked(room, (200, b"x" * 5000, {})) as (session, _, _), pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "LARGEST_ANSWER", 1000)
        with pytest.raises(SourceUnavailable):
            pytest.fail(f"{len(session.get('/open').body)} bytes were read")


def credentials_do_not_follow_a_redirect(room: Room) -> None:
    with vendors.vendor() as elsewhere, asked(room, (302, {}, {"Location": f"{elsewhere.url}/open"})) as (session, *_):
        with pytest.raises(GreenlightError):
            session.get("/open", headers={"X-Api-Key": SECRET})
        assert not elsewhere.calls


def the_vendors_clock_is_not_replaced_by_ours(room: Room) -> None:
    with pytest.raises(SourceUnavailable):
        pytest.fail(f"the time was said to be {Answer(200, {}, b'').at}")


def tokens_that_go_round_are_told(room: Room) -> None:
    following = {"": "a", "a": "b", "b": "a"}
    seen = paging.by_token(lambda token: token, following=following.__getitem__, most=20)
    with pytest.raises(SourceUnavailable, match=r"circles: (?!there is no end)"):
        list(seen)


def a_server_that_ignores_the_page_number_is_told(room: Room) -> None:
    pages = paging.by_number(lambda _: b"1", is_last=lambda _: False, content=lambda page: page, most=20)
    with pytest.raises(SourceUnavailable, match="repeats"):
        list(pages)


def the_last_page_is_kept(room: Room) -> None:
    pages = paging.by_number(lambda n: n, is_last=lambda n: n == 3, content=lambda n: str(n).encode())
    assert list(pages) == [1, 2, 3]


def a_list_that_is_not_sorted_as_asked_is_told(room: Room) -> None:
    keys = iter([3, 7, 5, None])
    with pytest.raises(GreenlightError):
        list(paging.by_key(lambda _: next(keys), last_key=lambda key: key))


def a_refresh_token_is_used_by_one_at_a_time(room: Room) -> None:
    begun, go_on = threading.Event(), threading.Event()
    used: list[str] = []

    def ask(refresh: str) -> Token:
        used.append(refresh)
        begun.set()
        go_on.wait(5)
        return pair(f"of-{threading.current_thread().name}")

    def get(name: str) -> threading.Thread:
        store = TokenStore("books", "seed", room.store)
        thread = threading.Thread(target=store.get, args=(ask, ["seed"]), name=name)
        thread.start()
        return thread

    first = get("first")
    assert begun.wait(5)
    second = get("second")
    second.join(0.4)
    go_on.set()
    for thread in (first, second):
        thread.join(5)
    assert used == ["seed"]


def a_new_token_outlives_its_process(room: Room) -> None:
    TokenStore("books", "seed", room.store).get(lambda _: pair("1"), ["seed"])
    found = TokenStore("books", "seed", room.store).get(lambda _: pytest.fail("asked again"), ["seed"])
    assert found.refresh == "refresh-1"


def the_former_token_is_kept_until_the_new_one_worked(room: Room) -> None:
    tokens = TokenStore("books", "seed", room.store)
    tokens.get(lambda _: pair("1", 0), ["seed"])
    tokens.get(lambda _: pair("2", 0), ["seed"])

    def ask(refresh: str) -> Token:
        if refresh != "refresh-1":
            raise GrantRefused("over")
        return pair("3")

    assert tokens.get(ask).access == "access-3"


def a_token_of_one_server_is_not_shown_to_another(room: Room) -> None:
    here = Connection("books", "http://127.0.0.1:1", CLIENT_ID, CLIENT_SECRET)
    Bearer(here, OAUTH, room.store).keep(pair("here"))
    elsewhere = Connection("books", "http://127.0.0.1:2", CLIENT_ID, CLIENT_SECRET)
    with pytest.raises(GreenlightError):
        pytest.fail(f"{Bearer(elsewhere, OAUTH, room.store).token().access} went elsewhere")


def all_processes_stay_below_one_limit(room: Room) -> None:
    for _ in range(2):
        with Pacer("books", (Limit(2, 3600),), room.store).slot("t"):
            pass
    with pytest.raises(SourceUnavailable), Pacer("books", (Limit(2, 3600),), room.store).slot("t"):
        pytest.fail("a third call went out")


def one_tenant_does_not_use_up_anothers_calls(room: Room) -> None:
    pacer = Pacer("books", (Limit(1, 3600),), room.store)
    for tenant in ("north", "south"):
        with pacer.slot(tenant):
            pass


def no_secret_is_logged(room: Room) -> None:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("urllib3.connectionpool")
    redaction.guard_logs()
    redaction.hide([SECRET])
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("GET /invoices?token=%s with %s", "tok-4711", SECRET)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    assert said and not any(secret in text for text in said for secret in (SECRET, "tok-4711"))


def no_address_with_its_query_stands_in_an_error(room: Room) -> None:
    session = Http("http://127.0.0.1:9")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.time, "sleep", lambda _: None)
        with pytest.raises(SourceUnavailable) as caught:
            session.get("/invoices", params={"token": SECRET})
    assert SECRET not in f"{caught.value} {caught.value.next_step}"


def pair(name: str, minutes: float = 30) -> Token:
    return Token(f"access-{name}", f"refresh-{name}", datetime.now(UTC) + timedelta(minutes=minutes))
