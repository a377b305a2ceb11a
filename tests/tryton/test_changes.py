"""Incremental reading: after a day's changes in Tryton, since + open documents + key sweep bring exactly them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from include.connectors.base import Page
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded, load
from tests.tryton.conftest import Running

Ids = dict[str, str]


def _invoice(seen: Loaded, ids: Ids) -> Any:
    return seen.tables["invoices"][ids["account.invoice"]]


def _emails(seen: Loaded, ids: Ids) -> Any:
    return {
        row["email"]: row["is_active"]
        for row in seen.tables["contacts"].values()
        if row["customer_external_id"] == ids["party.party"]
    }


def _is_paid_in_part(seen: Loaded, ids: Ids) -> bool:
    (allocation,) = seen.onto(ids["account.invoice"])
    return _invoice(seen, ids)["outstanding_amount"] == 7000 and allocation["target_amount"] == 3000


def _is_paid(seen: Loaded, ids: Ids) -> bool:
    (allocation,) = seen.onto(ids["account.invoice"])
    return _invoice(seen, ids)["status"] == "paid" and allocation["target_amount"] == 10000


def _is_open_again(seen: Loaded, ids: Ids) -> bool:
    assert ids["account.move.line"] in seen.items, "its line is read again, so what it listed is replaced"
    rest = sum(row["target_amount"] for row in seen.onto(ids["account.invoice"]))
    return _invoice(seen, ids)["status"] == "open" and _invoice(seen, ids)["outstanding_amount"] == 10000 - rest


OUTCOMES: dict[str, Callable[[Loaded, Ids], bool]] = {
    "paid_in_part": _is_paid_in_part,
    "paid": _is_paid,
    "unreconciled": _is_open_again,
    "email_changed": lambda seen, ids: _emails(seen, ids) == {"changed@cases.example": True},
    "mechanism_added": lambda seen, ids: _emails(seen, ids).get("added@cases.example") is True,
    "mechanism_deactivated": lambda seen, ids: list(_emails(seen, ids).values()) == [False],
    "mechanism_deleted": lambda seen, ids: ids["party.party"] in seen.items and not _emails(seen, ids),
    "address_changed": lambda seen, ids: seen.tables["customers"][ids["party.party"]]["address_city"] == "Elsewhere",
    "tax_number_changed": lambda seen, ids: seen.tables["customers"][ids["party.party"]]["vat_number"] == "0403170701",
    "entry_posted": lambda seen, ids: seen.tables["payments"][ids["account.move.line"]]["status"] == "booked",
    "maturity_changed": lambda seen, ids: (
        (_invoice(seen, ids)["due_date"] - _invoice(seen, ids)["issue_date"]).days in (98, 99, 100)
    ),
    "draft_line_changed": lambda seen, ids: _invoice(seen, ids)["gross_amount"] == 20000,
    "draft_posted": lambda seen, ids: _invoice(seen, ids)["status"] == "open",
    "cancelled": lambda seen, ids: _invoice(seen, ids)["status"] == "voided",
    "archived": lambda seen, ids: seen.tables["customers"][ids["party.party"]]["is_active"] is False,
}


@dataclass(frozen=True)
class Night:
    """A night's read after the day's changes, and what every record looked like before them."""

    before: Loaded
    seen: Loaded
    ids: dict[str, Ids]
    swept: set[str]


@pytest.fixture(scope="module")
def night(tryton: Running) -> Night:
    before = load(tryton.connector())
    since = _tryton_clock(tryton)
    ids = tryton.ask("change.py", json.dumps(tryton.changes))
    connector = tryton.connector()
    swept = {key for stream in connector.streams for key in connector.keys(stream, HISTORY_FROM)}
    return Night(before, load(connector, _nightly(tryton, since)), ids, swept)


@pytest.mark.parametrize("change", OUTCOMES)
def test_change_is_seen(change: str, night: Night) -> None:
    ids = night.ids[change]
    assert OUTCOMES[change](night.seen, ids)
    was, now = night.before.items, night.seen.items
    assert any(was[key].digest != now[key].digest for key in ids.values() if key in was and key in now)


def test_nothing_else_looks_changed(night: Night) -> None:
    ours = {key for ids in night.ids.values() for key in ids.values()}
    was = night.before.items
    changed = {key for key, item in night.seen.items.items() if key in was and was[key].digest != item.digest}
    assert not {key for key in changed - ours if not key.startswith("account.move.line:")}


def test_deleted_draft_leaves_the_key_sweep(night: Night, tryton: Running) -> None:
    gone, its_customer = (night.ids["draft_deleted"][model] for model in ("account.invoice", "party.party"))
    connector = tryton.connector()
    assert gone in night.before.items and gone not in night.swept
    assert list(connector.read_ids(connector.stream("invoices"), [gone])) == []
    assert night.before.items.keys() - night.swept == {gone, its_customer}, "it was the customer's only document"


def _tryton_clock(tryton: Running) -> datetime:
    """Tryton's own now, to the second, as the pipeline takes it from a page."""
    connector = tryton.connector()
    return next(connector.read_open(connector.stream("invoices"))).source_time


def _nightly(tryton: Running, since: datetime) -> dict[str, Iterable[Page]]:
    """What a night reads: what is modified, then what is open and was not among it."""
    connector = tryton.connector()
    pages: dict[str, Iterable[Page]] = {}
    for stream in connector.streams:
        modified = list(connector.read(stream, replace(EVERYTHING, since=since)))
        known = {item.key for page in modified for item in page.items}
        rest = [i.key for page in connector.read_open(stream) for i in page.items if i.key not in known]
        pages[stream.name] = [*modified, *connector.read_ids(stream, rest)]
    return pages
