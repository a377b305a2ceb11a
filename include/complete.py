"""Complete: read what loaded rows point at and the warehouse lacks.

An old customer's first invoice does not change the customer, and an open payment may be allocated
to a document older than the history: such records are read by their ids. What stays missing after
five rounds (or is not there) is an orphan, which a critical expectation names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from include import extract, warehouse
from include.connectors.base import Connector, Stream
from include.normalize import normalize
from include.organizations import Organization
from include.stager import Read

log = logging.getLogger(__name__)

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Completed:
    """What completing did: records read, rounds it took, keys that do not exist in the source, and its cost."""

    records: int
    rounds: int
    orphans: tuple[str, ...]
    requests: int
    bytes: int


def missing(engine: Engine, organization_id: str, connector: Connector) -> list[tuple[Stream, list[str]]]:
    """Return what loaded rows point at and the warehouse lacks, by the stream that reads it."""
    by_stream: dict[str, list[str]] = {}
    for key in warehouse.missing_references(engine, organization_id):
        if stream := connector.stream_of(key):
            by_stream.setdefault(stream.name, []).append(key)
    return [(connector.stream(name), keys) for name, keys in sorted(by_stream.items())]


def complete(
    engine: Engine, organization: Organization, connector: Connector, run_id: str, try_number: int, now: datetime
) -> Completed:
    """Read and load what is missing, round by round, each stream behind its own fence."""
    asked: set[str] = set()
    orphans: set[str] = set()
    records = rounds = staged_bytes = 0
    requests_before = connector.request_count
    for rounds in range(1, ROUNDS + 1):
        wanted = list(_not_asked(missing(engine, organization.id, connector), asked))
        if not wanted:
            break
        if rounds == 1:
            extract.identify(engine, organization, connector, now)
        for stream, keys in wanted:
            read = Read(engine, organization, connector, stream, f"{run_id}~complete{rounds}", try_number)
            manifest, absent = extract.read_again(read, keys)
            asked.update(keys)
            orphans.update(absent)
            records += manifest.record_count
            staged_bytes += manifest.byte_count
            if manifest.changed_count:
                warehouse.load(
                    engine, normalize(connector, manifest), now, exclude=organization.exclude, kind="complete"
                )
    log.info("%d missing records read, %d do not exist in the source", records, len(orphans))
    requests = connector.request_count - requests_before
    return Completed(records, rounds, tuple(sorted(orphans)), requests, staged_bytes)


def _not_asked(wanted: list[tuple[Stream, list[str]]], asked: set[str]) -> Iterator[tuple[Stream, list[str]]]:
    for stream, keys in wanted:
        if rest := [key for key in keys if key not in asked]:
            yield stream, rest
