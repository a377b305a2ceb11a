"""NetSuite's list of deleted records, which a role needs a permission of its own for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from include.connectors.netsuite import records, scope
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.suiteql import Condition, Query, from_moment, is_equal
from include.errors import MissingRights

COLUMNS = ("d.recordid", "d.recordtypeid", "d.scriptid", "d.type")
KEY = ("d.recordid", "d.recordtypeid", "d.scriptid")
STREAMS = {records.CUSTOMER: "customers", **{kind: name for name, kinds in scope.TYPES.items() for kind in kinds}}


def deletions(client: Client, since: datetime) -> Iterator[tuple[str, str]]:
    """List (stream, key) of what was deleted since.

    A transaction's id is no other transaction's, but what NetSuite calls its type here is not documented: so each
    is named as every type that it may have been, and what was none of them is known to nobody here.
    """
    asked = (from_moment("d.deleteddate", since, client.settings.timezone),)
    try:
        rows = client.rows(lambda: Query(COLUMNS, "deletedrecord d", asked, KEY))
    except MissingRights:
        return
    for row in rows:
        called = re.sub(r"[^a-z]", "", f"{row.get('scriptid') or ''}{row.get('type') or ''}".lower())
        kinds = (records.CUSTOMER,) if "customer" in called and not _is_transaction(called) else scope.EVERY
        for kind in kinds:
            yield STREAMS[kind], f"{kind}:{row['recordid']}"


def are_listed(client: Client) -> bool:
    """Tell whether the role may read the list."""
    try:
        client.ask(
            Query(COLUMNS, "deletedrecord d", (is_equal("d.recordid", 0), Condition("d.recordid < ?", (0,))), KEY)
        )
    except MissingRights:
        return False
    return True


def _is_transaction(called: str) -> bool:
    return any(
        word in called for word in ("payment", "deposit", "refund", "charge", "invoice", "credit", "transaction")
    )
