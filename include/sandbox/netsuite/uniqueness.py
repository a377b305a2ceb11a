"""Whether ORDER BY decides the order of every row: then no dice are needed, and a page is found by an index."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

MAIN = "mainline = 'T'"
"""Stands for a column: of a transaction's lines one at most is the main one."""
BY_ID = (
    "transaction", "customer", "contact", "vendor", "employee", "subsidiary", "currency", "term", "account",
    "accountingperiod", "customersubsidiaryrelationship",
)  # fmt: skip
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(BY_ID, (("id",),)),
    "transactionline": (
        ("uniquekey",), ("transaction", "id"), ("transaction", "linesequencenumber"), ("transaction", MAIN),
    ),
    "transactionaccountingline": (("transaction", "transactionline"),),
    "customeraddressbookentityaddress": (("nkey",),), "entityaddress": (("nkey",),),
    "transactionbillingaddress": (("nkey",),), "transactionshippingaddress": (("nkey",),),
    "previoustransactionlinelink": (("previousdoc", "previousline", "nextdoc", "nextline", "linktype"),),
    "nexttransactionlinelink": (("previousdoc", "previousline", "nextdoc", "nextline", "linktype"),),
}  # fmt: skip
"""Columns that together name one row of a table."""

Name = tuple[str, str]


def is_decided(select: exp.Expr) -> bool:
    """Whether the order of a plain SELECT over tables is decided by keys; False where that is not plain to see.

    A table is decided if columns of a key are in ORDER BY, equal to a value, or equal to a column of a table that
    is decided.
    """
    if not isinstance(select, exp.Select) or select.args.get("group") or select.args.get("distinct"):
        return False
    order, tables = select.args.get("order"), dict(_tables(select))
    if not order or None in tables.values() or select.find(exp.AggFunc, exp.Window):
        return False
    known = {_name(each.this) for each in order.expressions if isinstance(each.this, exp.Column)}
    equal = list(_equal(select))
    known |= {name for name, other in equal if other is None}
    decided: set[str] = set()
    while True:
        before = len(known), len(decided)
        for alias, table in tables.items():
            if any(all((alias, column) in known for column in key) for key in KEYS.get(str(table), ())):
                decided.add(alias)
        known |= {name for name, other in equal if other and (other in known or other[0] in decided)}
        if (len(known), len(decided)) == before:
            return decided == set(tables)


def _tables(select: exp.Select) -> Iterator[tuple[str, str | None]]:
    """Yield the tables by their aliases; a subquery as None."""
    for source in (select.args.get("from_"), *select.args.get("joins", ())):
        if source is not None:
            yield source.this.alias_or_name, source.this.name if isinstance(source.this, exp.Table) else None


def _equal(select: exp.Select) -> Iterator[tuple[Name, Name | None]]:
    """Yield each column that follows from another one or, as None, from a value, wherever the query demands it.

    What an outer join demands follows for the table that is joined alone.
    """
    where = select.args.get("where")
    for test in _tests(where.this if where else None):
        yield from _follows(test)
    for join in select.args.get("joins", ()):
        for test in _tests(join.args.get("on")):
            for name, other in _follows(test):
                if not join.args.get("side") or name[0] == join.alias_or_name:
                    yield name, other


def _tests(condition: exp.Expr | None) -> list[exp.Expr]:
    """Return what a condition demands altogether."""
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition] if condition else []


def _follows(test: exp.Expr) -> Iterator[tuple[Name, Name | None]]:
    if not isinstance(test, exp.EQ) or not isinstance(test.this, exp.Column):
        return
    name, other = _name(test.this), test.expression
    if isinstance(other, exp.Column):
        yield name, _name(other)
        yield _name(other), name
    elif isinstance(other, exp.Literal | exp.Placeholder):
        yield name, None
        if name[1] == "mainline" and isinstance(other, exp.Literal) and other.name == "T":
            yield (name[0], MAIN), None


def _name(column: exp.Column) -> Name:
    return column.table, column.name
