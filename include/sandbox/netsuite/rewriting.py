"""Turns a query of Oracle's dialect into one of SQLite's, part by part of the parsed tree.

Oracle's functions and arithmetic become those of functions.py, `BUILTIN.DF` and `BUILTIN.CF` become texts, a
text that is compared with a date is read in the user's format, and dice decide where the order of rows does not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp
from sqlglot.dialects.oracle import Oracle
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.time import format_time

from include.sandbox.netsuite import problems
from include.sandbox.netsuite.schema import Table
from include.sandbox.netsuite.uniqueness import is_decided

DATES = ("d", "m")
Call = Callable[[exp.Expression], exp.Expression | None]


def limit_by_rownum(parsed: exp.Query) -> None:
    """Turn `ROWNUM <= n` into a limit, where it stands alone or after AND in a query without an order.

    Raises:
        Refused: it stands elsewhere.
    """
    for column in [each for each in parsed.find_all(exp.Column) if each.name == "rownum" and not each.table]:
        test, select = column.parent, column.find_ancestor(exp.Select)
        if not isinstance(test, exp.LTE | exp.LT) or not select or select.args.get("order"):
            raise problems.search()
        count = int(test.expression.name) - isinstance(test, exp.LT)
        parent = test.parent
        if isinstance(parent, exp.Where):
            select.set("where", None)
        elif isinstance(parent, exp.And):
            parent.replace(parent.expression if parent.this is test else parent.this)
        else:
            raise problems.search()
        select.limit(count, copy=False)


def name_builtins(parsed: exp.Query) -> None:
    """Turn `BUILTIN.DF(x)` into a function call: as parsed, it is a name, a dot and a call.

    Raises:
        Refused: there is no such built-in function, or its argument is no column.
    """
    for dot in list(parsed.find_all(exp.Dot)):
        call = dot.expression
        name = call.name.upper() if isinstance(call, exp.Anonymous) else ""
        if dot.this.name != "builtin" or name not in ("DF", "CF") or not isinstance(call.expressions[0], exp.Column):
            raise problems.search(f"Unknown function '{dot.sql()}'")
        dot.replace(exp.Anonymous(this=f"BUILTIN_{name}", expressions=[call.expressions[0].copy()]))


def rewrite(parsed: exp.Query, tables: Mapping[str, Table]) -> None:
    """Rewrite a query, whose columns all have their tables beside them, in its place.

    Raises:
        Refused: it calls a function that is not known.
    """
    kinds = _Kinds(parsed, tables)
    for node in reversed(list(parsed.find_all(exp.Expression))):
        if isinstance(node, exp.Predicate):
            _read_days_of_user(node, kinds)
        new = kinds.builtin(node) if isinstance(node, exp.Anonymous) else None
        if new is None and (call := CALLS.get(type(node))):
            new = call(node)
        if new is not None:
            node.replace(new)
    for left in parsed.find_all(exp.Anonymous):
        if not left.name.startswith("NS_"):
            raise problems.search(f"Unknown function '{left.name}'")


def shuffled(parsed: exp.Query) -> exp.Query:
    """Let dice decide the order of rows that ORDER BY leaves open; sets are put in order from outside."""
    if is_decided(parsed):
        for each in parsed.args["order"].expressions:
            each.set("nulls_first", not each.args.get("desc"))  # as SQLite orders; a key has no NULL
        return parsed
    dice, order = exp.Ordered(this=_call("SHUFFLE")), parsed.args.get("order")
    decided = list(order.expressions) if order else []
    if isinstance(parsed, exp.Select) and (decided or not parsed.args.get("limit")):
        parsed.set("order", exp.Order(expressions=[*decided, dice]))
        return parsed
    limit = None
    if isinstance(parsed, exp.SetOperation):
        limit = parsed.args.pop("limit", None)
        parsed.set("order", None)
    outer = exp.select("*").from_(parsed.subquery("everything"))
    outer.set("order", exp.Order(expressions=[*decided, dice]))
    outer.set("limit", limit)
    return outer


class _Kinds:
    """What the columns of a query are: their tables, their kinds, what they point at."""

    def __init__(self, parsed: exp.Query, tables: Mapping[str, Table]) -> None:
        self._tables: dict[int, Table] = {}
        for scope in traverse_scope(parsed):
            for column in scope.columns:
                source = scope.sources.get(column.table)
                if isinstance(source, exp.Table) and source.name in tables:
                    self._tables[id(column)] = tables[source.name]

    def is_date(self, node: exp.Expression | None) -> bool:
        """Whether a node is a column that holds days or moments."""
        table = self._tables.get(id(node))
        return table is not None and isinstance(node, exp.Column) and table.kinds[node.name] in DATES

    def builtin(self, call: exp.Anonymous) -> exp.Expression | None:
        """Return what a built-in function becomes, or a function of no node type of its own."""
        if call.name == "TRUNC":
            return _call("TRUNC", *call.expressions)
        if call.name == "SYS_EXTRACT_UTC":
            return _call("UTC", *call.expressions)
        if call.name not in ("BUILTIN_DF", "BUILTIN_CF"):
            return None
        column = call.expressions[0]
        table = self._tables.get(id(column))
        what = table.points.get(column.name, "") if table else ""
        if what != "status":
            return _call("DF", column, exp.Literal.string(what)) if call.name.endswith("DF") else column
        kind = exp.column("type", table=column.args["table"].copy())
        letter = exp.DPipe(this=exp.DPipe(this=kind, expression=exp.Literal.string(":")), expression=column)
        return letter if call.name.endswith("CF") else _call("DF", letter, exp.Literal.string("status"))


def _read_days_of_user(test: exp.Expression, kinds: _Kinds) -> None:
    """Read every text that is compared with a date as a day in the user's format."""
    sides = [test.this, test.args.get("expression"), test.args.get("low"), test.args.get("high")]
    others = [side for side in (*sides, *test.expressions) if isinstance(side, exp.Literal | exp.Placeholder)]
    if any(kinds.is_date(side) for side in sides) and not isinstance(test, exp.Like):
        for other in others:
            other.replace(_call("DAY_OF_USER", other.copy()))


def _call(name: str, *arguments: exp.Expression | None) -> exp.Anonymous:
    return exp.Anonymous(this=f"NS_{name}", expressions=[each for each in arguments if each is not None])


def _binary(name: str) -> Call:
    return lambda node: _call(name, node.this, node.args.get("expression"))


def _with(name: str, argument: str = "") -> Call:
    return lambda node: _call(name, node.this, node.args.get(argument) if argument else None)


def _bind(name: str) -> Call:
    return lambda node: exp.Placeholder(this=name)


def _cast(node: exp.Expression) -> exp.Expression | None:
    if isinstance(node, exp.Cast) and node.to.is_type(*exp.DataType.TEXT_TYPES):
        return _call("TO_CHAR", node.this)
    return (
        _call("TO_NUMBER", node.this)
        if isinstance(node, exp.Cast) and node.to.is_type("number", "decimal", "int")
        else None
    )


def _negative(node: exp.Expression) -> exp.Expression | None:
    return None if isinstance(node.this, exp.Literal) else _call("NEG", node.this)


def _shown(node: exp.Expression) -> exp.Expression:
    """Return TO_CHAR of a moment, whose format sqlglot translated though nothing asked it to, with Oracle's own."""
    said = node.args["format"].name
    oracle = format_time(said, Oracle.INVERSE_TIME_MAPPING, Oracle.INVERSE_TIME_TRIE) or said
    return _call("TO_CHAR", node.this, exp.Literal.string(oracle))


def _joined(node: exp.Expression) -> exp.Expression:
    first, *rest = node.expressions
    for each in rest:
        first = _call("CONCAT", first, each)
    return first  # type: ignore[no-any-return]


def _now(node: exp.Expression) -> exp.Expression:
    return exp.Placeholder(this="sysdate" if node.args.get("sysdate") else "current_timestamp")


CALLS: Mapping[type[exp.Expression], Call] = {
    exp.Add: _binary("ADD"), exp.Sub: _binary("SUB"), exp.Mul: _binary("MUL"), exp.Div: _binary("DIV"),
    exp.Neg: _negative, exp.DPipe: _binary("CONCAT"), exp.Concat: _joined, exp.Sum: _with("SUM"),
    exp.Round: _with("ROUND", "decimals"), exp.Trunc: _with("TRUNC", "decimals"), exp.DateTrunc: _with("TRUNC", "unit"),
    exp.ToChar: _with("TO_CHAR", "format"), exp.TimeToStr: _shown, exp.StrToDate: _with("TO_DATE", "format"),
    exp.StrToTime: _with("TO_DATE", "format"), exp.ToNumber: _with("TO_NUMBER"),
    exp.AddMonths: _binary("ADD_MONTHS"), exp.LastDay: _with("LAST_DAY"), exp.Cast: _cast,
    exp.CurrentTimestamp: _now, exp.CurrentDate: _bind("current_date"), exp.Localtimestamp: _bind("current_date"),
    exp.Systimestamp: _bind("systimestamp"),
}  # fmt: skip
