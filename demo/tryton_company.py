"""Opens the books of a company in an empty Tryton: chart, years, taxes, ways to be paid."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from proteus import Model
from tryton_books import NET_30, THREE_PARTS, VAT, WITHHOLDING, create, find_one, work_for
from trytond.modules.account.tests.tools import create_chart, get_accounts

CURRENCIES = {"USD": "U.S. Dollar", "EUR": "Euro", "JPY": "Yen", "ZZZ": "Old house currency"}
RATES = (  # units per U.S. dollar, from so many days ago (None: always)
    ("USD", None, "1"),
    ("EUR", None, "0.90"),
    ("EUR", 60, "0.92"),
    ("JPY", None, "150"),
    ("ZZZ", None, "3"),
)
COUNTRIES = {
    "US": "United States",
    "DE": "Germany",
    "AT": "Austria",
    "FR": "France",
    "PL": "Poland",
    "JP": "Japan",
    "ES": "Spain",
    "IT": "Italy",
    "NL": "Netherlands",
}
TERMS = {  # parts of (share of the total, days); the last part takes the remainder
    NET_30: ((None, 30),),
    THREE_PARTS: (("0.3", 30), ("0.3", 60), (None, 90)),
}
TAXES = ((VAT, "0.20"), (WITHHOLDING, "-0.15"))
WRITE_OFF = "WOFF"
YEARS_BACK = 3  # fiscal years before this one: room for documents older than 24 months


def create_shared_records(today: dt.date) -> None:
    """Currencies with their rates, countries and payment terms: all companies use the same."""
    # JPY with two digits and ZZZ at all are mistakes that Tryton lets an administrator make.
    currencies = create(
        "currency.currency",
        [{"name": name, "code": code, "digits": 2, "rounding": Decimal("0.01")} for code, name in CURRENCIES.items()],
    )
    ids = {currency.code: currency.id for currency in currencies}
    create(
        "currency.currency.rate",
        [
            {
                "currency": ids[code],
                "rate": Decimal(rate),
                "date": dt.date.min if age is None else today - dt.timedelta(days=age),
            }
            for code, age, rate in RATES
        ],
    )
    create("country.country", [{"code": code, "name": name} for code, name in COUNTRIES.items()])
    for name, parts in TERMS.items():
        term = Model.get("account.invoice.payment_term")(name=name)
        for share, days in parts:
            line = term.lines.new(type="percent_on_total" if share else "remainder")
            if share:
                line.ratio = Decimal(share)
            line.relativedeltas[0].days = days
        term.save()


def open_company(name: str, currency: str, country: str, today: dt.date) -> Any:
    """Create the company, let the current user work for it, and open its books."""
    country_id = find_one("country.country", ("code", "=", country)).id
    (party,) = create("party.party", [{"name": name, "addresses": [("create", [{"country": country_id}])]}])
    (company,) = create(
        "company.company",
        [
            {
                "party": party.id,
                "cancel_invoice_out": True,
                "currency": find_one("currency.currency", ("code", "=", currency)).id,
            }
        ],
    )
    user = find_one("res.user", ("login", "=", "admin"))
    user.companies.append(company)
    user.company, user.company_filter = company, "all"
    user.save()
    work_for(company)
    create_chart(company)
    for year in range(today.year - YEARS_BACK, today.year + 1):
        _open_year(company, year)
    _create_ways_to_settle(company)
    return company


def _open_year(company: Any, year: int) -> None:
    """A calendar year with monthly periods and number sequences of its own."""
    moves, invoices = create(
        "ir.sequence.strict",
        [
            {
                "name": f"{kind} {year}",
                "company": company.id,
                "prefix": prefix,
                "padding": 4,
                "sequence_type": find_one("ir.sequence.type", ("name", "=", kind)).id,
            }
            for kind, prefix in (("Account Move", f"M{year}-"), ("Invoice", f"{year}-"))
        ],
    )
    fiscal_year = Model.get("account.fiscalyear")(
        name=str(year),
        company=company,
        move_sequence=moves,
        start_date=dt.date(year, 1, 1),
        end_date=dt.date(year, 12, 31),
    )
    (sequences,) = fiscal_year.invoice_sequences
    for field in ("out_invoice", "out_credit_note", "in_invoice", "in_credit_note"):
        setattr(sequences, f"{field}_sequence", invoices)
    fiscal_year.save()
    fiscal_year.click("create_period")


def _create_ways_to_settle(company: Any) -> None:
    """Bank, write-off, taxes, and the accounts for differences between exchange rates."""
    accounts = get_accounts(company)
    cash, expense, tax = (accounts[kind].id for kind in ("cash", "expense", "tax"))
    create(
        "account.invoice.payment.method",
        [
            {
                "name": "Bank",
                "company": company.id,
                "credit_account": cash,
                "debit_account": cash,
                "journal": find_one("account.journal", ("type", "=", "cash")).id,
            }
        ],
    )
    create(
        "account.tax",
        [
            {
                "name": name,
                "description": name,
                "company": company.id,
                "type": "percentage",
                "rate": Decimal(rate),
                "invoice_account": tax,
                "credit_note_account": tax,
            }
            for name, rate in TAXES
        ],
    )
    # A journal of its own: Tryton's only one of this type books exchange differences.
    journals = Model.get("account.journal").find([("code", "=", WRITE_OFF)]) or create(
        "account.journal", [{"name": "Write-Off", "code": WRITE_OFF, "type": "write-off"}]
    )
    create(
        "account.move.reconcile.write_off",
        [
            {
                "name": "Small difference",
                "company": company.id,
                "journal": journals[0].id,
                "credit_account": expense,
                "debit_account": expense,
            }
        ],
    )
    settings = Model.get("account.configuration")(1)
    settings.currency_exchange_credit_account = accounts["revenue"]
    settings.currency_exchange_debit_account = accounts["expense"]
    settings.save()
