"""Understands a query: parsed as Oracle's SQL, checked against the tables, and written anew for SQLite.

Nothing is ever looked for in a query's text; rewriting.py says what becomes of its parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify_columns import qualify_columns
from sqlglot.optimizer.qualify_tables import qualify_tables
from sqlglot.optimizer.scope import Scope, traverse_scope
from sqlglot.schema import MappingSchema
from sqlglot.transforms import eliminate_join_marks

from include.sandbox.netsuite import problems, rewriting
from include.sandbox.netsuite.schema import Table

Tables = Mapping[str, Table]


@dataclass(frozen=True, slots=True)
class Query:
    """A query for SQLite: `names` are its columns', `binds` counts its `?`, which became `:p0`, `:p1` ..."""

    sql: str
    names: tuple[str, ...]
    binds: int


def understood(text: str, tables: Tables) -> Query:
    """Return what a query asks.

    Raises:
        Refused: it cannot be parsed, or names what this role does not see.
    """
    try:
        parsed = parse_one(text, dialect="oracle")
    except (SqlglotError, RecursionError) as error:
        raise problems.search() from error
    if not isinstance(parsed, exp.Query):
        raise problems.search()
    _refuse_other_dialects(parsed)
    binds = _name_binds(parsed)
    _lower(parsed)
    _check_tables(parsed, tables)
    rewriting.limit_by_rownum(parsed)
    rewriting.name_builtins(parsed)
    _name_outputs(parsed)
    qualified = _qualified(parsed, tables)
    names = _unique(qualified.named_selects)
    rewriting.rewrite(qualified, tables)
    sql = rewriting.shuffled(qualified).sql(dialect="sqlite", identify=True)
    return Query(sql, names, binds)


def _refuse_other_dialects(parsed: exp.Query) -> None:
    """Refuse LIMIT, comparisons of rows, and (+) beside JOIN, none of which this dialect has."""
    ansi = any(join.args.get("on") or join.args.get("using") for join in parsed.find_all(exp.Join))
    oracle = any(column.args.get("join_mark") for column in parsed.find_all(exp.Column))
    rows = any(isinstance(node.parent, exp.Predicate) for node in parsed.find_all(exp.Tuple) if node.parent)
    if parsed.find(exp.Limit) or rows or (ansi and oracle):
        raise problems.search()


def _name_binds(parsed: exp.Query) -> int:
    """Give every `?` a name, since rewriting may move it; return how many there are."""
    found = sorted(parsed.find_all(exp.Placeholder), key=_position)
    for number, placeholder in enumerate(found):
        placeholder.set("this", f"p{number}")
    return len(found)


def _position(node: exp.Expression) -> int:
    """Return where a node stands in a query, counted over all nodes as they are written."""
    return next(number for number, each in enumerate(node.root().dfs()) if each is node)


def _lower(parsed: exp.Query) -> None:
    """Write every name in small letters: those of columns and tables have no case."""
    for identifier in parsed.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
        identifier.set("quoted", False)


def _check_tables(parsed: exp.Query, tables: Tables) -> None:
    named = {cte.alias for cte in parsed.find_all(exp.CTE)}
    for table in parsed.find_all(exp.Table):
        if table.name not in tables and table.name not in named:
            raise problems.NoRecord(table.name)


def _name_outputs(parsed: exp.Query) -> None:
    """Name every output that has no name of its own: expr1, expr2 ..."""
    first = parsed.this if isinstance(parsed, exp.SetOperation) else parsed
    while isinstance(first, exp.SetOperation):
        first = first.this
    count = 0
    for output in list(first.expressions):
        is_star = isinstance(output, exp.Star) or (isinstance(output, exp.Column) and isinstance(output.this, exp.Star))
        if not output.output_name and not is_star:
            count += 1
            output.replace(exp.alias_(output.copy(), f"expr{count}"))


def _unique(names: list[str]) -> tuple[str, ...]:
    """Return the outputs' names; one that comes again gets a number."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        again = seen.get(name, -1) + 1
        seen[name] = again
        found.append(f"{name}_{again - 1}" if again else name)
    return tuple(found)


def _qualified(parsed: exp.Query, tables: Tables) -> exp.Query:
    """Return the query with every column's table beside it, its stars written out, and (+) as joins.

    Raises:
        Refused: a column is in none of its tables, or in several.
    """
    schema = MappingSchema(
        {name: dict.fromkeys(table.kinds, "text") for name, table in tables.items()}, normalize=False
    )
    try:
        tabled = qualify_tables(parsed)
        for scope in traverse_scope(tabled):
            _check_columns(scope, tables)
        qualified = qualify_columns(tabled, schema, expand_alias_refs=False)
        for scope in traverse_scope(qualified):
            _check_resolved(scope)
        joined = eliminate_join_marks(qualified)
    except (SqlglotError, AssertionError) as error:
        raise problems.search() from error
    assert isinstance(joined, exp.Query), "it was one before"
    return joined


def _check_columns(scope: Scope, tables: Tables) -> None:
    sources = {name: source for name, source in scope.sources.items() if isinstance(source, exp.Table)}
    for column in scope.columns:
        table = sources.get(column.table)
        if table is not None and table.name in tables and column.name not in tables[table.name].kinds:
            raise problems.NoField(column.name, table.name)
        if not column.table and len(scope.sources) == 1 and len(sources) == 1 and not scope.is_correlated_subquery:
            table = next(iter(sources.values()))
            outputs = {output.alias for output in _outputs(scope) if output.alias}
            known = {*tables[table.name].kinds, *outputs} if table.name in tables else {column.name}
            if column.name not in known and not scope.parent:
                raise problems.NoField(column.name, table.name)


def _check_resolved(scope: Scope) -> None:
    outputs = {output.alias_or_name for output in _outputs(scope)}
    for column in scope.columns:
        if (not column.table and column.name not in outputs) or (column.table and column.table not in scope.sources
                                                                 and not scope.parent):  # fmt: skip
            raise problems.search(f"Unknown identifier '{column.name}'")


def _outputs(scope: Scope) -> list[exp.Expr]:
    expression = scope.expression
    return list(expression.selects) if isinstance(expression, exp.Query) else []
