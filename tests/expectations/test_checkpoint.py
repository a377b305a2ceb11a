"""The checkpoint through real Great Expectations: it says what the SQL says, and fails closed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete

from include import model, test_mode, warehouse
from include.expectations import checkpoint, data_docs
from include.expectations.failing import failures
from include.expectations.suite import Rows, Suite
from include.expectations.suites import ALL
from include.expectations.verdict import Verdict
from include.model import Kind
from tests.expectations.books import AS_OF, FAKE, NOW, RUN, Books, organization, scope

BROKEN = Rows("broken", "info", "A condition that no database understands.", "t.no_such_column > 0", "is broken")
WARNED = ("main_contact", "payment_terms")
FAILED = ("due_date", "invoice_unique", "payment_applied", "rejects_share", *WARNED)
KEPT = {"customers": ("number",), "contacts": ("source",)}
"""Texts that pages may hold, or that other checks read."""


@dataclass(frozen=True)
class Site:
    """What one validation left behind."""

    verdict: Verdict
    folder: Path
    evidence: test_mode.Evidence

    @property
    def texts(self) -> dict[str, str]:
        return {str(p.relative_to(self.folder.parent)): p.read_text() for p in self.folder.parent.rglob("*.*")}


def canaries(books: Books) -> None:
    """Write a text nobody may see into every text column of customers and contacts, and into the free texts."""
    for name in ("customers", "contacts"):
        for column in model.TABLES[name].columns:
            if column.kind in (Kind.TEXT, Kind.JSON) and column.name not in ("record_id", *KEPT[name]):
                text = f"CANARY {name} {column.name} canary@example.org +49 30 1234567"
                books.change(name, {}, **{column.name: {"note": text} if column.kind is Kind.JSON else text})
    for name in ("invoices", "credit_notes"):
        books.change(name, {}, title="CANARY title", purchase_order="CANARY order", custom_fields={"note": "CANARY"})


def warnings(books: Books) -> None:
    canaries(books)
    books.change("contacts", "contact:2", is_main=False)
    books.change("invoices", "invoice:6", payment_terms=None)


def defects(books: Books) -> None:
    warnings(books)
    books.change("invoices", "invoice:1", due_date=None, number='=HYPERLINK("x")', payment_terms="30 days")
    books.change("invoices", "invoice:3", number="INV-2")
    books.change("payments", "payment:1", unapplied_amount=499)
    books.reject("invoice:90", is_open=False, number="<script>alert(1)</script>", raw='{"name": "CANARY"}')


def validate(engine: Engine, organization_id: str, run_id: str = RUN) -> Site:
    owner = organization(organization_id)
    verdict = checkpoint.validate(engine, owner, FAKE, run_id, AS_OF, NOW)
    evidence = test_mode.record(engine, owner, FAKE, run_id, AS_OF, verdict, NOW)
    return Site(verdict, Path(verdict.docs.removeprefix("file://")).parent, evidence)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A warehouse with an organization that passes with warnings and one that fails, and pages of its own."""
    made: Engine = request.getfixturevalue(f"{request.param}_warehouse")
    for organization_id, plant in (("acme", defects), ("beta", warnings), ("gamma", canaries)):
        with warehouse.begin(made, organization_id) as connection:
            plant(Books(connection, organization_id).fill())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GREENLIGHT_DOCS", f"file://{tmp_path_factory.mktemp('docs')}")
        yield made
    with warehouse.begin(made, "tests") as connection:
        for table in warehouse.metadata.sorted_tables:
            connection.execute(delete(table))


@pytest.fixture(scope="module")
def failing(full: Engine) -> Site:
    return validate(full, "acme")


@pytest.fixture(scope="module")
def passing(full: Engine) -> Site:
    return validate(full, "beta")


@pytest.fixture(params=["passing", "failing"])
def site(request: pytest.FixtureRequest, passing: Site, failing: Site) -> Site:
    return passing if request.param == "passing" else failing


def only(monkeypatch: pytest.MonkeyPatch, *chosen: Suite) -> None:
    """Let the checkpoint know these suites only, which is faster."""
    monkeypatch.setattr(checkpoint, "ALL", chosen)
    monkeypatch.setattr(data_docs, "ALL", chosen)


def with_rows(suite: Suite, *more: Rows) -> Suite:
    return replace(suite, rows=lambda s: (*suite.rows(s), *more))


def test_the_verdict_says_what_the_sql_says(full: Engine, failing: Site, passing: Site) -> None:
    for site, organization_id in ((failing, "acme"), (passing, "beta")):
        with warehouse.read(full) as connection:
            said = {
                rows.name: failures(connection, suite, rows, query)
                for suite in ALL
                for rows, query in suite.queries(scope(organization_id))
            }
        assert {check.name: check.failures for check in site.verdict.checks} == said
        assert {check.name for check in site.verdict.checks if check.passed} == {k for k, v in said.items() if not v}


def test_critical_failures_block_and_are_named_once(failing: Site) -> None:
    assert not failing.verdict.passed and not failing.evidence.passed
    assert {check.name for check in failing.verdict.failed} == set(FAILED)
    assert {check.name for check in failing.verdict.failed if check.blocking} == set(FAILED[:3])
    why = [(failure["check"], failure["record"]) for failure in failing.evidence.failures]
    assert len(set(why)) == len(why) == 6
    assert failing.evidence.failures[0]["blocking"] and not failing.evidence.failures[-1]["blocking"]


def test_warnings_do_not_block(passing: Site) -> None:
    assert passing.verdict.passed and passing.evidence.passed
    assert {check.name for check in passing.verdict.failed} == set(WARNED)
    assert passing.verdict.headline() == "beta is ready: no critical check failed, 1 warning to look at"
    assert passing.evidence.checks["warning"]["failed"] == 1


def test_pages_ask_no_other_host_and_run_nothing(site: Site) -> None:
    for name, text in site.texts.items():
        if name.endswith((".html", ".css")):
            assert not re.search(r"https?:|//\w|<script|<iframe|<link(?! rel=\"stylesheet\" href=\"style.css\")|@import"
                                 r"|\son\w+=|javascript:", text, re.IGNORECASE), name  # fmt: skip
        for link in re.findall(r"(?:href|src)=\"([^\"#]*)", text):
            assert (site.folder.parent / name).parent.joinpath(link).is_file(), (name, link)


def test_no_personal_datum_is_anywhere(site: Site) -> None:
    kept = [*site.texts.values(), repr(site.evidence), site.verdict.plain_words(), repr(site.verdict)]
    assert len(kept) > 10
    assert not [text for text in kept if "canary" in text.lower() or "lovelace" in text.lower()]


def test_every_suite_has_a_readable_page_with_its_severities(site: Site) -> None:
    for suite in ALL:
        page = (site.folder / f"{suite.name}.html").read_text()
        for rows in suite.rows(scope()):
            assert re.search(rf'<span class="badge {rows.severity}">{rows.severity}</span>\s*{re.escape(rows.expects)}',
                             page.replace("&#39;", "'")), rows.name  # fmt: skip
        failed = [c for c in site.verdict.checks if c.suite == suite.name and not c.passed]
        assert page.count('<span class="bad">failed</span>') == len(failed)
        assert "newsletter" not in page


def test_the_first_page_says_ready_or_not_and_names_every_record(site: Site) -> None:
    page = (site.folder / "index.html").read_text()
    assert site.verdict.headline() in page
    for check in site.verdict.failed:
        assert f'href="{check.name}.csv"' in page
    assert "172.00 EUR" in page
    assert f'href="{site.folder.name}/index.html"' in (site.folder.parent / "index.html").read_text()


def test_a_spreadsheet_takes_no_cell_for_a_formula(failing: Site) -> None:
    cells = [c for p in failing.folder.glob("*.csv") for row in csv.reader(p.read_text().splitlines()) for c in row]
    assert '\'=HYPERLINK("x")' in cells
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell and not re.fullmatch(r"-\d+", cell)]


def test_a_check_that_raises_blocks_whatever_its_severity(
    full: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    contacts = next(suite for suite in ALL if suite.name == "contacts")
    only(monkeypatch, with_rows(contacts, BROKEN))
    site = validate(full, "gamma")
    assert not site.verdict.passed
    assert [(c.name, c.blocking) for c in site.verdict.failed] == [("broken", True)]
    assert "the check itself failed" in site.verdict.plain_words()
    page = (site.folder / "contacts.html").read_text()
    assert "raised an error" in page and "Traceback" not in page


def test_a_check_that_finds_nothing_although_great_expectations_failed_it_blocks(
    full: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = next(suite for suite in ALL if suite.name == "contacts")
    only(monkeypatch, contacts)
    monkeypatch.setattr(
        checkpoint, "_read", lambda _: ({("contacts", r.name): False for r in contacts.rows(scope())}, {})
    )
    monkeypatch.setattr(checkpoint, "_run", lambda *_: None)
    assert {c.name for c in validate(full, "gamma").verdict.checks if c.blocking} == {
        "contacts_key", "contacts_customer",
    }  # fmt: skip


def test_a_suite_that_was_not_evaluated_blocks(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    results = {
        (suite.name, rows.name): True for suite in ALL for rows in suite.rows(scope()) if suite.name != "contacts"
    }
    monkeypatch.setattr(checkpoint, "_run", lambda *_: None)
    monkeypatch.setattr(checkpoint, "_read", lambda _: (results, {}))
    verdict = validate(full, "gamma").verdict
    assert {check.name for check in verdict.checks if check.blocking} == {"contacts_key", "contacts_customer"}


def test_an_error_of_great_expectations_blocks_everything(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: Any) -> None:
        raise RuntimeError("a store is full")

    monkeypatch.setattr(checkpoint, "_run", fall)
    site = validate(full, "gamma")
    assert not site.evidence.passed and all(check.blocking for check in site.verdict.checks)


def test_a_suite_without_expectations_blocks_beside_full_ones(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    contacts, refunds = (next(suite for suite in ALL if suite.name == name) for name in ("contacts", "refunds"))
    only(monkeypatch, contacts, replace(refunds, rows=lambda _: ()))
    site = validate(full, "gamma")
    assert [(check.name, check.blocking) for check in site.verdict.failed] == [("refunds_checked", True)]
    assert (
        not site.evidence.passed and "suite refunds has no expectation" in site.texts[f"{site.folder.name}/index.html"]
    )


def test_a_page_names_the_largest_and_the_csv_all(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_docs, "ROWS_PER_CHECK", 1)
    invoices = next(suite for suite in ALL if suite.name == "invoices")
    terms = Rows("terms", "info", "Every invoice has a customer in Mars.", "t.record <> 'x'", "is not of Mars")
    only(monkeypatch, replace(invoices, rows=lambda _: (terms,)))
    site = validate(full, "gamma")
    page, listed = (site.folder / name for name in ("index.html", "terms.csv"))
    assert page.read_text().count("is not of Mars") == 1 and "INV-1" in page.read_text()
    assert "all 6 are in the" in page.read_text()
    assert listed.read_text().count("is not of Mars") == 6


def test_no_suite_at_all_blocks(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch)
    assert not validate(full, "gamma").verdict.passed
