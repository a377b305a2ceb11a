"""Adds to Northwind, before the server starts, whatever may happen to a receivable; one customer per case.

    python cases.py --config trytond.conf --database erp

Prints, by case, the keys of the customer and of its documents, and what change.py needs.
Runs in Tryton's own environment.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from typing import Any

import debts
import entries
from change import prepare
from clerk import OTHER_RATE, Clerk, open_currencies
from proteus import Model, config
from tryton_books import THREE_PARTS, todays_date
from trytond.pool import Pool
from trytond.transaction import Transaction

Case = Callable[[Clerk, Any], list[Any]]


def overpaid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20)
    clerk.pay(invoice, "130.00", how="overpayment")
    return [invoice]


def overpaid_in_euro(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", currency="EUR")
    clerk.pay(invoice, "130.00", OTHER_RATE, how="overpayment")
    return [invoice]


def overpayment_refunded(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20)
    clerk.pay(invoice, "150.00", how="overpayment")
    clerk.enter(who, "50.00")
    clerk.reconcile(clerk.open_lines(who))
    return [invoice]


def credit_unapplied(clerk: Clerk, who: Any) -> list[Any]:
    return [clerk.bill(who, "200.00", 20), clerk.bill(who, "-80.00", 10)]


def credit_refunded(clerk: Clerk, who: Any) -> list[Any]:
    note = clerk.bill(who, "-60.00", 10)
    clerk.pay(note, "-60.00")
    return [note]


def credit_refunded_in_part(clerk: Clerk, who: Any) -> list[Any]:
    note = clerk.bill(who, "-60.00", 10)
    clerk.pay(note, "-20.00")
    return [note]


def one_payment_two_invoices(clerk: Clerk, who: Any) -> list[Any]:
    invoices = [clerk.bill(who, "60.00", 40), clerk.bill(who, "40.00", 30)]
    clerk.enter(who, "-100.00")
    clerk.reconcile(clerk.open_lines(who))
    return invoices


def payment_with_credit_note(clerk: Clerk, who: Any) -> list[Any]:
    invoices = [clerk.bill(who, "500.00", 40), clerk.bill(who, "-200.00", 30)]
    clerk.enter(who, "-300.00")
    clerk.reconcile(clerk.open_lines(who))
    return invoices


def two_payments_two_invoices(clerk: Clerk, who: Any) -> list[Any]:
    invoices = [clerk.bill(who, "60.00", 40), clerk.bill(who, "40.00", 30)]
    clerk.enter(who, "-70.00")
    clerk.enter(who, "-35.00")
    clerk.reconcile(clerk.open_lines(who), write_off=True)
    return invoices


def written_off(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "80.00", 50)
    clerk.pay(invoice, "78.50", how="writeoff")
    return [invoice]


def written_off_whole(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "33.00", 50)
    clerk.reconcile(clerk.open_lines(who), write_off=True)
    return [invoice]


def written_off_in_euro(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "80.00", currency="EUR")
    clerk.pay(invoice, "78.50", OTHER_RATE, how="writeoff")
    return [invoice]


def opening_and_debit(clerk: Clerk, who: Any) -> list[Any]:
    clerk.enter(who, "-20.00", "situation", 60)
    clerk.enter(who, "70.00", "general", 50)
    return []


def debit_paid(clerk: Clerk, who: Any) -> list[Any]:
    clerk.enter(who, "70.00", "general", 50)
    clerk.enter(who, "-70.00")
    clerk.reconcile(clerk.open_lines(who))
    return []


def part_paid_cancelled(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "90.00", 20)
    clerk.pay(invoice, "30.00")
    invoice.click("cancel")
    return [invoice]


def cancelled_by_credit_note(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "110.00", 20)
    clerk.credit(invoice)
    return Model.get("account.invoice").find([("party", "=", who.id)], order=[("id", "ASC")])


def payment_not_posted(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20)
    clerk.enter(who, "-25.00", post=False)
    return [invoice]


def payment_in_the_future(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20)
    days = min(3, (dt.date(clerk.books.today.year, 12, 31) - clerk.books.today).days)
    clerk.enter(who, "-45.00", age=-days)
    return [invoice]


def rescheduled(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "300.00", 20)
    clerk.reschedule(invoice, 3, clerk.books.day(-10))
    return [invoice]


def rescheduled_and_part_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "300.00", 20)
    clerk.reschedule(invoice, 3, clerk.books.day(-10))
    clerk.pay(invoice, "100.00")
    clerk.pay(invoice, "30.00")
    return [invoice]


def rescheduled_and_cancelled(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "300.00", 20)
    clerk.reschedule(invoice, 2, clerk.books.day(-10))
    invoice.click("cancel")
    return [invoice]


def delegated(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "140.00", 20)
    clerk.delegate(invoice, clerk.customer("delegate"))
    return [invoice, clerk.bill(who, "10.00")]


def delegated_and_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "140.00", 20)
    other = clerk.customer("paying delegate")
    clerk.delegate(invoice, other)
    clerk.enter(other, "-140.00")
    clerk.reconcile(clerk.open_lines(other))
    return [invoice, clerk.bill(who, "10.00")]


def grouped(clerk: Clerk, who: Any) -> list[Any]:
    invoices = [clerk.bill(who, "60.00", 40), clerk.bill(who, "40.00", 30)]
    clerk.group(invoices)
    return invoices


def euro_paid_at_another_rate(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "1000.00", currency="EUR")
    clerk.pay(invoice, "1000.00", OTHER_RATE)
    return [invoice]


def euro_paid_in_two_parts(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "1000.00", currency="EUR")
    clerk.pay(invoice, "333.33", OTHER_RATE)
    clerk.pay(invoice, "666.67")
    return [invoice]


def euro_part_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "1000.00", currency="EUR")
    clerk.pay(invoice, "333.33", OTHER_RATE)
    return [invoice]


def euro_paid_in_dollars(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "920.00", currency="EUR")
    clerk.enter(who, "-1000.00")
    clerk.reconcile(clerk.open_lines(who))
    return [invoice]


def dollar_invoice_part_paid_in_euro(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20)
    clerk.attach(invoice, clerk.enter(who, "-54.35", euro="-50.00"))
    return [invoice]


def attached_by_hand(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20, currency="EUR")
    clerk.attach(invoice, clerk.enter(who, "-54.00", euro="-50.00"))
    return [invoice]


def two_euro_invoices_one_payment(clerk: Clerk, who: Any) -> list[Any]:
    invoices = [
        clerk.bill(who, "100.00", 30, currency="EUR"),
        clerk.bill(who, "55.55", 20, currency="EUR"),
    ]
    clerk.enter(who, "-169.00", euro="-155.55")
    clerk.reconcile(clerk.open_lines(who))
    return invoices


def unreconciled_again(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "120.00", 20)
    clerk.pay(invoice, "120.00")
    clerk.unreconcile(invoice)
    return [invoice]


def euro_unreconciled_again(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "120.00", currency="EUR")
    clerk.pay(invoice, "120.00", OTHER_RATE)
    clerk.unreconcile(invoice)
    return [invoice]


def one_and_a_half_installments(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "1000.00", 70, term=THREE_PARTS)
    clerk.pay(invoice, "300.00")
    clerk.pay(invoice, "150.00")
    return [invoice]


def installments_overpaid_in_part(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "1000.00", 70, term=THREE_PARTS)
    clerk.pay(invoice, "450.00")
    clerk.pay(invoice, "160.00")
    return [invoice]


def credit_note_in_installments(clerk: Clerk, who: Any) -> list[Any]:
    note = clerk.bill(who, "-100.00", 70, term=THREE_PARTS)
    invoice = clerk.bill(who, "30.00", 20)
    lines = [*invoice.lines_to_pay, next(x for x in note.lines_to_pay if x.credit == 30)]
    clerk.reconcile(lines)
    return [note, invoice]


def nothing_to_pay(clerk: Clerk, who: Any) -> list[Any]:
    return [clerk.bill(who, "0.00", 20)]


def _cases(module: str, names: dict[str, Any]) -> dict[str, Case]:
    return {
        name: case
        for name, case in names.items()
        if callable(case) and getattr(case, "__module__", "") == module and not name.startswith("_")
    }


CASES = _cases(__name__, dict(globals())) | _cases("entries", vars(entries)) | _cases("debts", vars(debts))


def main() -> None:
    """Work through all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", required=True)
    parser.add_argument("--database", required=True)
    options = parser.parse_args()
    current = config.set_trytond(database=options.database, user="admin", config_file=options.config)
    current.skip_warning = True  # due dates in the past
    # What takes most of the time and changes no amount: printing, and locks that SQLite does not need.
    Pool(options.database).get("account.invoice").print_invoice = lambda *_: None
    Transaction.lock_table = Transaction.lock_records = lambda *_: None
    open_currencies(todays_date())
    clerk = Clerk()
    cases = {name: _book(clerk, name, case) for name, case in CASES.items()}
    json.dump({"cases": cases, "changes": prepare(clerk)}, sys.stdout)


def _book(clerk: Clerk, name: str, case: Case) -> dict[str, Any]:
    who = clerk.customer(name.replace("_", " "))
    documents = case(clerk, who)
    return {
        "customer": f"party.party:{who.id}",
        "documents": [f"account.invoice:{document.id}" for document in documents],
    }


if __name__ == "__main__":
    main()
