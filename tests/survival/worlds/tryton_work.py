"""What an accountant may do in the survival tests' Tryton, its seed and its truth; runs in Tryton's own environment."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import tryton_reader
from clerk import NORTHWIND, Clerk
from proteus import Model, Wizard, config
from truth import of
from tryton_books import Sale, create, todays_date, work_for
from tryton_company import create_shared_records, open_company

BURST = 5
LATE = dt.timedelta(minutes=4)
"""How long a transaction takes that stamps its records with the moment of its beginning."""


def fill(passwords: Path, reader: str, tick: Callable[[], None]) -> None:
    """Open a company's books; a few customers owe, one paid, one has paid in part."""
    create_shared_records(todays_date())
    company = open_company(NORTHWIND, "USD", "US", todays_date())
    clerk = Clerk()
    clerk.cash = clerk.books._method.debit_account
    for number in range(5):
        clerk.customer(f"party {number}")
    parties = _customers()
    tick()
    bills = [clerk.bill(party, f"{100 + n}.50", currency="EUR" if n == 2 else None) for n, party in enumerate(parties)]
    clerk.books.draft({"": Sale(parties[0], "40.00")})
    tick()
    clerk.pay(bills[0], "100.50")
    clerk.pay(bills[1], "30.00")
    clerk.enter(parties[3], "-20.00")
    secret = "reader-" + "4711-" * 4
    tryton_reader.reserve_wizards()
    tryton_reader.create_reader(reader, secret, tryton_reader.create_group(), [company])
    passwords.write_text(json.dumps({reader: secret}), encoding="utf-8")
    work_for(company)


def create_one(clerk: Clerk, random: Random, clock: Any) -> str:
    """A bill, a credit note, a draft, an entry by hand, or a new customer's first bill."""
    who, amount = _one(random, _customers()), f"{random.randrange(1000, 90000) / 100:.2f}"
    match random.randrange(6):
        case 0:
            return _key(clerk.books.draft({"": Sale(who, amount)})[""])
        case 1:
            return _key(clerk.bill(who, f"-{amount}"))
        case 2:
            return _key(clerk.enter(who, f"-{amount}", post=random.random() < 0.5))
        case 3:
            who = clerk.customer(f"new {random.randrange(10**6)}")
    return _key(clerk.bill(who, amount, currency=random.choice(("USD", "EUR"))))


def change(clerk: Clerk, random: Random, clock: Any) -> str:
    """Another price on a draft, or another name."""
    if random.random() < 0.5:
        draft = _one(random, _documents("draft"))
        line = draft.lines[0]
        line.unit_price += 1
        line.save()
        return _key(draft)
    who = _one(random, _customers())
    _write("party.party", who.id, name=f"Renamed {random.randrange(10**6)}")
    return f"party.party:{who.id}"


def void(clerk: Clerk, random: Random, clock: Any) -> str:
    """Cancel a posted invoice that nobody paid."""
    invoice = _one(random, [i for i in _documents("posted") if i.amount_to_pay == i.total_amount])
    invoice.click("cancel")
    return _key(invoice)


def soft_delete(clerk: Clerk, random: Random, clock: Any) -> str:
    """Archive a party or one of its contact mechanisms."""
    who = _one(random, _customers())
    if random.random() < 0.5 and who.contact_mechanisms:
        _write("party.contact_mechanism", who.contact_mechanisms[0].id, active=False)
    else:
        _write("party.party", who.id, active=False)
    return f"party.party:{who.id}"


def hard_delete(clerk: Clerk, random: Random, clock: Any) -> str:
    """Delete a draft, an entry that is not posted, or a contact mechanism."""
    match random.randrange(3):
        case 0:
            gone = _one(random, _documents("draft"))
        case 1:
            gone = _one(random, _find("account.move", [("state", "=", "draft"), ("origin", "=", None)]))
            line = next(line for line in gone.lines if line.party)
            if line.reconciliation:
                raise LookupError("it is settled")
            gone.delete()
            return _key(line)
        case _:
            gone = _one(random, [m for who in _customers() for m in who.contact_mechanisms])
    key = _key(gone)
    gone.delete()
    return key


def restore(clerk: Clerk, random: Random, clock: Any) -> str:
    """Take a party out of the archive, or open a settled invoice again."""
    if random.random() < 0.5:
        away = _find("party.party", [("active", "=", False), ("replaced_by", "=", None)])
        who = _one(random, away)
        _write("party.party", who.id, active=True)
        return f"party.party:{who.id}"
    invoice = _one(random, _documents("paid"))
    clerk.unreconcile(invoice)
    return _key(invoice)


def back_date(clerk: Clerk, random: Random, clock: Any) -> str:
    """Enter money of two months ago now; documents cannot be, they are numbered by their dates."""
    return _key(clerk.enter(_one(random, _customers()), "-25.00", age=60))


def future_date(clerk: Clerk, random: Random, clock: Any) -> str:
    return _key(clerk.enter(_one(random, _customers()), "-26.00", age=-20))


def burst(clerk: Clerk, random: Random, clock: Any) -> str:
    """An import: more than a page, all at one timestamp, some of it posted."""
    who = _one(random, _customers())
    made = clerk.books.draft({str(n): Sale(who, f"{n + 1}.00") for n in range(BURST)})
    Model.get("account.invoice").click(list(made.values())[:2], "post")
    return _key(made["0"])


def child_only(clerk: Clerk, random: Random, clock: Any) -> str:
    """Something below a customer or a document changes: an e-mail, an address, a due date, a payment, a settlement."""
    who = _one(random, _customers())
    key = f"party.party:{who.id}"
    match random.randrange(6):
        case 0:
            mechanism = _one(random, list(who.contact_mechanisms))
            _write("party.contact_mechanism", mechanism.id, value=f"changed{random.randrange(999)}@cases.example")
        case 1:
            email = f"added{random.randrange(999)}@cases.example"
            create("party.contact_mechanism", [{"party": who.id, "type": "email", "value": email}])
        case 2:
            _write("party.address", _one(random, list(who.addresses)).id, city=f"Town {random.randrange(999)}")
        case 3:
            invoice = _one(random, _documents("posted"))
            line = _one(random, [line for line in invoice.lines_to_pay if not line.reconciliation])
            _write("account.move.line", line.id, maturity_date=clerk.books.day(-random.randrange(9, 60)))
            return _key(invoice)
        case 4:
            owed = [i for i in _documents("posted") if i.amount_to_pay > 1 and i.currency.code == "USD"]
            invoice = _one(random, owed)
            part = (invoice.amount_to_pay / 2).quantize(Decimal("0.01"))
            clerk.pay(invoice, str(random.choice((part, invoice.amount_to_pay))))
            return _key(invoice)
        case _:
            invoice = _one(random, [i for i in _documents("posted") if i.amount_to_pay == i.total_amount > 0])
            if invoice.currency.code != "USD":
                raise LookupError("it is in another currency")
            (line,) = invoice.lines_to_pay
            clerk.reconcile([line, clerk.enter(invoice.party, f"-{line.debit}")])
            return _key(invoice)
    return key


def merge(clerk: Clerk, random: Random, clock: Any) -> str:
    """Replace a party by another; Tryton refuses it for one that a posted entry names."""
    posted = {line.party.id for line in _find("account.move.line", [("move.state", "=", "posted")]) if line.party}
    source = _one(random, [who for who in _customers() if who.id not in posted])
    destination = _one(random, [who for who in _customers() if who.id != source.id])
    wizard = Wizard("party.replace", [source])
    wizard.form.source, wizard.form.destination = source, destination
    wizard.execute("replace")
    return f"party.party:{source.id}"


def late_commit(clerk: Clerk, random: Random, clock: Any) -> str:
    """A long transaction ends: what it wrote is stamped with the moment at which it began."""
    clock.now -= LATE
    try:
        return _key(clerk.bill(_one(random, _customers()), "66.00"))
    finally:
        clock.now += LATE


CHANGES: dict[str, Callable[[Clerk, Random, Any], str]] = {
    "create": create_one, "change": change, "void": void, "soft_delete": soft_delete, "hard_delete": hard_delete,
    "restore": restore, "back_date": back_date, "future_date": future_date, "burst": burst, "child_only": child_only,
    "merge": merge, "late_commit": late_commit,
}  # fmt: skip


def told(clerk: Clerk) -> dict[str, Any]:
    """What Tryton's own client says of receivables, customers and their e-mails."""
    fields = ("name", "active", "contact_mechanisms.type", "contact_mechanisms.value", "contact_mechanisms.active")
    current = config.get_config()
    parties = current.get_proxy("party.party").search_read(
        [("active", "in", [True, False])], 0, None, None, list(fields), {**current.context, "active_test": False}
    )
    documents = current.get_proxy("account.invoice").search_read(
        [("type", "=", "out"), ("company", "=", clerk.books.company.id)], 0, None, None,
        ["party", "number", "currency.code"], current.context,
    )  # fmt: skip
    return of(clerk.books.company) | {
        "parties": {
            f"party.party:{row['id']}": [
                row["name"], row["active"],
                sorted(m["value"] for m in row["contact_mechanisms."] if m["type"] == "email" and m["active"]),
            ]
            for row in parties
        },
        "facts": {
            f"account.invoice:{row['id']}": [f"party.party:{row['party']}", row["number"], row["currency."]["code"]]
            for row in documents
        },
    }  # fmt: skip


def _customers() -> list[Any]:
    return _find("party.party", [("name", "!=", NORTHWIND), ("active", "=", True)])


def _documents(state: str) -> list[Any]:
    return _find("account.invoice", [("type", "=", "out"), ("state", "=", state)])


def _find(model: str, domain: list[Any]) -> list[Any]:
    return Model.get(model).find(domain, order=[("id", "ASC")])


def _write(model: str, identifier: int, **values: Any) -> None:
    current = config.get_config()
    current.get_proxy(model).write([identifier], values, current.context)


def _one(random: Random, records: list[Any]) -> Any:
    return random.choice(_at_least(1, records))


def _at_least(number: int, records: list[Any]) -> list[Any]:
    if len(records) < number:
        raise LookupError("nothing there")
    return records


def _key(record: Any) -> str:
    return f"{record.__class__.__name__}:{record.id}"
