"""The vendor's `where` language, as far as its optimised columns go.

condition  = all ("OR" all)*          also "||"
all        = one ("AND" one)*         also "&&"
one        = "(" condition ")" | column operator value
operator   = "==" | "=" | "!=" | ">" | ">=" | "<" | "<="
value      = "text" | number | true | false | null | DateTime(y,m,d[,h,m,s]) | guid("...")
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Column = Callable[[Any], object]
Condition = Callable[[Any], bool]

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "=": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge, "<": operator.lt,
    "<=": operator.le,
}  # fmt: skip
TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<call>(?:DateTime|guid)\s*\([^)]*\))|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<operator>==|!=|>=|<=|&&|\|\||[=<>()])|(?P<word>[A-Za-z_][\w.]*))""",
    re.IGNORECASE,
)
WORDS: Mapping[str, object] = {"true": True, "false": False, "null": None}


class BadFilter(ValueError):
    """The text is no condition, or names a column that cannot be asked; says which."""


class BadParameter(BadFilter):
    """A parameter or header that is no condition has a value that it cannot have."""


def condition(text: str, columns: Mapping[str, Column]) -> Condition:
    """Return the condition as a function of a record.

    Args:
        columns: how to read each column that may be asked, by its name in lower case.

    Raises:
        BadFilter: it cannot be understood.
    """
    parser = _Parser(_tokens(text), columns)
    found = parser.any_of()
    if parser.tokens:
        raise BadFilter(f"No operator between expressions at '{parser.tokens[0][1]}'")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        if not (found := TOKEN.match(text, at)):
            raise BadFilter(f"Syntax error at index {at}")
        tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], columns: Mapping[str, Column]) -> None:
        self.tokens, self.columns = tokens, columns

    def any_of(self) -> Condition:
        parts = [self.all_of()]
        while self._take("or", "||"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def all_of(self) -> Condition:
        parts = [self.one()]
        while self._take("and", "&&"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def one(self) -> Condition:
        if self._take("("):
            inner = self.any_of()
            if not self._take(")"):
                raise BadFilter("')' or operator expected")
            return inner
        kind, name = self._next()
        column = self.columns.get(name.lower())
        if kind != "word" or not column:
            raise BadFilter(f"No property or field '{name}' exists that can be asked for")
        _, sign = self._next()
        if sign not in OPERATORS:
            raise BadFilter(f"Operator expected after '{name}'")
        compare, wanted = OPERATORS[sign], self._value()
        return lambda record: _holds(compare, column(record), wanted)

    def _value(self) -> object:
        kind, text = self._next()
        try:
            match kind:
                case "text":
                    return re.sub(r"\\(.)", r"\1", text[1:-1])
                case "number":
                    return Decimal(text)
                case "call":
                    return _call(text)
        except ValueError:
            pass
        if kind == "word" and text.lower() in WORDS:
            return WORDS[text.lower()]
        raise BadFilter(f"Value expected at '{text}'")

    def _next(self) -> tuple[str, str]:
        if not self.tokens:
            raise BadFilter("Expression expected")
        return self.tokens.pop(0)

    def _take(self, *words: str) -> bool:
        if self.tokens and self.tokens[0][0] != "text" and self.tokens[0][1].lower() in words:
            self.tokens.pop(0)
            return True
        return False


def _call(text: str) -> object:
    name, _, inside = text.rstrip(")").partition("(")
    if name.strip().lower() == "guid":
        return inside.strip().strip('"').lower()
    moment = datetime(*[int(part) for part in inside.split(",")])  # type: ignore[arg-type]  # noqa: DTZ001 - a local day
    return moment.date() if not (moment.hour or moment.minute or moment.second) else moment


def _holds(compare: Callable[[Any, Any], bool], value: object, wanted: object) -> bool:
    """Compare; what has no value is unequal to any, and neither before nor after."""
    if value is None or wanted is None:
        return compare in (operator.eq, operator.ne) and compare(value, wanted)
    if isinstance(value, date) != isinstance(wanted, date) or isinstance(value, str) != isinstance(wanted, str):
        raise BadFilter(f"Operator is incompatible with '{wanted}'")
    if isinstance(value, date) and isinstance(wanted, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a local day
    return compare(value, wanted)
