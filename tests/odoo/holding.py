"""Holds rows, as normalize types them or the warehouse keeps them, to what Odoo itself says of a company."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from include import money
from tests.odoo.truth import BUCKETS, Truth, decimal

Row = dict[str, Any]
HOLDINGS = {"invoices": ("outstanding_amount", 1), "credit_notes": ("unapplied_amount", -1),
            "payments": ("unapplied_amount", -1), "refunds": ("unapplied_amount", 1)}  # fmt: skip
"""Table → its rest, and the sign that the rest has in what the customer owes."""
DOCUMENTS = ("invoices", "credit_notes")
BASE = ("base_unapplied_amount", "base_outstanding_amount")
"""The rest in the books' currency: of money, of documents."""
WRITTEN_TO = ("contact", "invoice")
POSTED = ("open", "paid", "booked")


@dataclass(frozen=True)
class Books:
    """One company's rows by table and key, what Odoo says of it, its currency and the day of the aging."""

    tables: Mapping[str, Mapping[str, Row]]
    said: Truth
    base: str
    today: date

    def hold(self) -> None:
        """Hold everything."""
        for each in (self.hold_documents, self.hold_due_dates, self.hold_partner_ledger, self.hold_partner_forms,
                     self.hold_aging, self.hold_settlements, self.hold_explanations, self.hold_customers):  # fmt: skip
            each()

    def hold_documents(self) -> None:
        """Hold every document's facts, total, rest and state."""
        ours = self._documents
        assert ours.keys() == {f"account.move:{document}" for document in self.said.documents}
        for document, theirs in self.said.documents.items():
            table, row = ours[f"account.move:{document}"]
            currency = theirs["currency_id"][1]
            assert table == ("credit_notes" if theirs["move_type"] == "out_refund" else "invoices"), document
            assert row["customer_external_id"] == f"res.partner:{theirs['commercial_partner_id'][0]}", document
            assert (row["number"] or "/", row["currency"]) == (theirs["name"], currency), document
            assert str(row["issue_date"]) == str(theirs["invoice_date"] or None), document
            gross = row["gross_before_void"] if row["status"] == "voided" else row["gross_amount"]
            assert gross == minor(decimal(theirs["amount_total"]), currency), document
            rest = decimal(theirs["amount_residual"]) if theirs["state"] == "posted" else Decimal(0)
            assert row[HOLDINGS[table][0]] == minor(rest, currency), document
            assert row["status"] == _status(theirs), document

    def hold_due_dates(self) -> None:
        """Hold every due date and its rest."""
        for document, theirs in self.said.due.items():
            table, row = self._documents[f"account.move:{document}"]
            if table == "invoices" and row["gross_amount"]:
                parts = [(part["due_date"], part["outstanding_amount"]) for part in self._parts(row["external_id"])]
                assert parts == [(day, minor(rest, row["currency"])) for day, rest in theirs], document

    def hold_partner_ledger(self) -> None:
        """Hold per customer what is not matched in each currency, and the ledger's balance in the books' own."""
        ours: dict[Any, int] = defaultdict(int)
        base: dict[str, int] = defaultdict(int)
        for row, rest, base_rest in self._rests():
            ours[row["customer_external_id"], row["currency"]] += rest
            base[row["customer_external_id"]] += base_rest
        theirs: dict[Any, int] = defaultdict(int)
        for (partner, currency), rest in self.said.rests.items():
            theirs[self._customer(partner), currency] += minor(rest, currency)
        balances: dict[str, int] = defaultdict(int)
        for (partner, _), (_, balance) in self.said.ledger.items():
            balances[self._customer(partner)] += minor(balance, self.base)
        assert some(ours) == some(theirs)
        assert some(base) == some(balances)
        assert base.keys() <= self.tables["customers"].keys()

    def hold_partner_forms(self) -> None:
        """Hold what each partner's form says is receivable."""
        ours: dict[str, int] = defaultdict(int)
        for row, _, rest in self._rests():
            ours[row["customer_external_id"]] += rest
        theirs: dict[str, int] = defaultdict(int)
        for partner, amount in self.said.credit.items():
            theirs[self._customer(partner)] += minor(amount, self.base)
        assert some(ours) == some(theirs)

    def hold_aging(self) -> None:
        """Hold documents by their due dates, what is not used of money and credit notes by its own, to a unit's half.

        In the books' currency we know an invoice's rest, Odoo each installment's.
        """
        ours: dict[Any, int] = defaultdict(int)
        for row, _, rest in self._rests():
            booked = row.get("posting_date") or row.get("paid_on") or row["refunded_on"]
            for day, amount in self._aged(row, rest) if booked <= self.today else ():
                ours[row["customer_external_id"], _bucket(self.today - day)] += amount
        theirs = {
            (f"res.partner:{customer}", bucket): minor(amount, self.base)
            for customer, buckets in self.said.aged.items()
            for bucket, amount in buckets.items()
        }
        different = {key for key in ours.keys() | theirs.keys() if abs(ours.get(key, 0) - theirs.get(key, 0)) > 1}
        assert not {key: (ours.get(key), theirs.get(key)) for key in different}

    def hold_settlements(self) -> None:
        """Hold what settles a document to what its form lists, in its currency."""
        explained = self._explained()
        for document, listed in self.said.settled.items():
            key = f"account.move:{document}"
            table, row = self._documents[key]
            if row["status"] in POSTED and table == "invoices" and row["currency"] == self.base:
                theirs = sum((amount for _, amount in listed), Decimal(0))
                assert explained[key] == minor(theirs, row["currency"]), key

    def hold_explanations(self) -> None:
        """Hold checks (a) to (c): what was is what is left and what was used."""
        explained = self._explained()
        wrong = [
            (key, row["customer_external_id"], row["status"])
            for table, (rest, _) in HOLDINGS.items()
            for key, row in self.tables[table].items()
            if row["status"] in POSTED
            and row["gross_amount" if table in DOCUMENTS else "amount"] != explained[key] + row[rest]
        ]
        assert not wrong

    def hold_customers(self) -> None:
        """Hold names, the archive and addresses of everybody who holds a document or an entry."""
        emails: dict[str, set[str]] = defaultdict(set)
        for contact in self.tables["contacts"].values():
            if contact["email"]:
                emails[contact["customer_external_id"]].add(contact["email"])
        theirs = {customer: self._emails(customer) for customer in self.tables["customers"]}
        for key, row in self.tables["customers"].items():
            partner = self.said.partners[_id(key)]
            assert (row["name"], bool(row["is_active"])) == (partner["name"], partner["active"]), key
            assert emails[key] == theirs[key], key

    @property
    def _documents(self) -> dict[str, tuple[str, Row]]:
        return {key: (table, row) for table in DOCUMENTS for key, row in self.tables[table].items()}

    def _rests(self) -> list[tuple[Row, int, int]]:
        """Return every posted row with its rest, and its rest in the books' currency, signed."""
        return [
            (row, sign * row[rest], sign * row[BASE[table in DOCUMENTS]])
            for table, (rest, sign) in HOLDINGS.items()
            for row in self.tables[table].values()
            if row["status"] in POSTED
        ]

    def _parts(self, invoice: str) -> list[Row]:
        rows = (row for row in self.tables["installments"].values() if row["invoice_external_id"] == invoice)
        return sorted(rows, key=lambda row: row["sequence"])

    def _aged(self, row: Row, rest: int) -> Iterable[tuple[date, int]]:
        if row["status"] == "booked":
            return [(row.get("paid_on") or row["refunded_on"], rest)]
        if "outstanding_amount" not in row:
            return [(row["due_date"], rest)]
        parts, whole = self._parts(row["external_id"]), row["outstanding_amount"]
        if not whole:
            return [(parts[0]["due_date"], rest)]
        return [(part["due_date"], round(Decimal(rest) * part["outstanding_amount"] / whole)) for part in parts]

    def _explained(self) -> dict[str, int]:
        explained: dict[str, int] = defaultdict(int)
        for row in self.tables["allocations"].values():
            explained[row["target_external_id"]] += row["target_amount"]
            if row["source_external_id"]:
                explained[row["source_external_id"]] += row["source_amount"]
        return explained

    def _customer(self, partner: int) -> str:
        return f"res.partner:{self.said.partners[partner]['commercial_partner_id'][0]}"

    def _emails(self, customer: str) -> set[str]:
        """Return the addresses of a customer, and of the people and invoice addresses that belong to it."""
        return {
            partner["email"]
            for partner in self.said.partners.values()
            if partner["email"]
            and partner["commercial_partner_id"][0] == _id(customer)
            and (partner["id"] == _id(customer) or partner["type"] in WRITTEN_TO)
        }


def minor(amount: Decimal, currency: str) -> int:
    """Return an amount in minor units, exact."""
    return money.minor_units(amount, currency)


def some(amounts: Mapping[Any, int]) -> dict[Any, int]:
    """Return what is not zero."""
    return {key: amount for key, amount in amounts.items() if amount}


def _id(key: str) -> int:
    return int(key.rpartition(":")[2])


def _status(document: dict[str, Any]) -> str:
    if document["state"] == "posted":
        return "open" if document["amount_residual"] else "paid"
    if document["state"] == "draft":
        return "draft"
    return "voided" if document["posted_before"] else "rejected"


def _bucket(late: Any) -> int:
    return next((bucket for bucket in BUCKETS if late.days <= bucket), 10000)
