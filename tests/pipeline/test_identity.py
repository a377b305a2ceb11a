"""Who answers: another account, entity or currency stops the night before the first row is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include import warehouse
from include.errors import ConfigurationError
from tests.conformance import ledger
from tests.conformance.sample_server import serving
from tests.pipeline.night import Pipeline
from tests.pipeline.truth import assert_equal


@pytest.mark.parametrize(
    ("change", "word"),
    [({"acct": "sample-2"}, "account"), ({"base": "USD"}, "base currency")],
    ids=["account", "base currency"],
)
def test_another_one_is_refused_before_the_first_row(
    on_sqlite: Pipeline, change: dict[str, str], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_sqlite.sync()
    before = on_sqlite.everything()
    with on_sqlite.books() as books:
        books |= change
    monkeypatch.setattr(on_sqlite.connector, "read", _never)
    with pytest.raises(ConfigurationError, match=word) as error:
        on_sqlite.sync()
    assert error.value.organization == "acme" and error.value.next_step
    assert on_sqlite.everything() == before


def test_another_entity_of_the_same_account_is_refused(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    ledger.write(on_sqlite.source.folder, "gulf", ledger.make(entity="gulf", customers=8, invoices=4))
    on_sqlite.world.entity = "gulf"
    with pytest.raises(ConfigurationError, match="entity"):
        on_sqlite.sync()


def test_the_same_account_on_another_host_is_welcome(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    with serving(on_sqlite.source.folder) as moved:
        on_sqlite.host = moved.url
        assert on_sqlite.sync().written == 0
    assert_equal(on_sqlite)


def test_books_in_another_currency_than_the_yaml_names_are_never_bound(on_sqlite: Pipeline) -> None:
    on_sqlite.world.currency = "USD"
    with pytest.raises(ConfigurationError, match=r"EUR.*USD") as error:
        on_sqlite.sync()
    assert "YAML" in error.value.next_step
    on_sqlite.world.currency = "EUR"
    on_sqlite.sync()
    assert_equal(on_sqlite)


def _never(*_: Any) -> Callable[..., Any]:
    raise AssertionError("a row was read")


def test_reconcile_and_complete_ask_who_answers_before_they_read_rows(
    on_sqlite: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cleared alone, days later, they would load another account's rows under the same numbers."""
    from datetime import UTC, datetime
    from decimal import Decimal

    from include import complete
    from include.extract import Options
    from tests.conformance.books import Books

    night = on_sqlite.sync()
    with on_sqlite.books() as books:
        idle = next(p for p in books["parties"] if p["ident"] not in {d["prty"] for d in books["documents"]})
        Books(books).bill(idle, "EUR", Decimal("10.00"), datetime.now(UTC))
    on_sqlite.load(on_sqlite.extract("invoices", Options(streams=("invoices",))))
    with on_sqlite.books() as books:
        books["acct"] = "sample-2"
    for name in ("read", "read_ids", "keys", "control_figures"):
        monkeypatch.setattr(on_sqlite.connector, name, _never)
    with pytest.raises(ConfigurationError, match="account"):
        on_sqlite.reconcile(night.run_id)
    with pytest.raises(ConfigurationError, match="account"):
        complete.complete(
            on_sqlite.engine, on_sqlite.organization, on_sqlite.system(), night.run_id, 1, datetime.now(UTC)
        )


def test_a_dry_run_binds_nothing_and_still_refuses_another_one(on_sqlite: Pipeline) -> None:
    """It is how a connection is tried out: a wrong one must not stay the organization's for good."""
    from include.extract import Options

    dry = Options(dry_run=True)
    assert on_sqlite.extract("invoices", dry).record_count
    with pytest.raises(ConfigurationError, match="not bound"):
        warehouse.bound_at(on_sqlite.engine, "acme")
    on_sqlite.sync()
    with on_sqlite.books() as books:
        books["acct"] = "sample-2"
    with pytest.raises(ConfigurationError, match="account"):
        on_sqlite.extract("invoices", dry)
