"""What Xero keeps elsewhere: balances on contacts, the trial balance, the same lists asked another way.

A contact's balance is a raw sum over currencies, never converted: it is compared as such, customer by
customer. Lists are asked once for all that is open or within the history, by other filters than reading
uses; where that is more than `MOST_PAGES` pages, only what is open is listed, and counts are Xero's own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from include.connectors.base import ControlFigures, Figure, Grade
from include.connectors.xero import payments, scope, wire
from include.connectors.xero.client import Client
from include.connectors.xero.pages import Reader
from include.connectors.xero.scope import List
from include.errors import MissingRights
from include.heirs import survivors

ASKED = {
    "open_total": "balance of the system account for debtors in the trial balance, what is dated ahead included",
    "customer_balance": "Balances.AccountsReceivable of every contact, a raw sum over currencies",
    "open_document": "invoices, credit notes, over- and prepayments with status AUTHORISED, listed as summaries",
    "closed_world": "the same lists, by the type that Xero gives each record",
    "count": "lists of what is unfinished or dated within the history, and the contacts on them",
}
UNDECIDED = (
    "whether a contact's balance is less its unused credits is not known: set balances_include_credits on the "
    "connection, or grant accounting.reports.trialbalance.read"
)
MOST_PAGES = 2
AHEAD = timedelta(days=3653)
"""Documents and payments may be dated ahead: the lists hold them already, so the balance must too."""
DEBTORS = "DEBTORS"
ZERO = Decimal(0)

Row = Mapping[str, Any]


@dataclass(slots=True)
class Listed:
    """What one list holds that is open or within the history.

    Args:
        is_whole: every record was seen, so that its contacts can be counted.
    """

    the_list: List
    rows: list[Row] = field(default_factory=list)
    count: int = 0
    is_whole: bool = True

    @property
    def open(self) -> Iterator[Row]:
        """The records that are posted and have an open rest."""
        return (row for row in self.rows if row.get("Status") == "AUTHORISED" and _rest(row))


class Control:
    """One asking of all figures, for one organisation."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self.client = client
        self.reader = reader

    def figures(self, as_of: date, history_from: date) -> ControlFigures:
        """Ask for everything; open amounts of any age, counts from history_from."""
        documents = [self._documents(the_list, history_from) for the_list in (scope.INVOICES, *scope.CREDITS)]
        moved = self._payments(history_from)
        contacts = list(self.reader.rows(scope.CONTACTS, {}))
        figures = [*self._open(documents), *self._types(documents), *_counts(documents, moved, contacts)]
        asked, unanswered = dict(ASKED), dict[str, str]()
        total, why_not = self._total(as_of)
        if total is not None:
            figures.append(total)
        else:
            asked["open_total"] = why_not
        balances = self._balances(documents, contacts)
        if balances is not None:
            figures += balances
        elif total is None:
            unanswered["customer_balance"] = UNDECIDED
        return ControlFigures(tuple(figures), asked, unanswered)

    def _documents(self, the_list: List, history_from: date) -> Listed:
        unfinished = scope.any_of("Status", scope.UNFINISHED)
        dated = f"{scope.since_day(history_from)} OR {unfinished}"
        return self._listed(the_list, scope.both(the_list.where, dated), scope.both(the_list.where, unfinished))

    def _payments(self, history_from: date) -> Listed:
        dated = scope.since_day(history_from)
        found = self._listed(scope.PAYMENTS, scope.both(scope.any_of("PaymentType", scope.PAYMENTS.ours), dated), "")
        if not found.is_whole:  # two kinds in one list: each is counted by itself
            found.rows = [
                {
                    "PaymentType": kind,
                    "Count": self._count(scope.PAYMENTS, scope.both(scope.any_of("PaymentType", [kind]), dated)),
                }
                for kind in scope.PAYMENTS.ours
            ]
        return found

    def _listed(self, the_list: List, where: str, open_where: str) -> Listed:
        """List what is meant, whole where that takes few pages, else only what is open."""
        summary = {"summaryOnly": "true"} if the_list is scope.INVOICES else {}
        rows: list[Row] = []
        for reply in self.reader.sweep(the_list, {"where": where, **summary}):
            if reply.page_count > MOST_PAGES:
                break
            rows += the_list.receivable(reply.rows)
        else:
            return Listed(the_list, rows, len(rows))
        ours = scope.any_of(the_list.type_field, the_list.ours)
        count = self._count(the_list, scope.both(ours, where) if ours else where)
        if open_where:
            rows = list(self.reader.rows(the_list, {"where": open_where, **summary}))
        return Listed(the_list, rows, count, is_whole=False)

    def _count(self, the_list: List, where: str) -> int:
        return self.client.page(the_list.name, 1, {"where": where}, size=1).item_count

    def _open(self, documents: Iterable[Listed]) -> Iterator[Figure]:
        base = self.client.organisation.base_currency
        for listed in documents:
            if not self._is_on_receivables(listed.the_list):
                continue
            for row in listed.open:
                currency, rest = str(row.get("CurrencyCode")), _signed(row)
                identifier = f"{_record_type(listed.the_list)}:{row.get(listed.the_list.id_field)}"
                yield Figure(
                    "open_document", Grade.C, identifier, currency, amount=rest, customer=_customer(row),
                    number=_number(row, identifier), base_amount=rest if currency == base else None,
                    due_date=wire.day(row, "DueDate") if listed.the_list is scope.INVOICES else None,
                )  # fmt: skip

    def _types(self, documents: Iterable[Listed]) -> Iterator[Figure]:
        """Every type is mapped that belongs to invoices, credit notes, over- or prepayments of sales."""
        known = {"ACCREC", "ACCRECCREDIT", *payments.KINDS}
        sums: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
        for listed in documents:
            for row in listed.open:
                sums[str(row.get("Type")), str(row.get("CurrencyCode"))].append(_signed(row))
        for (kind, currency), amounts in sorted(sums.items()):
            yield Figure(
                "closed_world",
                Grade.C,
                kind,
                currency,
                amount=sum(amounts, ZERO),
                count=len(amounts),
                mapped=kind in known,
            )

    def _balances(self, documents: Iterable[Listed], contacts: Iterable[Row]) -> list[Figure] | None:
        """Return every contact's balance less its unused credits; None where it is unknown if it already is.

        Where Xero's balance leaves credits out, those that were listed are taken off, to compare like with like.
        """
        credits: dict[str, Decimal] = defaultdict(Decimal)
        for listed in documents:
            if listed.the_list is scope.INVOICES or not self._is_on_receivables(listed.the_list):
                continue
            for row in listed.open:
                credits[_customer(row)] += _signed(row)
        includes = self.client.settings.balances_include_credits
        if includes is None and any(credits.values()):
            return None
        figures = []
        for row in contacts:
            customer = f"Contact:{row.get('ContactID')}"
            receivable = (row.get("Balances") or {}).get("AccountsReceivable") or {}
            balance = wire.amount(receivable.get("Outstanding") or 0)
            balance += ZERO if includes else credits.get(customer, ZERO)
            if balance:
                figures.append(Figure("customer_balance", Grade.B, customer, basis="mixed", amount=balance))
        return figures

    def _total(self, as_of: date) -> tuple[Figure | None, str]:
        """Return the receivable account's balance, or None and why it is not compared."""
        if not self.client.settings.compare_trial_balance:
            return None, "the trial balance is not compared: compare_trial_balance is false on the connection"
        missing = "the trial balance may not be read: accounting.reports.trialbalance.read was not granted"
        if not self.client.may_read_trial_balance:
            return None, missing
        try:
            report = self.client.report("TrialBalance", {"date": (as_of + AHEAD).isoformat()})
        except MissingRights:
            return None, missing
        accounts = {a["AccountID"] for a in self.client.accounts() if a.get("SystemAccount") == DEBTORS}
        base = self.client.organisation.base_currency
        balance = sum((_balance(cells) for cells in _account_rows(report, accounts)), ZERO)
        return Figure("open_total", Grade.A, "receivables", base, "base", amount=balance), ""

    def _is_on_receivables(self, the_list: List) -> bool:
        return the_list is not scope.PREPAYMENTS or self.client.settings.prepayments_on_receivables


def _counts(documents: Iterable[Listed], moved: Listed, contacts: Iterable[Row]) -> Iterator[Figure]:
    """Count tables; customers, as what they were merged into, only where every list was seen whole."""
    by_list = {listed.the_list: listed for listed in (*documents, moved)}
    if moved.is_whole:
        kinds = Counter(str(row.get("PaymentType")) for row in moved.rows)
    else:
        kinds = Counter({str(row["PaymentType"]): int(row["Count"]) for row in moved.rows})
    counts = {
        "invoices": by_list[scope.INVOICES].count,
        "credit_notes": by_list[scope.CREDIT_NOTES].count,
        "payments": kinds["ACCRECPAYMENT"] + by_list[scope.OVERPAYMENTS].count + by_list[scope.PREPAYMENTS].count,
        "refunds": sum(kinds[kind] for kind in payments.REFUNDS),
    }
    if all(listed.is_whole for listed in by_list.values()):
        merged = {f"Contact:{c.get('ContactID')}": f"Contact:{c['MergedToContactID']}"
                  for c in contacts if c.get("MergedToContactID")}  # fmt: skip
        named = {_customer(row) for listed in by_list.values() for row in listed.rows}
        counts["customers"] = len(survivors(named, merged))
    for table, count in counts.items():
        yield Figure("count", Grade.C, table, count=count)


def _account_rows(report: Sequence[Row], accounts: set[str]) -> Iterator[list[Row]]:
    """Yield the cells of the report's rows that belong to one of the accounts, however deep they are nested."""
    pending = list(report)
    while pending:
        row = pending.pop()
        pending += row.get("Rows") or []
        cells = row.get("Cells") or []
        of = {attribute.get("Value") for cell in cells for attribute in cell.get("Attributes") or ()}
        if row.get("RowType") == "Row" and of & accounts:
            yield cells


def _balance(cells: list[Row]) -> Decimal:
    """Return a balance sheet account's balance: the last two columns, debit and credit of the year."""
    debit, credit = (_cell(cell) for cell in cells[-2:])
    return debit - credit


def _cell(cell: Row) -> Decimal:
    written = str(cell.get("Value") or "0").replace(",", "")
    try:
        return Decimal(written)
    except InvalidOperation:
        raise ValueError("a cell of the trial balance is no amount") from None


def _rest(row: Row) -> Decimal:
    value = row.get("AmountDue", row.get("RemainingCredit"))
    return wire.amount(value) if value is not None else ZERO


def _signed(row: Row) -> Decimal:
    return _rest(row) if row.get("Type") == "ACCREC" else -_rest(row)


def _customer(row: Row) -> str:
    paid: Callable[[str], Any] = lambda name: (row.get(name) or {}).get("Contact")  # noqa: E731
    contact: Row = row.get("Contact") or next((found for name in payments.PAID if (found := paid(name))), {})
    return f"Contact:{contact.get('ContactID')}"


def _number(row: Row, identifier: str) -> str:
    written = row.get("InvoiceNumber") if row.get("Type") == "ACCREC" else row.get("CreditNoteNumber")
    return str(written or payments.short_number(payments.KINDS.get(str(row.get("Type")), "record"), identifier))


def _record_type(the_list: List) -> str:
    return the_list.id_field.removesuffix("ID")
