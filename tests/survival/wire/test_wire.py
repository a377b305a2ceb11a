"""Whatever happens to an answer on its way: the read gets over it or fails loudly, and loses nothing."""

from __future__ import annotations

from random import Random

import pytest

from include.connectors import base
from tests.conformance.sample import Sample
from tests.survival.wire import plan, trial
from tests.survival.wire.content import CONTENT
from tests.survival.wire.kinds import KINDS
from tests.survival.wire.stage import Stage
from tests.survival.wire.vendors import VENDORS

STREAMS = {
    name: [stream.name for stream in (Sample if name == Sample.name else base.get(name)).streams] for name in VENDORS
}
CASES = [
    pytest.param(world, stream, kind, id=f"{world}-{stream}-{kind}", marks=pytest.mark.xdist_group(f"wire-{world}"))
    for world, streams in STREAMS.items()
    for stream in streams
    for kind in plan.kinds(world)
]
FIGURES = [
    pytest.param(world, kind, id=f"{world}-{kind}", marks=pytest.mark.xdist_group(f"wire-{world}"))
    for world in STREAMS
    for kind in [*plan.wire_kinds(world)][::4]
]


@pytest.mark.parametrize(("stage", "stream", "kind"), CASES, indirect=["stage"])
def test_a_fault_is_got_over_or_told_and_loses_nothing(stage: Stage, stream: str, kind: str) -> None:
    assert trial.run(stage, plan.case(stage, kind, stream, Random(f"{stream} {kind}")))


@pytest.mark.parametrize(("stage", "kind"), FIGURES, indirect=["stage"])
def test_a_figure_that_was_disturbed_is_asked_again_or_said_to_be_unanswered(stage: Stage, kind: str) -> None:
    found = plan.wire_kinds(stage.world.connector.name)[kind]
    assert trial.judged(stage, found, Random(kind).randrange(1, 4))


def test_every_system_suffers_every_kind_or_says_why_it_cannot() -> None:
    assert len(KINDS) + len(CONTENT) > 60
    for world, vendor in VENDORS.items():
        untried = {*KINDS, *CONTENT} - set(plan.kinds(world))
        assert untried == set(vendor.cannot) and all(vendor.cannot.values())
