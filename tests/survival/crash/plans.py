"""Which crashes are tried: all there are, or a bad night for each scene in which every task dies at another place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def bad_nights(lab: Lab, found: Sequence[Scene], turn: int = 0) -> list[BadNight]:
    """Return nights that reach every failpoint once: kinds, moments, streams and scenes take turns.

    Args:
        turn: which of them begins.
    """
    places: dict[Failpoint, list[tuple[Scene, Step]]] = {}
    for scene in found:
        for step, failpoint in scene.plans():
            places.setdefault(failpoint, []).append((scene, step))
    nights: list[BadNight] = []
    possible = kinds(lab)
    for number, (failpoint, where) in enumerate(places.items(), turn):
        scene, step = where[number * 7 % len(where)]
        moment = failpoint.moments[number // len(possible) % len(failpoint.moments)]
        night = next((n for n in nights if n.scene is scene and step.task_id not in n.crashes), None)
        if night is None:
            nights.append(night := BadNight(scene))
        night.crashes[step.task_id] = Crash(step, failpoint, moment, possible[number % len(possible)])
    return nights
