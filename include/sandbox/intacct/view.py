"""The company as it is at one version of its books: rows by object, and how to read any field of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from include.sandbox.intacct import catalogue, configuration, credits, details, invoices, numbering, payments, people
from include.sandbox.intacct.company import TOP, Company
from include.sandbox.intacct.keys import Numbers
from include.sandbox.intacct.lines import invoice_lines
from include.sandbox.intacct.objects import Kind, Object, Row, Value
from include.sandbox.intacct.settings import Settings
from include.sandbox.intacct.source import Source

MAKERS: Mapping[str, Callable[[Source], Iterator[Row]]] = {
    catalogue.CUSTOMER.path: people.customers, catalogue.CONTACT.path: people.contacts,
    catalogue.CUSTOMER_CONTACT.path: people.customer_contacts, catalogue.CUSTOMER_TOTAL.path: people.totals,
    catalogue.RESTRICTED_LOCATION.path: people.restricted_locations, catalogue.INVOICE.path: invoices.invoices,
    catalogue.INVOICE_LINE.path: invoice_lines, catalogue.ADJUSTMENT.path: credits.adjustments,
    catalogue.PAYMENT.path: payments.payments, catalogue.PAYMENT_DETAIL.path: details.payment_details,
    catalogue.ADVANCE.path: credits.advances, catalogue.MANUAL_DEPOSIT.path: credits.manual_deposits,
    catalogue.TERM.path: configuration.terms, catalogue.ENTITY.path: configuration.entities,
    "gateway/payment": payments.gateway_payments,
    catalogue.USER.path: configuration.users, catalogue.AUDIT_HISTORY.path: configuration.audit_history,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """How to read a field of a row."""

    kind: Kind
    read: Callable[[Row], Value]


class UnknownField(ValueError):
    """No such field can be asked for."""

    def __init__(self, name: str, reason: str = "unknown") -> None:
        super().__init__(name)
        self.name, self.reason = name, reason
        """Why: unknown, write_only, or list."""


class View:
    """Rows are made when they are first asked for, in an order that is nobody's."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._rows: dict[str, dict[int, Row]] = {}
        self.version = source.company.version
        """What the view follows from; another version needs another view."""
        numbering.number(source)

    def rows(self, path: str) -> dict[int, Row]:
        """Return the rows of an object by their keys."""
        if path not in self._rows:
            made = {row.key: row for row in MAKERS[path](self.source)}
            self._rows[path] = dict(sorted(made.items(), key=lambda item: shuffled(path, item[0])))
        return self._rows[path]

    def column(self, found: Object, name: str, entity: str) -> Column:
        """Return how to read a field, of the object itself or of what it refers to.

        Args:
            entity: where the reader is; a customer owes another amount in each.

        Raises:
            UnknownField: it cannot be asked for.
        """
        if kind := found.fields.get(name):
            return Column(kind, self._own(found, name, entity))
        if name in found.write_only:
            raise UnknownField(name, "write_only")
        if name.partition(".")[0] in found.lists:
            raise UnknownField(name, "list")
        prefix = max((p for p in found.refs if name.startswith(f"{p}.")), key=len, default="")
        if not prefix:
            raise UnknownField(name)
        path, rest = found.refs[prefix].path, name.removeprefix(f"{prefix}.")
        if rest == "key":
            return Column(Kind.KEY, _plain(f"{prefix}.key"))
        try:
            there = self.column(catalogue.OBJECTS[path], rest, entity)
        except UnknownField as error:
            raise UnknownField(name, error.reason) from None
        return Column(there.kind, self._across(path, f"{prefix}.key", there))

    def _own(self, found: Object, name: str, entity: str) -> Callable[[Row], Value]:
        if name == "href":
            return lambda row: f"/objects/{found.path}/{row.values['key']}"
        if name == "totalDue" and found is catalogue.CUSTOMER and self._is_own(entity):
            return lambda row: row.values.get(f"totalDue@{entity}", 0)
        return _plain(name)

    def _is_own(self, entity: str) -> bool:
        return entity != TOP and self.source.settings.customer_balance_scope == "entity"

    def _across(self, path: str, key: str, there: Column) -> Callable[[Row], Value]:
        def read(row: Row) -> Value:
            number = row.values.get(key)
            target = self.rows(path).get(number) if isinstance(number, int) else None
            return there.read(target) if target else None

        return read


class Views:
    """Gives the view of the company as it is now; numbers once given out are kept."""

    def __init__(self, company: Company, settings: Settings) -> None:
        self._company, self._settings, self._numbers = company, settings, Numbers()
        self._view: View | None = None

    def now(self) -> View:
        """Return the view; the same one until something changes."""
        if not self._view or self._view.version != self._company.version:
            self._view = View(Source(self._company, self._settings, self._numbers, self._company.ledger.now))
        return self._view


def is_visible(row: Row, entity: str, private: bool) -> bool:
    """Return whether a reader sees a row.

    At the top level what belongs to an entity is seen only if private rows were asked for; in an entity its
    own rows are, and those of the company that are not kept from it.
    """
    owner = row.owner
    if entity == TOP:
        return owner.entity == TOP or private
    if owner.entity == TOP:
        return owner.seen_by is None or entity in owner.seen_by
    return owner.entity == entity


def shuffled(path: str, key: int) -> bytes:
    """Return a place in an order that is not by key."""
    return hashlib.sha256(f"{path}/{key}".encode()).digest()


def _plain(name: str) -> Callable[[Row], Value]:
    return lambda row: row.values.get(name)
