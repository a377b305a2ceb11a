"""The conformance suite on the sandbox, seen as a custom connection."""

from __future__ import annotations

import pytest

from tests.conformance.subject import Subject
from tests.conformance.suite import CHECKS
from tests.xero.conftest import Running
from tests.xero.subject import make

pytestmark = pytest.mark.proves("xero", "sandbox")


@pytest.fixture(scope="module")
def subject(running: Running) -> Subject:
    return make(running)


@pytest.mark.parametrize("check", CHECKS)
def test_xero(check: str, subject: Subject) -> None:
    CHECKS[check](subject)
