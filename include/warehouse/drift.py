"""Drift: fields that a source sends and its connector does not know, each told once per organization."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from include.warehouse import tables
from include.warehouse.stamp import Stamp

if TYPE_CHECKING:
    from include.staging import Manifest

log = logging.getLogger(__name__)

MOST = 100
"""So many new fields of one load are kept; a source whose records have a field per person has no end of them."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")


def note_fields(connection: Connection, manifest: Manifest, stamp: Stamp) -> list[str]:
    """Remember, in the load's transaction, the fields that were not known before; return and log them.

    A name that is no plain word may be somebody's: a question mark stands for all of those.
    """
    fields = tables.table("unknown_fields")
    names = sorted(_plain(name) for name in manifest.unknown_fields)
    known = set(connection.scalars(select(fields.c.field).where(stamp.reads(fields))))
    new = [name for name in dict.fromkeys(names) if name not in known][: max(0, MOST - len(known))]
    if new:
        common = {"organization_id": stamp.organization_id, "stream": stamp.stream, "run_id": stamp.run_id}
        connection.execute(insert(fields), [common | {"field": name, "first_seen_at": stamp.now} for name in new])
        log.warning(
            "%s come with fields that this version does not know: %s. They are kept in the staged pages and are not "
            "reported again.", stamp.stream, ", ".join(new),
        )  # fmt: skip
    return new


def _plain(name: str) -> str:
    return name if _NAME.fullmatch(name) else "?"
