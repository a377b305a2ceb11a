"""Test Mode: what a person decided is stored, whether an organization is ready is computed from evidence.

Evidence belongs to one run, one configuration and one as-of date. A mode is never switched here by
the machine: `readiness` reads the newest decision and the newest evidence, and says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Engine, Row, insert, select

from include import model, warehouse
from include.errors import NotReady

if TYPE_CHECKING:
    from include.connectors.base import Connector
    from include.expectations.verdict import Verdict
    from include.organizations import Organization

Mode = Literal["test_mode", "ready", "live", "held", "retired"]
SUITES = Path(__file__).parent / "expectations"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one run proved, or failed to.

    Args:
        checks: severity → how many passed and failed.
        failures: every record of every failed critical or warning check once.
        relies_on_run_id: the run whose pages this one relies on, when it renewed earlier evidence.
    """

    run_id: str
    as_of: date
    passed: bool
    data_version: int
    configuration_digest: str
    recorded_at: datetime
    valid_until: datetime
    checks: dict[str, dict[str, int]]
    bridge: dict[str, Any]
    settings: dict[str, Any]
    failures: list[dict[str, Any]]
    first_load_only: bool
    docs: str
    relies_on_run_id: str | None


@dataclass(frozen=True, slots=True)
class Readiness:
    """Where an organization stands, and why, in one sentence."""

    mode: Mode
    why: str


def configuration_digest(organization: Organization, connector: type[Connector]) -> str:
    """Return what evidence is bound to: the YAML with its defaults, suites, mapping and model version."""
    parts = (organization.digest, _suites_digest(), connector.name, connector.mapping_version, model.VERSION)
    return blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@cache
def _suites_digest() -> str:
    sources = [path.read_bytes() for path in sorted(SUITES.rglob("*.py"))]
    return blake2b(b"\0".join(sources), digest_size=16).hexdigest()


def record(
    engine: Engine, organization: Organization, connector: type[Connector], run_id: str, as_of: date,
    verdict: Verdict, now: datetime,
) -> Evidence:  # fmt: skip
    """Store what a validation found, passed or failed.

    A limited run that passes proves nothing about the whole: the caller records only its failure, and
    only if it changed rows.
    """
    from include import bridge

    return _store(
        engine, organization.id,
        Evidence(
            run_id=run_id,
            as_of=as_of,
            passed=verdict.passed,
            data_version=verdict.data_version,
            configuration_digest=configuration_digest(organization, connector),
            recorded_at=now,
            valid_until=now + timedelta(hours=organization.thresholds.evidence_hours),
            checks=verdict.counts(),
            bridge=bridge.bridge(engine, organization.id, as_of),
            settings=_settings(organization),
            failures=verdict.why(),
            first_load_only=not _has_been_incremental(engine, organization.id),
            docs=verdict.docs,
            relies_on_run_id=None,
        ),
    )  # fmt: skip


def record_unjudged(
    engine: Engine, organization: Organization, connector: type[Connector], run_id: str, as_of: date,
    started_at: datetime | None, now: datetime,
) -> Evidence | None:  # fmt: skip
    """Record that a run ended without a judgement; None when there was one since it started.

    Args:
        started_at: when the run, or its last clearing, started; None if nobody can tell.

    A validation that was killed, timed out or could not write its pages has looked at nothing, while the
    run may have loaded rows: earlier evidence must not speak for them.
    """
    judged = newest_evidence(engine, organization.id, None if started_at else run_id)
    if judged and (started_at is None or judged.recorded_at > started_at):
        return None
    failure = {
        "check": "validation", "severity": "critical", "blocking": True, "record": "validation", "number": "",
        "customer_number": "", "currency": "", "amount": None,
        "sentence": "validation: the last run ended before it had looked at every check; its log says why",
    }  # fmt: skip
    with warehouse.read(engine) as connection:
        data_version = warehouse.data_version(connection, organization.id)
    return _store(
        engine, organization.id,
        Evidence(
            run_id=run_id,
            as_of=as_of,
            passed=False,
            data_version=data_version,
            configuration_digest=configuration_digest(organization, connector),
            recorded_at=now,
            valid_until=now,
            checks={"critical": {"passed": 0, "failed": 1}},
            bridge={},
            settings=_settings(organization),
            failures=[failure],
            first_load_only=not _has_been_incremental(engine, organization.id),
            docs="",
            relies_on_run_id=None,
        ),
    )  # fmt: skip


def renew(
    engine: Engine, organization: Organization, connector: type[Connector], run_id: str, as_of: date, now: datetime
) -> Evidence | None:
    """Renew the newest evidence without validating again; None when anything speaks against it.

    It holds when it passed, neither data nor configuration changed since, this run's reconcile found
    no difference, and what the calendar alone can fail still passes, re-evaluated for this as-of.
    """
    before = newest_evidence(engine, organization.id)
    if before is None or not before.passed or before.run_id == run_id:
        return None
    if before.data_version != _data_version(engine, organization.id):
        return None
    if before.configuration_digest != configuration_digest(organization, connector):
        return None
    if not _reconciled_without_difference(engine, organization.id, run_id):
        return None
    from include.expectations.failing import date_dependent_hold
    from include.expectations.scope import scope_of
    from include.expectations.suites import ALL

    with warehouse.read(engine) as connection:
        if not date_dependent_hold(connection, ALL, scope_of(organization, connector, run_id, as_of, now)):
            return None
    from include import bridge

    return _store(
        engine, organization.id,
        Evidence(
            run_id=run_id,
            as_of=as_of,
            passed=True,
            data_version=before.data_version,
            configuration_digest=before.configuration_digest,
            recorded_at=now,
            valid_until=now + timedelta(hours=organization.thresholds.evidence_hours),
            checks=before.checks,
            bridge=bridge.bridge(engine, organization.id, as_of),
            settings=before.settings,
            failures=before.failures,
            first_load_only=not _has_been_incremental(engine, organization.id),
            docs=before.docs,
            relies_on_run_id=before.relies_on_run_id or before.run_id,
        ),
    )  # fmt: skip


def judged_these_rows(engine: Engine, organization_id: str) -> bool:
    """Tell whether the newest evidence is about the rows as they are now."""
    evidence = newest_evidence(engine, organization_id)
    return evidence is not None and evidence.data_version == _data_version(engine, organization_id)


def newest_evidence(engine: Engine, organization_id: str, run_id: str | None = None) -> Evidence | None:
    """Return the newest evidence, of one run if it is named."""
    table = warehouse.table("evidence")
    query = select(table).where(table.c.organization_id == organization_id).order_by(table.c.id.desc()).limit(1)
    if run_id is not None:
        query = query.where(table.c.run_id == run_id)
    with warehouse.read(engine) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _evidence(row)


def readiness(
    engine: Engine, organization: Organization, connector: type[Connector], now: datetime, target: str = ""
) -> Readiness:
    """Compute where the organization stands for a target: the only function that says ready or held."""
    decision = _decision(engine, organization.id, target)
    evidence = newest_evidence(engine, organization.id)
    missing = _missing(evidence, organization, connector, now)
    if decision == "retired":
        return Readiness("retired", "its file was removed: rows are kept, nothing is sent")
    if decision == "live":
        return Readiness("held", f"live, but held: {missing}") if missing else Readiness("live", "live, evidence holds")
    if missing:
        return Readiness("test_mode", missing)
    return Readiness("ready", "ready: every critical check passed; a person decides whether it goes live")


def assert_ready(
    engine: Engine, organization: Organization, connector: type[Connector], run_id: str, now: datetime
) -> None:
    """Open the gate on this run's own evidence only.

    Raises:
        NotReady: there is none, it failed, or data or configuration changed since; says what is missing.
    """
    evidence = newest_evidence(engine, organization.id, run_id)
    missing = _missing(evidence, organization, connector, now)
    if evidence and not missing and evidence.data_version != _data_version(engine, organization.id):
        missing = "rows changed after they were validated"
    if missing:
        raise NotReady(missing, next_step="read the log of validate, mend what it names, and run again")


def _missing(evidence: Evidence | None, organization: Organization, connector: type[Connector], now: datetime) -> str:
    """Say what keeps evidence from being valid; empty when nothing does."""
    if evidence is None:
        return "not validated yet"
    if not evidence.passed:
        blocking = [failure for failure in evidence.failures if failure["blocking"]]
        checks = sorted({failure["check"] for failure in blocking})
        return f"{len(checks)} critical checks failed on {len({f['record'] for f in blocking})} records"
    if evidence.configuration_digest != configuration_digest(organization, connector):
        return "its configuration changed since the last run"
    if evidence.valid_until <= now:
        return f"its evidence ended at {evidence.valid_until:%Y-%m-%d %H:%M} UTC; no run has passed since"
    return ""


def _decision(engine: Engine, organization_id: str, target: str) -> str:
    """Return the newest decision of a person; Test Mode until there is one."""
    events = warehouse.table("mode_events")
    query = (
        select(events.c.event)
        .where(
            events.c.organization_id == organization_id,
            events.c.target == target,
            events.c.event.in_(("test_mode", "live", "retired")),
        )
        .order_by(events.c.id.desc())
        .limit(1)
    )
    with warehouse.read(engine) as connection:
        return connection.execute(query).scalar_one_or_none() or "test_mode"


def _settings(organization: Organization) -> dict[str, Any]:
    """Return the thresholds this evidence was made with, the defaults beside them."""
    defaults = type(organization.thresholds)()
    return {
        "thresholds": organization.thresholds.model_dump(mode="json"),
        "defaults": defaults.model_dump(mode="json"),
    }


def _has_been_incremental(engine: Engine, organization_id: str) -> bool:
    """Tell whether a run after the first load has read by cursor."""
    runs = warehouse.table("sync_runs")
    query = select(runs.c.manifest).where(
        runs.c.organization_id == organization_id,
        runs.c.kind.in_(("incremental", "unchanged")),
        runs.c.cursor_before.is_not(None),
    )
    with warehouse.read(engine) as connection:
        return connection.execute(query.limit(1)).first() is not None


def _reconciled_without_difference(engine: Engine, organization_id: str, run_id: str) -> bool:
    table = warehouse.table("reconciliations")
    query = select(table.c.classification).where(table.c.organization_id == organization_id, table.c.run_id == run_id)
    with warehouse.read(engine) as connection:
        found = set(connection.scalars(query))
    return bool(found) and found <= {"equal", "not_offered", "listed"}


def _data_version(engine: Engine, organization_id: str) -> int:
    with warehouse.read(engine) as connection:
        return warehouse.data_version(connection, organization_id)


def _store(engine: Engine, organization_id: str, evidence: Evidence) -> Evidence:
    values = {name: getattr(evidence, name) for name in Evidence.__slots__}
    with warehouse.begin(engine, organization_id) as connection:
        connection.execute(insert(warehouse.table("evidence")).values(organization_id=organization_id, **values))
    return evidence


def _evidence(row: Row[Any]) -> Evidence:
    values = row._asdict()
    return Evidence(**{name: values[name] for name in Evidence.__slots__})
