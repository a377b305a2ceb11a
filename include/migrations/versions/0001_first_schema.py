"""The first schema: the receivables model, the operational tables, the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.warehouse.types import ExactDecimal, UtcTimestamp, identifier, json, serial

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _customers()
    _contacts()
    _invoices()
    _credit_notes()
    _installments()
    _payments()
    _refunds()
    _allocations()
    _organizations()
    _source_records()
    _source_lines()
    _sync_cursors()
    _sync_runs()
    _rejected_records()
    _reconciliations()
    _acknowledgements()
    _mode_events()
    _evidence()
    _outbox()
    _tokens()
    _balance_snapshots()
    _record_changes()


def _customers() -> None:
    op.create_table(
        "customers",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("number", sa.Text()),
        sa.Column("name", sa.Text()),
        sa.Column("legal_name", sa.Text()),
        sa.Column("parent_external_id", identifier()),
        sa.Column("root_external_id", identifier()),
        sa.Column("currency", sa.Text()),
        sa.Column("vat_number", sa.Text()),
        sa.Column("registration_number", sa.Text()),
        sa.Column("address_line1", sa.Text()),
        sa.Column("address_line2", sa.Text()),
        sa.Column("address_city", sa.Text()),
        sa.Column("address_postal_code", sa.Text()),
        sa.Column("address_region", sa.Text()),
        sa.Column("address_country", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("category", sa.Text()),
        sa.Column("payment_terms", sa.Text()),
        sa.Column("credit_on_hold", sa.Boolean()),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("in_collections", sa.Boolean()),
        sa.Column("exclusion_reason", sa.Text()),
        sa.Column("account_owner_external_id", sa.Text()),
        sa.Column("account_owner_name", sa.Text()),
        sa.Column("account_owner_email", sa.Text()),
        sa.Column("custom_fields", json()),
        sa.Column("superseded_by_external_id", identifier()),
        sa.Column("is_intercompany", sa.Boolean()),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_customers"),
    )
    op.create_index("ix_customers_number", "customers", ["organization_id", "number"])
    op.create_index("ix_customers_parent_external_id", "customers", ["organization_id", "parent_external_id"])
    op.create_index("ix_customers_record_id", "customers", ["organization_id", "record_id"])
    op.create_index("ix_customers_root_external_id", "customers", ["organization_id", "root_external_id"])


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("customer_external_id", identifier(), nullable=False),
        sa.Column("first_name", sa.Text()),
        sa.Column("last_name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("email_is_valid", sa.Boolean()),
        sa.Column("phone", sa.Text()),
        sa.Column("position", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_effective", sa.Boolean()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("parent_stream", identifier(), nullable=False),
        sa.Column("parent_external_id", identifier(), nullable=False),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_contacts"),
    )
    op.create_index("ix_contacts_customer_external_id", "contacts", ["organization_id", "customer_external_id"])
    op.create_index(
        "ix_contacts_parent_stream_parent_external_id",
        "contacts",
        ["organization_id", "parent_stream", "parent_external_id"],
    )
    op.create_index("ix_contacts_record_id", "contacts", ["organization_id", "record_id"])


def _invoices() -> None:
    op.create_table(
        "invoices",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("source_document_type", sa.Text(), nullable=False),
        sa.Column("customer_external_id", identifier(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("purchase_order", sa.Text()),
        sa.Column("issue_date", sa.Date()),
        sa.Column("posting_date", sa.Date()),
        sa.Column("due_date", sa.Date()),
        sa.Column("payment_terms", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger()),
        sa.Column("tax_amount", sa.BigInteger()),
        sa.Column("outstanding_amount", sa.BigInteger(), nullable=False),
        sa.Column("base_currency", sa.Text()),
        sa.Column("exchange_rate", ExactDecimal()),
        sa.Column("exchange_rate_basis", sa.Text()),
        sa.Column("base_gross_amount", sa.BigInteger()),
        sa.Column("base_outstanding_amount", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source_status", sa.Text(), nullable=False),
        sa.Column("is_sent", sa.Boolean()),
        sa.Column("is_disputed", sa.Boolean()),
        sa.Column("expected_payment_date", sa.Date()),
        sa.Column("written_off_amount", sa.BigInteger()),
        sa.Column("pending_amount", sa.BigInteger()),
        sa.Column("closed_on", sa.Date()),
        sa.Column("voided_on", sa.Date()),
        sa.Column("gross_before_void", sa.BigInteger()),
        sa.Column("original_document_external_id", identifier()),
        sa.Column("superseded_by_external_id", identifier()),
        sa.Column("source_url", sa.Text()),
        sa.Column("custom_fields", json()),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_invoices"),
    )
    op.create_index("ix_invoices_customer_external_id", "invoices", ["organization_id", "customer_external_id"])
    op.create_index("ix_invoices_number", "invoices", ["organization_id", "number"])
    op.create_index("ix_invoices_record_id", "invoices", ["organization_id", "record_id"])


def _credit_notes() -> None:
    op.create_table(
        "credit_notes",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("source_document_type", sa.Text(), nullable=False),
        sa.Column("customer_external_id", identifier(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("purchase_order", sa.Text()),
        sa.Column("issue_date", sa.Date()),
        sa.Column("posting_date", sa.Date()),
        sa.Column("due_date", sa.Date()),
        sa.Column("payment_terms", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("gross_amount", sa.BigInteger(), nullable=False),
        sa.Column("net_amount", sa.BigInteger()),
        sa.Column("tax_amount", sa.BigInteger()),
        sa.Column("unapplied_amount", sa.BigInteger(), nullable=False),
        sa.Column("base_currency", sa.Text()),
        sa.Column("exchange_rate", ExactDecimal()),
        sa.Column("exchange_rate_basis", sa.Text()),
        sa.Column("base_gross_amount", sa.BigInteger()),
        sa.Column("base_outstanding_amount", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source_status", sa.Text(), nullable=False),
        sa.Column("is_sent", sa.Boolean()),
        sa.Column("is_disputed", sa.Boolean()),
        sa.Column("expected_payment_date", sa.Date()),
        sa.Column("written_off_amount", sa.BigInteger()),
        sa.Column("pending_amount", sa.BigInteger()),
        sa.Column("closed_on", sa.Date()),
        sa.Column("voided_on", sa.Date()),
        sa.Column("gross_before_void", sa.BigInteger()),
        sa.Column("original_document_external_id", identifier()),
        sa.Column("superseded_by_external_id", identifier()),
        sa.Column("source_url", sa.Text()),
        sa.Column("custom_fields", json()),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_credit_notes"),
    )
    op.create_index("ix_credit_notes_customer_external_id", "credit_notes", ["organization_id", "customer_external_id"])
    op.create_index("ix_credit_notes_number", "credit_notes", ["organization_id", "number"])
    op.create_index("ix_credit_notes_record_id", "credit_notes", ["organization_id", "record_id"])


def _installments() -> None:
    op.create_table(
        "installments",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("invoice_external_id", identifier(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("due_date", sa.Date()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("outstanding_amount", sa.BigInteger(), nullable=False),
        sa.Column("is_derived", sa.Boolean(), nullable=False),
        sa.Column("parent_stream", identifier(), nullable=False),
        sa.Column("parent_external_id", identifier(), nullable=False),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_installments"),
    )
    op.create_index("ix_installments_invoice_external_id", "installments", ["organization_id", "invoice_external_id"])
    op.create_index(
        "ix_installments_parent_stream_parent_external_id",
        "installments",
        ["organization_id", "parent_stream", "parent_external_id"],
    )


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_external_id", identifier(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unapplied_amount", sa.BigInteger(), nullable=False),
        sa.Column("source_total_amount", sa.BigInteger()),
        sa.Column("base_currency", sa.Text()),
        sa.Column("base_unapplied_amount", sa.BigInteger()),
        sa.Column("paid_on", sa.Date()),
        sa.Column("instrument", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("on_receivable_account", sa.Boolean(), nullable=False),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_payments"),
    )
    op.create_index("ix_payments_customer_external_id", "payments", ["organization_id", "customer_external_id"])
    op.create_index("ix_payments_record_id", "payments", ["organization_id", "record_id"])


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_external_id", identifier(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("unapplied_amount", sa.BigInteger(), nullable=False),
        sa.Column("source_total_amount", sa.BigInteger()),
        sa.Column("base_currency", sa.Text()),
        sa.Column("base_unapplied_amount", sa.BigInteger()),
        sa.Column("refunded_on", sa.Date()),
        sa.Column("instrument", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("on_receivable_account", sa.Boolean(), nullable=False),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_refunds"),
    )
    op.create_index("ix_refunds_customer_external_id", "refunds", ["organization_id", "customer_external_id"])
    op.create_index("ix_refunds_record_id", "refunds", ["organization_id", "record_id"])


def _allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text()),
        sa.Column("source_external_id", identifier()),
        sa.Column("source_amount", sa.BigInteger()),
        sa.Column("source_currency", sa.Text()),
        sa.Column("target_type", sa.Text(), nullable=False),
        sa.Column("target_external_id", identifier(), nullable=False),
        sa.Column("target_amount", sa.BigInteger(), nullable=False),
        sa.Column("target_currency", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date()),
        sa.Column("is_derived", sa.Boolean(), nullable=False),
        sa.Column("parent_stream", identifier(), nullable=False),
        sa.Column("parent_external_id", identifier(), nullable=False),
        sa.Column("source_created_at", UtcTimestamp()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("synced_at", UtcTimestamp(), nullable=False),
        sa.Column("deleted_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "external_id", name="pk_allocations"),
    )
    op.create_index(
        "ix_allocations_parent_stream_parent_external_id",
        "allocations",
        ["organization_id", "parent_stream", "parent_external_id"],
    )
    op.create_index("ix_allocations_source_external_id", "allocations", ["organization_id", "source_external_id"])
    op.create_index("ix_allocations_target_external_id", "allocations", ["organization_id", "target_external_id"])


def _organizations() -> None:
    op.create_table(
        "organizations",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("connector", sa.Text()),
        sa.Column("account", sa.Text()),
        sa.Column("entity", sa.Text()),
        sa.Column("base_currency", sa.Text()),
        sa.Column("bound_at", UtcTimestamp()),
        sa.Column("hash_key", sa.Text()),
        sa.Column("data_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("notified_state", sa.Text()),
        sa.PrimaryKeyConstraint("organization_id", name="pk_organizations"),
    )


def _source_records() -> None:
    op.create_table(
        "source_records",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("stream", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "stream", "external_id", name="pk_source_records"),
    )


def _source_lines() -> None:
    op.create_table(
        "source_lines",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("stream", identifier(), nullable=False),
        sa.Column("record_external_id", identifier(), nullable=False),
        sa.Column("table_name", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "stream", "record_external_id", "table_name", "external_id", name="pk_source_lines"
        ),
    )


def _sync_cursors() -> None:
    op.create_table(
        "sync_cursors",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("stream", identifier(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cursor", UtcTimestamp()),
        sa.Column("read_to_end_at", UtcTimestamp()),
        sa.Column("swept_at", UtcTimestamp()),
        sa.PrimaryKeyConstraint("organization_id", "stream", name="pk_sync_cursors"),
    )


def _sync_runs() -> None:
    op.create_table(
        "sync_runs",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("manifest", identifier(), nullable=False),
        sa.Column("stream", identifier(), nullable=False),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cursor_before", UtcTimestamp()),
        sa.Column("cursor_after", UtcTimestamp()),
        sa.Column("records", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("requests", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deleted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("started_at", UtcTimestamp()),
        sa.Column("loaded_at", UtcTimestamp(), nullable=False),
        sa.Column("summary", json()),
        sa.PrimaryKeyConstraint("organization_id", "manifest", name="pk_sync_runs"),
    )
    op.create_index("ix_sync_runs_run_id", "sync_runs", ["organization_id", "run_id"])
    op.create_index("ix_sync_runs_stream_loaded_at", "sync_runs", ["organization_id", "stream", "loaded_at"])


def _rejected_records() -> None:
    op.create_table(
        "rejected_records",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("stream", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("table_name", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("message", sa.Text()),
        sa.Column("column_name", sa.Text()),
        sa.Column("number", sa.Text()),
        sa.Column("customer_external_id", identifier()),
        sa.Column("currency", sa.Text()),
        sa.Column("amount", ExactDecimal()),
        sa.Column("is_open", sa.Boolean()),
        sa.Column("raw", sa.Text()),
        sa.Column("source_updated_at", UtcTimestamp()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.Column("last_seen_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "stream", "external_id", name="pk_rejected_records"),
    )


def _reconciliations() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("subject", identifier()),
        sa.Column("customer_external_id", identifier()),
        sa.Column("number", sa.Text()),
        sa.Column("currency", sa.Text()),
        sa.Column("ours", sa.BigInteger()),
        sa.Column("theirs", sa.BigInteger()),
        sa.Column("difference", sa.BigInteger()),
        sa.Column("classification", sa.Text(), nullable=False),
        sa.Column("is_explained", sa.Boolean()),
        sa.Column("mapped", sa.Boolean()),
        sa.Column("round", sa.Integer()),
        sa.Column("asked", sa.Text()),
        sa.Column("recorded_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reconciliations"),
    )
    op.create_index("ix_reconciliations_run_id_figure", "reconciliations", ["organization_id", "run_id", "figure"])


def _acknowledgements() -> None:
    op.create_table(
        "acknowledgements",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("fingerprint", identifier(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("who", sa.Text()),
        sa.Column("amount", sa.BigInteger()),
        sa.Column("acknowledged_at", UtcTimestamp(), nullable=False),
        sa.Column("expires_on", sa.Date()),
        sa.Column("run_id", identifier()),
        sa.PrimaryKeyConstraint("id", name="pk_acknowledgements"),
    )
    op.create_index("ix_acknowledgements_fingerprint", "acknowledgements", ["organization_id", "fingerprint"])


def _mode_events() -> None:
    op.create_table(
        "mode_events",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("target", identifier(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("who", sa.Text()),
        sa.Column("why", sa.Text()),
        sa.Column("run_id", identifier()),
        sa.Column("at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mode_events"),
    )
    op.create_index("ix_mode_events_target", "mode_events", ["organization_id", "target"])


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("data_version", sa.BigInteger(), nullable=False),
        sa.Column("configuration_digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcTimestamp(), nullable=False),
        sa.Column("valid_until", UtcTimestamp(), nullable=False),
        sa.Column("checks", json()),
        sa.Column("bridge", json()),
        sa.Column("settings", json()),
        sa.Column("failures", json()),
        sa.Column("first_load_only", sa.Boolean()),
        sa.Column("docs", sa.Text()),
        sa.Column("relies_on_run_id", identifier()),
        sa.PrimaryKeyConstraint("id", name="pk_evidence"),
    )
    op.create_index("ix_evidence_recorded_at", "evidence", ["organization_id", "recorded_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("target", identifier(), nullable=False),
        sa.Column("table_name", identifier(), nullable=False),
        sa.Column("record_id", identifier(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("payload_hash", sa.Text(), nullable=False),
        sa.Column("payload", json()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("created_at", UtcTimestamp(), nullable=False),
        sa.Column("sent_at", UtcTimestamp()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    op.create_index(
        "ix_outbox_target_table_name_record_id", "outbox", ["organization_id", "target", "table_name", "record_id"]
    )


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("connection_id", identifier(), nullable=False),
        sa.Column("current", sa.Text()),
        sa.Column("previous", sa.Text()),
        sa.Column("seed_digest", sa.Text()),
        sa.Column("leased_until", UtcTimestamp()),
        sa.Column("leased_by", sa.Text()),
        sa.Column("updated_at", UtcTimestamp()),
        sa.PrimaryKeyConstraint("connection_id", name="pk_tokens"),
    )


def _balance_snapshots() -> None:
    op.create_table(
        "balance_snapshots",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("record_id", identifier(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overdue_1_30", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overdue_31_60", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overdue_61_90", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("overdue_over_90", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unapplied", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("disputed", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("recorded_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "as_of", "record_id", "currency", name="pk_balance_snapshots"),
    )
    op.create_index(
        "ix_balance_snapshots_record_id_currency_as_of",
        "balance_snapshots",
        ["organization_id", "record_id", "currency", "as_of"],
    )


def _record_changes() -> None:
    op.create_table(
        "record_changes",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("table_name", identifier(), nullable=False),
        sa.Column("external_id", identifier(), nullable=False),
        sa.Column("record_id", identifier()),
        sa.Column("field", identifier(), nullable=False),
        sa.Column("old_value", sa.Text()),
        sa.Column("new_value", sa.Text()),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_changes"),
    )
    op.create_index("ix_record_changes_record_id", "record_changes", ["organization_id", "record_id"])
    op.create_index("ix_record_changes_run_id", "record_changes", ["organization_id", "run_id"])


def downgrade() -> None:
    """Drop every table."""
    for name in (
        "record_changes",
        "balance_snapshots",
        "tokens",
        "outbox",
        "evidence",
        "mode_events",
        "acknowledgements",
        "reconciliations",
        "rejected_records",
        "sync_runs",
        "sync_cursors",
        "source_lines",
        "source_records",
        "organizations",
        "allocations",
        "refunds",
        "payments",
        "installments",
        "credit_notes",
        "invoices",
        "contacts",
        "customers",
    ):
        op.drop_table(name)
