"""A mutant: production code with one public defect in it, for as long as a check runs.

An edit names a function and an expression or statement of it. The function's source is parsed, the
fragment replaced, and the new code put into the function object itself, so that whoever imported it
before runs it, too. A fragment that is not there exactly once is an error: the code has changed, and
somebody must look whether the museum still shows what it says.
"""

from __future__ import annotations
import __future__

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from textwrap import dedent
from types import CodeType, FunctionType
from typing import Any

from tests.survival.museum.room import Room

Check = Callable[[Room], None]
"""Passes on right code, and fails by an assertion where a user would get wrong rows or none."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in one function.

    Args:
        target: `module:function` or `module:Class.method`.
        find: an expression or a statement, as Python would write it.
        put: what takes its place; several statements may stand for one.
    """

    target: str
    find: str
    put: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One exhibit.

    Args:
        name: the defect in our words.
        seen_in: where the public saw it: `owner/repository#number` and what it says there, paraphrased.
        caught_by: the check that must fail while the defect is in the code.
    """

    name: str
    seen_in: str
    caught_by: Check
    edits: tuple[Edit, ...]


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Let production code have the defect until the block ends."""
    edits: dict[str, list[Edit]] = {}
    for edit in mutant.edits:
        edits.setdefault(edit.target, []).append(edit)
    with ExitStack() as stack:
        for target, mine in edits.items():
            stack.enter_context(_edited(target, mine))
        yield


@contextmanager
def _edited(target: str, edits: Sequence[Edit]) -> Iterator[None]:
    function = _function(target)
    whole = function.__code__
    function.__code__ = _compiled(function, edits)
    try:
        yield
    finally:
        function.__code__ = whole


def _function(target: str) -> FunctionType:
    """Return the plain function behind a name, whatever decorates it."""
    module, _, path = target.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    match found:
        case property():
            found = found.fget
        case classmethod() | staticmethod():
            found = found.__func__
        case cached_property():
            found = found.func
    found = inspect.unwrap(found)
    assert isinstance(found, FunctionType), f"{target} is no function"
    return found


def _compiled(function: FunctionType, edits: Sequence[Edit]) -> CodeType:
    definition = ast.parse(dedent(inspect.getsource(function))).body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    for edit in edits:
        replaced = _Replace(edit)
        definition = replaced.visit(definition)
        assert replaced.count == 1, f"{edit.target} has {edit.find!r} {replaced.count} times: look at the museum again"
    # Names that the function takes from around it (`__class__` of super()) must come from around it here, too.
    around = ast.parse(f"def around({', '.join(function.__code__.co_freevars)}): pass").body[0]
    assert isinstance(around, ast.FunctionDef)
    around.body = [definition]
    module = ast.fix_missing_locations(ast.Module([around], []))
    flags = __future__.annotations.compiler_flag
    outer = compile(module, f"<mutant of {edits[0].target}>", "exec", flags, dont_inherit=True)
    return _inside(_inside(outer, "around"), function.__code__.co_name)


def _inside(code: CodeType, name: str) -> CodeType:
    return next(found for found in code.co_consts if isinstance(found, CodeType) and found.co_name == name)


class _Replace(ast.NodeTransformer):
    """Replaces a fragment and counts how often it was there."""

    def __init__(self, edit: Edit) -> None:
        self.count = 0
        (self.find,) = ast.parse(dedent(edit.find)).body
        self.put = ast.parse(dedent(edit.put)).body
        first = self.put[0]
        if isinstance(self.find, ast.Expr) and isinstance(first, ast.Expr) and len(self.put) == 1:
            self.find, self.put = self.find.value, [first.value]  # type: ignore[assignment, list-item]
        self.wanted = ast.dump(self.find)

    def visit(self, node: ast.AST) -> Any:
        if ast.dump(node) == self.wanted:
            self.count += 1
            return self.put[0] if len(self.put) == 1 else self.put
        return self.generic_visit(node)
