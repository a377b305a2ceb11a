"""A connector whose questions are answered by a function, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from include.connectors.http import Answer
from include.connectors.netsuite import NetSuite
from tests.netsuite.records import connector

CLOCK = {"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}
Rows = Sequence[Mapping[str, Any]]
SUBSIDIARIES = [{"id": "3", "name": "US", "currency": "1"}, {"id": "5", "name": "Germany", "currency": "4"}]
CURRENCIES = [{"id": "1", "symbol": "USD"}, {"id": "4", "symbol": "EUR"}]


def page(rows: Rows, has_more: bool = False, **more: Any) -> bytes:
    """Return an answer as NetSuite writes it."""
    total = len(rows) + has_more
    said = {"links": [], "count": len(rows), "hasMore": has_more, "items": [{**row, "links": []} for row in rows],
            "offset": 0, "totalResults": total}  # fmt: skip
    return json.dumps(said | more).encode()


@dataclass
class Answering:
    """What was asked, and by what it is answered: a function of the query, after the account's own tables."""

    rows: Callable[[str, list[Any]], Rows] = lambda text, values: []
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)

    def post(self, path: str, *, json: Any = None, headers: Any = None, **more: Any) -> Answer:
        """Answer a query."""
        assert headers == {"Prefer": "transient"} and "limit=" in path
        text, values = json["q"], json["params"]
        self.asked.append((text, values))
        for table, rows in (("FROM subsidiary ", SUBSIDIARIES), ("FROM currency ", CURRENCIES)):
            if table in text:
                last = [int(v) for v in values] or [0]
                return Answer(200, CLOCK, page([row for row in rows if int(row["id"]) > last[0]]))
        return Answer(200, CLOCK, page(self.rows(text, values)))


def answered(
    monkeypatch: pytest.MonkeyPatch, rows: Callable[[str, list[Any]], Rows] | None = None, entity: str = "3"
) -> tuple[NetSuite, Answering]:
    """Return a connector, and what keeps and answers its questions."""
    made, answering = connector(entity), Answering()
    if rows:
        answering.rows = rows
    monkeypatch.setattr(made._client.http, "post", answering.post)
    return made, answering
