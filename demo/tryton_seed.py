"""Fills an empty Tryton database with two companies, one sound and one with planted defects.

Runs under the Python of the Tryton environment, before the server starts: it opens the
database in its own process, which takes half the time of the same work over XML-RPC.

    python tryton_seed.py --config trytond.conf --database erp --passwords passwords.json

Prints (or writes to --json) what was planted and where. The users' new passwords go to the
--passwords file, which only its owner can read.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import tryton_contoso
import tryton_northwind
import tryton_reader
from proteus import Model, config
from tryton_books import Books, todays_date, work_for
from tryton_company import create_shared_records, open_company
from tryton_parties import contact, create_parties, person

BOTH, NORTHWIND_ONLY = "greenlight", "greenlight-northwind"
SHARED = person(
    "Fabrikam Compañía, S.L.",
    "ES",
    "Zaragoza",
    contact("Íñigo Ordóñez", email="pagos@fabrikam.example", phone="+34 976 555030"),
)


def main() -> None:
    """Seed the database named on the command line."""
    arguments = _arguments()
    current = config.set_trytond(database=arguments.database, user="admin", config_file=str(arguments.config))
    # Documents dated in the past make Tryton ask "are you sure?".
    current.skip_warning = True
    _spare_the_waits()
    report = {"database": arguments.database, **_seed(arguments.passwords)}
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if arguments.json:
        arguments.json.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True, help="trytond.conf")
    parser.add_argument("--database", default="erp")
    parser.add_argument(
        "--passwords", type=Path, required=True, help="file to create with the users' passwords (mode 0600)"
    )
    parser.add_argument("--json", type=Path, help="file for the report instead of stdout")
    return parser.parse_args()


def _spare_the_waits() -> None:
    """Leave out, for this process only, what costs three quarters of the time.

    Printing sixty invoices takes longer than posting them: with a worker configured Tryton
    only queues that, and `_settle_states` does in one request what else was queued. And on
    SQLite, where every transaction has the database to itself, Tryton still starts a request
    anew for each sequence that it wants to lock.
    """
    # Tryton reads its configuration while it is imported.
    import trytond.config
    from trytond.transaction import Transaction

    trytond.config.set("queue", "worker", "True")
    Transaction.lock_table = Transaction.lock_records = lambda *_: None


def _seed(passwords: Path) -> dict[str, Any]:
    today = todays_date()
    create_shared_records(today)
    shared = create_parties({"shared": SHARED})["shared"]
    companies, reports = [], []
    for books_of in (tryton_northwind, tryton_contoso):
        company = open_company(books_of.NAME, books_of.CURRENCY, books_of.COUNTRY, today)
        customers = books_of.create_customers(shared)
        planted = books_of.book(Books(company, today), customers) or []
        _settle_states(company)
        companies.append(company)
        reports.append(
            {"name": books_of.NAME, "company_id": company.id, "currency": books_of.CURRENCY, "planted": planted}
        )
    work_for(companies[0])
    return {"companies": reports, "users": _create_readers(companies, passwords)}


def _settle_states(company: Any) -> None:
    """Turn settled invoices from posted to paid, as Tryton's queue would have."""
    Invoice = Model.get("account.invoice")
    posted = Invoice.find([("company", "=", company.id), ("state", "=", "posted")])
    Invoice.click([invoice for invoice in posted if invoice.reconciled], "process")


def _create_readers(companies: list[Any], passwords: Path) -> dict[str, Any]:
    """The connector's users, one for both companies and one for the first alone."""
    secret = {login: secrets.token_urlsafe(24) for login in (BOTH, NORTHWIND_ONLY)}
    tryton_reader.reserve_wizards()
    group = tryton_reader.create_group()
    reader = tryton_reader.create_reader(BOTH, secret[BOTH], group, companies)
    tryton_reader.create_reader(NORTHWIND_ONLY, secret[NORTHWIND_ONLY], group, companies[:1])
    tryton_reader.check_that_nothing_is_writable(reader)
    opened = os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(opened, "w", encoding="utf-8") as file:
        json.dump(secret, file)
    return {BOTH: [company.party.name for company in companies], NORTHWIND_ONLY: [companies[0].party.name]}


if __name__ == "__main__":
    main()
