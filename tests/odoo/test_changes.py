"""Incremental reading: after a day's changes in Odoo, since + open documents + key sweep bring exactly them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest

from include.connectors.base import Page
from tests.odoo import change
from tests.odoo.conftest import Running, copied
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded, load

pytestmark = pytest.mark.e2e

Ids = dict[str, str]


def _invoice(seen: Loaded, ids: Ids) -> Any:
    return seen.tables["invoices"][ids["account.move"]]


def _stands(seen: Loaded, ids: Ids, status: str, rest: int) -> bool:
    row = _invoice(seen, ids)
    return (row["status"], row["outstanding_amount"]) == (status, rest)


def _is_settled(seen: Loaded, ids: Ids, status: str, by: int) -> bool:
    settled = sum(row["target_amount"] for row in seen.onto(ids["account.move"]))
    return _stands(seen, ids, status, 10000 - by) and settled == by


def _money_is_free_again(seen: Loaded, ids: Ids) -> bool:
    line = ids["account.move.line"]
    assert not seen.out_of(line) and line in seen.items, "its line is read again, so what it listed is replaced"
    return bool(seen.tables["payments"][line]["unapplied_amount"] == 10000)


def _pays_another(seen: Loaded, ids: Ids) -> bool:
    """The money settles another document; the one that it settled before has nothing of it."""
    line = ids["account.move.line"]
    return not seen.onto(ids["account.move"]) and [row["target_amount"] for row in seen.out_of(line)] == [6000]


def _emails(seen: Loaded, ids: Ids) -> set[str]:
    return {row["email"] for row in seen.of("contacts", ids["res.partner"])}


def _days_to_pay(row: Any) -> int:
    return int((row["due_date"] - row["issue_date"]).days)


MODELS = {"contact": "res.partner", "other": "res.partner", "second": "account.move"}
"""What a change's further records are; the others are named by their model."""

OUTCOMES: dict[str, Callable[[Loaded, Ids], bool]] = {
    "paid_in_part": lambda seen, ids: _is_settled(seen, ids, "open", 3000),
    "paid": lambda seen, ids: _is_settled(seen, ids, "paid", 10000),
    "unreconciled": lambda seen, ids: _stands(seen, ids, "open", 10000) and _money_is_free_again(seen, ids),
    "reset_to_draft": lambda seen, ids: _stands(seen, ids, "draft", 0),
    "paid_and_reset_to_draft": lambda seen, ids: _stands(seen, ids, "draft", 0) and _money_is_free_again(seen, ids),
    "cancelled": lambda seen, ids: _stands(seen, ids, "voided", 0),
    "draft_posted": lambda seen, ids: _stands(seen, ids, "open", 10000),
    "archived": lambda seen, ids: seen.tables["customers"][ids["res.partner"]]["is_active"] is False,
    "renamed": lambda seen, ids: seen.tables["customers"][ids["res.partner"]]["name"] == "Renamed",
    "contact_changed": lambda seen, ids: "changed@cases.example" in _emails(seen, ids),
    "contact_deleted": lambda seen, ids: (
        "ada@cases.example" not in _emails(seen, ids) and ids["res.partner"] in seen.items
    ),
    "settled_ones_contact_deleted": lambda seen, ids: "ada@cases.example" not in _emails(seen, ids),
    "settled_ones_contact_moved": lambda seen, ids: "ada@cases.example" not in _emails(seen, ids),
    "application_moved": lambda seen, ids: _stands(seen, ids, "open", 10000) and _pays_another(seen, ids),
    "credited": lambda seen, ids: _is_settled(seen, ids, "paid", 10000),
    "due_date_changed": lambda seen, ids: (
        (_invoice(seen, ids)["due_date"] - _invoice(seen, ids)["issue_date"]).days > 99
    ),
}


@dataclass(frozen=True)
class Night:
    """A night's read after the day's changes, and what every record looked like before them."""

    odoo: Running
    before: Loaded
    seen: Loaded
    ids: dict[str, Ids]
    swept: set[str]


@pytest.fixture(scope="module")
def night(odoo: Running) -> Night:
    changed = copied(odoo)
    before = load(changed.connector())
    since = _clock(changed)
    change.make(changed.clerk(), changed.changes)
    connector = changed.connector()
    swept = {key for stream in connector.streams for key in connector.keys(stream, HISTORY_FROM)}
    ids = {name: {role: f"{MODELS.get(role, role)}:{one}" for role, one in of.items()}
           for name, of in changed.changes.items()}  # fmt: skip
    return Night(changed, before, load(connector, _nightly(changed, since)), ids, swept)


@pytest.mark.parametrize("name", OUTCOMES)
def test_change_is_seen(name: str, night: Night) -> None:
    ids = night.ids[name]
    assert OUTCOMES[name](night.seen, ids)
    was, now = night.before.items, night.seen.items
    assert any(was[key].digest != now[key].digest for key in ids.values() if key in was and key in now)


def test_every_change_has_an_outcome() -> None:
    assert OUTCOMES.keys() == change.CHANGES.keys() - {"draft_deleted"}


def test_nothing_else_looks_changed(night: Night) -> None:
    ours = {key for ids in night.ids.values() for key in ids.values()}
    was = night.before.items
    changed = {key for key, item in night.seen.items.items() if key in was and was[key].digest != item.digest}
    assert not {key for key in changed - ours if not key.startswith("account.move.line:")}


def test_deleted_draft_leaves_the_key_sweep(odoo: Running, night: Night) -> None:
    """With its entry's line, and with the customer whose only document it was."""
    gone = night.ids["draft_deleted"]["account.move"]
    connector = night.odoo.connector()
    assert gone in night.before.items and gone not in night.swept
    assert list(connector.read_ids(connector.stream("invoices"), [gone])) == []
    lines = odoo.clerk().find("account.move.line", ("move_id", "=", odoo.changes["draft_deleted"]["account.move"]))
    of_it = {gone, night.ids["draft_deleted"]["res.partner"], *(f"account.move.line:{line}" for line in lines)}
    assert night.before.items.keys() - night.swept <= of_it


def _clock(odoo: Running) -> datetime:
    """Odoo's own now, to the second, as the pipeline takes it from a page."""
    connector = odoo.connector()
    return next(connector.read_open(connector.stream("invoices"))).source_time


def _nightly(odoo: Running, since: datetime) -> dict[str, Iterable[Page]]:
    """What a night reads: what is modified, what is open and was not among it, and the rest of what is read again."""
    connector = odoo.connector()
    pages: dict[str, Iterable[Page]] = {}
    for stream in connector.streams:
        modified = list(connector.read(stream, replace(EVERYTHING, since=since)))
        known = {item.key for page in modified for item in page.items}
        rest = {i.key for page in connector.read_open(stream) for i in page.items if i.key not in known}
        if stream.reread:
            rest |= {key for key in connector.keys(stream, HISTORY_FROM) if key not in known}
        pages[stream.name] = [*modified, *connector.read_ids(stream, sorted(rest))]
    return pages
