"""One organization's run: what its tasks share, read from the organization, its connection and the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from include import connections, organizations, warehouse
from include.connectors import base
from include.errors import ConfigurationError, GreenlightError
from include.extract import Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow.sdk import Context
    from sqlalchemy import Engine


@dataclass(frozen=True, slots=True)
class Run:
    """What every task of a run works with."""

    organization: organizations.Organization
    connector: base.Connector
    engine: Engine
    run_id: str
    as_of: date

    @classmethod
    def open(cls, organization_id: str, run_id: str, started_at: datetime) -> Run:
        """Open the run of one organization; costs no request to the ERP.

        Args:
            started_at: start of the run, aware; its local date is the run's as-of date.

        Raises:
            ConfigurationError: the YAML, the connection, the connector or the schema is not in order.
        """
        organization = organizations.load(organization_id)
        connector = base.get(organization.connector)(connections.resolve(organization.connection), organization.entity)
        engine = warehouse.engine()
        warehouse.check_schema(engine)
        connector.hash_key = lambda: warehouse.hash_key(engine, organization_id)
        as_of = started_at.astimezone(ZoneInfo(organization.timezone)).date()
        return cls(organization, connector, engine, run_id, as_of)

    @contextmanager
    def named_errors(self) -> Iterator[None]:
        """Complete every error on its way out with the organization and the system it concerns."""
        try:
            yield
        except GreenlightError as error:
            error.organization = error.organization or self.organization.id
            error.system = error.system or self.connector.title
            raise


def options(params: Mapping[str, Any], triggered_by: str = "") -> Options:
    """Read the DAG's params.

    Args:
        triggered_by: who gave them, as Airflow knows the person.

    Raises:
        ConfigurationError: a date is no ISO 8601 date or date-time, the days are in no order, an id is empty.
    """
    start, end = _moment(params.get("from"), "from"), _moment(params.get("to"), "to")
    if start and end and start >= end:
        raise ConfigurationError("param from does not lie before param to", next_step="let it lie before")
    customers = tuple(params.get("customers") or ())
    if "" in customers:
        raise ConfigurationError("param customers holds an empty id", next_step="take it away")
    return Options(
        full_refresh=bool(params.get("full_refresh")),
        customers=customers,
        changed_from=start,
        changed_to=end,
        streams=tuple(params.get("streams") or ()),
        accept_deletions=params.get("accept_deletions") or "",
        accepted_by=triggered_by,
        dry_run=bool(params.get("dry_run")),
    )


def take_readiness_away(context: Context) -> None:
    """Record, as the callback of a failed run, that nobody judged it, if that is so.

    Whatever was ready before says nothing about the rows it may have loaded.
    """
    from include import test_mode
    from include.notify import LIMITS

    run = context.get("dag_run")
    asked, engine = (run and run.conf) or {}, warehouse.engine()
    limited = any(asked.get(name) for name in LIMITS)
    if asked.get("dry_run"):
        return
    organization = organizations.load(context["dag"].dag_id.removeprefix("sync__"))
    if limited and test_mode.judged_these_rows(engine, organization.id):
        return  # a slip in its params, say: it brought nothing
    started_at = run.start_date if run else None
    test_mode.record_unjudged(
        engine, organization, base.get(organization.connector), str(context["run_id"]),
        (started_at or now()).astimezone(ZoneInfo(organization.timezone)).date(), started_at, now(),
    )  # fmt: skip


def now() -> datetime:
    """Return the time now, UTC."""
    return datetime.now(UTC)


def _moment(value: str | None, name: str) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ConfigurationError(
            f"param {name} is {value!r}, which is no date", next_step="write it as 2026-01-31 or 2026-01-31T08:00:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
