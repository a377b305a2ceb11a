"""Where the clock is turned, and where the day begins half a day earlier or later, nothing is lost or misjudged."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.survival.crowd.judging import Judgement, judgements
from tests.survival.crowd.zones import MIDNIGHTS, SECOND, TURNS, ZONES
from tests.survival.museum.room import Template, opened


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("zones"))


@pytest.mark.parametrize("judge", judgements().values(), ids=judgements().keys())
def test_it_is_the_right_day_and_nothing_is_lost(judge: Judgement, tmp_path: Path, template: Template) -> None:
    with opened(tmp_path, template) as room:
        judge(room.engine, tmp_path)


def test_what_is_written_down_is_true_of_this_machines_time_zones() -> None:
    assert len(ZONES) >= 6
    for turn in TURNS:
        before, after = ((turn.at + by).astimezone(ZoneInfo(turn.zone)).utcoffset() for by in (-SECOND, SECOND))
        assert before is not None and after is not None and after - before == turn.by, turn
    for midnight in MIDNIGHTS:
        on_the_wall = midnight.at.astimezone(ZoneInfo(midnight.zone))
        assert (on_the_wall.date(), on_the_wall.hour, on_the_wall.minute) == (midnight.day, 0, 0), midnight
