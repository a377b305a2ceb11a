"""Death at a chosen point of a night: before a statement, commit, request or write to staging, or after a load."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event

from include import storage, warehouse
from include.connectors.http import Http

POINTS = {"statement": 150, "commit": 14, "request": 45, "write": 45, "loaded": 5}
"""Where a night may die → about how many such points it has."""


class Crash(BaseException):
    """The process ends here; no Exception, so that nothing in it can catch it."""


def dies(engine: Engine, where: str, at: int, living: Callable[[], None]) -> bool:
    """Let it die when it comes to such a point for the `at`th time; return whether it did."""
    died = False
    try:
        with _deadly(engine, where, at):
            living()
    except Crash:
        died = True
    if died:
        gc.collect()  # with a process its connections end; SQLAlchemy forgets them without closing them
    return died


@contextmanager
def _deadly(engine: Engine, where: str, at: int) -> Iterator[None]:
    reached = 0

    def reach(*_: Any, **__: Any) -> None:
        nonlocal reached
        reached += 1
        if reached == at:
            raise Crash(f"{where} {at}")

    def before(owner: Any, name: str) -> Any:
        return mock.patch.object(owner, name, _then(reach, getattr(owner, name)))

    with ExitStack() as stack:
        match where:
            case "statement" | "commit":
                name = {"statement": "before_cursor_execute", "commit": "commit"}[where]
                event.listen(engine, name, reach)
                stack.callback(event.remove, engine, name, reach)
            case "request":
                stack.enter_context(before(Http, "_ask"))
            case "write":
                stack.enter_context(before(storage, "write"))
            case "loaded":
                load = warehouse.load
                done = mock.patch.object(warehouse, "load", lambda *a, **k: (load(*a, **k), reach())[0])
                stack.enter_context(done)
        yield


def _then(first: Callable[..., None], second: Callable[..., Any]) -> Callable[..., Any]:
    def both(*arguments: Any, **options: Any) -> Any:
        first()
        return second(*arguments, **options)

    return both
