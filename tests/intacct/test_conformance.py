"""The conformance suite on the sandbox, over REST and over the XML gateway."""

from __future__ import annotations

import pytest

from tests.conformance.subject import Subject
from tests.conformance.suite import CHECKS
from tests.intacct.conftest import Running
from tests.intacct.subject import make

pytestmark = pytest.mark.proves("intacct", "sandbox")


@pytest.fixture(scope="module")
def subject(either: Running) -> Subject:
    return make(either)


@pytest.mark.parametrize("check", CHECKS)
def test_intacct(check: str, subject: Subject) -> None:
    CHECKS[check](subject)
