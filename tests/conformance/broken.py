"""The broken connectors: each breaks one promise, and names the check that must fail it."""

from __future__ import annotations

from collections.abc import Callable

from tests.conformance.sample import Sample

BROKEN: dict[type[Sample], str] = {}


def fails(check: str) -> Callable[[type[Sample]], type[Sample]]:
    """Register a connector that the named check must fail."""

    def register(connector: type[Sample]) -> type[Sample]:
        BROKEN[connector] = check
        return connector

    return register
