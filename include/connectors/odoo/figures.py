"""What Odoo keeps elsewhere: ledger balances, partners' receivables, documents' own rests, counts.

Sums are Odoo's own, over all entries ever posted; nothing here shares a query with the extraction, so a page that
got lost there is missed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade
from include.connectors.odoo.body import BROKEN
from include.connectors.odoo.client import Client, Domain, ids_of
from include.connectors.odoo.fields import BALANCE, Kind
from include.connectors.odoo.pages import Reader
from include.connectors.odoo.scope import DOCUMENT_TYPES, INVOICE_TYPES, NOTE_TYPES, Scope
from include.connectors.odoo.values import amount, exact, number, parse

ASKED = {
    "open_total": "sum of all posted entries on receivable accounts (account.move.line); rests by currency beside it",
    "customer_balance": "res.partner.credit of every partner with entries on receivable accounts",
    "open_document": "posted documents with their own rest (account.move); receivable entries not reconciled",
    "closed_world": "all posted entries on receivable accounts, summed by the type of their entry",
    "count": "documents and receivable entries counted by search, customers as partners grouped on them",
}
POSTED: Domain = [["parent_state", "=", "posted"]]
NOBODYS: Domain = [["partner_id", "=", False], ["reconciled", "=", False]]
SOMEBODYS: Domain = ["|", ["partner_id", "!=", False], ["reconciled", "=", True]]
MOVE_TYPES = ("entry", *DOCUMENT_TYPES, "in_invoice", "in_refund", "in_receipt")
ZERO = Decimal(0)
REST = {"currency_id": Kind.ONE, "partner_id": Kind.ONE, "move_id": Kind.ONE, "move_name": Kind.TEXT,
        "amount_residual": Kind.AMOUNT, "amount_residual_currency": Kind.AMOUNT, "date_maturity": Kind.DAY}  # fmt: skip
DOCUMENT = {"name": Kind.TEXT, "commercial_partner_id": Kind.ONE, "currency_id": Kind.ONE,
            "amount_residual_signed": Kind.AMOUNT, "amount_residual": Kind.AMOUNT, "move_type": Kind.TEXT}  # fmt: skip


class Control:
    """One asking of all figures, for one company."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.client: Client = reader.client
        self.scope: Scope = reader.scope
        self.base = reader.about.base

    def figures(self, history_from: date) -> ControlFigures:
        """Ask for everything; open amounts of any age, counts from history_from."""
        questions: dict[str, Callable[[], Iterable[Figure]]] = {
            "open_total": self._totals,
            "customer_balance": self._balances,
            "open_document": self._documents,
            "closed_world": self._types,
            "count": lambda: self._counts(history_from),
        }
        figures: list[Figure] = []
        unanswered = {}
        for name, question in questions.items():
            try:
                figures += list(question())
            except BROKEN:
                unanswered[name] = "a record of the answer is not as Odoo sends it"
        asked = {name: how for name, how in ASKED.items() if name not in unanswered}
        return ControlFigures(tuple(figures), asked, unanswered)

    def _totals(self) -> Iterator[Figure]:
        """The ledger's balance in the books' currency; open rests in each document currency."""
        balance, _ = self._sum([*self.scope.lines, *POSTED])
        yield Figure("open_total", Grade.A, "receivables", self.base, "base", amount=balance)
        domain: Domain = [*self.scope.lines, *POSTED, ["reconciled", "=", False]]
        field = "amount_residual_currency"
        for row in self.client.sums("account.move.line", domain, "currency_id", (field,)).result:
            currency = row["currency_id"][1]
            rest = exact(amount(self.client.transport.value_of(row, field)), currency)
            yield Figure("open_total", Grade.C, "receivables", currency, amount=rest)

    def _balances(self) -> Iterator[Figure]:
        """Odoo keeps each partner's receivable; a customer's is that of all partners that belong to it."""
        grouped = self.client.sums("account.move.line", [*self.scope.lines, *POSTED], "partner_id").result
        partners = ids_of(grouped, "partner_id")
        balances: dict[int, Decimal] = defaultdict(Decimal)
        for row in self.reader.partners(partners, self.client.fields(BALANCE)):
            one = parse(row, BALANCE.kinds)
            balances[one["commercial_partner_id"].id] += exact(one["credit"], self.base)
        for customer, balance in sorted(balances.items()):
            if balance:
                yield Figure("customer_balance", Grade.B, f"res.partner:{customer}", self.base, "base", amount=balance)

    def _documents(self) -> Iterator[Figure]:
        rests = self._rests(self.scope.own_lines)
        dues: dict[int, list[date | None]] = defaultdict(list)
        for line in rests:
            dues[line["move_id"].id].append(line["date_maturity"])
        rows = list(self.reader.listed("account.move", self.scope.unsettled_documents, list(DOCUMENT)))
        documents = [parse(row, DOCUMENT) for row in rows]
        movements = self._rests(self.scope.movements)
        partners = {one.id for document in documents if (one := document["commercial_partner_id"])}
        customers = self._customers(partners | {one.id for line in movements if (one := line["partner_id"])})
        for document in documents:
            currency = document["currency_id"].name
            sign = -1 if document["move_type"] in NOTE_TYPES else 1
            dates = dues[document["id"]]
            yield Figure(
                "open_document", Grade.C, f"account.move:{document['id']}", currency,
                amount=sign * exact(document["amount_residual"], currency),
                base_amount=exact(document["amount_residual_signed"], self.base),
                customer=_of(customers, document["commercial_partner_id"]),
                number=number(document["name"]) or "",
                due_date=min(day for day in dates if day) if dates and None not in dates else None,
            )  # fmt: skip
        for line in movements:
            currency = line["currency_id"].name
            yield Figure(
                "open_document", Grade.C, f"account.move.line:{line['id']}", currency,
                amount=exact(line["amount_residual_currency"], currency),
                base_amount=exact(line["amount_residual"], self.base),
                customer=_of(customers, line["partner_id"]), number=number(line["move_name"]) or "",
            )  # fmt: skip

    def _types(self) -> Iterator[Figure]:
        """Every type of entry is mapped, by its side, unless what is open in it names no customer."""
        nobodys = self.client.count("account.move.line", [*self.scope.lines, *POSTED, *NOBODYS])
        for kind in self._move_types:
            domain: Domain = [*self.scope.lines, *POSTED, ["move_id.move_type", "=", kind]]
            total, count = self._sum([*domain, *SOMEBODYS])
            if count:
                yield Figure("closed_world", Grade.A, kind, self.base, "base", amount=total, count=count,
                             mapped=kind in MOVE_TYPES)  # fmt: skip
            total, count = self._sum([*domain, *NOBODYS]) if nobodys else (ZERO, 0)
            if count:
                yield Figure("closed_world", Grade.A, f"{kind} without customer", self.base, "base", amount=total,
                             count=count, mapped=False)  # fmt: skip

    def _counts(self, history_from: date) -> Iterator[Figure]:
        documents = self.scope.documents_in_range(history_from)
        movements = self.scope.movements_in_range(history_from)
        reduces: Domain = ["|", ["balance", "<", 0], "&", ["balance", "=", 0], ["amount_currency", "<", 0]]
        tables: Mapping[str, tuple[str, Domain]] = {
            "invoices": ("account.move", [*documents, *_signed(INVOICE_TYPES, NOTE_TYPES)]),
            "credit_notes": ("account.move", [*documents, *_signed(NOTE_TYPES, INVOICE_TYPES)]),
            "payments": ("account.move.line", [*movements, *reduces]),
            "refunds": ("account.move.line", [*movements, "!", *reduces]),
        }
        for table, (model, domain) in tables.items():
            yield Figure("count", Grade.C, table, count=self.client.count(model, domain))
        yield Figure("count", Grade.C, "customers", count=len(self.reader.customers_of(documents, movements)))

    def _rests(self, domain: Domain) -> list[dict[str, Any]]:
        """Return the posted lines that are not reconciled."""
        listed = self.reader.listed(
            "account.move.line", [*domain, *POSTED, ["reconciled", "=", False]], list(REST)
        )  # fmt: skip
        return [parse(row, REST) for row in listed]

    def _customers(self, partners: Iterable[int]) -> dict[int, str]:
        """Return partner → key of the customer that it belongs to."""
        rows = self.reader.partners(sorted(partners), ("commercial_partner_id",))
        return {row["id"]: f"res.partner:{row['commercial_partner_id'][0]}" for row in rows}

    def _sum(self, domain: Domain) -> tuple[Decimal, int]:
        """Return the balance of the lines and how many they are."""
        rows = self.client.sums("account.move.line", domain, "", ("balance",)).result
        if not rows:
            return ZERO, 0
        count = rows[0]["__count"]
        if type(count) is not int:
            raise ValueError("no count")
        return exact(amount(self.client.transport.value_of(rows[0], "balance")), self.base), count

    @cached_property
    def _move_types(self) -> tuple[str, ...]:
        """The types of entry that this database knows: one that no mapping covers is to be seen."""
        return self.client.choices("account.move", "move_type")


def _of(customers: Mapping[int, str], partner: Any) -> str:
    return customers.get(partner.id, "") if partner else ""


def _signed(types: tuple[str, ...], others: tuple[str, ...]) -> Domain:
    """Documents of these types, and of the others those below zero, which only a draft can be."""
    return ["|", "&", ["move_type", "in", list(types)], ["amount_total", ">=", 0],
            "&", ["move_type", "in", list(others)], ["amount_total", "<", 0]]  # fmt: skip
