"""What stands at each address below the API's base."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.sandbox.books import Books
from include.sandbox.faults import Fault, Order
from include.sandbox.ledger import Ledger
from include.sandbox.xero import accounts, payments, reports
from include.sandbox.xero.lists import LISTS, List
from include.sandbox.xero.query import is_modified, moment, read
from include.sandbox.xero.settings import Settings
from include.sandbox.xero.shapes import ENCODER, Shape, envelope
from include.sandbox.xero.view import View

SMALL: Mapping[str, tuple[str, Callable[[Books], Any]]] = {
    "organisation": ("Organisations", lambda books: [accounts.organisation(books)]),
    "currencies": ("Currencies", accounts.currencies),
    "accounts": ("Accounts", accounts.accounts),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A data call: `path` is below the API's base, `address` all of it, `since` the header If-Modified-Since."""

    tenant: str
    path: str
    address: str
    parameters: Mapping[str, str]
    since: str = ""
    order: Order | None = None


class Answers:
    """Answers as bytes of JSON, from one view per organisation that lasts until its books change."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger, self._settings = ledger, settings
        self._views: dict[str, View] = {}

    def scope(self, path: str) -> str:
        """Return the scope that an address needs; none for one that does not exist."""
        parts = path.lower().split("/")
        name = parts[1] if parts[0] == "reports" and len(parts) > 1 else parts[0]
        return next((scope for known, scope in self._settings.scopes.items() if known.lower() == name), "")

    def view(self, tenant: str) -> View:
        """Return the organisation as it is now."""
        books, view = self._ledger.books[tenant], self._views.get(tenant)
        if not view or view.version != (books.version, self._ledger.now):
            view = self._views[tenant] = View(books, self._settings, self._ledger.now)
        return view

    def render(self) -> int:
        """Render every record of every list beforehand, and return how many there are."""
        with self._ledger.lock:
            return sum(self.view(tenant).render(each) for tenant in self._ledger.books for each in LISTS.values())

    def answer(self, asked: Asked) -> bytes | None:
        """Return what stands at an address; None if nothing does.

        Raises:
            BadFilter: a parameter cannot be understood.
        """
        books, now, address = self._ledger.books[asked.tenant], self._ledger.now, asked.address
        match asked.path.split("/"):
            case [name] if name.lower() in SMALL:
                plural, make = SMALL[name.lower()]
                return ENCODER.encode(envelope(now, plural, make(books), address))
            case [name] if name.lower() in LISTS:
                return self._list(LISTS[name.lower()], asked)
            case [name] if name.lower() == "batchpayments":
                return ENCODER.encode(
                    envelope(now, "BatchPayments", self._batches(books, moment(asked.since)), address)
                )
            case [name, key] if name.lower() in LISTS:
                return self.view(asked.tenant).single(LISTS[name.lower()], key, address)
            case [folder, name] if folder.lower() == "reports":
                made = reports.report(books, name, asked.parameters, now, self._settings)
                return ENCODER.encode(envelope(now, "Reports", [made], address)) if made else None
        return None

    def _batches(self, books: Books, since: datetime | None) -> list[Shape]:
        """Return the bank transfers that changed, which come without paging."""
        return [
            payments.batch(books, key) | {"Payments": payments.parts(books, key)}
            for key, each in books.batches.items()
            if not since or is_modified(max(p.updated_at for p in each), since, self._settings)
        ]

    def _list(self, the_list: List, asked: Asked) -> bytes:
        query = read(asked.parameters, asked.since, the_list, self._settings)
        view = self.view(asked.tenant)
        match asked.order.fault if asked.order else None:
            case Fault.DROPPED_PAGE:
                view = view.spoilt(rows=lambda rows: [])
            case Fault.SHUFFLED:
                view = view.spoilt(order=lambda records: sorted(records, key=_key(query.page)))
        return view.page(the_list, query, asked.address)


def _key(page: int) -> Callable[[Any], bytes]:
    """Return an order that is another one for every page."""
    return lambda record: hashlib.sha256(f"{page}/{record.id}".encode()).digest()
