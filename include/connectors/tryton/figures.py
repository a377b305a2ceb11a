"""What Tryton keeps elsewhere: ledger balances, party balances, open lines, counts.

Nothing here shares a query with the extraction, so a page that got lost there is missed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade
from include.connectors.tryton.invoices import STATUSES, due_lines, net, owing
from include.connectors.tryton.joins import BROKEN
from include.connectors.tryton.rpc import Client, Domain

ASKED = {
    "open_total": "balance of the accounts of type receivable (account.account), without entries not yet posted",
    "customer_balance": "party.receivable of every party that owes or is owed, without entries not yet posted",
    "open_document": "posted invoices with their amount to pay; receivable lines neither reconciled nor an invoice's",
    "closed_world": "receivable lines not reconciled, by the kind of document they come from and their journal",
    "count": "invoices and receivable entries counted by search, customers as distinct parties on them",
}
ARCHIVED_TOO: Domain = [["active", "in", [True, False]]]
ZERO = Decimal(0)
LIST_SIZE, DOCUMENT_LIST_SIZE = 10_000, 2_000
"""Tryton computes an amount to pay in 2 to 3 ms: a longer list would come near the time-out of a request."""


class Control:
    """One asking of all figures, for one company."""

    def __init__(self, client: Client, company: int, base: str) -> None:
        self.client = client
        self.company = company
        self.base = base

    def figures(self, history_from: date) -> ControlFigures:
        """Ask for everything; open amounts of any age, counts from history_from."""
        open_lines = list(self._list("account.move.line", [*self._receivable(), ["reconciliation", "=", None]], (
            "party", "debit", "credit", "amount_second_currency", "second_currency.code", "maturity_date",
            "invoice_payment", "move.state", "move.number", "move.origin", "move.journal.type",
        )))  # fmt: skip
        questions: dict[str, Callable[[], Iterable[Figure]]] = {
            "open_total": lambda: [self._total(_not_posted(open_lines))],
            "customer_balance": lambda: self._balances(_not_posted(open_lines)),
            "open_document": lambda: self._documents(_posted(open_lines)),
            "closed_world": lambda: self._types(_posted(open_lines)),
            "count": lambda: self._counts(history_from),
        }
        figures: list[Figure] = []
        unanswered = {}
        for name, question in questions.items():
            try:
                figures += list(question())
            except BROKEN:
                unanswered[name] = "a record of the answer is not as Tryton sends it"
        asked = {name: how for name, how in ASKED.items() if name not in unanswered}
        return ControlFigures(tuple(figures), asked, unanswered)

    def _total(self, unposted: list[Any]) -> Figure:
        """Accounts that are closed for new entries have balances too, and none counts those below it again."""
        accounts = self.client.search_read(
            "account.account", [["type.receivable", "=", True], ["company", "=", self.company], *ARCHIVED_TOO],
            ["balance"], company=self.company, date=None, flat_balance=True,
        ).result  # fmt: skip
        balance = sum((account["balance"] for account in accounts), ZERO) - _sum(unposted)
        return Figure("open_total", Grade.A, "receivables", self.base, "base", amount=balance)

    def _balances(self, unposted: list[Any]) -> Iterator[Figure]:
        early: dict[int, Decimal] = defaultdict(Decimal)
        for line in (named for named in unposted if named["party"]):
            early[line["party"]] += line["debit"] - line["credit"]
        owing = {row["id"]: row["receivable"] for row in self._list(
            "party.party", [*ARCHIVED_TOO, ["receivable", "!=", ZERO]], ("receivable",)
        )}  # fmt: skip
        for party in sorted(owing.keys() | early.keys()):
            amount = owing.get(party, ZERO) - early.get(party, ZERO)
            yield Figure("customer_balance", Grade.B, f"party.party:{party}", self.base, "base", amount=amount)

    def _documents(self, posted: list[Any]) -> Iterator[Figure]:
        invoices = self._list("account.invoice", [*self._customer_invoices(), ["state", "=", "posted"]], (
            "number", "party", "currency.code", "amount_to_pay", "lines_to_pay.maturity_date",
            "lines_to_pay.reconciliation", "lines_to_pay.debit", "lines_to_pay.credit", "lines_to_pay.party",
            "lines_to_pay.invoice_payment", "lines_to_pay.amount_second_currency", "lines_to_pay.second_currency.code",
            "payment_lines.reconciliation", "payment_lines.debit", "payment_lines.credit",
        ), DOCUMENT_LIST_SIZE)  # fmt: skip
        of_invoices: set[int] = set()
        for invoice in invoices:
            waiting = [line for line in invoice["lines_to_pay."] if not line["reconciliation"]]
            due = [line for line in waiting if not line["invoice_payment"]]
            currency = invoice["currency."]["code"]
            # What pays another document is in the amounts to pay of both.
            used = sum((net(line, currency) for line in waiting if line["invoice_payment"]), ZERO)
            amount = invoice["amount_to_pay"] - used
            paid = [line for line in invoice["payment_lines."] if not line["reconciliation"]]
            of_invoices.update(line["id"] for line in (*due, *paid))
            dates = [line["maturity_date"] for line in due]
            base = _sum([*due, *paid])
            if amount or base:
                yield Figure(
                    "open_document", Grade.C, f"account.invoice:{invoice['id']}", currency,
                    amount=amount, base_amount=base, number=invoice["number"] or "",
                    customer=f"party.party:{owing(invoice['party'], due)}",
                    due_date=min(dates) if dates and None not in dates and not paid else None,
                )  # fmt: skip
        for line in posted:
            if line["id"] not in of_invoices and not line["invoice_payment"]:
                in_base = line["debit"] - line["credit"]
                second = (line["second_currency."] or {}).get("code")
                yield Figure(
                    "open_document", Grade.C, f"account.move.line:{line['id']}", second or self.base,
                    amount=line["amount_second_currency"] if second else in_base, base_amount=in_base,
                    customer=f"party.party:{line['party']}" if line["party"] else "",
                    number=line["move."]["number"] or "",
                )  # fmt: skip

    def _types(self, posted: list[Any]) -> Iterator[Figure]:
        """Every kind of entry is mapped, by its side, unless it names no customer."""
        sums: dict[tuple[str, bool], list[Any]] = defaultdict(list)
        for line in posted:
            origin = str(line["move."].get("origin") or "").partition(",")[0] or "entry without origin"
            sums[f"{origin} in a {line['move.']['journal.']['type']} journal", bool(line["party"])].append(line)
        for (subject, mapped), lines in sorted(sums.items()):
            yield Figure(
                "closed_world", Grade.A, subject if mapped else f"{subject} without customer", self.base, "base",
                amount=_sum(lines), count=len(lines), mapped=mapped,
            )  # fmt: skip

    def _counts(self, history_from: date) -> Iterator[Figure]:
        in_range: Domain = [*self._customer_invoices(), ["OR", ["state", "not in", ["paid", "cancelled"]],
                            ["invoice_date", "=", None], ["invoice_date", ">=", history_from]]]  # fmt: skip
        elsewhere = self._owed_by_others(in_range)
        parties: set[int | None] = set()
        notes = total = 0
        for invoice in self._list("account.invoice", in_range, ("party", "total_amount")):
            parties.add(elsewhere.get(invoice["id"], invoice["party"]))
            total += 1
            notes += invoice["total_amount"] < 0
        own_moves = self._own_moves()
        unused: Domain = [["reconciliation", "=", None], ["invoice_payment", "=", None]]
        entries: Domain = [*self._receivable(), ["party", "!=", None],
                           ["OR", ["move.date", ">=", history_from], unused]]  # fmt: skip
        sides = {"payments": 0, "refunds": 0}
        for line in self._movements(entries, own_moves, "debit", "credit"):
            sides["payments" if line["debit"] < line["credit"] else "refunds"] += 1
        of_others: Domain = [*entries, ["party", "not in", sorted(parties)]]
        parties.update(line["party"] for line in self._movements(of_others, own_moves, "party"))
        counts = {"customers": len(parties), "invoices": total - notes, "credit_notes": notes, **sides}
        for table, count in counts.items():
            yield Figure("count", Grade.C, table, count=count)

    def _owed_by_others(self, invoices: Domain) -> dict[int, int | None]:
        """Return, of the invoices that other parties may owe, who owes each."""
        owed: Domain = [*invoices, ["OR", ["additional_moves", "!=", None], ["alternative_payees", "!=", None]]]
        fields = (
            "party", "state", "lines_to_pay.maturity_date", "lines_to_pay.party", "lines_to_pay.debit",
            "lines_to_pay.credit", "lines_to_pay.invoice_payment", "lines_to_pay.reconciliation.date",
        )  # fmt: skip
        found = self._list("account.invoice", owed, fields, DOCUMENT_LIST_SIZE)
        return {row["id"]: owing(row["party"], due_lines(row, STATUSES[row["state"]])) for row in found}

    def _own_moves(self) -> set[int]:
        """Return the entries that are customer invoices' own."""
        invoices = self._list("account.invoice", [*self._customer_invoices(), ["move", "!=", None]],
                              ("move", "cancel_move", "additional_moves"))  # fmt: skip
        moves = (move for row in invoices for move in (row["move"], row["cancel_move"], *row["additional_moves"]))
        return {move for move in moves if move}

    def _movements(self, entries: Domain, own_moves: set[int], *fields: str) -> Iterator[Any]:
        """Yield the lines that are payments or refunds: no invoice's own, no write-off that settles something."""
        for line in self._list("account.move.line", entries, (*fields, "move", "reconciliation", "move.journal.type")):
            is_write_off = line["reconciliation"] and line["move."]["journal."]["type"] == "write-off"
            if line["move"] not in own_moves and not is_write_off:
                yield line

    def _receivable(self) -> Domain:
        return [["account.type.receivable", "=", True], ["account.company", "=", self.company]]

    def _customer_invoices(self) -> Domain:
        return [["type", "=", "out"], ["company", "=", self.company]]

    def _list(self, model: str, domain: Domain, fields: tuple[str, ...], size: int = LIST_SIZE) -> Iterator[Any]:
        last = 0
        while True:
            rows = self.client.search_read(
                model, [*domain, ["id", ">", last]], fields, limit=size, company=self.company
            ).result
            yield from rows
            if len(rows) < size:
                return
            last = rows[-1]["id"]


def _sum(lines: list[Any]) -> Decimal:
    return sum((line["debit"] - line["credit"] for line in lines), ZERO)


def _posted(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["move."]["state"] == "posted"]


def _not_posted(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line["move."]["state"] != "posted"]
