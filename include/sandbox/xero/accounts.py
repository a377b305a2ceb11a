"""The few ledger accounts that this face has, the organisation itself, and its currencies."""

from __future__ import annotations

from include.sandbox.books import Books
from include.sandbox.xero.shapes import Shape, moment, named_id

ACCOUNTS = {  # by the ledger's word: code, name, type, class, the vendor's name for a system account
    "bank": ("090", "Business Bank Account", "BANK", "ASSET", ""),
    "sales": ("200", "Sales", "REVENUE", "REVENUE", ""),
    "bad_debts": ("496", "Bad Debts", "EXPENSE", "EXPENSE", ""),
    "currency_gains": ("497", "Realised Currency Gains", "EXPENSE", "EXPENSE", "REALISEDCURRENCYGAIN"),
    "receivable": ("610", "Accounts Receivable", "CURRENT", "ASSET", "DEBTORS"),
    "payable": ("800", "Accounts Payable", "CURRLIAB", "LIABILITY", "CREDITORS"),
    "tax": ("820", "Sales Tax", "CURRLIAB", "LIABILITY", "GST"),
}
TIME_ZONES = {
    "Pacific/Auckland": "NEWZEALANDSTANDARDTIME", "Europe/London": "GMTSTANDARDTIME",
    "America/New_York": "EASTERNSTANDARDTIME", "Australia/Sydney": "AUSEASTERNSTANDARDTIME",
    "Europe/Berlin": "WEUROPESTANDARDTIME", "Asia/Tokyo": "TOKYOSTANDARDTIME",
}  # fmt: skip
VERSIONS = {"NZ": "NZ", "GB": "UK", "US": "US", "AU": "AU"}


def account_id(books: Books, word: str) -> str:
    """Return the id of an account."""
    return named_id(books.entity.id, "account", word)


def reference(books: Books, word: str) -> Shape:
    """Return an account as a payment names it."""
    return {"AccountID": account_id(books, word), "Code": ACCOUNTS[word][0]}


def accounts(books: Books) -> list[Shape]:
    """Return the chart of accounts, as far as it goes."""
    return [
        {
            "AccountID": account_id(books, word), "Code": code, "Name": name, "Status": "ACTIVE", "Type": kind,
            "Class": class_, "EnablePaymentsToAccount": word in ("bank", "bad_debts"), "ShowInExpenseClaims": False,
            "UpdatedDateUTC": moment(books.entity.created_at), "HasAttachments": False, "AddToWatchlist": False,
        } | ({"SystemAccount": system} if system else {})
        | ({"CurrencyCode": books.entity.currency, "BankAccountType": "BANK"} if word == "bank" else {})
        for word, (code, name, kind, class_, system) in ACCOUNTS.items()
    ]  # fmt: skip


def organisation(books: Books) -> Shape:
    """Return the organisation; its time zone is named as Windows would."""
    entity = books.entity
    return {
        "Name": entity.name, "LegalName": entity.name, "PaysTax": True,
        "Version": VERSIONS.get(entity.country, "GLOBAL"), "OrganisationType": "COMPANY",
        "BaseCurrency": entity.currency, "CountryCode": entity.country, "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE", "FinancialYearEndDay": 31, "FinancialYearEndMonth": 12,
        "SalesTaxBasis": "ACCRUALS" if entity.country != "NZ" else "INVOICE", "SalesTaxPeriod": "MONTHLY",
        "DefaultSalesTax": "Tax Exclusive", "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": moment(entity.created_at.replace(microsecond=0)), "OrganisationEntityType": "COMPANY",
        "Timezone": TIME_ZONES[entity.timezone], "ShortCode": f"!{entity.id[:5]}", "OrganisationID": entity.id,
        "Edition": "BUSINESS", "Class": "STANDARD", "Addresses": [], "Phones": [], "ExternalLinks": [],
        "PaymentTerms": {},
    }  # fmt: skip


def currencies(books: Books) -> list[Shape]:
    """Return the currencies in use, the base currency first."""
    used = sorted({document.currency for document in books.documents.values()} - {books.entity.currency})
    return [{"Code": code, "Description": code} for code in (books.entity.currency, *used)]
