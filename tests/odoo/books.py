"""Opens the books: two companies with currencies of their own, and the users that read them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import odoorpc

from tests.odoo.clerk import OTHER_RATE, Clerk

NORTHWIND, CONTOSO = "Northwind Traders", "Contoso Services"
READER, ONE, NOBODY = "greenlight", "greenlight-northwind", "nobody"
SECRET = "reader-4711-4711"
RATES = {"EUR": (0.92, 0.87), "JPY": (150.0, 157.5), "KWD": (0.3075, 0.3125)}
"""Units per dollar: before, and since `OTHER_RATE` days ago."""
THREE_PARTS, THIRTY_SEVENTY = "30 % now, 30 % in 30 days, the rest in 60", "30 % now, the rest in 60 days"
TERMS = {THREE_PARTS: ((30, 0), (30, 30), (None, 60)), THIRTY_SEVENTY: ((30, 0), (None, 60))}
"""Term → its parts: percent (none: the rest) and days."""


@dataclass(frozen=True)
class Companies:
    """The ids of the two companies: dollars and euros."""

    northwind: int
    contoso: int


def open_books(odoo: odoorpc.ODOO, today: dt.date) -> Companies:
    """Open both companies' books in a blank database."""
    (first,) = odoo.execute_kw("res.company", "search", [[]])
    clerk = Clerk(odoo, first, today)
    _open_currencies(clerk)
    clerk.write("res.company", first, name=NORTHWIND)
    second = clerk.create("res.company", name=CONTOSO, currency_id=clerk.currency("EUR"))
    (admin,) = clerk.find("res.users", ("login", "=", "admin"))
    clerk.write("res.users", admin, company_ids=[(6, 0, [first, second])])
    everything = clerk.find("res.groups", ("name", "in", ["Show Full Accounting Features", "Sale Receipt"]))
    clerk.write("res.users", admin, groups_id=[(4, group) for group in everything])
    _open_chart(odoo, second, clerk.currency("EUR"))
    for name, parts in TERMS.items():
        lines = [
            {"value": "percent" if percent else "balance", "value_amount": percent or 0, "days": days, "sequence": days}
            for percent, days in parts
        ]
        clerk.create("account.payment.term", name=name, line_ids=[(5, 0, 0), *((0, 0, line) for line in lines)],
                     company_id=False)  # fmt: skip
    _let_read(clerk, first, second)
    return Companies(first, second)


def _open_currencies(clerk: Clerk) -> None:
    """Currencies without and with three decimals, and rates that have changed; set as of now, shared."""
    for code, (before, now) in RATES.items():
        (currency,) = clerk.find("res.currency", ("name", "=", code), archived=True)
        clerk.write("res.currency", currency, active=True)
        for day, rate in (("2000-01-01", before), (clerk.day(OTHER_RATE - 1), now)):
            clerk.create("res.currency.rate", currency_id=currency, name=day, rate=rate, company_id=False)


def _open_chart(odoo: odoorpc.ODOO, company: int, currency: int) -> None:
    """Load the chart of accounts, which would set its own currency, into a company."""
    within = {"context": {"allowed_company_ids": [company]}}
    (chart,) = odoo.execute_kw("account.chart.template", "search", [[]], within)
    odoo.execute_kw("account.chart.template", "try_loading", [[chart]], within)
    odoo.execute_kw("res.company", "write", [[company], {"currency_id": currency}], within)


def _let_read(clerk: Clerk, first: int, second: int) -> None:
    """Make users: one who may read both companies, one who may read the first, one who may read no books."""
    (internal,) = clerk.find("res.groups", ("full_name", "=", "User types / Internal User"))
    (auditor,) = clerk.find("res.groups", ("name", "=", "Show Accounting Features - Readonly"))
    for login, groups, companies in (
        (READER, [internal, auditor], [first, second]),
        (ONE, [internal, auditor], [first]),
        (NOBODY, [internal], [first, second]),
    ):
        values: dict[str, Any] = {"name": login, "login": login, "password": SECRET, "company_id": first}
        clerk.create("res.users", **values, company_ids=[(6, 0, companies)], groups_id=[(6, 0, groups)])
