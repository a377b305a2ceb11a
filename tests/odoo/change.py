"""Changes in a running Odoo, each on a customer and a document of its own."""

from __future__ import annotations

from collections.abc import Callable

from tests.odoo.clerk import Clerk

Ids = dict[str, int]


def _bill(clerk: Clerk, who: int) -> Ids:
    return {"account.move": clerk.bill(who, 100.0, 20)}


def _draft(clerk: Clerk, who: int) -> Ids:
    return {"account.move": clerk.bill(who, 100.0, 20, post=False)}


def _paid(clerk: Clerk, who: int) -> Ids:
    invoice = clerk.bill(who, 100.0, 20)
    payment = clerk.move_of(clerk.pay(invoice))
    (line,) = clerk.find("account.move.line", ("move_id", "=", payment), ("account_id", "=", clerk.receivable))
    return {"account.move": invoice, "account.move.line": line}


def _with_contact(clerk: Clerk, who: int) -> Ids:
    contact = clerk.create("res.partner", name="Ada", parent_id=who, email="ada@cases.example")
    return {**_bill(clerk, who), "contact": contact}


def _settled_with_contact(clerk: Clerk, who: int) -> Ids:
    contact = clerk.create("res.partner", name="Ada", parent_id=who, email="ada@cases.example")
    return {**_paid(clerk, who), "contact": contact}


def _settled_with_contact_and_another(clerk: Clerk, who: int) -> Ids:
    other = clerk.customer("Change contact moves to")
    clerk.pay(clerk.bill(other, 100.0, 20))
    return {**_settled_with_contact(clerk, who), "other": other}


def _paid_twice(clerk: Clerk, who: int) -> Ids:
    ids = _paid(clerk, who)
    second = clerk.bill(who, 60.0, 20)
    return {**ids, "second": second}


def paid_in_part(clerk: Clerk, ids: Ids) -> None:
    clerk.pay(ids["account.move"], 30.0)


def paid(clerk: Clerk, ids: Ids) -> None:
    clerk.pay(ids["account.move"])


def unreconciled(clerk: Clerk, ids: Ids) -> None:
    clerk.unreconcile(ids["account.move"])


def reset_to_draft(clerk: Clerk, ids: Ids) -> None:
    clerk.draft(ids["account.move"])


def paid_and_reset_to_draft(clerk: Clerk, ids: Ids) -> None:
    clerk.draft(ids["account.move"])


def cancelled(clerk: Clerk, ids: Ids) -> None:
    clerk.cancel(ids["account.move"])


def draft_posted(clerk: Clerk, ids: Ids) -> None:
    clerk.post(ids["account.move"])


def draft_deleted(clerk: Clerk, ids: Ids) -> None:
    clerk.delete("account.move", ids["account.move"])


def archived(clerk: Clerk, ids: Ids) -> None:
    clerk.write("res.partner", ids["res.partner"], active=False)


def renamed(clerk: Clerk, ids: Ids) -> None:
    clerk.write("res.partner", ids["res.partner"], name="Renamed")


def contact_changed(clerk: Clerk, ids: Ids) -> None:
    """On the contact alone: the customer's own write date stays."""
    clerk.write("res.partner", ids["contact"], email="changed@cases.example")


def contact_deleted(clerk: Clerk, ids: Ids) -> None:
    clerk.delete("res.partner", ids["contact"])


def contact_moved(clerk: Clerk, ids: Ids) -> None:
    """To another customer: neither customer's own write date moves."""
    clerk.write("res.partner", ids["contact"], parent_id=ids["other"])


def application_moved(clerk: Clerk, ids: Ids) -> None:
    """What paid one document pays another one in part now, and neither is written by its own."""
    clerk.unreconcile(ids["account.move"])
    clerk.reconcile(ids["second"], clerk.read("account.move.line", ids["account.move.line"], "move_id")["move_id"][0])


def credited(clerk: Clerk, ids: Ids) -> None:
    clerk.refund(ids["account.move"], "cancel")


def due_date_changed(clerk: Clerk, ids: Ids) -> None:
    for line in clerk.open_lines(ids["account.move"]):
        clerk.write("account.move.line", line, date_maturity=clerk.day(-99))


CHANGES: dict[str, tuple[Callable[[Clerk, int], Ids], Callable[[Clerk, Ids], None]]] = {
    "paid_in_part": (_bill, paid_in_part),
    "paid": (_bill, paid),
    "unreconciled": (_paid, unreconciled),
    "reset_to_draft": (_bill, reset_to_draft),
    "paid_and_reset_to_draft": (_paid, paid_and_reset_to_draft),
    "cancelled": (_bill, cancelled),
    "draft_posted": (_draft, draft_posted),
    "draft_deleted": (_draft, draft_deleted),
    "archived": (_bill, archived),
    "renamed": (_bill, renamed),
    "contact_changed": (_with_contact, contact_changed),
    "contact_deleted": (_with_contact, contact_deleted),
    "settled_ones_contact_deleted": (_settled_with_contact, contact_deleted),
    "settled_ones_contact_moved": (_settled_with_contact_and_another, contact_moved),
    "application_moved": (_paid_twice, application_moved),
    "credited": (_bill, credited),
    "due_date_changed": (_bill, due_date_changed),
}


def prepare(clerk: Clerk) -> dict[str, Ids]:
    """Book what each change needs."""
    return {name: _prepare(clerk, name, book) for name, (book, _) in CHANGES.items()}


def make(clerk: Clerk, changes: dict[str, Ids]) -> None:
    """Make the changes."""
    for name, ids in changes.items():
        CHANGES[name][1](clerk, ids)


def _prepare(clerk: Clerk, name: str, book: Callable[[Clerk, int], Ids]) -> Ids:
    who = clerk.customer(f"Change {name.replace('_', ' ')}")
    return {"res.partner": who, **book(clerk, who)}
