"""Errors sorted by what their reader must do, without a secret; and requests counted."""

from __future__ import annotations

import traceback

import pytest

from include.connectors.base import Connector
from include.errors import ConfigurationError, GreenlightError, SourceUnavailable
from tests.conformance.subject import Subject


def check_wrong_secret(subject: Subject) -> None:
    """A wrong secret is a matter of configuration, for every way of asking, and is never told."""
    stream = subject.streams[0]
    for ask in (
        lambda connector: connector.check(),
        lambda connector: list(connector.read(stream, subject.window)),
        lambda connector: connector.control_figures(subject.as_of, subject.history_from),
    ):
        connector = subject.wrong_secret()
        with pytest.raises(GreenlightError) as refused:
            ask(connector)
        _is_well_said(refused.value, ConfigurationError, connector)


def check_unreachable(subject: Subject) -> None:
    """A system that does not answer is waited for."""
    connector = subject.unreachable()
    with pytest.raises(GreenlightError) as raised:
        connector.check()
    _is_well_said(raised.value, SourceUnavailable, connector)


def check_requests_are_counted(subject: Subject) -> None:
    """Every page costs at least one request, and all are counted."""
    connector = subject.connect()
    for stream in subject.streams:
        before = connector.request_count
        pages = sum(1 for _ in connector.read(stream, subject.window))
        assert connector.request_count - before >= pages > 0, f"{stream.name}: {pages} pages, fewer requests counted"


def _is_well_said(error: GreenlightError, kind: type[GreenlightError], connector: Connector) -> None:
    assert isinstance(error, kind), f"{type(error).__name__} is no {kind.__name__}: its reader does the wrong thing"
    connection = connector.connection
    secrets = [connection.password, *(str(v) for k, v in connection.extra.items() if "secret" in k or "token" in k)]
    told = "".join(traceback.format_exception(error))
    assert not any(secret and secret in told for secret in secrets), "the error tells the secret"
    assert error.next_step, "the error does not say what to do next"
