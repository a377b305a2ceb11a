"""Whatever may happen to a receivable in Odoo, one customer per case: each books it and returns its documents.

All of them are in Northwind's books, which are kept in dollars; `in_both_companies` also in Contoso's, in euros.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.odoo import entries, partners
from tests.odoo.books import THIRTY_SEVENTY, THREE_PARTS
from tests.odoo.clerk import OTHER_RATE, Clerk

Case = Callable[[Clerk, int], list[int]]


def not_due(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 100.0, invoice_date_due=clerk.day(-30))]


def overdue(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, amount, age) for amount, age in ((11.0, 10), (12.0, 40), (13.0, 75), (14.0, 200))]


def taxed(clerk: Clerk, who: int) -> list[int]:
    tax = clerk.find("account.tax", ("type_tax_use", "=", "sale"), ("company_id", "=", clerk.company))[0]
    line = {"name": "Goods", "quantity": 3, "price_unit": 33.33, "account_id": clerk.income, "tax_ids": [(6, 0, [tax])]}
    return [clerk.bill(who, 0, 20, invoice_line_ids=[(0, 0, line)])]


def paid(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20)
    clerk.pay(invoice)
    return [invoice]


def paid_in_part(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20)
    clerk.pay(invoice, 30.0)
    return [invoice]


def paid_in_three_parts(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20)
    for amount in (33.33, 33.33, 33.34):
        clerk.pay(invoice, amount)
    return [invoice]


def overpaid(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20)
    clerk.pay(invoice, 130.0)
    return [invoice]


def overpayment_paid_back(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20)
    payment = clerk.pay(invoice, 150.0)
    clerk.reconcile(clerk.move_of(payment), clerk.move_of(clerk.on_account(who, -50.0)))
    return [invoice]


def one_payment_two_invoices(clerk: Clerk, who: int) -> list[int]:
    invoices = [clerk.bill(who, 60.0, 40), clerk.bill(who, 40.0, 30)]
    clerk.pay(invoices)
    return invoices


def payment_on_account(clerk: Clerk, who: int) -> list[int]:
    clerk.on_account(who, 55.0, 5)
    return [clerk.bill(who, 70.0, 20)]


def payment_on_account_in_euro(clerk: Clerk, who: int) -> list[int]:
    clerk.on_account(who, 55.0, 5, currency="EUR")
    return []


def payment_not_posted(clerk: Clerk, who: int) -> list[int]:
    clerk.on_account(who, 25.0, post=False)
    return [clerk.bill(who, 100.0, 20)]


def payment_cancelled(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 60.0, 20)
    payment = clerk.pay(invoice, 20.0)
    clerk.do("account.payment", "action_draft", [payment])
    clerk.do("account.payment", "action_cancel", [payment])
    return [invoice]


def payment_in_the_future(clerk: Clerk, who: int) -> list[int]:
    clerk.on_account(who, 45.0, -3)
    return [clerk.bill(who, 100.0, 20)]


def payment_of_a_bank_statement(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 80.0, 20)
    clerk.received(who, 80.0, [invoice])
    return [invoice]


def unreconciled_again(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 120.0, 20)
    clerk.pay(invoice)
    clerk.unreconcile(invoice)
    return [invoice]


def written_off(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 80.0, 50)
    clerk.pay(invoice, 78.5, write_off=True)
    return [invoice]


def written_off_whole(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 33.0, 50)
    clerk.reconcile(invoice, clerk.enter(who, -33.0))
    return [invoice]


def euro_open(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 1000.0, 80, currency="EUR"), clerk.bill(who, 10.01, 5, currency="EUR")]


def euro_paid_at_another_rate(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 1000.0, OTHER_RATE + 5, currency="EUR")
    clerk.pay(invoice, 1000.0, currency="EUR")
    return [invoice]


def euro_paid_in_part_at_another_rate(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 1000.0, OTHER_RATE + 5, currency="EUR")
    clerk.pay(invoice, 333.33, currency="EUR")
    return [invoice]


def euro_paid_in_two_parts(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 1000.0, OTHER_RATE + 5, currency="EUR")
    clerk.pay(invoice, 333.33, OTHER_RATE + 1, currency="EUR")
    clerk.pay(invoice, 666.67, currency="EUR")
    return [invoice]


def euro_paid_in_dollars(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 870.0, 20, currency="EUR")
    clerk.reconcile(invoice, clerk.move_of(clerk.on_account(who, 400.0)))
    return [invoice]


def dollar_paid_in_euro(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.0, 20)
    clerk.reconcile(invoice, clerk.move_of(clerk.on_account(who, 43.5, currency="EUR")))
    return [invoice]


def euro_unreconciled_again(clerk: Clerk, who: int) -> list[int]:
    """Odoo reverses the exchange difference that it had booked."""
    invoice = euro_paid_at_another_rate(clerk, who)
    clerk.unreconcile(*invoice)
    return invoice


def yen_in_installments(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100001.0, 40, currency="JPY", term=THREE_PARTS)
    clerk.pay(invoice, 45000.0, currency="JPY")
    return [invoice]


def dinar_paid_in_part(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 100.125, 10, currency="KWD")
    clerk.pay(invoice, 33.333, currency="KWD")
    return [invoice]


def installments(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 1000.0, 70, term=THIRTY_SEVENTY)]


def first_installment_paid(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 1000.0, 30, term=THIRTY_SEVENTY)
    clerk.pay(invoice, 300.0)
    return [invoice]


def one_and_a_half_installments_paid(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 1000.0, 40, term=THREE_PARTS)
    clerk.pay(invoice, 450.0)
    return [invoice]


def second_installment_paid_alone(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 1000.0, 40, term=THREE_PARTS)
    payment = clerk.move_of(clerk.on_account(who, 300.0))
    second = clerk.open_lines(invoice)[1]
    clerk.do("account.move.line", "reconcile", [second, *clerk.open_lines(payment)])
    return [invoice]


def credit_note_open(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 200.0, 20), clerk.bill(who, 80.0, 10, kind="out_refund")]


def credit_note_used(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 200.0, 20)
    note = clerk.refund(invoice, amount=80.0)
    clerk.reconcile(invoice, note)
    return [invoice, note]


def credit_note_used_in_part(clerk: Clerk, who: int) -> list[int]:
    invoice, note = clerk.bill(who, 50.0, 20), clerk.bill(who, 80.0, 10, kind="out_refund")
    clerk.reconcile(invoice, note)
    return [invoice, note]


def reversed_whole(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 110.0, 20)
    return [invoice, clerk.refund(invoice, "cancel")]


def credit_note_paid_back(clerk: Clerk, who: int) -> list[int]:
    note = clerk.bill(who, 60.0, 10, kind="out_refund")
    clerk.pay(note)
    return [note]


def credit_note_paid_back_in_part(clerk: Clerk, who: int) -> list[int]:
    note = clerk.bill(who, 60.0, 10, kind="out_refund")
    clerk.pay(note, 20.0)
    return [note]


def receipt_open(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 15.0, 10, kind="out_receipt")]


def receipt_paid(clerk: Clerk, who: int) -> list[int]:
    receipt = clerk.bill(who, 15.0, 10, kind="out_receipt")
    clerk.pay(receipt)
    return [receipt]


def draft(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 40.0, post=False), clerk.bill(who, 41.0, kind="out_refund", post=False)]


def cancelled(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 90.0, 20)
    clerk.cancel(invoice)
    return [invoice]


def part_paid_cancelled(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 90.0, 20)
    clerk.pay(invoice, 30.0)
    clerk.cancel(invoice)
    return [invoice]


def reset_to_draft(clerk: Clerk, who: int) -> list[int]:
    invoice = clerk.bill(who, 91.0, 20)
    clerk.pay(invoice, 31.0)
    clerk.draft(invoice)
    return [invoice]


def draft_deleted(clerk: Clerk, who: int) -> list[int]:
    clerk.delete("account.move", clerk.bill(who, 92.0, post=False))
    return []


def nothing_to_pay(clerk: Clerk, who: int) -> list[int]:
    return [clerk.bill(who, 0.0, 20)]


def disputed(clerk: Clerk, who: int) -> list[int]:
    """What Odoo calls litigation: the line is blocked for follow-ups."""
    invoice = clerk.bill(who, 66.0, 45)
    for line in clerk.open_lines(invoice):
        clerk.write("account.move.line", line, blocked=True)
    return [invoice]


def _of(module: str, names: dict[str, object]) -> dict[str, Case]:
    return {
        name: case
        for name, case in names.items()
        if callable(case) and getattr(case, "__module__", "") == module and name[0].islower()
    }  # type: ignore[return-value]


CASES: dict[str, Case] = (
    _of(__name__, dict(globals())) | _of(entries.__name__, vars(entries)) | _of(partners.__name__, vars(partners))
)


def book(clerk: Clerk) -> dict[str, tuple[int, list[int]]]:
    """Book every case; its customer and documents by its name."""
    booked = {}
    for name, case in CASES.items():
        who = clerk.customer(f"Case {name.replace('_', ' ')}")
        booked[name] = (who, case(clerk, who))
    return booked
