"""Alembic's environment of the access store: runs on the connection that `include.access.upgrade` opened."""

from __future__ import annotations

from alembic import context

from include.access.database import SCHEMA
from include.access.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table_schema=SCHEMA if connection.dialect.name == "postgresql" else None,
    transactional_ddl=True,
)
context.run_migrations()
