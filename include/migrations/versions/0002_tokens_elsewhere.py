"""Tokens leave the warehouse's schema for the access store (docs/decisions/0014); none were stored yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.warehouse.types import UtcTimestamp, identifier

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop the table."""
    op.drop_table("tokens")


def downgrade() -> None:
    """Make it again, empty."""
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
