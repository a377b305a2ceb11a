"""What "the same rows" means: every column of every table but those that name the organization or the run."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Engine, select

from include import warehouse
from include.model import TABLES, UNCOMPARED

PER_ORGANIZATION = ("organization_id", "record_id", *UNCOMPARED)


def rows(engine: Engine, organization: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return every table's rows of an organization, without what names the organization or the run."""
    found = {}
    with engine.connect() as connection:
        for name in TABLES:
            table = warehouse.table(name)
            columns = [c for c in table.c if c.name not in PER_ORGANIZATION]
            query = select(*columns).where(table.c.organization_id == organization).order_by(table.c.external_id)
            found[name] = [tuple(json.dumps(v, default=str) for v in row) for row in connection.execute(query)]
    return found
