"""Connections, transactions and column types, alike on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from include import warehouse
from include.errors import ConfigurationError
from tests.warehouse.batches import NOW, Batch

Read = Callable[..., Batch]


def version(engine: Engine, organization_id: str = "acme") -> int:
    with engine.connect() as connection:
        return warehouse.data_version(connection, organization_id)


@pytest.mark.parametrize("name", ["", "A", "a", "1a", "a-b", "acme; DROP TABLE invoices", "a" * 42, "ümlaut", "acme\n"])
def test_only_organization_ids_may_write(engine: Engine, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no organization id"), warehouse.begin(engine, name):
        pass


def test_a_transaction_commits_at_its_end_and_rolls_back_on_an_exception(engine: Engine) -> None:
    with warehouse.begin(engine, "acme") as connection:
        warehouse.raise_data_version(connection, "acme")

    def fail() -> None:
        with warehouse.begin(engine, "acme") as connection:
            warehouse.raise_data_version(connection, "acme")
            raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        fail()
    assert version(engine) == 1


def test_writers_of_one_organization_wait_for_each_other(engine: Engine) -> None:
    """Each reads, then writes what it read plus one: without a queue, updates would be lost."""
    table = warehouse.table("organizations")
    with warehouse.begin(engine, "acme") as connection:
        warehouse.raise_data_version(connection, "acme")
    start = Barrier(8)

    def write() -> None:
        start.wait()
        for _ in range(5):
            with warehouse.begin(engine, "acme") as connection:
                read = warehouse.data_version(connection, "acme")
                connection.execute(table.update().values(data_version=read + 1))

    threads = [Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert version(engine) == 41


def test_on_postgresql_organizations_do_not_wait_for_each_other(postgresql_warehouse: Engine) -> None:
    with warehouse.begin(postgresql_warehouse, "acme"), warehouse.begin(postgresql_warehouse, "beta") as connection:
        connection.execute(text("SET LOCAL statement_timeout = '5s'"))


def test_a_read_sees_one_state_while_others_write(engine: Engine) -> None:
    with warehouse.read(engine) as reader:
        assert warehouse.data_version(reader, "acme") == 0
        with warehouse.begin(engine, "acme") as writer:
            warehouse.raise_data_version(writer, "acme")
        assert version(engine) == 1
        assert warehouse.data_version(reader, "acme") == 0


def test_what_is_read_cannot_be_written_to_on_postgresql(postgresql_warehouse: Engine) -> None:
    with warehouse.read(postgresql_warehouse) as reader, pytest.raises(DBAPIError, match="read-only"):
        warehouse.raise_data_version(reader, "acme")


def test_one_engine_per_database_and_process(engine: Engine) -> None:
    assert warehouse.engine(engine.url.render_as_string(hide_password=False)) is engine
    assert warehouse.engine(engine.url) is engine


@pytest.mark.parametrize("url", ["postgres://h/d", "postgresql://h/d", "postgresql+psycopg://h/d"])
def test_postgresql_is_spoken_with_psycopg(url: str) -> None:
    assert warehouse.engine(url).driver == "psycopg"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://h/d"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="the warehouse cannot be"):
        warehouse.engine(url)


def test_timestamps_are_utc_and_never_naive(engine: Engine) -> None:
    cursors = warehouse.table("sync_cursors")
    summer = datetime(2026, 7, 1, 12, 0, 0, 5, tzinfo=timezone(timedelta(hours=2)))

    def write(moment: datetime) -> None:
        with warehouse.begin(engine, "acme") as connection:
            connection.execute(cursors.insert().values(organization_id="acme", stream="s", cursor=moment))

    write(summer)
    with engine.connect() as connection:
        found = connection.scalar(select(cursors.c.cursor))
        assert found == summer and found.tzinfo is UTC
        assert connection.scalar(select(cursors.c.stream).where(cursors.c.cursor < summer + timedelta(microseconds=1)))
    with pytest.raises(StatementError, match="timezone"):
        write(summer.replace(tzinfo=None))


def test_decimals_are_exact_and_equal_ones_are_equal(engine: Engine) -> None:
    rejects = warehouse.table("rejected_records")
    amounts = ["0.1", "1.10", "1E+3", "-0.000001", "12345678901234567890.123456789", "0.00"]
    common = {"organization_id": "acme", "stream": "s", "run_id": "r", "first_seen_at": NOW, "last_seen_at": NOW}
    with warehouse.begin(engine, "acme") as connection:
        for amount in amounts:
            connection.execute(rejects.insert().values(external_id=amount, amount=Decimal(amount), **common))
        found = {row.external_id: row.amount for row in connection.execute(rejects.select())}
        assert found == {amount: Decimal(amount) for amount in amounts}
        assert connection.scalar(select(rejects.c.external_id).where(rejects.c.amount == Decimal("1.1"))) == "1.10"


def test_json_keeps_its_values_and_null_is_null(engine: Engine) -> None:
    evidence = warehouse.table("evidence")
    checks = {"b": [1, None, "é"], "a": {"exact": Decimal("1.10")}}
    with warehouse.begin(engine, "acme") as connection:
        connection.execute(
            evidence.insert().values(
                organization_id="acme", run_id="r", as_of=NOW.date(), passed=True, data_version=1, recorded_at=NOW,
                configuration_digest="d", valid_until=NOW, checks=checks, bridge=None,
            )
        )  # fmt: skip
        row = connection.execute(evidence.select().where(evidence.c.bridge.is_(None))).mappings().one()
    assert row["checks"] == json.loads(json.dumps(checks, default=str))
    assert row["id"] >= 1


def test_keys_sort_alike_on_both_databases(engine: Engine, read: Read) -> None:
    keys = ["B:1", "a:10", "a:2", "a:é", "ä:1", "a_b:1", "a:1"]
    batch = read("customers")
    for key in keys:
        batch.row("customers", key)
    batch.load(engine)
    customers = warehouse.table("customers")
    with engine.connect() as connection:
        found = connection.scalars(select(customers.c.external_id).order_by(customers.c.external_id))
        assert list(found) == sorted(keys)
