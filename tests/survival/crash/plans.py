"""Which crashes are tried: all there are, or a bad night for each scene in which every task dies at another place."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from tests.survival.crash.crashes import KINDS, NOT_APPLICABLE, Crash, Kind
from tests.survival.crash.failpoints import Failpoint
from tests.survival.crash.lab import Lab
from tests.survival.crash.scenes import Scene, Step


@dataclass
class BadNight:
    """One scene in which each task dies at most once."""

    scene: Scene
    crashes: dict[str, Crash] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.scene.name}: {'; '.join(map(str, self.crashes.values()))}"


def kinds(lab: Lab) -> list[Kind]:
    """Return how a task may die over this database."""
    return [kind for kind in KINDS if (lab.engine.dialect.name, kind) not in NOT_APPLICABLE]


def every_crash(lab: Lab, found: Sequence[Scene]) -> Iterator[tuple[Scene, Crash]]:
    """Yield each failpoint of each stream, at each moment, of each kind, in each scene."""
    for scene in found:
        for step, failpoint in scene.plans():
            for moment in failpoint.moments:
                for kind in kinds(lab):
                    yield scene, Crash(step, failpoint, moment, kind)


def bad_nights(lab: Lab, found: Sequence[Scene], failpoints: Collection[Failpoint], turn: int = 0) -> list[BadNight]:
    """Return few nights that reach each of these failpoints once: kinds, moments, streams and scenes take turns.

    Args:
        turn: which of them begins.
    """
    places: dict[Failpoint, list[tuple[Scene, Step]]] = {}
    for scene in found:
        for step, failpoint in scene.plans():
            if failpoint in failpoints:
                places.setdefault(failpoint, []).append((scene, step))
    nights: list[BadNight] = []
    possible = kinds(lab)
    for number, (failpoint, where) in enumerate(places.items(), turn):
        shift = number * 7 % len(where)
        night, step = _place(nights, where[shift:] + where[:shift])
        moment = failpoint.moments[number // len(possible) % len(failpoint.moments)]
        night.crashes[step.task_id] = Crash(step, failpoint, moment, possible[number % len(possible)])
    return nights


def _place(nights: list[BadNight], where: list[tuple[Scene, Step]]) -> tuple[BadNight, Step]:
    """Return a night that has room for one of the steps, if need be a new one, and the step."""
    for scene, step in where:
        for night in nights:
            if night.scene is scene and step.task_id not in night.crashes:
                return night, step
    nights.append(made := BadNight(where[0][0]))
    return made, where[0][1]
