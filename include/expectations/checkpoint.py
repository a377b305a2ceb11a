"""The checkpoint: every suite as SQL inside the warehouse, and a verdict that fails closed.

An expectation that raised, a suite that checked nothing or is missing, and an error of Great
Expectations itself all block, whatever their severity. Importing Great Expectations takes seconds:
only the task that validates does.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from include import warehouse
from include.connectors.base import Connector
from include.expectations import data_docs
from include.expectations.failing import failures
from include.expectations.scope import scope_of
from include.expectations.suite import Rows, Scope, Suite
from include.expectations.suites import ALL
from include.expectations.verdict import Check, Failure, Verdict
from include.organizations import Organization

if TYPE_CHECKING:
    from great_expectations.checkpoint import CheckpointResult
    from great_expectations.data_context import EphemeralDataContext

log = logging.getLogger(__name__)


def validate(
    engine: Engine, organization: Organization, connector: type[Connector], run_id: str, as_of: date, now: datetime
) -> Verdict:
    """Run every suite, publish the Data Docs, and return what was found."""
    scope = scope_of(organization, connector, run_id, as_of, now)
    with warehouse.read(engine) as connection:
        data_version = warehouse.data_version(connection, organization.id)
    with tempfile.TemporaryDirectory() as folder:
        raised: dict[str, str] = {}
        results: dict[tuple[str, str], bool] = {}
        try:
            result = _run(engine, scope, Path(folder))
            results, raised = _read(result)
        except Exception as error:
            log.exception("Great Expectations failed")
            raised["checkpoint"] = type(error).__name__
        with warehouse.read(engine) as connection:
            checks = [check for suite in ALL for check in _checks(connection, suite, scope, results, raised)]
        address = data_docs.address(organization.id, run_id)
        verdict = Verdict(organization.id, tuple(checks), f"{address}/index.html", data_version)
        data_docs.publish(engine, organization, scope, verdict, Path(folder), address, now)
    return verdict


def _checks(
    connection: Connection, suite: Suite, scope: Scope, results: dict[tuple[str, str], bool], raised: dict[str, str]
) -> list[Check]:
    """Return a suite's checks; a suite that expects nothing would pass beside full ones, and blocks instead."""
    return [
        _check(suite, rows, results, raised, partial(_found, connection, suite, rows, query))
        for rows, query in suite.queries(scope)
    ] or [_checks_nothing(suite)]


def _checks_nothing(suite: Suite) -> Check:
    name, expects = f"{suite.name}_checked", "Every suite checks something."
    failure = Failure(f"suite {suite.name}", "", "", "", None, f"suite {suite.name} has no expectation")
    return Check(name, suite.name, "critical", passed=False, blocking=True, expectation=expects, failures=(failure,))


def _found(connection: Connection, suite: Suite, rows: Rows, query: str) -> tuple[Failure, ...]:
    """List the failing records; a query that fails must not spoil the transaction for those after it."""
    with connection.begin_nested():
        return failures(connection, suite, rows, query)


def _check(
    suite: Suite, rows: Rows, results: dict[tuple[str, str], bool], raised: dict[str, str],
    find: Callable[[], tuple[Failure, ...]],
) -> Check:  # fmt: skip
    """Combine what Great Expectations says with the failing records; both must say that all is well."""
    said = results.get((suite.name, rows.name))
    try:
        found = find()
    except Exception as error:
        log.exception("the records that fail %s could not be listed", rows.name)
        raised.setdefault(rows.name, type(error).__name__)
        found = ()
    broken = raised.get(rows.name) or raised.get("checkpoint") or (None if said is not None else "not evaluated")
    if broken:
        says = f"the check itself failed ({broken}); its records are unknown until it runs again"
        found = found or (Failure(f"check {rows.name}", "", "", "", None, f"{rows.expects} — {says}"),)
    passed = bool(said) and not found and not broken
    if not passed and not found:
        found = (Failure(f"check {rows.name}", "", "", "", None, "rows changed while they were checked; run again"),)
    return Check(
        name=rows.name,
        suite=suite.name,
        severity=rows.severity,
        passed=passed,
        blocking=not passed and (rows.severity == "critical" or bool(broken)),
        expectation=rows.expects,
        failures=found,
    )


def _run(engine: Engine, scope: Scope, folder: Path) -> CheckpointResult:
    """Run one checkpoint over a batch per suite; results and pages land in the folder."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)  # it logs every name it looks up
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    warnings.filterwarnings("ignore", "You are using a generic SQLDatasource")  # one way for both databases
    context = _context(folder)
    source = context.data_sources.add_or_update_sql(
        "warehouse", connection_string=engine.url.render_as_string(hide_password=False)
    )
    definitions = []
    for suite in ALL:
        asset = source.add_query_asset(suite.name, query=suite.batch(scope).strip())
        expectations = gx.ExpectationSuite(suite.name, expectations=[_expectation(r) for r in suite.rows(scope)])
        definition = gx.ValidationDefinition(
            name=suite.name,
            data=asset.add_batch_definition_whole_table("all"),
            suite=context.suites.add_or_update(expectations),
        )
        definitions.append(context.validation_definitions.add_or_update(definition))
    checkpoint = context.checkpoints.add_or_update(
        gx.Checkpoint(
            name=scope.organization_id,
            validation_definitions=definitions,
            actions=[gx.checkpoint.UpdateDataDocsAction(name="docs", site_names=[])],
            result_format="SUMMARY",
        )
    )
    return checkpoint.run(run_id=RunIdentifier(run_name=scope.run_id))


def _context(folder: Path) -> EphemeralDataContext:
    import great_expectations as gx
    from great_expectations.data_context.types.base import DataContextConfig, FilesystemStoreBackendDefaults

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=FilesystemStoreBackendDefaults(root_directory=str(folder)),
            progress_bars={"globally": False},
            analytics_enabled=False,
        ),
    )


def _expectation(rows: Rows) -> Any:
    import great_expectations.expectations as gxe

    return gxe.UnexpectedRowsExpectation(
        unexpected_rows_query=rows.query,
        severity=rows.severity,
        description=f"[{rows.severity}] {rows.expects}",
        meta={"name": rows.name},
    )


def _read(result: CheckpointResult) -> tuple[dict[tuple[str, str], bool], dict[str, str]]:
    """Return (suite, expectation) → passed, and expectation → error for those that raised."""
    passed: dict[tuple[str, str], bool] = {}
    raised: dict[str, str] = {}
    for suite_result in result.run_results.values():
        for one in suite_result.results:
            config = one.expectation_config
            name = str((config.meta or {}).get("name"))
            passed[suite_result.suite_name, name] = bool(one.success)
            if _has_raised(one.exception_info):
                raised[name] = "it raised an error"
    return passed, raised


def _has_raised(info: dict[str, Any] | None) -> bool:
    """Tell whether an expectation raised; the shape differs for errors while metrics are computed."""
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(one, dict) and one.get("raised_exception") for one in info.values())
