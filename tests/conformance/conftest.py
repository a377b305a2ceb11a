"""The sample system as a subject of the conformance suite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance import sample_subject
from tests.conformance.sample import Sample
from tests.conformance.sample_server import Running, serving
from tests.conformance.subject import Subject


@pytest.fixture(scope="session")
def sample_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running sample system with two entities."""
    folder: Path = tmp_path_factory.mktemp("sample")
    sample_subject.fill(folder)
    with serving(folder) as running:
        yield running


@pytest.fixture(scope="session")
def sample(sample_server: Running) -> Subject:
    """The sample connector and its source."""
    return sample_subject.subject(sample_server, Sample)


@pytest.fixture(scope="session")
def broken(sample_server: Running) -> Callable[[type[Sample]], Subject]:
    """Make a subject of a connector that breaks the contract somewhere."""
    return lambda connector: sample_subject.subject(sample_server, connector)
