"""What production code does, told as it happens: statements, commits, files, calls; nothing of it knows.

Four hooks see everything that a failpoint can name: SQLAlchemy's events around each statement, the
dialects' commit, the one function that writes files, and the functions that a failpoint names. The
production code holds no hook of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from pkgutil import resolve_name
from typing import Any, Literal
from unittest.mock import patch

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from include import storage
from include.connectors.base import Connector

Moment = Literal["before", "torn", "after"]
"""Before it is done, when half of a file is written, or right after it was done."""
OURS = "include."


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that is done.

    Args:
        verb: of SQL, or `COMMIT`, `WRITE` (a file), `CALL` (a function), `NEXT` (an item of a generator).
        what: the table, the file's name, or the function.
        within: the project's functions that do it, innermost first, as `warehouse.fence:advance`.
    """

    verb: str
    what: str
    within: tuple[str, ...]


Told = Callable[[Event, Moment], None]


@contextmanager
def watching(told: Told, connector: type[Connector], functions: frozenset[str] = frozenset()) -> Iterator[None]:
    """Tell every event to `told` until the block ends; what `told` raises is raised where the event is.

    Args:
        functions: watched by name: `include.sweep:gone`, or `connector:read` for the connector's own.
    """
    before, after = _on_statement(told, "before"), _on_statement(told, "after")
    with ExitStack() as stack:
        for name, listener in (("before_cursor_execute", before), ("after_cursor_execute", after)):
            event.listen(Engine, name, listener)
            stack.callback(event.remove, Engine, name, listener)
        stack.enter_context(patch.object(DefaultDialect, "do_commit", _commit(DefaultDialect.do_commit, told)))
        stack.enter_context(patch.object(storage, "write", _write(storage.write, told)))
        for name in functions:
            owner, attribute = _place(name, connector)
            stack.enter_context(patch.object(owner, attribute, _called(getattr(owner, attribute), name, told)))
        yield


def _place(name: str, connector: type[Connector]) -> tuple[Any, str]:
    module, _, path = name.partition(":")
    if module == "connector":
        return connector, path
    owner, _, attribute = path.rpartition(".")
    return resolve_name(f"{module}:{owner}" if owner else module), attribute


def _on_statement(told: Told, moment: Moment) -> Any:
    def listener(_: Any, __: Any, statement: str, ___: Any, context: Any, ____: bool) -> None:
        told(Event(*_verb_and_table(statement, context), _within()), moment)

    return listener


def _verb_and_table(statement: str, context: Any) -> tuple[str, str]:
    compiled = getattr(context, "compiled", None)
    made = compiled.statement if compiled is not None else None
    for verb in ("insert", "update", "delete"):
        if getattr(context, f"is{verb}", False) and made is not None:
            return verb.upper(), made.table.name
    words = statement.split()
    verb = words[0].upper() if words else ""
    element = getattr(made, "element", None)
    if verb == "CREATE" and element is not None:
        return verb, element.name
    return verb, words[1] if verb in ("ANALYZE", "BEGIN") and len(words) > 1 else ""


def _commit(whole: Any, told: Told) -> Any:
    def do_commit(self: Any, connection: Any) -> None:
        happening = Event("COMMIT", "", _within())
        told(happening, "before")
        whole(self, connection)
        told(happening, "after")

    return do_commit


def _write(whole: Any, told: Told) -> Any:
    def write(path: Any, body: bytes) -> None:
        happening = Event("WRITE", path.name, _within())
        told(happening, "before")
        whole(path, body[: len(body) // 2])
        told(happening, "torn")
        whole(path, body)
        told(happening, "after")

    return write


def _called(whole: Any, name: str, told: Told) -> Any:
    """Tell the call, and of what it answers piece by piece every piece."""

    @wraps(whole)
    def called(*arguments: Any, **named: Any) -> Any:
        happening = Event("CALL", name, _within())
        told(happening, "before")
        answer = whole(*arguments, **named)
        told(happening, "after")
        return _told_by_piece(answer, name, told) if isinstance(answer, Iterator) else answer

    return called


def _told_by_piece(pieces: Iterator[Any], name: str, told: Told) -> Iterator[Any]:
    while True:
        happening = Event("NEXT", name, _within())
        told(happening, "before")
        try:
            piece = next(pieces)
        except StopIteration:
            return
        told(happening, "after")
        yield piece


def _within() -> tuple[str, ...]:
    found = []
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(OURS):
            found.append(f"{module.removeprefix(OURS)}:{frame.f_code.co_qualname}")
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(found)
