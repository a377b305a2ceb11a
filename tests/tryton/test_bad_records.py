"""Records that no Tryton gives: each is a reject of its own, with everything that is not its staying as it was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from include.connectors.base import Page, Stream
from include.connectors.normalized import Reject
from include.connectors.tryton import Tryton
from include.normalize import typed
from tests.tryton.books import EVERYTHING, Loaded
from tests.tryton.conftest import Running

Record = dict[str, Any]
MISSING = ...  # the field is not there


def _amount(text: str) -> Any:
    return {"__class__": "Decimal", "decimal": text}


AMOUNTS = [
    _amount("NaN"), _amount("Infinity"), _amount("-Infinity"), _amount("0.001"), _amount("922337203685477580.80"),
    _amount("1E+400"), _amount("twelve"), "12.00", float("nan"), 12.5, None, [], MISSING,
]  # fmt: skip
"""What no amount in dollars can be: not finite, too fine, beyond 64 bits, in another shape, not there."""
DAY = {"__class__": "date", "year": 2026, "month": 13, "day": 1}


@dataclass(frozen=True)
class Answered:
    """A page as Tryton gave it, and the rows it makes by table."""

    connector: Tryton
    stream: Stream
    page: Page
    rows: dict[str, Any]


@pytest.fixture(scope="module")
def pages(tryton: Running) -> dict[str, Answered]:
    """One page of each stream; all that there is fits."""
    connector = tryton.connector()
    answered = {}
    for stream in connector.streams:
        page = next(connector.read(stream, EVERYTHING))
        rows, rejects = typed(connector, stream, connector.decode(stream, page.body))
        assert rejects == []
        answered[stream.name] = Answered(connector, stream, page, rows)
    return answered


def _spoiled(page: Page, record_id: int, field: str, value: Any) -> bytes:
    """The page's body with another value (or none) in one record's field; `a/b` goes into the first of a list."""
    body = json.loads(page.body)
    records = [record for record in body["responses"][0]["result"] if record["id"] == record_id]
    assert len(records) == 1
    where: Any = records[0]
    *path, name = field.split("/")
    for step in path:
        where = where[step][0] if isinstance(where[step], list) else where[step]
    assert name in where
    if value is MISSING:
        del where[name]
    else:
        where[name] = value
    return json.dumps(body).encode()


def _rejected(answered: Answered, key: str, field: str, value: Any) -> list[Reject]:
    """What is rejected of the page with that record spoiled; every other row is as it was."""
    connector, stream = answered.connector, answered.stream
    body = _spoiled(answered.page, int(key.partition(":")[2]), field, value)
    frames, rejects = typed(connector, stream, connector.decode(stream, body))
    for table, frame in answered.rows.items():
        owner = "external_id" if stream.tables[table] is None else "parent_external_id"
        kept = frame[~frame[owner].isin([key])].reset_index(drop=True)
        assert kept.equals(frames[table].reset_index(drop=True)), table
    return rejects


@pytest.mark.parametrize("field", ["total_amount", "amount_to_pay", "untaxed_amount", "lines_to_pay./debit"])
@pytest.mark.parametrize("value", AMOUNTS, ids=str)
def test_impossible_amount_rejects_its_invoice_alone(
    field: str, value: Any, tryton: Running, pages: dict[str, Answered]
) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    (reject,) = _rejected(pages["invoices"], key, field, value)
    assert (reject.key, reject.is_open) == (key, True)
    assert reject.reason in ("impossible_amount", "malformed_record", "missing_value") and reject.message


@pytest.mark.parametrize("field", ["debit", "credit"])
@pytest.mark.parametrize("value", AMOUNTS, ids=str)
def test_impossible_amount_rejects_its_entry_alone(
    field: str, value: Any, tryton: Running, loaded: Loaded, pages: dict[str, Answered]
) -> None:
    (payment,) = loaded.of("payments", tryton.cases["paid_on_account"]["customer"])
    key = payment["external_id"]
    (reject,) = _rejected(pages["payments"], key, field, value)
    assert (reject.key, reject.is_open) == (key, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency.", {"id": 9, "code": "ZZZ"}), ("currency.", {"id": 9, "code": None}), ("currency.", None),
        ("currency.", MISSING), ("currency./code", MISSING), ("state", "pro forma"), ("state", None),
        ("state", MISSING), ("party", MISSING), ("number", 7), ("number", MISSING),
        ("invoice_date", DAY), ("invoice_date", "yesterday"), ("lines_to_pay.", None), ("lines_to_pay.", MISSING),
        ("lines_to_pay.", "none"), ("lines_to_pay./maturity_date", MISSING), ("lines_to_pay./reconciliation.", MISSING),
        ("payment_lines.", MISSING), ("write_date", "now"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_field_rejects_its_invoice_alone(
    field: str, value: Any, tryton: Running, pages: dict[str, Answered]
) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    assert [reject.key for reject in _rejected(pages["invoices"], key, field, value)] == [key]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("second_currency.", {"id": 9, "code": "ZZZ"}), ("move.", None), ("move.", MISSING), ("party", None),
        ("move./state", MISSING), ("move./journal.", None), ("move./date", DAY), ("reconciliation.", MISSING),
        ("reconciliation.", {"id": 0}), ("invoice_payment", MISSING), ("invoice_payment", "none"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_field_rejects_its_entry_alone(
    field: str, value: Any, tryton: Running, loaded: Loaded, pages: dict[str, Answered]
) -> None:
    (payment,) = loaded.of("payments", tryton.cases["paid_on_account"]["customer"])
    key = payment["external_id"]
    assert [reject.key for reject in _rejected(pages["payments"], key, field, value)] == [key]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7), ("name", MISSING), ("active", MISSING), ("contact_mechanisms.", MISSING), ("addresses.", "none"),
        ("contact_mechanisms./value", ["a@b.example"]), ("contact_mechanisms./type", MISSING),
        ("contact_mechanisms./id", MISSING),
    ],
    ids=str,
)  # fmt: skip
def test_bad_field_rejects_its_customer_alone(
    field: str, value: Any, tryton: Running, pages: dict[str, Answered]
) -> None:
    key = tryton.cases["paid_on_account"]["customer"]
    assert [reject.key for reject in _rejected(pages["customers"], key, field, value)] == [key]
