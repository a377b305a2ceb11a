"""The conformance suite over the connector for NetSuite, against the sandbox's own clean books."""

from __future__ import annotations

import pytest

from tests.conformance.subject import Subject
from tests.conformance.suite import CHECKS
from tests.netsuite import subject as netsuite
from tests.netsuite.conftest import Running


@pytest.fixture(scope="module")
def subject(running: Running) -> Subject:
    return netsuite.make(running)


@pytest.mark.proves("netsuite", "sandbox")
@pytest.mark.parametrize("name", CHECKS)
def test_conformance(name: str, subject: Subject) -> None:
    CHECKS[name](subject)
