"""Calls of all processes together stay below the vendor's limits, and a killed one blocks nobody."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import Engine, func, select

from include import access
from include.access import pacing
from include.access.pacing import Limit, Pacer
from include.connectors import http as http_module
from include.connectors.http import Http
from include.connectors.resolutions import Resolution
from include.errors import SourceUnavailable
from tests.machinery import processes
from tests.machinery.vendor import Vendor

MINUTE, DAY = 60, 86_400


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_processes_obey_one_limit_together(engine: Engine, store: Engine, vendor: Vendor) -> None:
    vendor.call_seconds = 0.05
    assert processes.said(processes.start(engine, vendor, "calls:8:8:1", times=4)) == ["8"] * 4
    moments = sorted(at for at, _, _ in vendor.calls)
    assert len(moments) == 32
    assert all(moments[n + 8] - moments[n] > 1.0 for n in range(24)), "more than 8 calls in a second"
    assert vendor.most_running <= 3, "more calls at once than the limit allows"
    assert moments[-1] - moments[0] < 60, "the limit is not used"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_slot_of_a_killed_process_is_freed(engine: Engine, store: Engine, vendor: Vendor) -> None:
    killed = processes.start(engine, vendor, "die in a slot")
    assert killed.stdout and killed.stdout.readline() == "in\n"
    killed.kill()
    killed.communicate()
    started = time.monotonic()
    with Pacer("books", (Limit(1),), store).slot("t"):
        assert time.monotonic() - started < 30


def test_a_call_counts_until_its_minute_has_passed(store: Engine) -> None:
    pacer = Pacer("books", (Limit(2, 1.0),), store)
    started = time.monotonic()
    for _ in range(5):
        with pacer.slot("t"):
            pass
    assert 2.0 <= time.monotonic() - started < 20


def test_only_so_many_calls_run_at_once(store: Engine) -> None:
    running, most = [], []

    def call() -> None:
        with Pacer("books", (Limit(2),), store).slot("t"):
            running.append(1)
            most.append(len(running))
            time.sleep(0.1)
            running.pop()

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 6 and max(most) == 2


def test_a_used_up_day_is_not_waited_for_in_the_task(store: Engine, vendor: Vendor) -> None:
    http = Http(vendor.url, pacer=Pacer("books", (Limit(100, MINUTE), Limit(3, DAY)), store))
    for _ in range(3):
        http.get("/open", tenant="t")
    with pytest.raises(SourceUnavailable, match=r"it goes on at \d{4}-\d\d-\d\d \d\d:\d\d UTC") as caught:
        http.get("/open", tenant="t")
    assert caught.value.retry_after and DAY - 60 < caught.value.retry_after <= DAY
    assert len(vendor.calls) == http.request_count == 3


def test_one_tenant_does_not_use_up_another_ones_calls(store: Engine, vendor: Vendor) -> None:
    http = Http(vendor.url, pacer=Pacer("books", (Limit(2, DAY), Limit(5, DAY, per="connection")), store))
    for tenant in ("one", "one", "two", "two"):
        http.get("/open", tenant=tenant)
    with pytest.raises(SourceUnavailable):
        http.get("/open", tenant="one")
    http.get("/open", tenant="three")
    with pytest.raises(SourceUnavailable):
        http.get("/open")
    Http(vendor.url, pacer=Pacer("other", (Limit(2, DAY),), store)).get("/open", tenant="one")


def test_a_rate_limit_met_by_one_process_is_heeded_by_all(store: Engine, vendor: Vendor) -> None:
    limits = (Limit(100, MINUTE),)
    vendor.faults = [(429, {}, {"Retry-After": "3600"})]
    with pytest.raises(SourceUnavailable) as caught:
        Http(vendor.url, pacer=Pacer("books", limits, store)).get("/open", tenant="t")
    assert caught.value.retry_after == 3600
    with pytest.raises(SourceUnavailable) as caught:
        Http(vendor.url, pacer=Pacer("books", limits, store)).get("/open", tenant="t")
    assert caught.value.retry_after and 3500 < caught.value.retry_after <= 3600
    assert len(vendor.calls) == 1
    Http(vendor.url, pacer=Pacer("books", limits, store)).get("/open", tenant="another")


def test_a_used_up_day_without_a_word_how_long_is_asked_after_by_one_task_only(store: Engine, vendor: Vendor) -> None:
    day = {429: Resolution(SourceUnavailable, "the day is used up", "wait", retry_after=3600.0)}
    vendor.faults = [(429, {}, {})]
    for _ in range(3):  # the other streams of the organization, and their retries
        with pytest.raises(SourceUnavailable) as caught:
            Http(vendor.url, pacer=Pacer("books", (Limit(9, MINUTE),), store), resolutions=day).get("/open", tenant="t")
        assert caught.value.retry_after and caught.value.retry_after > 3500
    assert len(vendor.calls) == 1


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_limit_that_one_organization_met_holds_others_only_where_it_is_theirs_too(
    store: Engine, vendor: Vendor, is_shared: bool
) -> None:
    limits = (Limit(9, MINUTE), Limit(9, MINUTE, per="connection"))
    row = {429: Resolution(SourceUnavailable, "used up", "wait", is_shared=is_shared)}
    vendor.faults = [(429, {}, {"Retry-After": "3600"})]
    http = Http(vendor.url, pacer=Pacer("books", limits, store), resolutions=row)
    with pytest.raises(SourceUnavailable):
        http.get("/open", tenant="one")
    if is_shared:
        with pytest.raises(SourceUnavailable):
            http.get("/open", tenant="two")
    else:
        assert http.get("/open", tenant="two").status == 200
    assert len(vendor.calls) == (1 if is_shared else 2)


def test_a_short_hold_is_waited_for(store: Engine, vendor: Vendor) -> None:
    vendor.faults = [(429, {}, {"Retry-After": "1"})]
    started = time.monotonic()
    http = Http(vendor.url, pacer=Pacer("books", (Limit(100, MINUTE),), store))
    assert http.get("/open", tenant="t").status == 200
    assert 1 <= time.monotonic() - started < 20 and http.request_count == 2


def test_calls_that_others_have_used_up_are_seen_in_the_headers(store: Engine, vendor: Vendor) -> None:
    vendor.faults = [(200, {}, {"X-DayLimit-Remaining": left}) for left in ("7", "0")]
    http = Http(vendor.url, pacer=Pacer("books", (Limit(100, DAY, remaining="X-DayLimit-Remaining"),), store))
    http.get("/open", tenant="t")
    http.get("/open", tenant="t")
    with pytest.raises(SourceUnavailable) as caught:
        http.get("/open", tenant="t")
    assert caught.value.retry_after and caught.value.retry_after > DAY - 60
    assert len(vendor.calls) == 2


def test_calls_that_no_longer_count_are_not_kept(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "FORGET_SECONDS", 0.1)
    pacer = Pacer("books", (Limit(50, 0.2),), store)
    for _ in range(20):
        with pacer.slot("t"):
            time.sleep(0.03)
    with store.connect() as connection:
        assert (connection.scalar(select(func.count()).select_from(access.calls)) or 0) < 12


def test_a_call_that_fails_gives_its_slot_back(store: Engine) -> None:
    pacer = Pacer("books", (Limit(1),), store)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), pacer.slot("t"):
            raise ValueError("broken")


def test_a_call_that_lasts_keeps_its_slot(store: Engine, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "RENEW_SECONDS", -1)
    monkeypatch.setattr(pacing, "SLOT_SECONDS", 1.0)
    ends: list[float] = []

    def end(pacer: Pacer, call_id: str, seconds: float) -> None:
        ends.append(seconds)
        original(pacer, call_id, seconds)

    original = Pacer.end
    monkeypatch.setattr(Pacer, "end", end)
    vendor.faults = [(200, b"[" + b"0," * 500_000 + b"0]", {})]
    Http(vendor.url, pacer=Pacer("books", (Limit(1),), store)).get("/open", tenant="t")
    assert len(ends) > 2 and set(ends[:-1]) == {1.0} and ends[-1] == 0


def test_a_renewed_slot_is_taken_for_longer(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    pacer = Pacer("books", (Limit(1),), store)
    with pacer.slot("t") as slot:
        monkeypatch.setattr(pacing, "SLOT_SECONDS", 3600.0)
        slot.renew()
        with access.transaction(store, "tests") as connection:
            left = connection.execute(select(access.calls.c.ended_at)).scalar_one() - access.now(connection)
    assert left.total_seconds() > 3000
