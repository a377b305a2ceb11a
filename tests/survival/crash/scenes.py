"""Scenes: runs that were lived once undisturbed, task by task, and can be lived again from any task on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from tests.survival.crash.failpoints import FAILPOINTS, FUNCTIONS, Failpoint
from tests.survival.crash.lab import Lab, Rows, Saved
from tests.survival.crash.planting import Planted, Trap, raises
from tests.survival.crash.tasks import Run
from tests.survival.crash.watching import Event, watching
from tests.survival.worlds import NothingToDo

LACKING = "customers"
"""The table whose stream the scene `lacking` leaves out: other rows point at it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A task about to run: the state it finds, its try, and what an undisturbed one does."""

    task_id: str
    saved: Saved
    run: Run
    try_number: int
    events: tuple[Event, ...]

    def reaches(self, failpoint: Failpoint) -> bool:
        """Tell whether the task gets to this failpoint when nobody disturbs it."""
        is_its = self.task_id.rpartition(".")[2] == failpoint.task
        return is_its and sum(map(failpoint.is_at, self.events)) >= failpoint.nth


@dataclass
class Scene:
    """A run as it was lived.

    Args:
        rest: the task ids, in the order they ran.
        dying: those that are made to die.
        end: what the warehouse held at last.
    """

    name: str
    rest: list[str]
    judged: bool = False
    steps: dict[str, Step] = field(default_factory=dict)
    dying: list[str] = field(default_factory=list)
    end: Rows = field(default_factory=dict)

    def plans(self) -> Iterator[tuple[Step, Failpoint]]:
        """Yield every step with every failpoint that it reaches."""
        for task_id in self.dying:
            step = self.steps[task_id]
            for failpoint in FAILPOINTS:
                if step.reaches(failpoint):
                    yield step, failpoint


def scenes(lab: Lab, random: Random, judged: bool = False) -> list[Scene]:
    """Live every scene once, over books that do not change any more, and return them.

    first: nothing was loaded before. resumed: an earlier try of each extract was killed after its first page.
    unfinished: all tries of an earlier run were. lacking: rows point at customers that were not read. moved: the
    books changed between load and reconcile. news: a night after many changes. quiet: a night after none.
    """
    empty = lab.save()
    before = _lived(lab, Scene("before", list(lab.tasks.order())), lab.new_run(), lab.save())
    loaded = lab.save()
    change(lab, random)
    found = [
        _lived(lab, Scene("first", list(lab.tasks.order())), lab.new_run(), empty),
        _lived(lab, Scene("lacking", list(lab.tasks.order())), lab.new_run(streams=_but_customers(lab)), empty),
        _resumed(lab, empty),
        _unfinished(lab, empty),
        _moved(lab, before),
        _lived(lab, Scene("news", list(lab.tasks.order(judged)), judged), lab.new_run(), loaded),
    ]
    found.append(_lived(lab, Scene("quiet", list(lab.tasks.order())), lab.new_run(), lab.save()))
    return found


def change(lab: Lab, random: Random) -> None:
    """Do everything in the books that an accountant may do."""
    for done in lab.world.changes.values():
        with suppress(NothingToDo):
            done(random)


def settle(lab: Lab, run: Run) -> None:
    """Let a whole night follow a limited run, which leaves the rest to it."""
    if run.params:
        lab.night()


def _lived(lab: Lab, scene: Scene, run: Run, saved: Saved, tries: dict[str, int] | None = None) -> Scene:
    lab.restore(saved)
    run = run.copy()
    for task_id in scene.rest:
        state, so_far, events = lab.save(), run.copy(), []
        try_number = (tries or {}).get(task_id, 1)
        with watching(
            lambda event, moment, events=events: events.append(event) if moment == "before" else None,
            lab.world.connector, FUNCTIONS,
        ):  # fmt: skip
            lab.tasks.run(run, task_id, try_number)
        scene.steps[task_id] = Step(task_id, state, so_far, try_number, tuple(events))
    settle(lab, run)
    scene.end, scene.dying = lab.told(), list(scene.rest)
    return scene


def _but_customers(lab: Lab) -> list[str]:
    return [stream.name for stream in lab.world.connector.streams if LACKING not in stream.tables]


def _resumed(lab: Lab, empty: Saved) -> Scene:
    """Kill the first try of every extract after its first page, and let the run try again."""
    lab.restore(empty)
    run = lab.new_run()
    tries = dict.fromkeys(_cut_short(lab, run), 2)
    state = lab.save()
    return _only(tries, _lived(lab, Scene("resumed", list(lab.tasks.order())), run, state, tries))


def _unfinished(lab: Lab, empty: Saved) -> Scene:
    """Kill every extract after its first page, and let the next run go on with what that one staged."""
    lab.restore(empty)
    task_ids = _cut_short(lab, lab.new_run())
    return _only(task_ids, _lived(lab, Scene("unfinished", list(lab.tasks.order())), lab.new_run(), lab.save()))


def _cut_short(lab: Lab, run: Run) -> list[str]:
    """End each extract before it asks for its second page; return those that have one."""
    second = next(failpoint for failpoint in FAILPOINTS if failpoint.name == "extract: the second page is asked for")
    ended = []
    for stream in lab.tasks.streams:
        trap = Trap(second, "before", raises)
        with suppress(Planted), watching(trap, lab.world.connector, FUNCTIONS):
            lab.tasks.run(run, f"{stream}.extract")
        if trap.has_sprung:
            ended.append(f"{stream}.extract")
    return ended


def _only(task_ids: Collection[str], scene: Scene) -> Scene:
    """Die in these tasks only: the others do what they do in another scene."""
    scene.dying = [task_id for task_id in scene.dying if task_id in task_ids]
    return scene


def _moved(lab: Lab, before: Scene) -> Scene:
    """Reconcile a run whose rows were loaded before the books changed."""
    step = before.steps["reconcile"]
    return _lived(lab, Scene("moved", before.rest[before.rest.index("reconcile") :]), step.run, step.saved)
