"""However a page of documents is decoded, it means the same: with a field of each missing, null or of another kind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.connectors.xero import Xero, documented, slim
from include.connectors.xero.documented import Documented
from tests.xero.records import CREDIT_NOTE, INVOICE, ORGANISATION, connector

PAGES = [("invoices", "Invoices", INVOICE), ("credit_notes", "CreditNotes", CREDIT_NOTE)]
MISSING = object()
ODD = {
    "missing": MISSING,
    "null": None,
    "empty": "",
    "number": 5,
    "list": [],
    "object": {},
    "half a character": "more \ud800",
}


def staged(listed: str, text: str, field: str, value: Any) -> bytes:
    """Return a page of the record as it is and of one that differs in a field."""
    odd = {**json.loads(text), field: value}
    if value is MISSING:
        del odd[field]
    rows = [json.loads(text) | {"Reference": "the first"}, odd]
    return json.dumps({"organisation": ORGANISATION, "kept": [0, 1], "reply": {listed: rows}}).encode()


@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
@pytest.mark.parametrize(("name", "listed", "text"), PAGES)
def test_a_page_means_what_the_whole_of_it_means(name: str, listed: str, text: str, value: Any) -> None:
    stream, xero = Xero.stream(name), connector()
    for field in sorted(documented.FIELDS[name]):
        if value is MISSING and field not in json.loads(text):
            continue
        body = staged(listed, text, field, value)
        said, whole = (xero.normalize(stream, rows) for rows in (xero.decode(stream, body), xero.whole(stream, body)))
        assert said.tables == whole.tables, field
        assert [reject.reason for reject in said.rejects] == [reject.reason for reject in whole.rejects], field


@pytest.mark.parametrize(("name", "listed", "text"), PAGES)
def test_a_usual_page_is_looked_at_once(name: str, listed: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, stream = staged(listed, text, "Reference", "x"), Xero.stream(name)
    monkeypatch.delattr(slim, "staged")
    monkeypatch.delattr(Xero, "whole")
    records = connector().decode(stream, body)
    assert isinstance(records, Documented) and connector().unknown_fields(stream, body, records) == set()
