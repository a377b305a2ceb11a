"""Builds what normalize would have written for one read of one stream, as small as a test needs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Engine

from include import model, warehouse
from include.connectors.base import Identity
from include.staging import Manifest
from include.warehouse import arrow

NOW = datetime(2026, 3, 10, 2, 30, tzinfo=UTC)
ACME = Identity("fake", "account-1", "1", "EUR")
DEFAULTS: dict[str, dict[str, Any]] = {
    "customers": {"is_active": True, "name": "Some Customer"},
    "contacts": {"is_main": True, "is_active": True, "source": "fake"},
    "invoices": {"source_document_type": "invoice", "currency": "EUR", "gross_amount": 11900,
                 "outstanding_amount": 11900, "status": "open", "source_status": "posted",
                 "due_date": date(2026, 3, 1)},
    "credit_notes": {"source_document_type": "credit", "currency": "EUR", "gross_amount": 5000,
                     "unapplied_amount": 5000, "status": "open", "source_status": "posted"},
    "installments": {"sequence": 1, "currency": "EUR", "amount": 11900, "outstanding_amount": 11900,
                     "due_date": date(2026, 3, 1), "is_derived": False},
    "payments": {"kind": "payment", "currency": "EUR", "amount": 2000, "unapplied_amount": 0, "status": "booked",
                 "on_receivable_account": True},
    "refunds": {"kind": "payment", "currency": "EUR", "amount": 1000, "unapplied_amount": 0, "status": "booked",
                "on_receivable_account": True},
    "allocations": {"kind": "payment", "target_type": "invoice", "target_amount": 2000, "target_currency": "EUR",
                    "is_derived": False},
}  # fmt: skip

_serial = count(1)


class Batch:
    """One read: add rows, records and rejects, then `manifest` writes the files."""

    def __init__(self, folder: Path, stream: str, organization_id: str = "acme") -> None:
        self.folder = folder
        self.stream = stream
        self.organization_id = organization_id
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.records: list[dict[str, Any]] = []
        self.rejects: list[dict[str, Any]] = []

    def record(self, key: str, status: str = "ok", digest: str = "", at: datetime | None = None) -> Batch:
        """Say that the source's record of that key was read."""
        self.records.append(
            {"external_id": key, "digest": digest or f"digest of {key}", "source_updated_at": at, "status": status}
        )
        return self

    def row(self, table: str, external_id: str, **values: Any) -> Batch:
        """Add a row of a root table; its record, too, unless one of that key was added before."""
        at = values.get("source_updated_at")
        if not any(external_id == r["external_id"] or external_id.startswith(r["external_id"] + ":")
                   for r in self.records):  # fmt: skip
            self.record(external_id, at=at)
        self.rows.setdefault(table, []).append({"external_id": external_id, **DEFAULTS[table], **values})
        return self

    def child(self, table: str, external_id: str, parent: str, **values: Any) -> Batch:
        """Add a row that the record `parent` lists."""
        listed = {"parent_stream": self.stream, "parent_external_id": parent}
        self.rows.setdefault(table, []).append({"external_id": external_id, **DEFAULTS[table], **listed, **values})
        return self

    def reject(self, key: str, at: datetime | None = None, **values: Any) -> Batch:
        """Add a rejected record."""
        self.record(key, status="rejected", at=at)
        details = {"table_name": "invoices", "reason": "unknown_currency", "message": "no such currency"}
        self.rejects.append({"external_id": key, **details, "is_open": True, "raw": "{}", **values})
        return self

    def manifest(self, version: int = 0, run_id: str = "run-1", files: int = 1, **fields: Any) -> Manifest:
        """Write the files and return their manifest.

        Args:
            files: over how many files the rows of each table are spread, in order.
        """
        folder = self.folder / f"batch-{next(_serial):05d}-{uuid4().hex[:8]}"
        folder.mkdir(parents=True)
        tables = {
            name: [
                _write(folder / f"{name}-{number}.parquet", arrow.schema(model.TABLES[name]), part)
                for number, part in enumerate(_parts(rows, files))
            ]
            for name, rows in self.rows.items()
        }
        defaults: dict[str, Any] = {"cursor_after": None, "started_at": NOW.isoformat()}
        return Manifest(
            address=f"file://{folder}/manifest.json",
            organization_id=self.organization_id,
            stream=self.stream,
            run_id=run_id,
            version=version,
            record_count=len(self.records),
            changed_count=len(self.records),
            tables=tables,
            records=[_write(folder / "records.parquet", arrow.RECORDS, self.records)],
            rejects=_write(folder / "rejects.parquet", arrow.REJECTS, self.rejects) if self.rejects else "",
            reject_count=len(self.rejects),
            **{**defaults, **fields},
        )

    def load(self, engine: Engine, now: datetime = NOW, exclude: Any = (), kind: Any = None, **fields: Any
             ) -> warehouse.Summary:  # fmt: skip
        """Write the files and load them as the next load of the stream."""
        version = warehouse.state(engine, self.organization_id, self.stream).version
        return warehouse.load(engine, self.manifest(version, **fields), now, exclude=exclude, kind=kind)


def _parts(rows: Sequence[Any], files: int) -> Iterator[Sequence[Any]]:
    size = -(-len(rows) // files)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _write(path: Path, schema: pa.Schema, rows: Sequence[dict[str, Any]]) -> str:
    unknown = {name for row in rows for name in row} - set(schema.names)
    assert not unknown, f"{path.name} has no column {unknown}"
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
    return f"file://{path}"


def rows(engine: Engine, table: str, organization_id: str = "acme", live: bool = True) -> dict[str, Any]:
    """Return a table's rows of an organization by external id, as mappings; only living ones by default."""
    t = warehouse.table(table)
    query = t.select().where(t.c.organization_id == organization_id)
    if live and "deleted_at" in t.c:
        query = query.where(t.c.deleted_at.is_(None))
    with engine.connect() as connection:
        return {row["external_id"]: row for row in connection.execute(query).mappings()}
