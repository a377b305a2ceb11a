"""The account at one moment: every table that a query may name, as one role sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from include.sandbox.books import Books
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite import deletions, entries, lists, names, parties, rows, settlements
from include.sandbox.netsuite.entries import Entry
from include.sandbox.netsuite.numbering import Numbering
from include.sandbox.netsuite.rows import Frame, Row
from include.sandbox.netsuite.settings import Settings
from include.sandbox.records import Party

APPROVALS = {1: "Pending Approval", 2: "Approved", 3: "Rejected"}
SHOWN = {
    "subsidiary": "fullname", "currency": "name", "term": "name", "account": "fullname",
    "accountingperiod": "periodname",
}  # fmt: skip
"""What BUILTIN.DF shows of a list's rows."""
Tables = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role lacks, and the subsidiaries to which it is restricted, by their ids; all if there are none."""

    without: frozenset[str] = frozenset()
    subsidiaries: frozenset[int] = frozenset()

    def sees(self, kind: str) -> bool:
        """Whether the role sees transactions of a type."""
        return names.PERMISSIONS[kind] not in self.without


class View:
    """Makes the tables, and the texts that BUILTIN.DF shows."""

    def __init__(self, ledger: Ledger, numbering: Numbering, settings: Settings, rights: Rights) -> None:
        self._ledger, self._numbering, self._settings, self._rights = ledger, numbering, settings, rights
        self._zone = ZoneInfo(settings.account_zone)
        self._books = list(ledger.books.values())
        self.tables: Tables = defaultdict(list)
        self.displayed: dict[str, dict[Any, str]] = defaultdict(dict)
        self._number()
        self._customers()
        for number, books in enumerate(self._books, 1):
            if not rights.subsidiaries or number in rights.subsidiaries:
                self._transactions(books, self._frame(number, books))
        self._lists()

    def _number(self) -> None:
        """Give internal ids to whatever is new, also to what this role does not see."""
        give, of = self._numbering.give, self._numbering.of
        for number in range(len(names.REPS)):
            of("entity", f"rep/{number}")
        found = [party for books in self._books for party in books.parties.values()]
        people = [(p.created_at, f"{parties.key(p)}/{n}") for p in found for n in range(len(p.people))]
        give("entity", [(party.created_at, parties.key(party)) for party in found] + people)
        for party in found:
            of("address", parties.key(party))
        symbols = {b.entity.currency for b in self._books}, {p.currency for p in found}, self._currencies()
        for symbol in (symbol for each in symbols for symbol in sorted(each)):
            of("currency", symbol)
        for days in sorted({party.terms for party in found}):
            of("term", str(days))
        give("transaction", (made for books in self._books for made in _made(books)))

    def _currencies(self) -> set[str]:
        return {document.currency for books in self._books for document in books.documents.values()}

    def _frame(self, number: int, books: Books) -> Frame:
        of = self._numbering.of

        def key(party: str) -> str:
            return parties.key(books.parties[party]) if party in books.parties else party

        return Frame(
            number, self._numbering, self._settings, self._zone, self._ledger.now.astimezone(self._zone).date(),
            entity=lambda party: of("entity", key(party)),
            term=lambda party: of("term", str(books.parties[party].terms)) if party in books.parties else None,
            address=lambda party: of("address", key(party)) if party in books.parties else None,
        )  # fmt: skip

    def _transactions(self, books: Books, frame: Frame) -> None:
        settings, tables, worth = self._settings, self.tables, entries.released(books)
        made = [
            *entries.documents(books, settings, worth), *settlements.payments(books, settings, worth),
            *settlements.uses_of_deposits(books, settings, worth),
        ]  # fmt: skip
        seen = {entry.key: entry for entry in made if self._rights.sees(entry.type)}
        for entry in seen.values():
            tables["transaction"].append(rows.transaction(entry, frame))
            tables["transactionline"] += rows.lines(entry, frame)
            tables["transactionaccountingline"] += rows.postings(entry, frame)
            self._name(entry, frame)
        for link in settlements.links(books, seen, settings):
            if link.previous[0] in seen and link.next[0] in seen:
                tables["previoustransactionlinelink"].append(rows.link(link, frame))
        tables["deletedrecord"] += deletions.transactions(books, frame)
        tables["deletedrecord"] += deletions.merged(books, frame)

    def _name(self, entry: Entry, frame: Frame) -> None:
        number = entry.number or f"{entry.type.upper()}{frame.id(entry.key)}"
        self.displayed["transaction"][frame.id(entry.key)] = f"{names.TYPES[entry.type][0]} #{number}"

    def _customers(self) -> None:
        """Make each customer once, as its first subsidiary knows it, and a relationship for each that bills it."""
        known: set[str] = set()
        for number, books in enumerate(self._books, 1):
            frame, sums = self._frame(number, books), parties.balances(books, self._settings)
            is_seen = not self._rights.subsidiaries or number in self._rights.subsidiaries
            for party in books.parties.values():
                is_primary, each = parties.key(party) not in known, sums.get(party.id, (entries.NOTHING,) * 2)
                known.add(parties.key(party))
                if not is_seen or party.merged_into:
                    continue
                if parties.is_listed(party):
                    self._relate(party, books, frame, each, is_primary=is_primary)
                if party.is_supplier:
                    self.tables["vendor"].append(parties.vendor(party, frame))
                self.displayed["entity"][frame.entity(party.id)] = party.name

    def _relate(self, party: Party, books: Books, frame: Frame, sums: Any, *, is_primary: bool) -> None:
        tables = self.tables
        tables["customersubsidiaryrelationship"].append(
            parties.relationship(party, books, frame, sums, is_primary=is_primary)
        )
        if not is_primary and any(row["id"] == frame.entity(party.id) for row in tables["customer"]):
            return
        row = parties.customer(party, books, frame, sums[0])
        entities = list(self._ledger.books)
        row["representingsubsidiary"] = entities.index(party.represents) + 1 if party.represents in entities else None
        tables["customer"].append(row)
        tables["contact"] += parties.contacts(party, frame)
        tables["customeraddressbook"].append(parties.address_book(party, frame))
        where = parties.address(party, frame)
        self.displayed["country"][where["country"]] = party.address.country
        for name in ("customeraddressbookentityaddress", "entityaddress"):
            tables[name].append(where)
        for name in ("transactionbillingaddress", "transactionshippingaddress"):
            tables[name].append(where)

    def _lists(self) -> None:
        tables, numbering, shown = self.tables, self._numbering, self.displayed
        tables["dual"] = [{"dummy": "X"}]
        both = tables["previoustransactionlinelink"]
        tables["nexttransactionlinelink"] = both
        tables["previoustransactionlink"] = tables["nexttransactionlink"] = _headers(both)
        restricted = self._rights.subsidiaries
        subsidiaries = lists.subsidiaries(self._books, numbering, self._settings.closed)
        tables["subsidiary"] = [row for row in subsidiaries if not restricted or row["id"] in restricted]
        tables["currency"] = list(lists.currencies(numbering, numbering.keys("currency")))
        tables["term"] = list(lists.terms(numbering, (int(key) for key in numbering.keys("term"))))
        tables["accountingperiod"] = list(lists.periods(numbering, numbering.keys("accountingperiod")))
        tables["account"], tables["transactionstatus"] = list(lists.accounts()), list(lists.statuses())
        tables["employee"] = list(lists.employees(numbering))
        for name, column in SHOWN.items():
            shown[name] = {row["id"]: row[column] for row in tables[name]}
        shown["entity"] |= {row["id"]: row["entityid"] for row in tables["employee"]}
        shown["type"] = {kind: label for kind, (label, _) in names.TYPES.items()}
        shown["status"] = {f"{row['trantype']}:{row['id']}": row["fullname"] for row in tables["transactionstatus"]}
        shown["approval"] = APPROVALS


def _made(books: Books) -> Iterator[tuple[Any, str]]:
    """Yield when each transaction was made, and its key; what was deleted had one, too."""
    for document in books.documents.values():
        yield document.created_at, document.id
    for key, parts in settlements.groups(books).items():
        yield min(part.created_at for part in parts), key
    for allocation in deletions.uses_of_deposits(books):
        yield allocation.changed_at, allocation.id


def _headers(links: list[Row]) -> list[Row]:
    """Return the links of whole transactions: one row for all lines of a pair."""
    columns = ("previousdoc", "previoustype", "nextdoc", "nexttype", "linktype")
    pairs = dict.fromkeys(tuple(row[column] for column in columns) for row in links)
    return [dict(zip(columns, each, strict=True)) for each in pairs]


def restricted(settings: Settings) -> Rights:
    """Return the rights that the settings give to the role."""
    return replace(
        Rights(),
        without=frozenset(name.strip() for name in settings.without.split(",") if name.strip()),
        subsidiaries=frozenset(int(number) for number in settings.subsidiaries.split(",") if number.strip()),
    )
