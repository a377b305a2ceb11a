"""The sample connector passes the whole suite."""

from __future__ import annotations

import pytest

from tests.conformance.subject import Subject
from tests.conformance.suite import CHECKS


@pytest.mark.parametrize("check", CHECKS)
def test_sample(check: str, sample: Subject) -> None:
    """Each check of the suite."""
    CHECKS[check](sample)
