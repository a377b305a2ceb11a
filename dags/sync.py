"""sync__<organization>: extract, normalize and load an ERP's receivables, reconcile, validate, gate.

One DAG per YAML file of include/organizations. This file is thin and pure: parsing reads the YAML
files and nothing else; every room is imported by the task that enters it.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import (
    DAG,
    Asset,
    CronTriggerTimetable,
    Param,
    ParamsDict,
    TaskGroup,
    TriggerRule,
    get_current_context,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from include import organizations
from include.connectors import base
from include.errors import SourceUnavailable
from include.notify import OwnersNotifier
from include.pools import SLOTS
from include.retry import RetryByKind
from include.run import take_readiness_away

if TYPE_CHECKING:
    from collections.abc import Iterator

    from include.organizations import Organization
    from include.run import Run

log = logging.getLogger(__name__)

RUN_TIMEOUT = timedelta(hours=8)
RETRY_BY_KIND = RetryByKind(RUN_TIMEOUT)
ARGUMENTS: dict[str, Any] = {
    "retries": 3,
    "retry_policy": RETRY_BY_KIND,
    "execution_timeout": timedelta(hours=2),
}
SHOWN = 50
"""How many keys or differences a log shows; checks, pages and tables have all of them."""


def _params(streams: list[str]) -> dict[str, Param]:
    """Return what a person may ask a run for; the defaults are the nightly run."""
    return {
        "full_refresh": Param(False, type="boolean", description="Read everything again, whatever the cursor says."),
        "streams": Param(
            [],
            type="array",
            items={"type": "string", "enum": streams},
            examples=streams,
            description="Only these streams. A limited run loads, but cannot make an organization ready.",
        ),
        "customers": Param(
            [],
            type="array",
            items={"type": "string"},
            description="External ids: read these customers again with all their documents.",
        ),
        "from": Param(None, type=["string", "null"], description="Only what changed since then (ISO 8601, UTC)."),
        "to": Param(None, type=["string", "null"], description="Only what changed before then (ISO 8601, UTC)."),
        "dry_run": Param(False, type="boolean", description="Stop after normalize: no load, no evidence, no mode."),
        "accept_deletions": Param(
            "", type="string", description="Fingerprints of refused deletions (with commas): what they name may go."
        ),
    }


def _run() -> Run:
    from include.run import Run

    context = get_current_context()
    organization_id = context["dag"].dag_id.removeprefix("sync__")
    return Run.open(organization_id, context["run_id"], context["dag_run"].start_date)


def _tell(text: str) -> None:
    """Log line by line: what is printed instead arrives late, and Airflow's UI folds it away behind the task's end."""
    for line in text.splitlines():
        log.info("%s", line)


@contextmanager
def _errors_of(run: Run) -> Iterator[None]:
    """Name whom an error concerns; what must wait for the system is for the run's note (plugins/run_notes.py), too."""
    try:
        with run.named_errors():
            yield
    except SourceUnavailable as error:
        if error.retry_after:
            _note(str(error))
        raise


def _note(sentence: str) -> None:
    get_current_context()["ti"].xcom_push("note", sentence)


def _skip_if_dry() -> None:
    if get_current_context()["params"]["dry_run"]:
        raise AirflowSkipException("dry run: nothing is loaded, validated or gated")


@task
def extract(stream: str) -> dict[str, Any]:
    """Ask the ERP for one stream and stage its pages; skips what follows when nothing is new."""
    from include import extract as room
    from include import warehouse
    from include.run import now, options
    from include.stager import Read

    context = get_current_context()
    asked = options(context["params"], context["dag_run"].triggering_user_name or "")
    if asked.streams and stream not in asked.streams:
        raise AirflowSkipException(f"{stream} was not asked for")
    run = _run()
    with _errors_of(run):
        read = Read(
            run.engine, run.organization, run.connector, run.connector.stream(stream), run.run_id,
            context["ti"].try_number,
        )  # fmt: skip
        manifest = room.extract(read, asked, now())
    summary = manifest.summary()
    _tell(f"{run.organization.id} · {stream}: {summary}")
    if manifest.is_unchanged and not context["params"]["dry_run"]:
        warehouse.record_unchanged(run.engine, manifest, now())
        context["ti"].xcom_push("summary", summary)
        raise AirflowSkipException(f"nothing new: {manifest.record_count} records read, all of them known")
    return summary


@task
def normalize(extracted: dict[str, Any]) -> dict[str, Any]:
    """Type and check the staged pages; a bad record goes to the rejects and stops nobody."""
    from include import normalize as room
    from include import staging

    run = _run()
    with run.named_errors():
        manifest = room.normalize(run.connector, staging.Manifest.read(extracted["manifest"]))
    summary = {
        "manifest": manifest.normalized_address, "records": manifest.record_count, "changed": manifest.changed_count,
        "rejects": manifest.reject_count,
    }  # fmt: skip
    _tell(f"{run.organization.id} · {manifest.stream}: {summary}")
    return summary


@task
def load(normalized: dict[str, Any]) -> dict[str, Any]:
    """Merge the rows in one transaction behind the fence, with cursor, rejects and run record."""
    from include import staging, warehouse
    from include.run import now

    _skip_if_dry()
    run = _run()
    with run.named_errors():
        manifest = staging.Manifest.read(normalized["manifest"])
        summary = warehouse.load(run.engine, manifest, now(), exclude=run.organization.exclude).as_dict()
    if refused := summary["sweep_refused"]:
        _note(
            f"{manifest.stream}: {len(manifest.deleted)} records are gone from the source, too many to go unasked; "
            f"nothing was deleted. If that is right, run again with accept_deletions={refused}"
        )
    _tell(f"{run.organization.id} · {manifest.stream}: {summary}")
    return summary


@task(trigger_rule=TriggerRule.NONE_FAILED)
def read_missing() -> dict[str, Any]:
    """Read by their ids the records that loaded rows point at and the warehouse lacks."""
    from include import complete as room
    from include.run import now

    _skip_if_dry()
    run = _run()
    if not room.missing(run.engine, run.organization.id, run.connector):
        raise AirflowSkipException("nothing is missing")
    with _errors_of(run):
        try_number = get_current_context()["ti"].try_number
        done = room.complete(run.engine, run.organization, run.connector, run.run_id, try_number, now())
    summary = {
        "records": done.records, "rounds": done.rounds, "orphans": len(done.orphans), "requests": done.requests,
        "bytes": done.bytes,
    }  # fmt: skip
    _tell(f"{run.organization.id}: {summary}; the first that are not in the source: {done.orphans[:SHOWN]}")
    return summary


@task(trigger_rule=TriggerRule.NONE_FAILED)
def reconcile() -> dict[str, Any]:
    """Hold the warehouse against the ERP's own figures; fails only when it could not ask."""
    from include import reconcile as room
    from include import warehouse
    from include.run import now

    _skip_if_dry()
    run = _run()
    with _errors_of(run):
        started_at = warehouse.run_started_at(run.engine, run.organization.id, run.run_id)
        outcome = room.reconcile(
            run.engine, run.organization, run.connector, run.run_id, run.as_of, started_at or now(), now
        )
    for line in outcome.differences[:SHOWN]:
        _tell(f"{line.figure} {line.subject}: {line.classification}, ours {line.ours}, theirs {line.theirs}")
    return {
        "figures": len(outcome.lines),
        "differences": len(outcome.differences),
        "comparisons": outcome.comparisons,
        "requests": run.connector.request_count,
    }


@task(trigger_rule=TriggerRule.ALL_DONE, retries=0)
def validate() -> dict[str, Any]:
    """Run the checkpoint, publish the Data Docs and record the evidence, passed or failed."""
    from include import staging, test_mode, warehouse
    from include.run import now, options

    _skip_if_dry()
    run = _run()
    if warehouse.loaded_since_reconcile(run.engine, run.organization.id, run.run_id):
        raise AirflowFailException(
            "rows were loaded after this run was reconciled → clear reconcile, too, or let a new run judge them"
        )
    staging.remove_expired(run.organization.id, run.organization.staging_days, now())
    warehouse.recompute(run.engine, run.organization.id, run.run_id, run.organization.exclude, now())
    warehouse.snapshot_balances(run.engine, run.organization.id, run.as_of, now())
    connector = type(run.connector)
    limited = options(get_current_context()["params"]).is_limited
    renewed = None
    if not limited:
        renewed = test_mode.renew(run.engine, run.organization, connector, run.run_id, run.as_of, now())
    if renewed is not None:
        _tell(f"{run.organization.id}: nothing changed since {renewed.relies_on_run_id}, its evidence holds")
        return {"passed": True, "renewed_from": renewed.relies_on_run_id, "data_docs": renewed.docs}

    from include.expectations import checkpoint

    verdict = checkpoint.validate(run.engine, run.organization, connector, run.run_id, run.as_of, now())
    passed = verdict.rows_passed if limited else verdict.passed
    if not limited or not (passed or test_mode.judged_these_rows(run.engine, run.organization.id)):
        test_mode.record(run.engine, run.organization, connector, run.run_id, run.as_of, verdict, now())
    _tell(verdict.plain_words())
    if not passed:
        raise AirflowFailException(verdict.headline())
    if not verdict.passed:
        _tell("\nThis run read only a part: what else differs from the ERP is for the next whole run to judge.")
    return {"passed": True, "data_docs": verdict.docs}


@task(trigger_rule=TriggerRule.NONE_FAILED, retries=0)
def ready_to_exit_test_mode() -> None:
    """The gate: opens only on this run's own evidence."""
    from include import test_mode
    from include.errors import NotReady
    from include.run import now, options

    _skip_if_dry()
    if options(get_current_context()["params"]).is_limited:
        raise AirflowSkipException("a limited run cannot make an organization ready; the nightly run does")
    run = _run()
    try:
        with run.named_errors():
            test_mode.assert_ready(run.engine, run.organization, type(run.connector), run.run_id, now())
    except NotReady as reason:
        raise AirflowFailException(str(reason)) from None
    _tell(f"{run.organization.id} is ready to exit test mode; a person decides whether it goes live")


def build(organization: Organization) -> DAG:
    """Return the DAG of one organization; the same YAML always gives the same DAG."""
    connector = base.get(organization.connector)
    names = [stream.name for stream in connector.streams]
    pool = f"connector_{connector.name}"
    with DAG(
        dag_id=f"sync__{organization.id}",
        dag_display_name=f"Sync {organization.name}",
        description=f"Receivables of {organization.name} from {connector.title} to the gate",
        doc_md=_doc(organization, connector),
        schedule=CronTriggerTimetable(organization.cron, timezone=organization.timezone) if organization.cron else None,
        start_date=datetime(2025, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        max_active_tasks=SLOTS // 2,  # however slow its system answers, the others find the pool half free
        dagrun_timeout=RUN_TIMEOUT,
        is_paused_upon_creation=organization.paused_upon_creation,
        default_args=ARGUMENTS | {"owner": organization.owner},
        tags=["receivables", "sync", connector.name],
        # In this order: owners are told that a run without a judgement failed, not that it was judged.
        on_failure_callback=[OwnersNotifier(organization_id=organization.id, state="failing"), take_readiness_away],
    ) as dag:
        loads = []
        for stream in connector.streams:
            with TaskGroup(stream.name, tooltip=f"{stream.name} of {connector.title}"):
                extracted = extract.override(pool=pool)(stream.name)
                asset = Asset(f"{organization.id}.{stream.name}", uri=f"x-greenlight://{organization.id}/{stream.name}")
                loads.append(load.override(outlets=[asset])(normalize(extracted)))
        with TaskGroup("complete", tooltip="records that loaded rows point at"):
            completed = read_missing.override(pool=pool)()
        reconciled = reconcile.override(pool=pool)()
        validated = validate()
        gate = ready_to_exit_test_mode.override(
            on_success_callback=OwnersNotifier(organization_id=organization.id, state="ready")
        )()
        loads >> completed >> reconciled >> validated >> gate
        loads >> reconciled
        loads >> validated
        loads >> gate
        reconciled >> gate
    # Set last: every task made before would copy them, which is half of the time to parse and two thirds of the bytes.
    dag.params = ParamsDict(_params(names))
    dag.params.validate()
    return dag


def _doc(organization: Organization, connector: type[base.Connector]) -> str:
    rows = "\n".join(
        f"| {s.name} | {', '.join(s.tables)} | {s.cursor or 'none'} | "
        f"{'all keys compared' if s.swept else 'listed' if s.fed else 'kept with a status'} |"
        for s in connector.streams
    )
    return f"""### {organization.name}

{connector.title}, connection `{organization.connection}`, entity `{organization.entity or "the only one"}`.
Starts in Test Mode: nothing leaves before the gate has passed and a person has approved.

| stream | fills | cursor | deletions |
|---|---|---|---|
{rows}

When the gate stays shut, the log of `validate` says in plain words what to fix.
"""


only = get_parsing_context().dag_id
for found in organizations.load_all().organizations:
    if only in (None, f"sync__{found.id}"):
        globals()[f"sync__{found.id}"] = build(found)
