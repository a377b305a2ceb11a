"""One connection's token, used by many processes: refreshed once, never lost, never readable."""

from __future__ import annotations

import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Engine, select

from include import access
from include.access import leases
from include.access.leases import TokenStore
from include.access.token import Token
from include.connectors.base import Connection
from include.connectors.oauth import Bearer
from include.errors import ConfigurationError, GrantRefused, SourceUnavailable
from tests.machinery import processes
from tests.machinery.conftest import Connect
from tests.machinery.vendor import OAUTH, Vendor


def stored(store: Engine, column: str) -> list[str]:
    with store.connect() as connection:
        return list(connection.scalars(select(access.tokens.c[column]).order_by(access.tokens.c.updated_at)))


def pair(name: str, minutes: float = 30) -> Token:
    return Token(f"access-{name}", f"refresh-{name}", datetime.now(UTC) + timedelta(minutes=minutes))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_sixteen_processes_refresh_once(engine: Engine, store: Engine, vendor: Vendor) -> None:
    vendor.slow = 1.0
    seed = vendor.new_refresh_token()
    said = processes.said(processes.start(engine, vendor, "token", seed, times=16))
    assert len(said) == 16 and len(set(said)) == 1
    assert vendor.token_requests == [{"grant_type": "refresh_token", "refresh_token": seed}]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_process_killed_between_the_answer_and_its_commit_loses_nothing(
    engine: Engine, store: Engine, vendor: Vendor, connect: Connect
) -> None:
    seed = vendor.new_refresh_token()
    vendor.slow = 30.0
    killed = processes.start(engine, vendor, "die refreshing", seed)
    deadline = time.monotonic() + 60
    while len(vendor.refresh_tokens) < 2:  # the vendor has rotated, its answer is still on the way
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    vendor.slow = 0
    token = Bearer(connect(refresh_token=seed), OAUTH, store).token()
    assert token.access in vendor.access_tokens
    assert [form["refresh_token"] for form in vendor.token_requests] == [seed, seed]


def test_the_pair_is_kept_before_it_is_used(store: Engine, vendor: Vendor, connect: Connect) -> None:
    bearer = Bearer(connect(refresh_token=vendor.new_refresh_token()), OAUTH, store)
    bearer.token()
    assert len(stored(store, "current")) == 1
    other = Bearer(connect(refresh_token=next(iter(vendor.refresh_tokens))), OAUTH, store)
    assert other.token() == bearer.token() and len(vendor.token_requests) == 1


def test_rotation_goes_on_from_the_last_pair(store: Engine, vendor: Vendor, connect: Connect) -> None:
    vendor.grace = 0.001
    vendor.lifetime = 1  # every token is due at once
    connection = connect(refresh_token=vendor.new_refresh_token())
    seen = {Bearer(connection, OAUTH, store).token().refresh for _ in range(4)}
    assert len(seen) == 4 and len(vendor.token_requests) == 4


def test_the_previous_pair_is_tried_when_the_current_one_never_worked(store: Engine) -> None:
    tokens = TokenStore("books", "seed", store)
    tokens.get(lambda _: pair("1", 0), ["seed"])
    tokens.get(lambda _: pair("2", 0), ["seed"])
    asked: list[str] = []

    def ask(refresh: str) -> Token:
        asked.append(refresh)
        if refresh == "refresh-2":
            raise GrantRefused("over")
        return pair("3")

    assert tokens.get(ask, ["seed"]).access == "access-3"
    assert asked == ["refresh-2", "refresh-1"]


def test_the_previous_pair_is_forgotten_when_the_new_one_has_worked(store: Engine) -> None:
    tokens = TokenStore("books", "seed", store)
    tokens.get(lambda _: pair("1", 0), ["seed"])
    token = tokens.get(lambda _: pair("2"), ["seed"])
    assert stored(store, "previous") != [None]
    tokens.worked(pair("1"))
    assert stored(store, "previous") != [None]
    tokens.worked(token)
    assert stored(store, "previous") == [None]


def test_a_slow_process_whose_lease_ended_throws_no_pair_away(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.0)
    slow, quick = (TokenStore("books", "seed", store) for _ in range(2))

    def ask_slowly(_: str) -> Token:
        assert quick.get(lambda _: pair("quick"), ["seed"]).access == "access-quick"
        return pair("slow")

    assert slow.get(ask_slowly, ["seed"]).access == "access-slow"
    assert Token.decrypted(stored(store, "current")[0]).access == "access-quick"
    assert Token.decrypted(stored(store, "previous")[0]).access == "access-slow"


def test_a_refusal_because_another_process_was_faster_is_none(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.0)
    slow, quick = (TokenStore("books", "seed", store) for _ in range(2))

    def ask_too_late(_: str) -> Token:
        quick.get(lambda _: pair("quick"), ["seed"])
        raise GrantRefused("used already")

    assert slow.get(ask_too_late, ["seed"]).access == "access-quick"


def test_a_refusal_frees_the_lease_and_says_how_to_authorize(store: Engine, vendor: Vendor, connect: Connect) -> None:
    bearer = Bearer(connect(refresh_token="refresh-of-nobody"), OAUTH, store)
    for _ in range(2):
        with pytest.raises(GrantRefused, match="--authorize") as caught:
            bearer.token()
        assert "refresh-of-nobody" not in str(caught.value)
    assert len(vendor.token_requests) == 2


def test_a_connection_without_a_refresh_token_must_be_authorized(store: Engine, connect: Connect) -> None:
    with pytest.raises(ConfigurationError, match=r"not authorized yet → run `python -m include.connect books --auth"):
        Bearer(connect(), OAUTH, store).token()


def test_a_changed_seed_wins_and_the_former_one_goes_on_when_it_comes_back(
    store: Engine, vendor: Vendor, connect: Connect
) -> None:
    first, second = vendor.new_refresh_token(), vendor.new_refresh_token()
    before = Bearer(connect(refresh_token=first), OAUTH, store).token()
    after = Bearer(connect(refresh_token=second), OAUTH, store).token()
    assert after != before
    assert [form["refresh_token"] for form in vendor.token_requests] == [first, second]
    assert Bearer(connect(refresh_token=first), OAUTH, store).token() == before


def test_a_new_client_secret_does_not_end_the_grant(store: Engine, vendor: Vendor, connect: Connect) -> None:
    old = connect(refresh_token=vendor.new_refresh_token())
    token = Bearer(old, OAUTH, store).token()
    new = Connection(old.id, old.host, old.login, "another secret", old.extra)
    assert Bearer(new, OAUTH, store).token() == token


def test_a_connection_pointed_elsewhere_never_takes_its_tokens_along(store: Engine, connect: Connect) -> None:
    here = Bearer(connect(), OAUTH, store)
    here.keep(pair("here"))
    elsewhere = Connection("books", "http://127.0.0.1:1", here.endpoint.connection.login, "secret")
    with pytest.raises(ConfigurationError, match="not authorized yet"):
        Bearer(elsewhere, OAUTH, store).token()
    assert here.token().access == "access-here"


def test_other_processes_wait_for_a_refresh_but_not_for_ever(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = TokenStore("books", "seed", store)

    def ask(_: str) -> Token:
        monkeypatch.setattr(leases, "LEASE_SECONDS", 0.1)
        with pytest.raises(SourceUnavailable, match="do not finish") as caught:
            TokenStore("books", "seed", store).get(ask, ["seed"])
        assert caught.value.retry_after
        return pair("1")

    assert tokens.get(ask, ["seed"]).access == "access-1"


def test_nothing_readable_is_stored(store: Engine, vendor: Vendor, connect: Connect) -> None:
    seed = vendor.new_refresh_token()
    token = Bearer(connect(refresh_token=seed), OAUTH, store).token()
    with store.connect() as connection:
        row = repr(connection.execute(select(access.tokens)).one())
    if store.dialect.name == "sqlite":
        file = Path(str(store.url.database))
        # Read by another process: one that closes a file of its own open database gives up SQLite's locks on it.
        files = sorted(file.parent.glob(f"{file.name}*"))
        row += subprocess.run(["cat", *files], capture_output=True, check=True).stdout.decode("latin-1")
        assert file.stat().st_mode & 0o077 == 0
    for secret in (seed, token.access, token.refresh):
        assert secret not in row and secret not in repr(token)


def test_a_lost_key_is_named_and_a_new_authorization_helps(
    store: Engine, vendor: Vendor, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(refresh_token=vendor.new_refresh_token())
    Bearer(connection, OAUTH, store).token()
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", Fernet.generate_key().decode())
    with pytest.raises(ConfigurationError, match="put the former key back"):
        Bearer(connection, OAUTH, store).token()
    Bearer(connection, OAUTH, store).keep(pair("new"))
    assert Bearer(connection, OAUTH, store).token().access == "access-new"


def test_rotated_keys_still_read_the_tokens(
    store: Engine, vendor: Vendor, connect: Connect, secret_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect(refresh_token=vendor.new_refresh_token())
    token = Bearer(connection, OAUTH, store).token()
    monkeypatch.setenv("GREENLIGHT_SECRET_KEY", f"{Fernet.generate_key().decode()},{secret_key}")
    assert Bearer(connection, OAUTH, store).token() == token
