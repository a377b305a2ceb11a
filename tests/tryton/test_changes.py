"""Incremental reading: after one change in Tryton, since + open documents + key sweep bring exactly it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from include.connectors.base import Page
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded, load
from tests.tryton.conftest import Running

Ids = dict[str, str]


@pytest.fixture(scope="module")
def prepared(tryton: Running) -> Any:
    """One customer and document per change."""
    return tryton.ask("change.py", "prepare")


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
    "maturity_changed": lambda seen, ids: (
        (_invoice(seen, ids)["due_date"] - _invoice(seen, ids)["issue_date"]).days in (98, 99, 100)
    ),
    "draft_line_changed": lambda seen, ids: _invoice(seen, ids)["gross_amount"] == 20000,
    "draft_posted": lambda seen, ids: _invoice(seen, ids)["status"] == "open",
    "cancelled": lambda seen, ids: _invoice(seen, ids)["status"] == "voided",
    "archived": lambda seen, ids: seen.tables["customers"][ids["party.party"]]["is_active"] is False,
}


@pytest.fixture(scope="module")
def digests(tryton: Running, prepared: Any) -> dict[str, str]:
    """What every record looked like when it was last read."""
    return {key: item.digest for key, item in load(tryton.connector()).items.items()}


@pytest.mark.slow
@pytest.mark.parametrize("change", OUTCOMES)
def test_change_is_seen(change: str, tryton: Running, prepared: Any, digests: dict[str, str]) -> None:
    ids = prepared[change]
    since = _tryton_clock(tryton)
    tryton.ask("change.py", change, *ids.values())
    seen = load(tryton.connector(), _nightly(tryton, since))
    assert OUTCOMES[change](seen, ids)
    changed = [key for key, item in seen.items.items() if digests.get(key, item.digest) != item.digest]
    digests.update({key: item.digest for key, item in seen.items.items()})
    assert changed, "the digests tell that something changed"
    foreign = [key for key in changed if key not in ids.values() and not key.startswith("account.move.line:")]
    assert not foreign, "nothing else looks changed"


@pytest.mark.slow
def test_deleted_draft_leaves_the_key_sweep(tryton: Running, prepared: Any) -> None:
    ids = prepared["draft_deleted"]
    stream = tryton.connector().stream("invoices")
    assert ids["account.invoice"] in set(tryton.connector().keys(stream, HISTORY_FROM))
    tryton.ask("change.py", "draft_deleted", *ids.values())
    assert ids["account.invoice"] not in set(tryton.connector().keys(stream, HISTORY_FROM))
    assert list(tryton.connector().read_ids(stream, [ids["account.invoice"]])) == []


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
