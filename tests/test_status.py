"""What `python -m include.status` counts, and what it says about an organization."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from include import organizations, status, warehouse
from include.connectors import base
from include.expectations.verdict import Verdict
from include.test_mode import record
from include.yaml_file import FileError
from tests.expectations.books import AS_OF, FAKE, NOW, RUN, Books, organization


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    engine = warehouse.engine(f"sqlite:///{tmp_path}/warehouse.sqlite")
    warehouse.upgrade(engine)
    monkeypatch.setattr(base, "get", lambda _: FAKE)
    monkeypatch.setattr(status, "now", lambda: NOW)
    with warehouse.begin(engine, "acme") as connection:
        Books(connection, "beta").fill()
        Books(connection).fill()
    return engine


def figures(engine: Engine) -> dict[str, Any]:
    return status.status(engine, organization())


def test_an_organization_that_never_ran_has_nothing(books: Engine) -> None:
    found = status.status(books, organization("empty"))
    assert (found["customers"], found["contacts"], found["invoices"], found["outstanding"]) == (0, 0, 0, {})
    assert (found["mode"], found["reason"], found["checks"], found["requests"]) == (
        "test_mode", "not validated yet", {}, 0,
    )  # fmt: skip


def test_customers_are_those_that_hold_a_document(books: Engine) -> None:
    with warehouse.begin(books, "acme") as connection:
        mine = Books(connection)
        for number in (3, 4, 5):
            mine.add("customers", f"party:{number}")
            mine.add("contacts", f"contact:{number}", customer_external_id=f"party:{number}",
                     parent_external_id=f"party:{number}")  # fmt: skip
        mine.add("payments", "payment:4", customer_external_id="party:4", amount=1, unapplied_amount=1)
        mine.add("invoices", "invoice:50", customer_external_id="party:5", gross_amount=1, outstanding_amount=1,
                 deleted_at=NOW)  # fmt: skip
        Books(connection, "beta").add("invoices", "invoice:50", customer_external_id="party:3", gross_amount=1,
                                      outstanding_amount=1)  # fmt: skip
    found = figures(books)
    assert (found["customers"], found["contacts"], found["invoices"]) == (3, 3, 6)


def test_open_amounts_are_summed_per_currency(books: Engine) -> None:
    assert figures(books)["outstanding"] == {"EUR": 15_900, "USD": 2_000}


def test_checks_reason_and_requests_come_from_the_newest_evidence(books: Engine) -> None:
    with warehouse.begin(books, "acme") as connection:
        mine = Books(connection)
        for run_id, requests in ((RUN, 5), (f"{RUN}~complete-1", 2), (f"{RUN}0", 90), ("run-0", 90)):
            mine.add("sync_runs", manifest=f"m-{run_id}", run_id=run_id, requests=requests)
    record(books, organization(), FAKE, RUN, AS_OF, Verdict("acme", (), "file:///docs/index.html", 1), NOW)
    found = figures(books)
    assert found["requests"] == 7 and found["data_docs"] == "/docs/index.html"
    assert found["mode"] == "test_mode" and found["checks"]["critical"] == {"passed": 0, "failed": 0}


def test_a_line_per_organization_and_everything_as_json(
    books: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(warehouse, "engine", lambda: books)
    mistake = FileError("beta.yaml", 3, "timezne", "is no key here")
    monkeypatch.setattr(organizations, "load_all", lambda: organizations.Loaded((organization(),), (mistake,)))
    monkeypatch.setattr("include.environment.load", lambda: None)
    monkeypatch.setattr("sys.argv", ["status", "--json", str(tmp_path / "status.json")])
    status.main()
    said = capsys.readouterr()
    assert said.err == "status: beta.yaml:3: timezne: is no key here\n", "it would be missing without a word"
    assert said.out == (
        "acme: test_mode · 2 customers, 2 contacts, 6 invoices, 159.00 EUR, 20.00 USD outstanding · 0 requests\n"
        "    not validated yet\n"
    )
    assert json.loads((tmp_path / "status.json").read_text())[0]["id"] == "acme"


def test_a_warehouse_without_tables_is_one_line_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(warehouse, "engine", lambda: create_engine(f"sqlite:///{tmp_path}/empty.sqlite"))
    monkeypatch.setattr("sys.argv", ["status"])
    assert status.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("status: ") and "include.warehouse upgrade" in said and said.count("\n") == 1
