"""The conformance suite on a real Tryton, with the seed and the cases in its books."""

from __future__ import annotations

import pytest

from tests.conformance.subject import Subject
from tests.conformance.suite import CHECKS
from tests.tryton.conftest import Running
from tests.tryton.subject import make

pytestmark = pytest.mark.proves("tryton", "server")


@pytest.fixture(scope="module")
def subject(tryton: Running) -> Subject:
    return make(tryton)


@pytest.mark.parametrize("check", CHECKS)
def test_tryton(check: str, subject: Subject) -> None:
    CHECKS[check](subject)
