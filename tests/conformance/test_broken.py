"""The suite itself is tested: each broken connector must fail the check meant for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conformance import broken_declared, broken_meaning, broken_reading
from tests.conformance.broken import BROKEN
from tests.conformance.sample import Sample
from tests.conformance.subject import Subject
from tests.conformance.suite import CHECKS

LOADED = (broken_declared, broken_meaning, broken_reading)  # importing them fills BROKEN


@pytest.mark.parametrize("connector", BROKEN, ids=lambda connector: str(connector.__name__))
def test_broken_connector_fails_its_check(connector: type[Sample], broken: Callable[[type[Sample]], Subject]) -> None:
    """The check named beside the connector refuses it, with a sentence."""
    with pytest.raises((AssertionError, pytest.fail.Exception, ValueError, KeyError), match=r"."):
        CHECKS[BROKEN[connector]](broken(connector))


def test_every_check_has_a_broken_connector() -> None:
    """No check is there that nothing has ever failed."""
    assert set(CHECKS) == set(BROKEN.values())
