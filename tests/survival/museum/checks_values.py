"""Checks of values: exact, of the type they had, at the moment and on the day they were meant."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from include import exact_json, extract, model, money, normalize, normalized_files, warehouse
from include.connectors.http import Answer
from include.connectors.normalized import Normalized, Reject
from include.connectors.xero import wire
from include.connectors.xero.client import Reply
from include.organizations import Organization
from include.values import CHECKS
from include.warehouse.snapshots import snapshot_balances
from include.warehouse.types import UtcTimestamp
from tests.conformance.sample import Sample
from tests.survival.crowd.judging import as_of
from tests.survival.museum.room import Room

BERLIN = ZoneInfo("Europe/Berlin")


def refused(kind: model.Kind, value: Any, column: str, reason: str, table: str = "invoices") -> None:
    """Expect a value to be refused for this reason, and not to be made into something else."""
    found = next(c for c in model.TABLES[table].columns if c.name == column)
    assert found.kind is kind
    with pytest.raises(ValueError, match=reason):
        pytest.fail(f"{value!r} became {CHECKS[kind](value, found)!r}")


def a_float_is_no_amount(room: Room) -> None:
    with pytest.raises(ValueError, match="impossible_amount"):
        pytest.fail(f"0.07 became {money.minor_units(0.07, 'EUR')} cents")  # type: ignore[arg-type]


def an_amount_is_read_exactly(room: Room) -> None:
    said = Answer(200, {}, b'{"AmountDue": 1234567890.07}').json(exact_json.decode)
    assert said["AmountDue"] == Decimal("1234567890.07")
    assert money.minor_units(wire.amount(said["AmountDue"]), "EUR") == 123_456_789_007


def each_currency_has_its_own_decimals(room: Room) -> None:
    assert [money.minor_units(Decimal(1500), code) for code in ("JPY", "EUR", "KWD")] == [1500, 150_000, 1_500_000]


def a_fraction_of_a_cent_is_not_rounded_away(room: Room) -> None:
    with pytest.raises(ValueError, match="impossible_amount"):
        pytest.fail(f"0.005 became {money.minor_units(Decimal('0.005'), 'EUR')} cents")


def what_is_no_number_is_no_json(room: Room) -> None:
    refused(model.Kind.JSON, {"discount": float("nan")}, "custom_fields", "impossible_text")


def a_number_beyond_32_bits_is_refused_for_both_databases(room: Room) -> None:
    refused(model.Kind.INTEGER, 2**31, "sequence", "impossible_number", "installments")


def an_unknown_status_is_refused(room: Room) -> None:
    refused(model.Kind.CHOICE, "factored", "status", "unknown_value")


def a_number_that_became_a_text_is_refused(room: Room) -> None:
    refused(model.Kind.INTEGER, "3", "sequence", "changed_type", "installments")


def a_text_that_became_a_number_is_refused(room: Room) -> None:
    refused(model.Kind.TEXT, 4711, "purchase_order", "changed_type")


def a_flag_that_became_a_text_is_refused(room: Room) -> None:
    refused(model.Kind.FLAG, "false", "is_disputed", "changed_type")


def a_time_without_a_zone_is_refused(room: Room) -> None:
    column = next(c for c in model.INVOICES.all_columns if c.kind is model.Kind.TIMESTAMP)
    with pytest.raises(ValueError, match="naive_timestamp"):
        pytest.fail(str(CHECKS[model.Kind.TIMESTAMP](datetime(2026, 3, 29, 2, 30), column)))  # noqa: DTZ001


def the_hour_that_comes_twice_is_two_hours(room: Room) -> None:
    """At the end of summer time 02:30 is 00:30 and 01:30 UTC."""
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    written = [UtcTimestamp().process_bind_param(at, room.engine.dialect) for at in (first, second)]
    assert [text[:16] for text in written] == ["2026-10-25 00:30", "2026-10-25 01:30"]


def a_text_that_is_missing_stays_missing(room: Room) -> None:
    found = room.before
    found.load(found.extract("customers"))
    assert {row["address_line2"] for row in found.rows("customers").values()} == {None}


def a_bad_record_stops_no_other_and_is_not_forgotten(room: Room) -> None:
    key = room.bill("O")
    with room.world.books() as books:
        for row in books.ledger["documents"]:
            row |= {"ttl": "changed", "mod": room.world.now.isoformat()}
    known = room.acme.rows("invoices").keys()
    room.change(key, cur="EURO")
    room.acme.load(room.acme.extract("invoices"))
    assert room.acme.rows("invoices").keys() == known
    titles = {name: row["title"] for name, row in room.acme.rows("invoices").items()}
    assert {title for name, title in titles.items() if name != key} == {"changed"}
    assert key in room.acme.rows("rejected_records")


def a_reject_names_the_column_and_no_person(room: Room) -> None:
    said = _said_of({"address_country": "Jane Roe, 5 Elm Street"})
    assert said and "Jane Roe" not in said and "address_country" in said


def a_reject_shows_no_currency_that_may_be_a_person(room: Room) -> None:
    """What a source misplaces into the currency would stand in pages that many read."""
    said = [Reject("Party:1", "customers", "unknown_currency", "…", True, currency=c) for c in ("Jane Roe", "EURO")]
    assert list(normalized_files._reject_frame([(reject, {}) for reject in said])["currency"]) == ["", "EURO"]


def a_page_that_is_not_full_is_not_the_last(room: Room) -> None:
    """Some systems take records out of a page after they have cut it."""
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert not Reply([{}], page=1, page_count=2, item_count=101, size=100, body=b"", at=at).is_last
    assert Reply([{}] * 100, page=2, page_count=2, item_count=200, size=100, body=b"", at=at).is_last


def a_day_is_the_organizations_own(room: Room) -> None:
    """Xero writes a day as its midnight, with the offset of the organisation."""
    midnight = int(datetime(2026, 1, 31, tzinfo=ZoneInfo("Pacific/Auckland")).timestamp() * 1000)
    try:
        assert wire.day({"Date": f"/Date({midnight}+1300)/"}, "Date") == date(2026, 1, 31)
    finally:
        wire.written_day.cache_clear()  # it would remember what the mutant said


def history_begins_on_the_organizations_own_day(room: Room) -> None:
    island = Organization(id="acme", connector="sample", connection="c", timezone="Pacific/Kiritimati")
    assert extract.history_from(island, datetime(2026, 6, 30, 12, tzinfo=UTC)) == date(2024, 7, 1)


def a_run_is_about_the_organizations_own_day(room: Room) -> None:
    island = Organization(id="acme", connector="sample", connection="c", timezone="Pacific/Kiritimati")
    assert as_of(room.engine, island, datetime(2026, 12, 31, 10, tzinfo=UTC)) == date(2027, 1, 1)


def a_debt_is_overdue_on_the_day_after_it_was_due(room: Room) -> None:
    batch = room.read().row("invoices", "inv:1", customer_external_id="party:1", outstanding_amount=100)
    due = date(2026, 3, 1)
    batch.child("installments", "inv:1:1", "inv:1", invoice_external_id="inv:1", due_date=due, outstanding_amount=100)
    room.read("customers").row("customers", "party:1").load(room.engine)
    batch.load(room.engine)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for day in (due, date(2026, 3, 2)):
        snapshot_balances(room.engine, "acme", day, now)
    snapshots = warehouse.table("balance_snapshots")
    with warehouse.read(room.engine) as connection:
        query = select(snapshots.c.due, snapshots.c.overdue_1_30).order_by(snapshots.c.as_of)
        assert [tuple(row) for row in connection.execute(query)] == [(100, 0), (0, 100)]


def _said_of(fields: dict[str, Any]) -> str:
    """Return what is said of a customer with these values when it is refused."""
    stream = Sample.stream("customers")
    said = Normalized.of(stream)
    said.add("customers", {"external_id": "Party:1", "name": "N", "is_active": True, **fields})
    system: Any = SimpleNamespace(normalize=lambda *_: said)
    _, rejects = normalize.typed(system, stream, [{}], ["Party:1"])
    return rejects[0].message if rejects else ""
