"""The operational tables: what the pipeline knows about itself. Money is minor units, timestamps UTC."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, MetaData, Table, Text

from include.warehouse.types import ExactDecimal, UtcTimestamp, identifier, json, serial


def define(metadata: MetaData) -> None:
    """Add every operational table to the metadata."""
    for tables in (_loading, _deciding, _sending, _history):
        tables(metadata)


def lookup(table_name: str, *columns: str) -> Index:
    """Return an index by which rows of one organization are found."""
    return Index(f"ix_{table_name}_{'_'.join(columns)}", "organization_id", *columns)


def _id() -> Column[Any]:
    return Column("id", serial(), primary_key=True, autoincrement=True)


def _organization(primary_key: bool = False) -> Column[Any]:
    return Column("organization_id", identifier(), primary_key=primary_key, nullable=False)


def _key(name: str) -> Column[Any]:
    return Column(name, identifier(), primary_key=True)


def _identifier(name: str, required: bool = False) -> Column[Any]:
    return Column(name, identifier(), nullable=not required)


def _text(name: str, required: bool = False) -> Column[Any]:
    return Column(name, Text(), nullable=not required)


def _moment(name: str, required: bool = False) -> Column[Any]:
    return Column(name, UtcTimestamp(), nullable=not required)


def _date(name: str, required: bool = False) -> Column[Any]:
    return Column(name, Date(), nullable=not required)


def _count(name: str) -> Column[Any]:
    return Column(name, BigInteger(), nullable=False, server_default="0")


def _amount(name: str) -> Column[Any]:
    return Column(name, BigInteger())


def _flag(name: str) -> Column[Any]:
    return Column(name, Boolean())


def _json(name: str) -> Column[Any]:
    return Column(name, json())


def _loading(metadata: MetaData) -> None:
    """Binding, fence, what was read, what was rejected."""
    Table(
        "organizations",
        metadata,
        _organization(primary_key=True),
        *(_text(name) for name in ("connector", "account", "entity", "base_currency")),
        _moment("bound_at"),
        _text("hash_key"),  # encrypted; made once, never rotated
        _count("data_version"),
        _text("notified_state"),
    )
    Table(
        "source_records",
        metadata,
        _organization(primary_key=True),
        _key("stream"),
        _key("external_id"),
        _text("digest", required=True),
        _moment("source_updated_at"),
        _identifier("run_id", required=True),
    )
    Table(
        "source_lines",  # rows of root tables whose key is their record's key plus a line
        metadata,
        _organization(primary_key=True),
        _key("stream"),
        _key("record_external_id"),
        _key("table_name"),
        _key("external_id"),
    )
    Table(
        "sync_cursors",
        metadata,
        _organization(primary_key=True),
        _key("stream"),
        _count("version"),
        *(_moment(name) for name in ("cursor", "read_to_end_at", "swept_at")),
        _text("sweep_refused"),  # fingerprint under which a person may accept what the last whole read found gone
        _count("sweep_gone"),
    )
    Table(
        "unknown_fields",  # what a source sends and its connector does not know, each field once
        metadata,
        _organization(primary_key=True),
        _key("stream"),
        _key("field"),
        _identifier("run_id", required=True),
        _moment("first_seen_at", required=True),
    )
    Table(
        "sync_runs",
        metadata,
        _organization(primary_key=True),
        _key("manifest"),
        _identifier("stream", required=True),
        _identifier("run_id", required=True),
        _text("kind", required=True),
        _count("version"),
        _moment("cursor_before"),
        _moment("cursor_after"),
        *(_count(n) for n in ("records", "changed", "requests", "bytes", "rejected", "inserted", "updated", "deleted")),
        _moment("started_at"),
        _moment("loaded_at", required=True),
        _json("summary"),
        lookup("sync_runs", "stream", "loaded_at"),
        lookup("sync_runs", "run_id"),
    )
    Table(
        "rejected_records",
        metadata,
        _organization(primary_key=True),
        _key("stream"),
        _key("external_id"),
        *(_text(name) for name in ("table_name", "reason", "message", "column_name", "number")),
        _identifier("customer_external_id"),
        _text("currency"),
        Column("amount", ExactDecimal()),  # major units, as the source has it
        _flag("is_open"),
        _text("raw"),
        _moment("source_updated_at"),
        _identifier("run_id", required=True),
        _moment("first_seen_at", required=True),
        _moment("last_seen_at", required=True),
    )


def _deciding(metadata: MetaData) -> None:
    """Comparison with the source, evidence, and what people decided."""
    Table(
        "reconciliations",
        metadata,
        _id(),
        _organization(),
        _identifier("run_id", required=True),
        _date("as_of", required=True),
        *(_text(name, required=True) for name in ("figure", "grade", "basis")),
        _identifier("subject"),
        _identifier("customer_external_id"),
        *(_text(name) for name in ("number", "currency")),
        *(_amount(name) for name in ("ours", "theirs", "difference")),
        _text("classification", required=True),
        *(_flag(name) for name in ("is_explained", "mapped")),
        Column("round", Integer()),
        _text("asked"),
        _moment("recorded_at", required=True),
        lookup("reconciliations", "run_id", "figure"),
    )
    Table(
        "acknowledgements",
        metadata,
        _id(),
        _organization(),
        _identifier("fingerprint", required=True),
        *(_text(name) for name in ("reason", "note", "who")),
        _amount("amount"),
        _moment("acknowledged_at", required=True),
        _date("expires_on"),
        _identifier("run_id"),
        lookup("acknowledgements", "fingerprint"),
    )
    Table(
        "mode_events",
        metadata,
        _id(),
        _organization(),
        _identifier("target", required=True),
        _text("event", required=True),
        *(_text(name) for name in ("who", "why")),
        _identifier("run_id"),
        _moment("at", required=True),
        lookup("mode_events", "target"),
    )
    Table(
        "evidence",
        metadata,
        _id(),
        _organization(),
        _identifier("run_id", required=True),
        _date("as_of", required=True),
        Column("passed", Boolean(), nullable=False),
        Column("data_version", BigInteger(), nullable=False),
        _text("configuration_digest", required=True),
        _moment("recorded_at", required=True),
        _moment("valid_until", required=True),
        *(_json(name) for name in ("checks", "bridge", "settings", "failures")),
        _flag("first_load_only"),
        _text("docs"),
        _identifier("relies_on_run_id"),
        lookup("evidence", "recorded_at"),
    )


def _sending(metadata: MetaData) -> None:
    """What goes out."""
    Table(
        "outbox",
        metadata,
        _id(),
        _organization(),
        _identifier("target", required=True),
        _identifier("table_name", required=True),
        _identifier("record_id", required=True),
        _text("operation", required=True),
        _text("payload_hash", required=True),
        _json("payload"),
        _identifier("run_id", required=True),
        _moment("created_at", required=True),
        _moment("sent_at"),
        lookup("outbox", "target", "table_name", "record_id"),
    )


def _history(metadata: MetaData) -> None:
    """Append-only: what balances were, and what changed."""
    Table(
        "balance_snapshots",
        metadata,
        _organization(primary_key=True),
        Column("as_of", Date(), primary_key=True),
        _key("record_id"),  # the customer's
        Column("currency", Text(), primary_key=True),
        *(_count(name) for name in SNAPSHOT_AMOUNTS),
        _moment("recorded_at", required=True),
        lookup("balance_snapshots", "record_id", "currency", "as_of"),
    )
    Table(
        "record_changes",
        metadata,
        _id(),
        _organization(),
        _identifier("table_name", required=True),
        _identifier("external_id", required=True),
        _identifier("record_id"),  # null in tables whose rows have none
        _identifier("field", required=True),
        *(_text(name) for name in ("old_value", "new_value")),
        _identifier("run_id", required=True),
        _moment("at", required=True),
        lookup("record_changes", "record_id"),
        lookup("record_changes", "run_id"),
    )


SNAPSHOT_AMOUNTS = (
    "due", "overdue_1_30", "overdue_31_60", "overdue_61_90", "overdue_over_90", "unapplied", "disputed",
)  # fmt: skip
"""Amounts of a balance snapshot, minor units of its currency."""
