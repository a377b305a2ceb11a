"""Evidence opens the gate for its own run, rows and configuration, and is renewed only while all of them hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from include import bridge, test_mode, warehouse
from include.errors import NotReady
from include.expectations.verdict import Check, Failure, Verdict
from include.organizations import Organization, Thresholds
from tests.expectations.books import AS_OF, FAKE, NOW, RUN, Books, organization

NEXT = "run-2"
TOMORROW = AS_OF + timedelta(days=1)
LATER = NOW + timedelta(hours=1)
ACME = organization()


class Remapped(FAKE):
    mapping_version = 2


REMAPPED: Any = Remapped


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A warehouse with the clean organizations acme and beta, and figures of two runs."""
    made = warehouse.engine(f"sqlite:///{tmp_path}/warehouse.sqlite")
    warehouse.upgrade(made)
    for organization_id in ("acme", "beta"):
        with warehouse.begin(made, organization_id) as connection:
            books = Books(connection, organization_id).fill()
            books.add("reconciliations", figure="open_total", run_id=NEXT)
            books.add("reconciliations", figure="count", subject="invoices", run_id=NEXT)
    return made


def edit(engine: Engine, do: Callable[[Books], Any], organization_id: str = "acme") -> None:
    with warehouse.begin(engine, organization_id) as connection:
        do(Books(connection, organization_id))


def verdict(engine: Engine, *failed: Check) -> Verdict:
    passed = Check("due_date", "invoices", "critical", True, False, "Every open invoice has a due date.")
    with warehouse.read(engine) as connection:
        return Verdict("acme", (passed, *failed), "docs/index.html", warehouse.data_version(connection, "acme"))


def failed_check(severity: str = "critical") -> Check:
    found = (Failure("invoice:1", "INV-1", "C-1", "EUR", 11_900, "invoice INV-1 has no due date"),)
    return Check("installments", "invoices", severity, False, severity == "critical", "…", found)


def record(engine: Engine, *failed: Check, run_id: str = RUN) -> test_mode.Evidence:
    return test_mode.record(engine, ACME, FAKE, run_id, AS_OF, verdict(engine, *failed), NOW)


def renew(
    engine: Engine, owner: Organization = ACME, connector: Any = FAKE, run_id: str = NEXT, as_of: date = AS_OF
) -> test_mode.Evidence | None:
    return test_mode.renew(engine, owner, connector, run_id, as_of, LATER)


def refused(
    engine: Engine, owner: Organization = ACME, connector: Any = FAKE, run_id: str = RUN, now: Any = LATER
) -> str:
    with pytest.raises(NotReady) as caught:
        test_mode.assert_ready(engine, owner, connector, run_id, now)
    return str(caught.value)


def mode(engine: Engine, target: str = "", owner: Organization = ACME) -> str:
    return test_mode.readiness(engine, owner, FAKE, LATER, target).mode


# The gate


def test_a_run_that_passed_opens_the_gate_and_no_other_run_does(engine: Engine) -> None:
    assert record(engine) == test_mode.newest_evidence(engine, "acme")
    test_mode.assert_ready(engine, ACME, FAKE, RUN, LATER)
    assert "not validated" in refused(engine, run_id=NEXT)
    assert "not validated" in refused(engine, owner=organization("beta"))


def test_a_run_that_failed_keeps_it_shut_and_says_on_what(engine: Engine) -> None:
    kept = record(engine, failed_check())
    assert not kept.passed and kept.checks["critical"] == {"passed": 1, "failed": 1}
    assert kept.failures[0]["record"] == "invoice:1"
    assert "1 critical checks failed on 1 records" in refused(engine)


def test_warnings_are_kept_and_do_not_shut_it(engine: Engine) -> None:
    assert record(engine, failed_check("warning")).failures
    test_mode.assert_ready(engine, ACME, FAKE, RUN, LATER)


def test_the_newest_evidence_of_a_run_counts(engine: Engine) -> None:
    record(engine)
    record(engine, failed_check())
    assert "critical" in refused(engine)
    record(engine)
    test_mode.assert_ready(engine, ACME, FAKE, RUN, LATER)


def test_rows_that_changed_after_the_validation_shut_it(engine: Engine) -> None:
    record(engine)
    edit(engine, Books.raise_data_version, "beta")
    test_mode.assert_ready(engine, ACME, FAKE, RUN, LATER)
    edit(engine, Books.raise_data_version)
    assert "rows changed" in refused(engine)


def test_rows_that_changed_while_it_was_validated_shut_it(engine: Engine) -> None:
    seen = verdict(engine)
    edit(engine, Books.raise_data_version)
    test_mode.record(engine, ACME, FAKE, RUN, AS_OF, seen, NOW)
    assert "rows changed" in refused(engine)


@pytest.mark.parametrize(
    ("owner", "connector"),
    [
        (organization(thresholds=Thresholds(rejects_percent=50)), FAKE),
        (organization(entity="2"), FAKE),
        (ACME, REMAPPED),
    ],
)
def test_another_configuration_shuts_it(engine: Engine, owner: Organization, connector: Any) -> None:
    record(engine)
    assert "configuration changed" in refused(engine, owner, connector)
    assert renew(engine, owner, connector) is None


def test_another_model_or_suite_is_another_configuration(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = test_mode.configuration_digest(ACME, FAKE)
    monkeypatch.setattr(test_mode.model, "VERSION", 99)
    assert test_mode.configuration_digest(ACME, FAKE) != before
    monkeypatch.undo()
    monkeypatch.setattr(test_mode, "_suites_digest", lambda: "another suite")
    assert test_mode.configuration_digest(ACME, FAKE) != before


def test_evidence_ends(engine: Engine) -> None:
    until = record(engine).valid_until
    assert until == NOW + timedelta(hours=36)
    test_mode.assert_ready(engine, ACME, FAKE, RUN, until - timedelta(seconds=1))
    assert "ended" in refused(engine, now=until)


# Renewing


def test_nothing_changed_so_the_evidence_is_renewed_and_names_its_run(engine: Engine) -> None:
    record(engine)
    renewed = renew(engine)
    assert renewed is not None and renewed.relies_on_run_id == RUN and renewed.run_id == NEXT
    assert renewed.valid_until == LATER + timedelta(hours=36)
    test_mode.assert_ready(engine, ACME, FAKE, NEXT, LATER)
    for figure in ("open_total", "count"):
        edit(engine, lambda books, figure=figure: books.add("reconciliations", figure=figure, run_id="run-3"))
    again = renew(engine, run_id="run-3")
    assert again is not None and again.relies_on_run_id == RUN


def test_without_evidence_or_on_its_own_run_there_is_nothing_to_renew(engine: Engine) -> None:
    assert renew(engine) is None
    record(engine)
    assert renew(engine, run_id=RUN) is None


def test_failed_evidence_is_not_renewed(engine: Engine) -> None:
    record(engine)
    record(engine, failed_check(), run_id="run-1b")
    assert renew(engine) is None


@pytest.mark.parametrize(
    "change",
    [
        Books.raise_data_version,
        lambda books: books.change("reconciliations", {"run_id": NEXT}, classification="amount"),
        lambda books: books.change("reconciliations", {"run_id": NEXT}, classification="undecided"),
        lambda books: books.change("reconciliations", {"run_id": NEXT}, classification="unanswered"),
        lambda books: books.remove("reconciliations", {"run_id": NEXT}),
        lambda books: books.change("reconciliations", {"run_id": NEXT}, classification="not_offered", grade=""),
        lambda books: books.remove("reconciliations", {"run_id": NEXT, "figure": "open_total"}),
        lambda books: books.remove("reconciliations", {"run_id": NEXT, "figure": "count"}),
        lambda books: books.change("reconciliations", {"run_id": NEXT, "figure": "open_total"}, grade="C"),
        lambda books: books.change("sync_cursors", {"stream": "invoices"}, read_to_end_at=NOW - timedelta(days=5)),
        lambda books: books.change("sync_cursors", {"stream": "invoices"}, sweep_refused="abc123", sweep_gone=9),
        lambda books: books.change("contacts", "contact:1", email_is_valid=False),
    ],
    ids=[
        "rows",
        "difference",
        "undecided",
        "unanswered",
        "not compared",
        "nothing offered",
        "no total",
        "no count",
        "dependent total",
        "stale",
        "deletions that wait for a person",
        "overdue and unreachable",
    ],
)
def test_what_forces_a_full_validation(engine: Engine, change: Callable[[Books], None]) -> None:
    record(engine)
    edit(engine, change)
    assert renew(engine) is None
    assert test_mode.newest_evidence(engine, "acme", NEXT) is None


def test_what_happens_to_another_organization_forces_none(engine: Engine) -> None:
    record(engine)
    edit(engine, lambda books: books.change("contacts", "contact:1", email_is_valid=False), "beta")
    edit(engine, Books.raise_data_version, "beta")
    assert renew(engine) is not None


def test_an_invoice_that_becomes_overdue_with_nobody_to_write_to_forces_one(engine: Engine) -> None:
    edit(engine, lambda books: books.change("contacts", "contact:2", email_is_valid=False))
    edit(engine, lambda books: books.change("installments", "invoice:6:1", due_date=AS_OF))
    record(engine)
    assert renew(engine, as_of=TOMORROW) is None
    assert renew(engine, as_of=AS_OF) is not None


# Modes


def test_without_a_persons_decision_it_is_test_mode_until_evidence_says_ready(engine: Engine) -> None:
    assert mode(engine) == "test_mode"
    record(engine, failed_check())
    assert mode(engine) == "test_mode"
    record(engine)
    assert mode(engine) == "ready"


def decide(engine: Engine, event: str, target: str = "upflow") -> None:
    edit(engine, lambda books: books.add("mode_events", target=target, event=event, at=NOW, who="ada"))


def test_live_is_held_without_evidence_and_only_for_its_target(engine: Engine) -> None:
    decide(engine, "live")
    assert mode(engine, "upflow") == "held"
    record(engine)
    assert mode(engine, "upflow") == "live"
    assert mode(engine, "salesforce") == "ready"
    assert mode(engine, "upflow", organization(entity="2")) == "held"
    record(engine, failed_check())
    assert mode(engine, "upflow") == "held"


def test_live_is_held_when_its_syncs_stop(engine: Engine) -> None:
    decide(engine, "live")
    until = record(engine).valid_until
    stands = test_mode.readiness(engine, ACME, FAKE, until, "upflow")
    assert stands.mode == "held" and "ended" in stands.why


def test_the_newest_decision_counts_and_other_events_are_none(engine: Engine) -> None:
    record(engine)
    decide(engine, "live")
    decide(engine, "binding_reset")
    assert mode(engine, "upflow") == "live"
    decide(engine, "test_mode")
    assert mode(engine, "upflow") == "ready"
    decide(engine, "retired")
    assert mode(engine, "upflow") == "retired"


# The bridge


def test_ledger_less_every_reason_is_what_collections_see(engine: Engine) -> None:
    def plant(books: Books) -> None:
        books.change("invoices", "invoice:1", issue_date=AS_OF)
        books.change("invoices", "invoice:2", is_sent=False)
        books.change("invoices", "invoice:6", issue_date=TOMORROW)
        books.add("customers", "party:3", number="C-3", exclusion_reason="by_rule")
        for table, rest in (("invoices", "outstanding_amount"), ("credit_notes", "unapplied_amount")):
            books.add(table, f"{table}:30", customer_external_id="party:3", gross_amount=300, is_sent=False,
                      **{rest: 300 if table == "invoices" else 100})  # fmt: skip
        for table, key in (("payments", "payment:30"), ("refunds", "refund:30")):
            books.add(
                table, key, customer_external_id="party:3", amount=70, unapplied_amount=20 + 5 * (table == "refunds")
            )
        books.add("payments", "payment:31", customer_external_id="party:1", amount=9, unapplied_amount=9,
                  on_receivable_account=False)  # fmt: skip
        books.add(
            "payments", "payment:32", customer_external_id="party:1", amount=9, unapplied_amount=9, status="pending"
        )

    edit(engine, plant)
    found = bridge.bridge(engine, "acme", AS_OF)
    assert found["as_of"] == "2026-03-10"
    assert found["currencies"] == {
        "EUR": {"ledger": 11_900 + 4_000 - 500 + 205, "excluded customer": -205, "not sent": -4_000,
                "collections": 11_900 - 500},
        "USD": {"ledger": 2_000, "issued in the future": -2_000, "collections": 0},
    }  # fmt: skip
    for amounts in found["currencies"].values():
        assert sum(amounts.values()) - amounts["collections"] == amounts["collections"]


def test_the_bridge_is_kept_with_the_evidence(engine: Engine) -> None:
    assert record(engine).bridge["currencies"]["EUR"] == {"ledger": 15_400, "collections": 15_400}
    assert replace(record(engine), run_id="x").settings["thresholds"]["evidence_hours"] == 36


def test_a_run_that_ended_without_a_judgement_takes_readiness_away_until_the_next_passes(engine: Engine) -> None:
    """Its validation was killed: what it loaded was looked at by nobody."""
    record(engine)
    assert mode(engine) == "ready"
    for run_id, started_at in ((RUN, None), (RUN, NOW - timedelta(hours=1)), (NEXT, NOW - timedelta(hours=1))):
        assert test_mode.record_unjudged(engine, ACME, FAKE, run_id, AS_OF, started_at, LATER) is None
    assert mode(engine) == "ready", "that run was judged, or one after it"
    for run_id in (NEXT, RUN):  # also when it was judged, then cleared and killed
        assert test_mode.record_unjudged(engine, ACME, FAKE, run_id, AS_OF, NOW + timedelta(minutes=1), LATER)
        assert mode(engine) == "test_mode"
        record(engine)
    assert test_mode.record_unjudged(engine, ACME, FAKE, "run-2b", AS_OF, None, LATER)
    evidence = test_mode.newest_evidence(engine, "acme")
    assert evidence and [failure["blocking"] for failure in evidence.failures] == [True]
    assert renew(engine, run_id="run-3") is None
    record(engine, run_id="run-3")
    assert mode(engine) == "ready"


def test_evidence_is_of_the_rows_it_saw(engine: Engine) -> None:
    assert not test_mode.judged_these_rows(engine, "acme")
    record(engine, failed_check())
    assert test_mode.judged_these_rows(engine, "acme")
    with warehouse.begin(engine, "acme") as connection:
        warehouse.raise_data_version(connection, "acme")
    assert not test_mode.judged_these_rows(engine, "acme")
