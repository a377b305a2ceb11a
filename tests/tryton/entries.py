"""Cases of entries beside documents: cancelled, old, on another account; and what a party is written to at.

Part of cases.py; runs in Tryton's own environment.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from clerk import OTHER_RATE, Clerk
from proteus import Model, Wizard
from tryton_books import create

OLD = 800  # days: before the history of two years


def old_payment(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "44.00")
    clerk.enter(who, "-44.00", age=OLD)
    clerk.reconcile(clerk.open_lines(who))
    return [invoice]


def old_payment_of_an_installment(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "90.00")
    clerk.reschedule(invoice, 3, clerk.books.day(-10))
    first = next(line for line in invoice.lines_to_pay if line.debit == 30)
    clerk.reconcile([first, clerk.enter(who, "-30.00", age=OLD)])
    return [invoice]


def payment_cancelled(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "60.00")
    clerk.pay(invoice, "20.00")
    (line,) = invoice.payment_lines
    _cancel(line)
    return [invoice]


def write_off_cancelled(clerk: Clerk, who: Any) -> list[Any]:
    return _paid_short(clerk, clerk.bill(who, "80.00", 50))


def write_off_cancelled_in_euro(clerk: Clerk, who: Any) -> list[Any]:
    return _paid_short(clerk, clerk.bill(who, "80.00", currency="EUR"))


def on_a_closed_account(clerk: Clerk, who: Any) -> list[Any]:
    last_year = dt.date(clerk.books.today.year - 1, 12, 31)
    clerk.enter(who, "11.00", age=400, account=_account(clerk, "Until last year", end_date=last_year))
    return []


def on_an_account_below(clerk: Clerk, who: Any) -> list[Any]:
    clerk.enter(who, "12.00", account=_account(clerk, "Below", parent=clerk.books.receivable.id))
    return []


def credited_by_wizard(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "30.00")
    wizard = Wizard("account.invoice.credit", [invoice])
    wizard.form.with_refund = False
    wizard.execute("credit")
    return Model.get("account.invoice").find([("party", "=", who.id)], order=[("id", "ASC")])


def second_email_first(clerk: Clerk, who: Any) -> list[Any]:
    (first,) = who.contact_mechanisms
    create("party.contact_mechanism", [{"party": who.id, "type": "email", "value": "main@cases.example"}])
    first.sequence = 2
    first.save()
    return [clerk.bill(who, "3.00")]


def address_for_invoices(clerk: Clerk, who: Any) -> list[Any]:
    create("party.address", [{"party": who.id, "city": "Invoice Town", "invoice": True}])
    return [clerk.bill(who, "4.00")]


def _paid_short(clerk: Clerk, invoice: Any) -> list[Any]:
    """Pay with a write-off, then take the write-off back as Tryton wants it: un-reconcile, cancel its entry."""
    clerk.pay(invoice, "78.50", OTHER_RATE if invoice.currency.code == "EUR" else 0, how="writeoff")
    write_off = next(x for x in invoice.reconciliation_lines if x.journal.type == "write-off" and x.credit < 5)
    clerk.unreconcile(invoice)
    _cancel(write_off)
    return [invoice]


def _account(clerk: Clerk, name: str, **more: Any) -> Any:
    """A further receivable account."""
    kind, company = clerk.books.receivable.type.id, clerk.books.company.id
    values = {"name": name, "company": company, "type": kind, "reconcile": True, "party_required": True}
    return create("account.account", [values | more])[0]


def _cancel(line: Any) -> None:
    Wizard("account.move.cancel", [line.move]).execute("cancel")
