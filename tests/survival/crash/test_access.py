"""Killed anywhere while it refreshes a token or holds a slot: who comes next gets a token, where the vendor lets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from include import access
from include.errors import GrantRefused
from tests.machinery import vendor as vendors
from tests.machinery.vendor import Vendor
from tests.survival.crash.access import FAILPOINTS, call, dies, forget, is_between, quick_leases, told
from tests.survival.crash.crashes import KINDS, NOT_APPLICABLE, Kind
from tests.survival.crash.failpoints import Failpoint
from tests.survival.crash.watching import Event, Moment

pytestmark = pytest.mark.slow
PLACES = [(failpoint, moment) for failpoint in FAILPOINTS for moment in failpoint.moments]
WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")
GUIDE = Path(__file__).resolve().parents[3] / "docs" / "connect" / "xero.md"


@pytest.fixture(autouse=True)
def store(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty access store, on either database."""
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())
    made = access.engine(engine)
    with quick_leases():
        yield made
    forget(made)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendors.vendor() as running:
        yield running


def crashes(engine: Engine) -> list[tuple[Failpoint, Moment, Kind]]:
    """Return every place with the kinds in turn."""
    possible = [kind for kind in KINDS if (engine.dialect.name, kind) not in NOT_APPLICABLE]
    return [(*place, possible[number % len(possible)]) for number, place in enumerate(PLACES)]


def test_an_undisturbed_call_reaches_every_failpoint_and_writes_nothing_else(
    engine: Engine, store: Engine, vendor: Vendor
) -> None:
    events: list[Event] = []
    with told(lambda event, moment: events.append(event) if moment == "before" else None):
        assert call(store, vendor, vendor.new_refresh_token()) == 200
    places = [next((n for n, event in enumerate(events) if f.is_at(event)), None) for f in FAILPOINTS]
    assert [f.name for f, place in zip(FAILPOINTS, places, strict=True) if place is None] == []
    assert len(set(places)) == len(FAILPOINTS)
    writes = [event for event in events if event.verb in WRITES and "access.database:transaction" in event.within]
    assert [event for event in writes if not any(f.is_at(event) for f in FAILPOINTS)] == []


@pytest.mark.timeout(300)
def test_who_comes_after_a_crash_gets_a_token_and_the_next_one_too(
    engine: Engine, store: Engine, vendor: Vendor
) -> None:
    """The vendor's grace: a refresh token that was used stays good for a while."""
    for failpoint, moment, kind in crashes(engine):
        forget(store)
        seed = vendor.new_refresh_token()
        assert dies(engine, vendor, seed, failpoint, moment, kind), (failpoint.name, moment, kind)
        assert call(store, vendor, seed) == 200, (failpoint.name, moment, kind)
        with store.connect() as connection:
            assert connection.scalar(select(access.tokens.c.has_worked)) is True
        vendor.access_tokens.clear()  # all are over: the stored pair must be good for another one
        assert call(store, vendor, seed) == 200, (failpoint.name, moment, kind)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_without_a_grace_a_pair_is_lost_only_between_the_vendors_answer_and_its_commit(
    engine: Engine, store: Engine, vendor: Vendor
) -> None:
    vendor.grace = 0.0
    for failpoint, moment, kind in crashes(engine):
        forget(store)
        seed = vendor.new_refresh_token()
        assert dies(engine, vendor, seed, failpoint, moment, kind)
        if is_between(failpoint, moment):
            with pytest.raises(GrantRefused, match="--authorize"):
                call(store, vendor, seed)
        else:
            assert call(store, vendor, seed) == 200, (failpoint.name, moment, kind)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_guide_says_how_long_the_vendor_lets_a_lost_answer_be_asked_for_again() -> None:
    said = " ".join(GUIDE.read_text().split())
    assert "grace period" in said
    assert "--authorize" in said
