"""What a clerk does in a running Tryton beyond demo/tryton_books.py; runs in Tryton's own environment."""

from __future__ import annotations

import datetime as dt
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "demo"))

from proteus import Model, Wizard, config
from tryton_books import Books, Sale, company_named, create, find_one, todays_date, work_for
from tryton_parties import contact, create_parties, person

NORTHWIND = "Northwind Traders"
OTHER_RATE = 65  # days ago the euro had another rate than today, when all these bills are posted
DIGITS = {"KRW": 0, "KWD": 3}  # as ISO 4217 has them
RATES = {"KRW": ("1300", "1375"), "KWD": ("0.3075", "0.3125")}  # units per dollar: 65 days ago, now


def open_currencies(today: dt.date) -> None:
    """Currencies without and with three decimals."""
    for code, digits in DIGITS.items():
        values = {"name": code, "code": code, "digits": digits, "rounding": Decimal(1).scaleb(-digits)}
        (currency,) = create("currency.currency", [values])
        before, now = map(Decimal, RATES[code])
        days = {dt.date.min: before, today - dt.timedelta(days=OTHER_RATE - 1): now}
        create("currency.currency.rate", [{"currency": currency.id, "date": d, "rate": r} for d, r in days.items()])


class Clerk:
    """Works in a company's books, in its own currency unless said otherwise."""

    def __init__(self, name: str = NORTHWIND) -> None:
        company = company_named(name)
        work_for(company)
        self.books = Books(company, todays_date())
        self.cash = find_one("account.invoice.payment.method", ("company", "=", company.id)).debit_account

    def customer(self, name: str) -> Any:
        """A new party with one address and one e-mail."""
        office = contact("Office", email=f"{name.replace(' ', '.')}@cases.example")
        return create_parties({"": person(f"Case: {name}", "US", "Reno", office)})[""]

    def bill(self, party: Any, amount: str, age: int = 0, **more: Any) -> Any:
        """A posted invoice, or a credit note when the amount is negative; its term counts from `age` days ago.

        The date is today's: Tryton numbers by date, and the seed has supplier invoices of today.
        """
        return self.books.post({"": Sale(party, amount, counted_from=age, **more)})[""]

    def pay(self, invoice: Any, amount: str, age: int = 0, how: str = "partial") -> None:
        """Pay through the wizard; `how` answers its question where it asks: partial, overpayment, writeoff."""
        wizard = Wizard("account.invoice.pay", [invoice])
        wizard.form.amount = Decimal(amount)
        wizard.form.date = self.books.day(age)
        wizard.form.payment_method = self.books._method
        wizard.execute("choice")
        if wizard.state != wizard.end_state:
            wizard.form.type = how
            if how == "writeoff":
                wizard.form.writeoff = self.books._write_off
            wizard.execute("pay")
        invoice.reload()

    def enter(
        self, party: Any, amount: str, kind: str = "cash", age: int = 0, post: bool = True, euro: str | None = None,
        account: Any = None,
    ) -> Any:  # fmt: skip
        """An entry of `amount` (negative: credit) on receivables in a journal of that type; its receivable line.

        `party` is None for an entry that names no customer, where the account allows it.
        """
        day, net = self.books.day(age), Decimal(amount)
        journal = Model.get("account.journal").find([("type", "=", kind)], limit=1)
        journals = journal or create(
            "account.journal", [{"name": kind.title(), "code": kind[:5].upper(), "type": kind}]
        )
        (period,) = Model.get("account.period").find([
            ("company", "=", self.books.company.id), ("type", "=", "standard"),
            ("start_date", "<=", day), ("end_date", ">=", day),
        ])  # fmt: skip
        on = (account or self.books.receivable).id
        row = {"account": on, "party": party and party.id, **_sides(net)}
        if euro:
            row |= {"second_currency": self.books._currencies["EUR"], "amount_second_currency": Decimal(euro)}
        counter = {"account": self.cash.id, **_sides(-net)}
        (move,) = create("account.move", [{
            "company": self.books.company.id, "period": period.id, "date": day, "journal": journals[0].id,
            "description": "By hand", "lines": [("create", [row, counter])],
        }])  # fmt: skip
        if post:
            move.click("post")
        move.reload()
        return next(line for line in move.lines if line.account.id == on)

    def attach(self, document: Any, line: Any) -> None:
        """Put a line among the payments of a document."""
        current = config.get_config()
        values = {"payment_lines": [("add", [line.id])]}
        current.get_proxy("account.invoice").write([document.id], values, current.context)
        document.reload()

    def open_lines(self, *parties: Any) -> list[Any]:
        """What is not reconciled of these parties."""
        return Model.get("account.move.line").find([
            ("account", "=", self.books.receivable.id), ("reconciliation", "=", None),
            ("party", "in", [party.id for party in parties]),
        ])  # fmt: skip

    def reconcile(self, lines: list[Any], write_off: bool = False) -> None:
        """Settle lines against each other, writing off what does not level where that is wanted."""
        wizard = Wizard("account.move.reconcile_lines", lines)
        if wizard.state == wizard.end_state:
            return
        if not write_off:
            raise ValueError("these lines do not add up to zero")
        wizard.form.writeoff = self.books._write_off
        wizard.execute("reconcile")

    def unreconcile(self, invoice: Any) -> None:
        """Open a settled document again."""
        invoice.reload()
        Wizard("account.move.unreconcile_lines", [line for line in invoice.lines_to_pay if line.reconciliation])
        invoice.reload()

    def reschedule(self, invoice: Any, parts: int, first: dt.date) -> None:
        """Ask Tryton for new installments of what is open."""
        wizard = Wizard("account.move.line.reschedule", [x for x in invoice.lines_to_pay if not x.reconciliation])
        wizard.form.start_date = first
        wizard.form.frequency, wizard.form.number = "monthly", parts
        wizard.execute("preview")
        wizard.execute("reschedule")
        invoice.reload()

    def delegate(self, invoice: Any, party: Any) -> None:
        """Let another party owe what is open."""
        wizard = Wizard("account.move.line.delegate", [x for x in invoice.lines_to_pay if not x.reconciliation])
        wizard.form.party = party
        wizard.execute("delegate")
        invoice.reload()

    def group(self, invoices: list[Any]) -> None:
        """Put several documents' open lines into one new line, or a supplier's with a customer's."""
        lines = [line for invoice in invoices for line in invoice.lines_to_pay if not line.reconciliation]
        wizard = Wizard("account.move.line.group", lines)
        wizard.form.journal = lines[0].journal
        wizard.execute("group")

    def credit(self, invoice: Any) -> None:
        """Cancel an invoice by a credit note, as Tryton's own wizard does it."""
        wizard = Wizard("account.invoice.credit", [invoice])
        wizard.form.with_refund = True
        wizard.execute("credit")
        invoice.reload()


def _sides(net: Decimal) -> dict[str, Decimal]:
    return {"debit": max(net, Decimal(0)), "credit": max(-net, Decimal(0))}
