"""What an accountant may do in the survival tests' Odoo, and what is in its books at first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from random import Random
from typing import Any

from tests.odoo.books import NORTHWIND, THREE_PARTS
from tests.odoo.clerk import Clerk
from tests.survival.worlds import NothingToDo

BURST = 5
LATE = timedelta(minutes=4)
"""How long a transaction takes that stamps its records with the moment of its beginning."""
KINDS = ("out_invoice", "out_refund", "out_receipt")
Pass = Callable[[timedelta], None]
"""Lets time pass, or takes it back."""


def fill(clerk: Clerk, tick: Callable[[], None]) -> None:
    """A few customers owe, one paid, one has paid in part, one on account."""
    parties = [clerk.customer(f"party {number}") for number in range(5)]
    for number, who in enumerate(parties[:3]):
        clerk.create("res.partner", name=f"person {number}", parent_id=who, email=f"person{number}@cases.example")
    bills = [
        clerk.bill(who, 100.5 + n, currency="EUR" if n == 2 else "", term=THREE_PARTS if n == 4 else "")
        for n, who in enumerate(parties)
    ]
    clerk.bill(parties[0], 40.0, post=False)
    tick()
    clerk.today += timedelta(days=1)
    clerk.pay(bills[0])
    clerk.pay(bills[1], 30.0)
    clerk.on_account(parties[3], 20.0)
    tick()


def create_one(clerk: Clerk, random: Random, let: Pass) -> str:
    """A draft, a bill, a credit note, money, an entry by hand, or a new customer's first bill."""
    who, amount = _one(random, _customers(clerk)), random.randrange(1000, 90000) / 100
    match random.randrange(8):
        case 0 | 1:
            return _document(clerk.bill(who, amount, post=False))
        case 2:
            return _document(clerk.bill(who, amount, kind=random.choice(KINDS)))
        case 3:
            return f"account.move:{clerk.enter(who, random.choice((-amount, amount)), post=random.random() < 0.5)}"
        case 4:
            return f"account.payment:{clerk.on_account(who, amount, post=random.random() < 0.7)}"
        case 5:
            who = clerk.customer(f"new {random.randrange(10**6)}")
    return _document(
        clerk.bill(who, amount, currency=random.choice(("USD", "EUR")), term=random.choice(("", THREE_PARTS)))
    )


def change(clerk: Clerk, random: Random, let: Pass) -> str:
    """Another price on a draft, another name, or another reference on a posted document."""
    match random.randrange(3):
        case 0:
            draft = _one(random, _documents(clerk, "draft"))
            lines = clerk.read("account.move", draft, "invoice_line_ids")["invoice_line_ids"]
            clerk.write(
                "account.move", draft, invoice_line_ids=[(1, lines[0], {"price_unit": random.randrange(1, 99)})]
            )
            return _document(draft)
        case 1:
            posted = _one(random, _documents(clerk, "posted"))
            clerk.write("account.move", posted, ref=f"PO {random.randrange(10**6)}")
            return _document(posted)
    who = _one(random, _customers(clerk))
    clerk.write("res.partner", who, name=f"Renamed {random.randrange(10**6)}")
    return _partner(who)


def void(clerk: Clerk, random: Random, let: Pass) -> str:
    """Cancel a document, whether or not somebody paid, or a payment."""
    if random.random() < 0.3:
        payment = _one(random, clerk.find("account.payment", ("state", "=", "posted")))
        clerk.do("account.payment", "action_draft", [payment])
        clerk.do("account.payment", "action_cancel", [payment])
        return f"account.payment:{payment}"
    document = _one(random, _documents(clerk, "posted"))
    clerk.cancel(document)
    return _document(document)


def soft_delete(clerk: Clerk, random: Random, let: Pass) -> str:
    """Archive a customer or a person below one."""
    who = _one(random, [*_customers(clerk), *_people(clerk)])
    clerk.write("res.partner", who, active=False)
    return _partner(who)


def hard_delete(clerk: Clerk, random: Random, let: Pass) -> str:
    """Delete a draft, an entry or payment that was never posted, or a person."""
    match random.randrange(3):
        case 0:
            model, gone = "account.move", _one(random, _never_posted(clerk, ("move_type", "in", KINDS)))
        case 1:
            entries = _never_posted(clerk, ("move_type", "=", "entry"), ("payment_id", "=", False))
            model, gone = "account.move", _one(random, entries)
        case _:
            model, gone = "res.partner", _one(random, _people(clerk))
    clerk.delete(model, gone)
    return f"{model}:{gone}"


def restore(clerk: Clerk, random: Random, let: Pass) -> str:
    """Take a partner out of the archive, open a settled document again, or post what was cancelled."""
    match random.randrange(3):
        case 0:
            away = clerk.find("res.partner", ("active", "=", False), ("email", "like", "cases.example"), archived=True)
            who = _one(random, away)
            clerk.write("res.partner", who, active=True)
            return _partner(who)
        case 1:
            settled = clerk.find(
                "account.move", ("move_type", "in", KINDS), ("payment_state", "in", ("paid", "partial"))
            )
            document = _one(random, settled)
            clerk.unreconcile(document)
        case _:
            document = _one(random, _documents(clerk, "cancel"))
            clerk.draft(document)
            if random.random() < 0.7:
                clerk.post(document)
    return _document(document)


def back_date(clerk: Clerk, random: Random, let: Pass) -> str:
    """Enter a bill or money of two months ago now."""
    who = _one(random, _customers(clerk))
    if random.random() < 0.5:
        return _document(clerk.bill(who, 24.0, 60))
    return f"account.payment:{clerk.on_account(who, 25.0, 60)}"


def future_date(clerk: Clerk, random: Random, let: Pass) -> str:
    """Enter a bill or money of next month now."""
    who = _one(random, _customers(clerk))
    if random.random() < 0.5:
        return _document(clerk.bill(who, 26.0, -20))
    return f"account.payment:{clerk.on_account(who, 27.0, -20)}"


def burst(clerk: Clerk, random: Random, let: Pass) -> str:
    """An import: some documents at one timestamp, one of them posted."""
    who = _one(random, _customers(clerk))
    made = [clerk.bill(who, number + 1.0, post=False) for number in range(BURST)]
    clerk.post(made[0])
    return _document(made[0])


def child_only(clerk: Clerk, random: Random, let: Pass) -> str:
    """Something below a customer or a document changes: a person, a due date, a payment, a settlement."""
    match random.randrange(6):
        case 0:
            person = _one(random, _people(clerk))
            clerk.write("res.partner", person, email=f"changed{random.randrange(999)}@cases.example")
            return _partner(person)
        case 1:
            who = _one(random, _customers(clerk))
            email = f"added{random.randrange(999)}@cases.example"
            return _partner(clerk.create("res.partner", name="Added", parent_id=who, email=email))
        case 2:
            lines = _open(clerk)
            line = _one(random, lines)
            clerk.write("account.move.line", line, date_maturity=clerk.day(-random.randrange(9, 60)))
            return f"account.move.line:{line}"
        case 3:
            document = _one(random, _owed(clerk))
            rest = clerk.read("account.move", document, "amount_residual")["amount_residual"]
            clerk.pay(document, random.choice((rest, round(rest / 2, 2))))
            return _document(document)
        case 4:
            document = _one(random, _owed(clerk))
            clerk.pay(document, write_off=True, amount=round(
                clerk.read("account.move", document, "amount_residual")["amount_residual"] * 0.98, 2))  # fmt: skip
            return _document(document)
    return _settle(clerk, random)


def _settle(clerk: Clerk, random: Random) -> str:
    """Match a document with money of the same customer, or with a credit note made for it."""
    document = _one(random, _owed(clerk))
    partner = clerk.read("account.move", document, "partner_id")["partner_id"][0]
    free = clerk.find("account.move", ("partner_id", "=", partner), ("state", "=", "posted"),
                      ("payment_id", "!=", False), ("line_ids.amount_residual", "<", 0))  # fmt: skip
    if free:
        clerk.reconcile(document, random.choice(free))
    else:
        clerk.refund(document, "cancel")
    return _document(document)


def merge(clerk: Clerk, random: Random, let: Pass) -> str:
    """Merge a person into one of another customer; who is in the books only an administrator may merge away."""
    people = _people(clerk)
    source = _one(random, people)
    mine = clerk.read("res.partner", source, "parent_id")["parent_id"][0]
    target = _one(random, clerk.find("res.partner", ("id", "in", people), ("parent_id", "!=", mine)))
    values = {"partner_ids": [(6, 0, [source, target])], "dst_partner_id": target, "state": "selection"}
    wizard = clerk.create("base.partner.merge.automatic.wizard", **values)
    clerk.do("base.partner.merge.automatic.wizard", "action_merge", [wizard])
    return _partner(source)


def late_commit(clerk: Clerk, random: Random, let: Pass) -> str:
    """A long transaction ends: what it wrote is stamped with the moment at which it began."""
    let(-LATE)
    try:
        who = _one(random, _customers(clerk))
        match random.randrange(3):
            case 0:
                return _document(clerk.bill(who, 66.0))
            case 1:
                return f"account.move:{clerk.enter(who, -6.0)}"
        clerk.write("res.partner", who, name=f"Late {random.randrange(10**6)}")
        return _partner(who)
    finally:
        let(LATE)


CHANGES: dict[str, Callable[[Clerk, Random, Pass], str]] = {
    "create": create_one, "change": change, "void": void, "soft_delete": soft_delete, "hard_delete": hard_delete,
    "restore": restore, "back_date": back_date, "future_date": future_date, "burst": burst, "child_only": child_only,
    "merge": merge, "late_commit": late_commit,
}  # fmt: skip


def _customers(clerk: Clerk) -> list[int]:
    return clerk.find("res.partner", ("parent_id", "=", False), ("email", "like", "cases.example"),
                      ("name", "!=", NORTHWIND))  # fmt: skip


def _people(clerk: Clerk) -> list[int]:
    return clerk.find("res.partner", ("parent_id", "!=", False), ("email", "like", "cases.example"))


def _documents(clerk: Clerk, state: str) -> list[int]:
    return clerk.find("account.move", ("move_type", "in", KINDS), ("state", "=", state))


def _owed(clerk: Clerk) -> list[int]:
    return clerk.find("account.move", ("move_type", "=", "out_invoice"), ("state", "=", "posted"),
                      ("amount_residual", ">", 1), ("currency_id.name", "=", "USD"))  # fmt: skip


def _open(clerk: Clerk) -> list[int]:
    return clerk.find("account.move.line", ("move_id.move_type", "=", "out_invoice"), ("parent_state", "=", "posted"),
                      ("account_id", "=", clerk.receivable), ("reconciled", "=", False))  # fmt: skip


def _never_posted(clerk: Clerk, *domain: Any) -> list[int]:
    return clerk.find("account.move", ("state", "=", "draft"), ("posted_before", "=", False), *domain)


def _one(random: Random, records: Iterable[int]) -> int:
    if not (found := list(records)):
        raise NothingToDo
    return random.choice(found)


def _document(move: int) -> str:
    return f"account.move:{move}"


def _partner(partner: int) -> str:
    return f"res.partner:{partner}"
