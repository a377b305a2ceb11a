"""Payments and refunds keep the exchange rate that their source states, as documents do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from include.warehouse.types import ExactDecimal

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOVEMENTS = ("payments", "refunds")


def upgrade() -> None:
    """Add the columns, empty until a record is read again."""
    for table in MOVEMENTS:
        op.add_column(table, sa.Column("exchange_rate", ExactDecimal()))
        op.add_column(table, sa.Column("exchange_rate_basis", sa.Text()))


def downgrade() -> None:
    """Take them away."""
    for table in MOVEMENTS:
        op.drop_column(table, "exchange_rate_basis")
        op.drop_column(table, "exchange_rate")
