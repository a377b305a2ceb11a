"""The list of failpoints is held against what undisturbed runs do."""

from __future__ import annotations

from collections import Counter

import pytest

from include import warehouse
from tests.survival.crash.failpoints import FAILPOINTS, Failpoint
from tests.survival.crash.stages import Stage
from tests.survival.crash.watching import Event

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
WRITES = ("INSERT", "UPDATE", "DELETE")


def place(failpoint: Failpoint, events: tuple[Event, ...]) -> int | None:
    """Return which of a task's events is the failpoint's."""
    found = [number for number, event in enumerate(events) if failpoint.is_at(event)]
    return found[failpoint.nth - 1] if len(found) >= failpoint.nth else None


def test_every_failpoint_is_reached_by_an_undisturbed_run(stages: dict[str, Stage]) -> None:
    reached = {
        database: {failpoint for scene in stage.scenes for _, failpoint in scene.plans()}
        for database, stage in stages.items()
    }
    lacking = {database: [f.name for f in FAILPOINTS if f.only in ("", database) and f not in found]
               for database, found in reached.items()}  # fmt: skip
    judged = {f.name for f in FAILPOINTS if f.task in ("validate", "ready_to_exit_test_mode")}
    assert lacking["sqlite"] == []
    assert set(lacking["postgresql"]) == judged, "only one stage is judged"


def test_names_are_given_once() -> None:
    assert [name for name, times in Counter(f.name for f in FAILPOINTS).items() if times > 1] == []
    assert len(FAILPOINTS) >= 30


def test_no_two_failpoints_are_the_same_statement(stages: dict[str, Stage]) -> None:
    """Each must somewhere happen where no other one of its task does."""
    never_apart = set()
    for stage in stages.values():
        steps = [step for scene in stage.scenes for step in scene.steps.values()]
        for step in steps:
            own = [f for f in FAILPOINTS if step.reaches(f)]
            at = {failpoint: place(failpoint, step.events) for failpoint in own}
            taken = Counter(at.values())
            never_apart |= {(f.name, place) for f, place in at.items() if taken[place] > 1}
    assert never_apart == set()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_statement_that_writes_to_a_shared_table_has_a_failpoint(stages: dict[str, Stage], database: str) -> None:
    """Also every commit and every file: what a new one does must be thought of before it is killed."""
    shared = set(warehouse.metadata.tables)
    without = {
        (step.task_id.rpartition(".")[2], event.verb, event.what, event.within[0])
        for scene in stages[database].scenes
        for step in scene.steps.values()
        for event in step.events
        if (event.verb in WRITES and event.what in shared) or event.verb in ("COMMIT", "WRITE")
        if not any(failpoint.is_at(event) for failpoint in FAILPOINTS)
    }
    assert without == set()
