"""Every public defect in the museum is caught by a named check, which passes on the code as it is."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.survival.museum.exhibits import CHECKS, EXHIBITS
from tests.survival.museum.gallery import catches
from tests.survival.museum.mutant import Check, Edit, Mutant, applied
from tests.survival.museum.room import Template, opened


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return Template(tmp_path_factory.mktemp("museum"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_code_as_it_is_passes(check: Check, tmp_path: Path, template: Template) -> None:
    with opened(tmp_path, template) as room:
        check(room)


@pytest.mark.parametrize("mutant", EXHIBITS, ids=lambda mutant: mutant.name)
def test_the_defect_is_caught(mutant: Mutant, tmp_path: Path, template: Template) -> None:
    assert catches(mutant, tmp_path, template), f"{mutant.caught_by.__name__} passes although {mutant.name}"


def test_every_exhibit_says_where_the_public_saw_it() -> None:
    assert len(EXHIBITS) >= 40
    assert [mutant.name for mutant in EXHIBITS if not re.match(r"[\w.-]+/[\w.-]+#\d+: .", mutant.seen_in)] == []
    assert [name for name, times in Counter(mutant.name for mutant in EXHIBITS).items() if times > 1] == []


def test_a_mutant_leaves_no_trace() -> None:
    from include import money

    (cents,) = [mutant for mutant in EXHIBITS if mutant.name == "every currency has cents"]
    before = money.minor_units.__code__
    with applied(cents):
        assert money.minor_units.__code__ is not before
    assert money.minor_units.__code__ is before


def test_a_mutant_that_no_longer_fits_the_code_is_told() -> None:
    gone = Mutant("gone", "", lambda room: None, (Edit("include.money:minor_units", "no_such_name", "2"),))
    with pytest.raises(AssertionError, match="look at the museum again"), applied(gone):
        pass
