"""Alembic's environment: runs the migrations on the connection that `include.warehouse.upgrade` opened."""

from __future__ import annotations

from alembic import context

from include.warehouse import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # also on SQLite: an upgrade that is killed has changed nothing
)
context.run_migrations()
