"""What a validation of one run is about, from the organization's YAML and the connector's declarations."""

from __future__ import annotations

from datetime import date, datetime

from include.connectors.base import Connector
from include.expectations.suite import Scope
from include.organizations import Organization


def scope_of(organization: Organization, connector: type[Connector], run_id: str, as_of: date, now: datetime) -> Scope:
    """Return what a validation of this run is about."""
    return Scope(
        organization_id=organization.id,
        run_id=run_id,
        as_of=as_of,
        stale_before=now - organization.stale_after,
        streams=tuple(stream.name for stream in connector.streams),
        allocations=connector.allocations,
        rejects_percent=organization.thresholds.rejects_percent,
        unreachable_overdue_percent=organization.thresholds.unreachable_overdue_percent,
        now=now,
        volume_min_runs=organization.thresholds.volume_min_runs,
        swept=tuple(stream.name for stream in connector.streams if stream.swept),
    )
