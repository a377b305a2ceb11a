"""Which comparison of keys waits for a person, and which fields of a source nobody knew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.warehouse.types import UtcTimestamp, identifier

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty until a stream is read again, and the table."""
    op.add_column("sync_cursors", sa.Column("sweep_refused", sa.Text()))
    op.add_column("sync_cursors", sa.Column("sweep_gone", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "unknown_fields",
        sa.Column("organization_id", identifier(), nullable=False),
        sa.Column("stream", identifier(), nullable=False),
        sa.Column("field", identifier(), nullable=False),
        sa.Column("run_id", identifier(), nullable=False),
        sa.Column("first_seen_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "stream", "field", name="pk_unknown_fields"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("unknown_fields")
    op.drop_column("sync_cursors", "sweep_gone")
    op.drop_column("sync_cursors", "sweep_refused")
