"""The language of readByQuery: comparisons of fields with values, AND, OR, NOT and parentheses, as in SQL.

any = all ("OR" all)*
all = one ("AND" one)*
one = "NOT" one | "(" any ")" | field test
test = operator value | ["NOT"] "LIKE" value | ["NOT"] "IN" "(" value ("," value)* ")" | "IS" ["NOT"] "NULL"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from include.sandbox.intacct.expression import all_of, any_of, negated
from include.sandbox.intacct.formats import Formats
from include.sandbox.intacct.objects import Value
from include.sandbox.intacct.select import BadValue, Condition, among, compared, like
from include.sandbox.intacct.view import Column

TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<sign><=|>=|!=|[<>=(),])|(?P<word>[^\s<>=!(),']+))""", re.DOTALL
)
SIGNS: Mapping[str, str] = {"=": "eq", "!=": "ne", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
Token = tuple[str, str]


class BadQuery(ValueError):
    """The text is no query; says where."""


def condition(text: str, column: Callable[[str], Column], formats: Formats) -> Condition:
    """Return the condition of a query.

    Args:
        column: returns a field by its name, or raises.

    Raises:
        BadQuery: it cannot be understood.
    """
    parser = _Parser(_tokens(text), column, formats)
    found = parser.any()
    if parser.tokens:
        raise BadQuery(parser.tokens[0][1])
    return found


def _tokens(text: str) -> list[Token]:
    tokens, at, text = [], 0, text.strip()
    while at < len(text):
        if not (found := TOKEN.match(text, at)):
            raise BadQuery(text[at:])
        kind = str(found.lastgroup)
        tokens.append((kind, found.group(kind)))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[Token], column: Callable[[str], Column], formats: Formats) -> None:
        self.tokens, self.column, self.formats = tokens, column, formats

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
        if self._take("not"):
            return negated(self.one())
        if self._take("("):
            inner = self.any()
            self._expect(")")
            return inner
        column = self.column(self._next("word"))
        if self._take("is"):
            name = "ne" if self._take("not") else "eq"
            self._expect("null")
            return compared(name, column, None, ignore_case=False)
        opposite = self._take("not")
        if self._take("like"):
            return like(column, str(self._value(column, text=True)), ignore_case=False, negated=opposite)
        if self._take("in"):
            return among(column, self._values(column), ignore_case=False, negated=opposite)
        sign = SIGNS.get(self._next("sign"))
        if opposite or not sign:
            raise BadQuery("an operator is expected")
        return compared(sign, column, self._value(column), ignore_case=False)

    def _values(self, column: Column) -> list[Value]:
        self._expect("(")
        values = [self._value(column)]
        while self._take(","):
            values.append(self._value(column))
        self._expect(")")
        return values

    def _value(self, column: Column, *, text: bool = False) -> Value:
        kind, said = self.tokens.pop(0) if self.tokens else ("", "")
        if kind not in ("text", "word"):
            raise BadQuery(said or "a value is expected")
        plain = re.sub(r"\\(.)", r"\1", said[1:-1]) if kind == "text" else said
        try:
            return plain if text else self.formats.read(column.kind, plain)
        except BadValue:
            raise BadQuery(plain) from None

    def _next(self, kind: str) -> str:
        if not self.tokens or self.tokens[0][0] != kind:
            raise BadQuery(self.tokens[0][1] if self.tokens else "it ends too early")
        return self.tokens.pop(0)[1]

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise BadQuery(f"{word} is expected")

    def _take(self, word: str) -> bool:
        if self.tokens and self.tokens[0][0] != "text" and self.tokens[0][1].lower() == word:
            self.tokens.pop(0)
            return True
        return False
