"""Whatever fails, nobody reads a secret or a person's data where neither belongs."""

from __future__ import annotations

from pathlib import Path
from random import Random, SystemRandom

import pytest
from sqlalchemy import Engine

from include import warehouse
from tests.survival.crowd.canaries import aviary, failures
from tests.survival.crowd.planted import ADDRESSES, told


@pytest.fixture
def file(tmp_path: Path) -> Engine:
    made = warehouse.engine(f"sqlite:///{tmp_path}/warehouse.sqlite")
    warehouse.upgrade(made)
    return made


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_planted_is_said_or_lies_about(file: Engine, tmp_path: Path) -> None:
    seed = SystemRandom().randrange(10**6)
    print(f"canaries: seed {seed}")
    with aviary(file, tmp_path) as made:
        for name, force in failures(made, Random(seed)):
            try:
                force()
                made.assert_silent()
            except AssertionError as leak:
                pytest.fail(f"{name}, seed {seed}: {leak}")
        # Who was spoilt on purpose is rejected with all his contacts.
        assert len(made.lab.nights.rows("contacts")) > ADDRESSES / 2, "the people are in the tables, where they belong"
        made.assert_nothing_lies_about()


def test_what_was_planted_is_found_again() -> None:
    assert told("dear kanari0007@planted.example", set()) == ["kana… (10 characters)"]
    assert told("+49 30 55501990007", set()) and told("Basic cGxhbnRlZA==", {"cGxhbnRlZA=="})
    assert told("customer K-0001 owes 5.00 EUR", {"open-sesame"}) == []
