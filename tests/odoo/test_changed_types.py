"""Schema drift at Odoo: a changed type, in a record or in what is looked up for it, rejects it or changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from include.connectors.odoo.fields import Kind
from tests.conformance.changed_types import ALIENS, paths, replaced
from tests.odoo import records
from tests.odoo.records import BANKED, INVOICED, LINE, MOVE, PAID, PARTIAL, PARTNER, PAYMENT, PERSON, REST, ROOT, SECOND

USER, TAG, COUNTRY = {"id": 7, "name": "Sam", "email": "sam@seller.example"}, {"id": 3, "name": "Gold"}, {
    "id": 233, "code": "US"}  # fmt: skip
GROUP = {"commercial_partner_id": [9, "Acme"], "__count": 1}
PAGES: dict[str, list[list[dict[str, Any]]]] = {
    "customers": [[PARTNER], [PERSON], [GROUP], [], [USER], [TAG], [COUNTRY], []],
    "invoices": [[MOVE], [LINE, REST], [PARTIAL, SECOND], [ROOT]],
    "payments": [[PAID], [PARTIAL, SECOND], [LINE, REST], [INVOICED, BANKED], [PAYMENT], [ROOT]],
}
IDENTIFIED_BEFORE = {"customers": ("id", "commercial_partner_id"), "invoices": ("id", "move_id"), "payments": ("id",)}
"""What a looked-up record is found by; pages.py refuses a response in which one lacks it."""


def _kinds(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


@pytest.mark.parametrize("stream", PAGES)
def test_a_value_of_another_type_is_never_coerced_in_silence(stream: str) -> None:
    page = PAGES[stream]
    before = records.said(stream, *page)
    assert before.rejects == [] and any(any(columns.values()) for columns in before.tables.values())
    silent = []
    for number, response in enumerate(page):
        for place, raw in enumerate(response):
            for path in paths(raw):
                was = raw
                for step in path:
                    was = was[step]  # type: ignore[index]
                if (number and path[0] in IDENTIFIED_BEFORE[stream]) or "__count" in path:
                    continue
                model = records.MODELS[stream][number]
                may_be_text = was is False and model and model.kinds.get(str(path[0]), Kind.TEXT) is Kind.TEXT
                for alien in ALIENS:
                    if _kinds(alien) in (_kinds(was), "Decimal") or alien is False:
                        continue  # false is how Odoo says that there is nothing
                    if may_be_text and isinstance(alien, str):
                        continue
                    changed = [list(each) for each in page]
                    changed[number][place] = replaced(raw, path, alien)
                    try:
                        after = records.said(stream, *changed)
                    except (LookupError, TypeError, AttributeError, ValueError):
                        continue  # the page as a whole is refused
                    if not after.rejects and after != before:
                        silent.append(f"{stream} {number} {'.'.join(map(str, path))} = {alien!r}")
    assert silent == []
