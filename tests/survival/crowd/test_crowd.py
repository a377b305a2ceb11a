"""Sixteen organizations at once in the same tables hold, after every round, what each would hold alone."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom

import pytest
from sqlalchemy import Engine

from tests.survival.crowd.crowd import Crowd

ROUNDS = {"sqlite": 40, "postgresql": 10}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_each_holds_what_it_would_hold_alone(engine: Engine, tmp_path: Path) -> None:
    seed, rounds = SystemRandom().randrange(10**6), ROUNDS[engine.dialect.name]
    print(f"crowd: seed {seed}")
    crowd = Crowd(engine, tmp_path / "staging", seed, rounds)
    crowd.live_alone()
    with crowd.workers() as workers:
        for number in range(rounds):
            assert crowd.turn(workers, number) == {}, f"round {number} of seed {seed}"
