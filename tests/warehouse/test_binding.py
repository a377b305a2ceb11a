"""The binding of an organization to one account of one system."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from include import warehouse
from include.errors import ConfigurationError
from tests.warehouse.batches import ACME, NOW

LATER = NOW + timedelta(days=1)


def test_the_first_answer_binds_and_later_ones_must_agree(engine: Engine) -> None:
    assert warehouse.bind(engine, "acme", ACME, NOW) == NOW
    assert warehouse.bind(engine, "acme", ACME, LATER) == NOW
    assert warehouse.bound_at(engine, "acme") == NOW


@pytest.mark.parametrize("field", ["connector", "account", "entity", "base_currency"])
def test_another_answer_is_refused_by_name(engine: Engine, field: str) -> None:
    warehouse.bind(engine, "acme", ACME, NOW)
    with pytest.raises(ConfigurationError, match=f"{field.replace('_', ' ')} was '.*' and is 'other'"):
        warehouse.bind(engine, "acme", replace(ACME, **{field: "other"}), LATER)
    assert warehouse.bind(engine, "acme", ACME, LATER) == NOW


def test_an_organization_that_is_not_bound_says_so(engine: Engine) -> None:
    for ask in (warehouse.bound_at, warehouse.hash_key):
        with pytest.raises(ConfigurationError, match="not bound"):
            ask(engine, "acme")
    with pytest.raises(ConfigurationError, match="not bound"):
        warehouse.reset_binding(engine, "acme", "ada", "no reason", NOW)


def test_the_hash_key_is_random_encrypted_and_outlives_a_reset(engine: Engine) -> None:
    for organization in ("acme", "beta"):
        warehouse.bind(engine, organization, ACME, NOW)
    key = warehouse.hash_key(engine, "acme")
    assert len(key) == 32
    assert key != warehouse.hash_key(engine, "beta")
    table = warehouse.table("organizations")
    with engine.connect() as connection:
        stored = connection.execute(table.select()).mappings().first()
    assert stored is not None and key.hex() not in stored["hash_key"] and len(stored["hash_key"]) > 100
    warehouse.reset_binding(engine, "acme", "ada", "moved to a new company", NOW)
    other = replace(ACME, account="account-2")
    assert warehouse.bind(engine, "acme", other, LATER) == LATER
    assert warehouse.hash_key(engine, "acme") == key


def test_a_reset_is_recorded_and_keeps_the_rest(engine: Engine) -> None:
    warehouse.bind(engine, "acme", ACME, NOW)
    with warehouse.begin(engine, "acme") as connection:
        assert warehouse.raise_data_version(connection, "acme") == 1
    warehouse.reset_binding(engine, "acme", "ada", "moved to a new company", LATER)
    events = warehouse.table("mode_events")
    with engine.connect() as connection:
        event = connection.execute(events.select()).mappings().one()
        assert warehouse.data_version(connection, "acme") == 1
    assert (event["organization_id"], event["event"], event["who"]) == ("acme", "binding_reset", "ada")
    assert (event["why"], event["at"]) == ("moved to a new company", LATER)


def test_without_a_secret_key_nothing_is_bound(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GREENLIGHT_SECRET_KEY")
    with pytest.raises(ConfigurationError, match="make env"):
        warehouse.bind(engine, "acme", ACME, NOW)
    with pytest.raises(ConfigurationError, match="not bound"):
        warehouse.bound_at(engine, "acme")
