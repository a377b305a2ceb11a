"""Cases of entries by hand on receivables."""

from __future__ import annotations

from tests.odoo.clerk import Clerk


def debit_by_hand(clerk: Clerk, who: int) -> list[int]:
    clerk.enter(who, 70.0, age=50)
    return []


def credit_by_hand(clerk: Clerk, who: int) -> list[int]:
    clerk.enter(who, -20.0, age=60)
    return []


def entry_not_posted(clerk: Clerk, who: int) -> list[int]:
    clerk.enter(who, -25.0, post=False)
    return [clerk.bill(who, 100.0, 20)]


def entry_cancelled(clerk: Clerk, who: int) -> list[int]:
    clerk.cancel(clerk.enter(who, -24.0))
    return [clerk.bill(who, 100.0, 20)]


def debit_by_hand_paid(clerk: Clerk, who: int) -> list[int]:
    debit = clerk.enter(who, 70.0, age=50)
    clerk.reconcile(debit, clerk.move_of(clerk.on_account(who, 70.0)))
    return []


def debit_and_credit_in_one_entry(clerk: Clerk, who: int) -> list[int]:
    clerk.enter(who, 30.0, -12.0, 5.0, age=30)
    return []


def entry_reversed(clerk: Clerk, who: int) -> list[int]:
    clerk.refund(clerk.enter(who, 44.0, age=9), "cancel")
    return []


def credit_by_hand_in_euro(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20, currency="EUR")
    clerk.reconcile(invoice, clerk.enter(who, -54.0, currency="EUR", in_currency=-50.0))
    return [invoice]


def two_invoices_one_credit_by_hand(clerk: Clerk, who: int) -> list[int]:
    invoices = [clerk.bill(who, 60.0, 40), clerk.bill(who, 40.0, 30)]
    clerk.reconcile(*invoices, clerk.enter(who, -80.0))
    return invoices


def old_payment_of_a_new_invoice(clerk: Clerk, who: int) -> list[int]:
    """The payment is from before the history of two years."""
    payment = clerk.move_of(clerk.on_account(who, 44.0, 800))
    invoice = clerk.bill(who, 44.0, 3)
    clerk.reconcile(invoice, payment)
    return [invoice]


def old_and_open(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 45.0, 900)]


def old_and_paid(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 46.0, 900)
    clerk.pay(invoice, age=890)
    return [invoice]


def on_a_further_receivable_account(clerk: Clerk, who: int) -> list[int]:
    further = clerk.find(
        "account.account", ("internal_type", "=", "receivable"), ("company_id", "=", clerk.company),
        ("id", "!=", clerk.receivable),
    )[0]  # fmt: skip
    clerk.enter(who, 12.0, account=further)
    return []
