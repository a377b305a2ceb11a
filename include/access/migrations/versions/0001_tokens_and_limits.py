"""The first schema: tokens with their lease, calls that count towards a limit, holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.warehouse.types import UtcTimestamp, identifier

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "tokens",
        sa.Column("connection_id", identifier(), nullable=False),
        sa.Column("seed_digest", identifier(), nullable=False),
        sa.Column("current", sa.Text()),
        sa.Column("previous", sa.Text()),
        sa.Column("version", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("has_worked", sa.Boolean(), nullable=False),
        sa.Column("leased_by", sa.Text()),
        sa.Column("leased_until", UtcTimestamp()),
        sa.Column("updated_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("connection_id", "seed_digest", name="pk_tokens"),
    )
    op.create_table(
        "calls",
        sa.Column("call_id", identifier(), nullable=False),
        sa.Column("scope", identifier(), nullable=False),
        sa.Column("ended_at", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "scope", name="pk_calls"),
    )
    op.create_index("ix_calls_scope_ended_at", "calls", ["scope", "ended_at"])
    op.create_table(
        "holds",
        sa.Column("scope", identifier(), nullable=False),
        sa.Column("until", UtcTimestamp(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_holds"),
    )


def downgrade() -> None:
    """Drop every table."""
    for name in ("holds", "calls", "tokens"):
        op.drop_table(name)
