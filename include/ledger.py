"""Our side of the reconciliation: open documents, balances and counts, as the warehouse has them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, case, exists, func, literal, or_, select, true
from sqlalchemy.sql.selectable import Select

from include import money, warehouse
from include.connectors.base import Figure
from include.heirs import survivors

DOCUMENT_TABLES = {"invoices": ("outstanding_amount", 1), "credit_notes": ("unapplied_amount", -1)}
MOVEMENT_TABLES = {"payments": -1, "refunds": 1}
"""Table → sign with which its open rest counts in what a customer owes."""
UNFINISHED = ("open", "draft", "pending_approval")


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document or movement with an open rest; amounts signed, positive = the customer owes."""

    key: str
    customer: str
    number: str
    currency: str
    rest: int
    base_currency: str
    base_rest: int | None
    due_date: date | None
    exchange_rate: Decimal | None = None
    exchange_rate_basis: str | None = None

    @property
    def is_converted(self) -> bool:
        """The source states no base amount, only the rate to convert at."""
        return self.base_rest is None and bool(self.exchange_rate) and money.exponent(self.base_currency) is not None

    @property
    def in_base(self) -> int:
        """The rest in base currency, minor units: as stated, else converted half even, else 0."""
        if not self.is_converted:
            return self.base_rest or 0
        assert self.exchange_rate is not None
        amount = Decimal(self.rest).scaleb(-(money.exponent(self.currency) or 0))
        is_per_base = self.exchange_rate_basis == "document_per_base"
        amount = amount / self.exchange_rate if is_per_base else amount * self.exchange_rate
        return int(amount.scaleb(money.exponent(self.base_currency) or 0).to_integral_value(ROUND_HALF_EVEN))


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger scope of one organization at one moment.

    Args:
        rejected: keys whose reject blocks; one that seemed closed and is open in the ERP is simply missing.
        rejected_counts: table → how many rows are missing here because their record was rejected.
    """

    documents: dict[str, OpenDocument]
    counts: dict[str, int]
    rejected: frozenset[str]
    rejected_counts: Counter[str]
    base_currency: str
    by_customer: dict[str, list[OpenDocument]]

    def total(self, figure: Figure) -> int:
        """Return what all customers owe, in the figure's basis and currency, minor units (mixed: ten-thousandths)."""
        return sum(self._amount(document, figure.basis, figure.currency) for document in self.documents.values())

    def balance(self, figure: Figure) -> int:
        """Return what the figure's customer owes, in its basis and currency, minor units (mixed: ten-thousandths)."""
        own = self.by_customer.get(figure.subject, [])
        return sum(self._amount(document, figure.basis, figure.currency) for document in own)

    def balances(self, basis: str) -> list[tuple[str, str, int]]:
        """Return (customer, currency, amount in minor units) for every customer with open rests."""
        sums: Counter[tuple[str, str]] = Counter()
        for document in self.documents.values():
            currency = {"base": document.base_currency, "mixed": ""}.get(basis, document.currency)
            sums[document.customer, currency] += self._amount(document, basis, currency)
        return [(customer, currency, amount) for (customer, currency), amount in sorted(sums.items())]

    def converted(self, figure: Figure) -> int:
        """Return how many documents were converted for this total or balance: so many minor units it may be off."""
        documents = self.documents.values() if figure.name == "open_total" else self.by_customer.get(figure.subject, [])
        return sum(document.is_converted for document in documents) if figure.basis == "base" else 0

    @staticmethod
    def _amount(document: OpenDocument, basis: str, currency: str) -> int:
        if basis == "base":
            return document.in_base
        if basis == "mixed":
            return money.as_mixed(document.rest, document.currency)
        return document.rest if document.currency == currency else 0


def read(engine: Engine, organization_id: str, history_from: date) -> Ledger:
    """Read the ledger scope: what is posted and has an open rest, every table's count, the rejects.

    Counts leave out closed documents of before history_from, as the source's own do: open ones
    bring some of those along.
    """
    documents: dict[str, OpenDocument] = {}
    counts: dict[str, int] = {}
    rejects = warehouse.table("rejected_records")
    with engine.connect() as connection:
        for query in _open_rests(organization_id):
            for row in connection.execute(query):
                documents[row.external_id] = OpenDocument(*row)
        for name in warehouse.MODEL_TABLES:
            table = warehouse.table(name)
            live = (table.c.organization_id == organization_id, table.c.deleted_at.is_(None))
            in_range = _in_range(name, history_from)
            if name == "customers":
                heirs = connection.execute(select(table.c.external_id, table.c.superseded_by_external_id).where(*live))
                holders = connection.scalars(select(table.c.external_id).where(*live, in_range))
                counts[name] = len(
                    survivors(holders, {row.external_id: row.superseded_by_external_id for row in heirs})
                )
                continue
            counts[name] = connection.execute(select(func.count()).where(*live, in_range)).scalar_one()
        refused = connection.execute(
            select(rejects.c.external_id, rejects.c.table_name, rejects.c.is_open).where(
                rejects.c.organization_id == organization_id
            )
        ).all()
        kept = _still_here(connection, organization_id)
        base = warehouse.table("organizations")
        base_currency = connection.execute(
            select(base.c.base_currency).where(base.c.organization_id == organization_id)
        ).scalar_one_or_none()
    by_customer: dict[str, list[OpenDocument]] = {}
    for document in documents.values():
        by_customer.setdefault(document.customer, []).append(document)
    return Ledger(
        documents,
        counts,
        frozenset(row.external_id for row in refused if row.is_open is not False),
        Counter(row.table_name for row in refused if row.external_id not in kept),
        base_currency or "",
        by_customer,
    )


def _still_here(connection: Connection, organization_id: str) -> frozenset[str]:
    """Return the rejected records whose last good row is still here: those explain no missing row."""
    rejects = warehouse.table("rejected_records")
    found: set[str] = set()
    for name in (*DOCUMENT_TABLES, *MOVEMENT_TABLES, "customers"):
        t = warehouse.table(name)
        same = (t.c.organization_id == rejects.c.organization_id) & (t.c.external_id == rejects.c.external_id)
        query = select(rejects.c.external_id).select_from(rejects.join(t, same))
        found.update(
            connection.scalars(query.where(rejects.c.organization_id == organization_id, t.c.deleted_at.is_(None)))
        )
    return frozenset(found)


def _in_range(name: str, history_from: date) -> ColumnElement[bool]:
    """Return what makes a row count: no date of its own, a date in range, or something still open."""
    t = warehouse.table(name)
    if name in DOCUMENT_TABLES:
        return or_(t.c.issue_date.is_(None), t.c.issue_date >= history_from, t.c.status.in_(UNFINISHED))
    if name in MOVEMENT_TABLES:
        day = t.c.paid_on if name == "payments" else t.c.refunded_on
        return or_(day.is_(None), day >= history_from, t.c.unapplied_amount != 0)
    if name == "customers":
        return or_(*(_holds(document, t, history_from) for document in (*DOCUMENT_TABLES, *MOVEMENT_TABLES)))
    return true()


def _holds(name: str, customers: Table, history_from: date) -> ColumnElement[bool]:
    t = warehouse.table(name)
    return exists().where(
        t.c.organization_id == customers.c.organization_id,
        t.c.customer_external_id == customers.c.external_id,
        t.c.deleted_at.is_(None),
        _in_range(name, history_from),
    )


def _open_rests(organization_id: str) -> list[Select[Any]]:
    queries: list[tuple[Any, tuple[Any, ...], Any, Any]] = []
    columns: tuple[Any, ...]
    for name, (rest, sign) in DOCUMENT_TABLES.items():
        t = warehouse.table(name)
        unpaid = case((t.c.status == "open", t.c.due_date), else_=None)
        columns = (t.c.external_id, t.c.customer_external_id, t.c.number, t.c.currency, t.c[rest] * sign,
                   t.c.base_currency, t.c.base_outstanding_amount * sign, unpaid, t.c.exchange_rate,
                   t.c.exchange_rate_basis)  # fmt: skip
        queries.append((t, columns, t.c.status == "open", (t.c[rest] != 0) | (t.c.base_outstanding_amount != 0)))
    for name, sign in MOVEMENT_TABLES.items():
        t = warehouse.table(name)
        columns = (t.c.external_id, t.c.customer_external_id, t.c.number, t.c.currency, t.c.unapplied_amount * sign,
                   t.c.base_currency, t.c.base_unapplied_amount * sign, literal(None), t.c.exchange_rate,
                   t.c.exchange_rate_basis)  # fmt: skip
        open_rest = (t.c.unapplied_amount != 0) | (t.c.base_unapplied_amount != 0)
        queries.append((t, columns, (t.c.status == "booked") & t.c.on_receivable_account, open_rest))
    return [
        select(*columns).where(t.c.organization_id == organization_id, t.c.deleted_at.is_(None), posted, open_rest)
        for t, columns, posted, open_rest in queries
    ]
