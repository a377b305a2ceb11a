"""What NetSuite keeps elsewhere: the receivable accounts' ledger, customers' balances, open lines, counts.

Totals and types are sums of the general ledger that NetSuite makes itself; nothing here shares a question with
the extraction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade
from include.connectors.netsuite import scope, values
from include.connectors.netsuite.client import Client
from include.connectors.netsuite.pages import Reader
from include.connectors.netsuite.suiteql import Condition, Query, any_of, day, from_day, is_equal, one_of
from include.connectors.netsuite.values import ZERO
from include.errors import MissingRights

ASKED = {
    "open_total": "sum of everything posted on accounts of type AcctRec, without currency revaluations",
    "customer_balance": "balance of each customer in this subsidiary, as NetSuite keeps it on the relationship",
    "open_document": "posted lines on accounts of type AcctRec with an amount unpaid or unused",
    "closed_world": "sums of everything posted on accounts of type AcctRec, by type of transaction",
    "count": "transactions open or dated within the history, by type; customers as distinct holders of them",
}
REVALUATION = "FxReval"
"""Revalues open amounts in base currency alone, which no document of a customer states."""
LEDGER = f"transaction t, {scope.ACCOUNTED}"
DOCUMENTS = tuple(kind for kind in scope.EVERY if kind != scope.JOURNAL)
TABLES = {"CustInvc": "invoices", "CustChrg": "invoices", "CustCred": "credit_notes", "CustPymt": "payments",
          "CustDep": "payments", "DepAppl": "payments", "CustRfnd": "refunds"}  # fmt: skip
OPEN_LINE = (
    "l.transaction", "l.id", "t.type", "t.tranid", "t.transactionnumber", "t.entity", "l.entity AS lineentity",
    "t.currency", day("t.duedate"), day("t.trandate"), "t.foreignamountunpaid", "t.foreignpaymentamountunused",
    "l.foreignamount", "l.foreignamountunpaid AS lineunpaid", "l.fxamountlinked", "a.amount", "a.amountunpaid",
    "a.paymentamountunused",
)  # fmt: skip
OPEN_BASE = (Condition("a.amountunpaid <> 0"), Condition("a.paymentamountunused <> 0"))
OPEN_HEADER = (Condition("t.foreignamountunpaid <> 0"), Condition("t.foreignpaymentamountunused <> 0"))

Row = dict[str, Any]


class Control:
    """One asking of all figures, for one subsidiary."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self.client = client
        self.reader = reader
        self.base = reader.entity.base_currency

    def figures(self, history_from: date) -> ControlFigures:
        """Ask for everything; open amounts of any age, counts from history_from."""
        questions: dict[str, Callable[[], Iterable[Figure]]] = {
            "open_total": self._total,
            "customer_balance": self._balances,
            "open_document": self._documents,
            "closed_world": self._types,
            "count": lambda: self._counts(history_from),
        }
        figures: list[Figure] = []
        asked, unanswered = dict(ASKED), {}
        if not self.client.settings.compare_balances:
            del questions["customer_balance"]
            asked["customer_balance"] = "balances are not compared: compare_balances is false on the connection"
        for name, question in questions.items():
            try:
                figures += list(question())
            except MissingRights as error:
                unanswered[name] = error.message
            except (ValueError, LookupError, TypeError, ArithmeticError):
                unanswered[name] = "a row of the answer is not as NetSuite sends it"
        return ControlFigures(tuple(figures), asked, unanswered)

    def _posted(self, *columns: str, group: tuple[str, ...] = (), where: tuple[Condition, ...] = ()) -> Query:
        """Everything posted on receivable accounts."""
        mine = (
            Condition("t.id = l.transaction"), *self.reader.scope.on_receivables(), is_equal("a.posting", "T"),
            Condition("t.type <> ?", (REVALUATION,)), *where,
        )  # fmt: skip
        return Query(columns, LEDGER, mine, group, group)

    def _total(self) -> Iterator[Figure]:
        rows = self.client.ask(self._posted("SUM(a.amount) AS amount")).rows
        balance = values.amount(rows[0].get("amount")) if rows else ZERO
        yield Figure("open_total", Grade.A, "receivables", self.base, "base", amount=balance or ZERO)

    def _types(self) -> Iterator[Figure]:
        columns = ("t.type", "SUM(a.amount) AS amount", "COUNT(*) AS lines")
        for row in self.client.rows(lambda: self._posted(*columns, group=("t.type",))):
            kind = str(row["type"])
            yield Figure(
                "closed_world", Grade.A, kind, self.base, "base", amount=values.amount(row.get("amount")) or ZERO,
                count=int(row["lines"]), mapped=kind in scope.EVERY,
            )  # fmt: skip

    def _balances(self) -> Iterator[Figure]:
        for row in self.client.rows(self.reader.balances):
            amount = values.amount(row.get("balance")) or ZERO
            customer = f"customer:{values.identifier(row['entity'])}"
            yield Figure("customer_balance", Grade.B, customer, self.base, "base", amount=amount)

    def _documents(self) -> Iterator[Figure]:
        """Lines with a rest, those of one document together, a journal entry's each by itself."""
        rest = any_of(*OPEN_BASE, *OPEN_HEADER)

        def asked() -> Query:
            query = self._posted(*self.client.known(OPEN_LINE), where=(rest,))
            return Query(query.columns, query.tables, query.where, ("l.transaction", "l.id"))

        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.client.rows(asked):
            key = f"{row['type']}:{row['transaction']}"
            found[f"{key}:{row['id']}" if row["type"] == scope.JOURNAL else key].append(row)
        for key, rows in found.items():
            if figure := self._document(key, rows):
                yield figure

    def _document(self, key: str, rows: list[Row]) -> Figure | None:
        row, is_journal = rows[0], rows[0]["type"] == scope.JOURNAL
        currency = self.reader.currencies.get(str(row.get("currency")), self.base)
        names = ("amountunpaid", "paymentamountunused")
        in_base = abs(sum((values.amount(r.get(name)) or ZERO for r in rows for name in names), ZERO))
        is_debit = (values.amount(row["amount"]) or ZERO) > 0 if is_journal else row["type"] in scope.DEBITS
        rest = self._line_rest(row, in_base, currency, is_debit) if is_journal else _header_rest(row, is_debit)
        if not rest and not in_base:
            return None
        due = row.get("duedate") or (row.get("trandate") if row["type"] == "CustChrg" else None)
        sign = 1 if is_debit else -1
        return Figure(
            "open_document", Grade.C, key, currency, amount=sign * rest, base_amount=sign * in_base,
            customer=f"customer:{row.get('lineentity') if is_journal else row.get('entity')}",
            number=str(row.get("tranid") or row.get("transactionnumber") or key),
            due_date=values.day(due) if row["type"] in scope.INVOICES else None,
        )  # fmt: skip

    def _line_rest(self, row: Row, in_base: Decimal, currency: str, is_debit: bool) -> Decimal:
        if currency == self.base:
            return in_base
        if is_debit and row.get("lineunpaid") is not None:
            return values.size(row["lineunpaid"])
        return values.size(row["foreignamount"]) - values.rest(row.get("fxamountlinked"))

    def _counts(self, history_from: date) -> Iterator[Figure]:
        dated = from_day("t.trandate", history_from)
        waiting = one_of("BUILTIN.CF(t.status)", scope.PENDING)
        documents = (*self.reader.scope.transactions(DOCUMENTS), any_of(dated, *OPEN_HEADER, waiting))
        lines = (is_equal("t.type", scope.JOURNAL), any_of(dated, *OPEN_BASE), Condition("t.id = l.transaction"),
                 *self.reader.scope.on_receivables())  # fmt: skip
        counts = {"invoices": 0, "credit_notes": 0, "payments": 0, "refunds": 0}
        by_type = Query(("t.type", "COUNT(*) AS documents"), "transaction t", documents, ("t.type",), ("t.type",))
        for row in self.client.rows(lambda: by_type):
            counts[TABLES[row["type"]]] += int(row["documents"])
        sides = ("SUM(CASE WHEN a.amount > 0 THEN 1 ELSE 0 END) AS debits",
                 "SUM(CASE WHEN a.amount < 0 THEN 1 ELSE 0 END) AS credits")  # fmt: skip
        for row in self.client.ask(Query(sides, LEDGER, lines)).rows:
            counts["payments"] += int(row.get("credits") or 0)
            counts["refunds"] += int(row.get("debits") or 0)
        holders = Query(("t.entity",), "transaction t", documents, ("t.entity",), ("t.entity",))
        named = Query(("l.entity",), LEDGER, (*lines, Condition("l.entity IS NOT NULL")), ("l.entity",), ("l.entity",))
        found = {row["entity"] for query in (holders, named) for row in self.client.rows(partial(_same, query))}
        for table, count in (counts | {"customers": len(found)}).items():
            yield Figure("count", Grade.C, table, count=count)


def _same(query: Query) -> Query:
    return query


def _header_rest(row: Row, is_debit: bool) -> Decimal:
    stated = (row.get("foreignamountunpaid"), row.get("foreignpaymentamountunused"))
    return values.rest(*(stated if is_debit else reversed(stated)))
