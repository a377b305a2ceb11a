"""The product's stages as jobs of a worker: the real connector and rooms over one organisation, the stream invoices."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from bench.source import UNLIMITED, Source

ORGANIZATION = "bench"
STREAM = "invoices"
CONNECTION = "xero_bench"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a job reads and writes: the source, the warehouse's address, and the run."""

    source: Source
    warehouse: str
    run_id: str


def import_for(stage: str) -> None:
    """Import what a stage imports, so that no measured job does."""
    import include.connectors.xero
    import include.extract
    import include.staging

    include.staging.root()
    if stage == "normalize":
        import include.normalize
    if stage == "load":
        import include.warehouse.staged


def extract(setting: Setting, full_refresh: bool = True) -> dict[str, Any]:
    """Read the stream to its end; return the manifest's summary."""
    from include import extract as room
    from include import warehouse
    from include.organizations import Organization
    from include.stager import Read

    connector = _connector(setting)
    organization = Organization(
        id=ORGANIZATION, connector="xero", connection=CONNECTION, entity=setting.source.entity,
        history_from=date(2000, 1, 1),
    )  # fmt: skip
    read = Read(warehouse.engine(setting.warehouse), organization, connector, connector.stream(STREAM), setting.run_id)
    return room.extract(read, room.Options(full_refresh=full_refresh), datetime.now(UTC)).summary()


def normalize(setting: Setting, extracted: dict[str, Any]) -> dict[str, Any]:
    """Type the staged pages; return the address of the manifest and the number of rejects."""
    from include import normalize as room
    from include import staging

    manifest = room.normalize(_connector(setting), staging.Manifest.read(extracted["manifest"]))
    return {"manifest": manifest.normalized_address, "rejects": manifest.reject_count}


def load(setting: Setting, normalized: dict[str, Any]) -> dict[str, Any]:
    """Merge into the warehouse; return what was written."""
    from include import staging, warehouse

    manifest = staging.Manifest.read(normalized["manifest"])
    return warehouse.load(warehouse.engine(setting.warehouse), manifest, datetime.now(UTC)).as_dict()


STAGES: tuple[Callable[..., dict[str, Any]], ...] = (extract, normalize, load)


def migrate(url: str) -> None:
    """Make the warehouse's tables and the store of tokens and limits beside them."""
    from include import access, warehouse

    engine = warehouse.engine(url)
    warehouse.upgrade(engine)
    access.upgrade(access.engine(engine))
    engine.dispose()


def forget(url: str) -> None:
    """Close this process's connections to a warehouse, which can be dropped then."""
    from include import warehouse

    warehouse.engine(url).dispose()


def _connector(setting: Setting) -> Any:
    """Return the connector as a task makes one; its limits and tokens lie beside the warehouse of this run."""
    from include import warehouse
    from include.connectors.base import Connection
    from include.connectors.xero import Xero

    os.environ["AIRFLOW_CONN_WAREHOUSE"] = setting.warehouse
    source = setting.source
    extra = {"grant": "client_credentials", "calls_per_minute": UNLIMITED, "calls_per_day": UNLIMITED}
    connector = Xero(Connection(CONNECTION, source.url, source.client_id, source.client_secret, extra), source.entity)
    connector.hash_key = lambda: warehouse.hash_key(warehouse.engine(setting.warehouse), ORGANIZATION)
    return connector
