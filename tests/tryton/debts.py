"""Cases of who owes, in which currency and since when; and of what is used on more than one document.

Part of cases.py; runs in Tryton's own environment.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from clerk import NORTHWIND, OTHER_RATE, Clerk
from proteus import Model
from tryton_books import THREE_PARTS, Sale, create, work_for

CONTOSO = "Contoso Services"


def delegated_whole(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "140.00", 20)
    clerk.delegate(invoice, clerk.customer("whole delegate"))
    return [invoice]


def delegated_whole_and_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "150.00", 20)
    other = clerk.customer("paying whole delegate")
    clerk.delegate(invoice, other)
    clerk.enter(other, "-150.00")
    clerk.reconcile(clerk.open_lines(other))
    return [invoice]


def owed_by_another_from_the_start(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.books.draft({"": Sale(who, "160.00")})[""]
    other = clerk.customer("alternative payee")
    invoice.alternative_payees.append(Model.get("party.party")(other.id))
    invoice.save()
    invoice.click("post")
    clerk.pay(invoice, "60.00")
    return [invoice]


def credit_attached(clerk: Clerk, who: Any) -> list[Any]:
    documents = [clerk.bill(who, "200.00", 20), clerk.bill(who, "-80.00", 10)]
    return _credited(clerk, *documents)


def credit_attached_in_euro(clerk: Clerk, who: Any) -> list[Any]:
    documents = [clerk.bill(who, "200.00", 20, currency="EUR"), clerk.bill(who, "-80.00", 10, currency="EUR")]
    return _credited(clerk, *documents)


def credit_attached_to_installments(clerk: Clerk, who: Any) -> list[Any]:
    documents = [clerk.bill(who, "1000.00", 70, term=THREE_PARTS), clerk.bill(who, "-450.00", 10)]
    return _credited(clerk, *documents)


def credit_attached_and_the_rest_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice, note = credit_attached(clerk, who)
    clerk.pay(invoice, "120.00")
    clerk.reconcile(clerk.open_lines(who))
    return [invoice, note]


def invoice_attached_to_credit(clerk: Clerk, who: Any) -> list[Any]:
    note, invoice = clerk.bill(who, "-80.00", 20), clerk.bill(who, "50.00", 10)
    return _credited(clerk, note, invoice)


def credit_for_one_installment(clerk: Clerk, who: Any) -> list[Any]:
    invoice, note = clerk.bill(who, "1000.00", 70, term=THREE_PARTS), clerk.bill(who, "-300.00", 10)
    clerk.reconcile([*note.lines_to_pay, next(x for x in invoice.lines_to_pay if x.debit == 300)])
    return [invoice, note]


def attached_more_than_is_open(clerk: Clerk, who: Any) -> list[Any]:
    invoice, note = credit_for_one_installment(clerk, who)
    clerk.attach(invoice, clerk.enter(who, "-900.00"))
    return [invoice, note]


def paid_on_account(clerk: Clerk, who: Any) -> list[Any]:
    clerk.enter(who, "-55.00")
    return [clerk.bill(who, "70.00", 20)]


def grouped_with_a_credit_note(clerk: Clerk, who: Any) -> list[Any]:
    documents = [clerk.bill(who, "100.00", 40), clerk.bill(who, "-40.00", 30)]
    clerk.group(documents)
    return documents


def grouped_and_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoices = [clerk.bill(who, "60.00", 40), clerk.bill(who, "45.00", 30)]
    clerk.group(invoices)
    clerk.enter(who, "-105.00")
    clerk.reconcile(clerk.open_lines(who))
    return invoices


def netted_with_what_we_buy(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.00", 20)
    clerk.books.buy({who: "60.00"})
    (bought,) = Model.get("account.invoice").find([("type", "=", "in"), ("party", "=", who.id)])
    clerk.group([invoice, bought])
    return [invoice]


def won_part_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "1000001", 70, currency="KRW", term=THREE_PARTS)
    clerk.pay(invoice, "450000", OTHER_RATE)
    return [invoice]


def won_paid_at_another_rate(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "123457", currency="KRW")
    clerk.pay(invoice, "123457", OTHER_RATE)
    return [invoice]


def dinar_part_paid(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.125", currency="KWD")
    clerk.pay(invoice, "33.333", OTHER_RATE)
    return [invoice]


def dinar_written_off(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "100.125", currency="KWD")
    clerk.pay(invoice, "100.120", how="writeoff")
    return [invoice]


def archived_debtor(clerk: Clerk, who: Any) -> list[Any]:
    invoice = clerk.bill(who, "17.00", 20)
    who.active = False
    who.save()
    return [invoice]


def in_both_companies(clerk: Clerk, who: Any) -> list[Any]:
    contoso = Clerk(CONTOSO)
    contoso.pay(contoso.bill(who, "77.00", 20), "7.00")
    contoso.enter(who, "-9.00")
    work_for(clerk.books.company)
    return [clerk.bill(who, "18.00")]


def without_customer_in_contosos_books(clerk: Clerk, who: Any) -> list[Any]:
    """Entries that name no customer, one of them not posted; beside Northwind, whose data are sound."""
    contoso = Clerk(CONTOSO)
    kind, company = contoso.books.receivable.type.id, contoso.books.company.id
    values = {"name": "Nobody's", "company": company, "type": kind, "reconcile": True, "party_required": False}
    (account,) = create("account.account", [values])
    contoso.enter(None, "21.00", account=account)
    contoso.enter(None, "-22.00", account=account, post=False)
    work_for(clerk.books.company)
    return []


def number_again_in_an_old_open_invoice(clerk: Clerk, who: Any) -> list[Any]:
    """Years have sequences of their own; here a customer's old invoice bears the number of another's new one."""
    number = clerk.bill(clerk.customer("same number"), "19.00").number
    last_day = dt.date(clerk.books.today.year - 3, 12, 31)
    sequence = _sequence(last_day)
    sequence.prefix, sequence.number_next = number[: -sequence.padding], int(number[-sequence.padding :])
    sequence.save()
    age = (clerk.books.today - last_day).days
    invoice = clerk.books.post({"": Sale(who, "88.00", age)})[""]
    if invoice.number != number:
        raise ValueError(f"{invoice.number} is not {number}")
    return [invoice]


def _sequence(day: dt.date) -> Any:
    (year,) = Model.get("account.fiscalyear").find(
        [("start_date", "<=", day), ("end_date", ">=", day), ("company.party.name", "=", NORTHWIND)]
    )
    (sequences,) = year.invoice_sequences
    return sequences.out_invoice_sequence


def _credited(clerk: Clerk, document: Any, other: Any) -> list[Any]:
    """Put the other document's line among the payments of the first."""
    (line,) = other.lines_to_pay
    clerk.attach(document, line)
    return [document, other]
