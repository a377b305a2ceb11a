"""A bad record never blocks the good ones, and is never forgotten."""

from __future__ import annotations

import json
from typing import Any

import pytest

from include.extract import Options
from tests.conformance.sample_server import order_faults
from tests.pipeline.night import Pipeline, after
from tests.pipeline.truth import assert_equal


def set_total(pipeline: Pipeline, number: int, total: str) -> None:
    with pipeline.books() as books:
        bill = next(row for row in books["documents"] if row["kynd"] == "B" and row["ident"] == number)
        bill |= {"tot": total, "mod": after(2).isoformat()}


def test_a_bad_record_is_set_aside_the_others_load_and_mending_it_forgets_it(pipeline: Pipeline) -> None:
    with pipeline.books() as books:
        bill = next(row for row in books["documents"] if row["kynd"] == "B" and row["st"] == "O")
    key, right = f"Bill:{bill['ident']}", bill["tot"]
    set_total(pipeline, bill["ident"], "12,3O")
    night = pipeline.sync()
    (reject,) = pipeline.rows("rejected_records").values()
    assert reject == reject | {
        "external_id": key, "table_name": "invoices", "is_open": True, "number": bill["num"],
        "customer_external_id": f"Party:{bill['prty']}", "currency": bill["cur"], "run_id": night.run_id,
    }  # fmt: skip
    assert _raw(reject)["tot"] == "12,3O"
    others = pipeline.rows("invoices").keys()
    assert key not in others and len(others) > 10
    assert not [k for k, row in pipeline.rows("installments").items() if row["invoice_external_id"] == key]
    blocking = pipeline.blocking(night.run_id)
    assert key in {record for records in blocking.values() for record in records}, "an open document blocks the gate"

    again = pipeline.sync()
    assert again.manifests["invoices"].is_unchanged, "a reject that did not change is not tried again"
    assert pipeline.rows("rejected_records").keys() == {key}
    assert pipeline.blocking(again.run_id), "and is not forgotten"

    set_total(pipeline, bill["ident"], right)
    night = pipeline.sync()
    assert pipeline.rows("rejected_records") == {}
    assert_equal(pipeline)
    assert pipeline.blocking(night.run_id) == {}


def test_a_record_that_turns_bad_keeps_its_last_good_row_and_blocks(on_sqlite: Pipeline) -> None:
    on_sqlite.sync()
    with on_sqlite.books() as books:
        bill = next(row for row in books["documents"] if row["kynd"] == "B" and row["st"] == "O")
    before = on_sqlite.rows("invoices")
    set_total(on_sqlite, bill["ident"], "much")
    night = on_sqlite.sync()
    assert on_sqlite.rows("invoices").keys() == before.keys()
    assert on_sqlite.rows("rejected_records").keys() == {f"Bill:{bill['ident']}"}
    assert on_sqlite.blocking(night.run_id)


def test_every_first_record_of_every_page_may_be_bad(on_sqlite: Pipeline) -> None:
    order_faults(on_sqlite.source.folder, "north", read="malformed")
    night = on_sqlite.sync()
    assert {key.partition(":")[2] for key in on_sqlite.rows("rejected_records")} == {"1"}
    assert len(on_sqlite.rows("customers")) > 5 and len(on_sqlite.rows("invoices")) > 10
    assert on_sqlite.blocking(night.run_id)
    order_faults(on_sqlite.source.folder, "north")
    night = on_sqlite.sync(Options(full_refresh=True))
    assert on_sqlite.rows("rejected_records") == {}
    assert_equal(on_sqlite)
    assert on_sqlite.blocking(night.run_id) == {}


def _raw(reject: dict[str, Any]) -> dict[str, Any]:
    raw = reject["raw"]
    found: dict[str, Any] = json.loads(raw) if isinstance(raw, str) else raw
    return found


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "a number that no index takes": {"num": "".join(chr(33 + n * n % 9973) for n in range(4000))},
    "an amount of a million digits": {"rest": "1E+999999"},
    "a rate of a million digits": {"rate": "1E+999999"},
    "a currency that is a list": {"cur": ["EUR"]},
    "a line beyond 32 bits": {"plan": [{"ln": 10**11, "due": "01.01.2026", "amt": "1", "rest": "1"}]},
    "an amount that cannot be summed": {"tot": "92233720368547.758"},
}


@pytest.mark.parametrize("values", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_only_one_of_the_databases_could_hold_is_rejected_for_both(
    pipeline: Pipeline, values: dict[str, Any]
) -> None:
    with pipeline.books() as books:
        bill = next(row for row in books["documents"] if row["kynd"] == "B" and row["st"] == "O")
        bill |= values
    pipeline.load(pipeline.extract("invoices"))
    assert pipeline.rows("rejected_records").keys() == {f"Bill:{bill['ident']}"}
    assert len(pipeline.rows("invoices")) > 10
