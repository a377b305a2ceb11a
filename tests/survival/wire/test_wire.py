"""Whatever is done to an answer on its way: the read gets over it, or fails loudly, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from include.connectors import base
from tests.conformance.sample import Sample
from tests.survival.wire import plan, trial
from tests.survival.wire.content import CONTENT
from tests.survival.wire.kinds import KINDS
from tests.survival.wire.stage import Stage
from tests.survival.wire.vendors import VENDORS
from tests.survival.worlds import EVERY_TIME

StageOf = Callable[[str], Stage]
STREAMS = {
    name: [stream.name for stream in (Sample if name == Sample.name else base.get(name)).streams] for name in VENDORS
}
EVERYWHERE = (
    "rate_limited_for_seconds", "rate_limited_until_a_date", "rate_limited_without_a_word", "burst_of_503",
    "burst_of_502_and_504", "outage", "html_with_200", "error_envelope_1", "body_is_truncated", "length_is_too_short",
    "length_is_too_long", "decompression_bomb", "slow_drip", "reset_in_the_body", "reset_for_ever",
    "unauthorized_in_mid_paging", "names_come_twice", "page_comes_again", "same_page_for_ever", "page_is_empty",
    "page_is_short", "claims_less", "claims_more", "records_twice", "records_reordered", "record_without_key",
)  # fmt: skip
"""Kinds that every stream suffers in full; the others come to one stream of each system, in the torture to all."""


def cases(world: str, in_full: bool) -> Iterator[tuple[str, str, str]]:
    """Yield which stream of a system suffers which kind."""
    names = STREAMS[world]
    for number, kind in enumerate(plan.kinds(world)):
        if in_full and kind in EVERYWHERE:
            yield from ((world, stream, kind) for stream in names)
        else:
            yield world, names[number % len(names)], kind


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the cases: all systems with all their streams, or what the suite takes of them."""
    in_full = bool(metafunc.config.getoption("--in-full"))
    tried = [*STREAMS] if in_full else EVERY_TIME
    if "stream" in metafunc.fixturenames:
        found = [case for world in tried for case in cases(world, in_full)]
        metafunc.parametrize(("world", "stream", "kind"), found, ids=["-".join(case) for case in found])
    elif "kind" in metafunc.fixturenames:
        figures = [(world, kind) for world in tried for kind in [*plan.wire_kinds(world)][::4]]
        metafunc.parametrize(("world", "kind"), figures, ids=["-".join(case) for case in figures])


@pytest.mark.timeout(600)  # whichever comes first waits until the system is up
def test_a_fault_is_got_over_or_told_and_loses_nothing(stage_of: StageOf, world: str, stream: str, kind: str) -> None:
    stage = stage_of(world)
    assert trial.run(stage, plan.case(stage, kind, stream, Random(f"{stream} {kind}")))


@pytest.mark.timeout(600)
def test_a_figure_that_was_disturbed_is_asked_again_or_unanswered(stage_of: StageOf, world: str, kind: str) -> None:
    assert trial.judged(stage_of(world), plan.wire_kinds(world)[kind], Random(kind).randrange(1, 4))


def test_every_system_suffers_every_kind_or_says_why_it_cannot() -> None:
    assert len(KINDS) + len(CONTENT) > 60 and all(
        {*EVERYWHERE} <= {*plan.kinds(w), *VENDORS[w].cannot} for w in VENDORS
    )
    for world, vendor in VENDORS.items():
        untried = {*KINDS, *CONTENT} - set(plan.kinds(world))
        assert untried == set(vendor.cannot) and all(vendor.cannot.values())
