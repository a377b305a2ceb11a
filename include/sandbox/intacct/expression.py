"""The expression that ties filters together: numbers of filters, `and`, `or` and parentheses; or one word for all.

any = all ("or" all)*
all = one ("and" one)*
one = "(" any ")" | the number of a filter, from 1
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from include.sandbox.intacct.objects import Row
from include.sandbox.intacct.select import Condition

TOKEN = re.compile(r"\s*(\d+|\(|\)|[A-Za-z]+)")


class BadExpression(ValueError):
    """The text ties nothing together; says where."""


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that all of these hold."""
    return conditions[0] if len(conditions) == 1 else lambda row: all(condition(row) for condition in conditions)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Return the condition that one of these holds."""
    return conditions[0] if len(conditions) == 1 else lambda row: any(condition(row) for condition in conditions)


def negated(condition: Condition) -> Condition:
    """Return the condition that this one does not hold."""

    def holds(row: Row) -> bool:
        return not condition(row)

    return holds


def combined(conditions: Sequence[Condition], text: str) -> Condition:
    """Return the condition that an expression makes of numbered ones.

    Raises:
        BadExpression: it cannot be understood, or names a number that there is not.
    """
    word = text.strip().lower()
    if word in ("and", "or"):
        return all_of(conditions) if word == "and" else any_of(conditions)
    parser = _Parser(text, conditions)
    found = parser.any()
    if parser.tokens:
        raise BadExpression(parser.tokens[0])
    return found


class _Parser:
    def __init__(self, text: str, conditions: Sequence[Condition]) -> None:
        self.tokens, self.conditions = TOKEN.findall(text), conditions
        if "".join(self.tokens) != re.sub(r"\s", "", text):
            raise BadExpression(text)

    def any(self) -> Condition:
        parts = [self.all()]
        while self._take("or"):
            parts.append(self.all())
        return any_of(parts)

    def all(self) -> Condition:
        parts = [self.one()]
        while self._take("and"):
            parts.append(self.one())
        return all_of(parts)

    def one(self) -> Condition:
        if self._take("("):
            inner = self.any()
            if not self._take(")"):
                raise BadExpression("a parenthesis is not closed")
            return inner
        token = self.tokens.pop(0) if self.tokens else ""
        if not token.isdigit() or not 1 <= int(token) <= len(self.conditions):
            raise BadExpression(token or "it ends too early")
        return self.conditions[int(token) - 1]

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0].lower() == word:
            self.tokens.pop(0)
            return True
        return False
