"""What is held to be true of zones: by the suite for each of them, by torture for all, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pendulum
from airflow.timetables.base import TimeRestriction
from airflow.timetables.trigger import CronTriggerTimetable
from sqlalchemy import Engine, select

from include import connections, extract, organizations, warehouse
from include.connectors import base
from include.organizations import Organization
from include.run import Run
from include.schedule import cron
from include.warehouse.snapshots import snapshot_balances
from tests.nights import Nights
from tests.survival.crowd.zoned import Zoned, change_at
from tests.survival.crowd.zones import MIDNIGHTS, SECOND, TURNS, ZONES, Midnight, Turn, moments
from tests.warehouse.batches import Batch

Judgement = Callable[[Engine, Path], None]


def syncs_around_a_turn_lose_nothing(turn: Turn, engine: Engine, folder: Path) -> None:
    """Each night reads what was stamped just then, and the cursor stands at it, whatever the wall says."""
    world = Zoned(folder, turn.zone)
    try:
        nights = Nights(engine, world, "islanders")
        nights.load(nights.extract("invoices"))
        for moment in moments(turn):
            world.at(moment)
            key = change_at(world, nights, moment)
            nights.load(nights.extract("invoices"))
            row = nights.rows("invoices")[key]
            assert moment.strftime("%Y-%m-%dT%H:%M:%SZ") in row["title"], moment
            assert row["source_updated_at"] == nights.state("invoices").cursor == moment
        assert nights.extract("invoices").is_unchanged
    finally:
        world.close()


def a_day_begins_at_its_own_midnight(midnight: Midnight, engine: Engine, folder: Path) -> None:
    """The run's day, what is overdue on it, and how far back it reads change at midnight there, not elsewhere."""
    before = midnight.day - timedelta(days=1)
    owner = Organization(id="islanders", connector="sample", connection="c", timezone=midnight.zone)
    for at, day in ((midnight.at - SECOND, before), (midnight.at, midnight.day), (midnight.at + SECOND, midnight.day)):
        assert as_of(engine, owner, at) == day, at
        assert extract.history_from(owner, at) == _two_years_before(day), at
    due = Batch(folder, "documents", owner.id).row("invoices", "inv:1", customer_external_id="party:1")
    due.child("installments", "inv:1:1", "inv:1", invoice_external_id="inv:1", due_date=before, outstanding_amount=9)
    Batch(folder, "customers", owner.id).row("customers", "party:1").load(engine)
    due.load(engine)
    assert owed(engine, owner, midnight.at - SECOND) == (9, 0), "due on its last day"
    assert owed(engine, owner, midnight.at) == (0, 9), "overdue from the next one on"


def a_nightly_run_comes_once_a_day(zone: str, schedule: str, engine: Engine, folder: Path) -> None:
    """For two years, whatever is done to the clock; a day is the organization's own."""
    runs = _runs(cron(schedule, "islanders"), zone, datetime(2026, 1, 1, 12, tzinfo=UTC), 730)
    days = [run.in_timezone(zone).date() for run in runs]
    assert days == [days[0] + timedelta(days=n) for n in range(730)]


def an_hourly_run_leaves_no_hour_out(zone: str, engine: Engine, folder: Path) -> None:
    """Two runs are never more than an hour apart, also in the night in which an hour comes twice or never."""
    for turn in TURNS:
        runs = _runs(cron("@hourly", "islanders"), zone, turn.at - timedelta(hours=6), 14)
        waits = [later - earlier for earlier, later in pairwise(runs)]
        assert max(waits) <= timedelta(hours=1), (turn, max(waits))


def judgements() -> dict[str, Judgement]:
    """Return name → what is held to be true, for every zone."""
    found: dict[str, Judgement] = {}
    for turn in TURNS:
        found[f"turn {turn.zone} {turn.at:%Y-%m-%d}"] = partial(syncs_around_a_turn_lose_nothing, turn)
    for midnight in MIDNIGHTS:
        found[f"midnight {midnight.zone} {midnight.day}"] = partial(a_day_begins_at_its_own_midnight, midnight)
    for zone in ZONES:
        found[f"nightly {zone}"] = partial(a_nightly_run_comes_once_a_day, zone, "@daily")
        found[f"at half past two {zone}"] = partial(a_nightly_run_comes_once_a_day, zone, "30 2 * * *")
        found[f"hourly {zone}"] = partial(an_hourly_run_leaves_no_hour_out, zone)
    return found


def as_of(engine: Engine, organization: Organization, started_at: datetime) -> date:
    """Return the day that a run which starts then is about."""
    made: Any = SimpleNamespace(hash_key=None)
    with (
        mock.patch.object(organizations, "load", return_value=organization),
        mock.patch.object(base, "get", return_value=lambda *_: made),
        mock.patch.object(connections, "resolve", return_value=None),
        mock.patch.object(warehouse, "engine", return_value=engine),
    ):
        return Run.open(organization.id, "run", started_at).as_of


def owed(engine: Engine, organization: Organization, at: datetime) -> tuple[int, int]:
    """Return what a run at that moment says is due and overdue."""
    day = as_of(engine, organization, at)
    snapshot_balances(engine, organization.id, day, at)
    snapshots = warehouse.table("balance_snapshots")
    query = select(snapshots.c.due, snapshots.c.overdue_1_30).where(
        snapshots.c.organization_id == organization.id, snapshots.c.as_of == day
    )
    with warehouse.read(engine) as connection:
        due, overdue = connection.execute(query).one()
    return due, overdue


def _two_years_before(day: date) -> date:
    try:
        return day.replace(year=day.year - 2)
    except ValueError:  # the 29th of February
        return date(day.year - 2, 2, 28)


def _runs(expression: str, zone: str, after: datetime, count: int) -> list[pendulum.DateTime]:
    """Return the next runs that Airflow's own timetable makes of a schedule."""
    timetable = CronTriggerTimetable(expression, timezone=zone)
    restriction = TimeRestriction(earliest=pendulum.instance(after), latest=None, catchup=True)
    found: list[pendulum.DateTime] = []
    last = None
    for _ in range(count):
        info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
        assert info
        found.append(info.run_after)
        last = info.data_interval
    return found
