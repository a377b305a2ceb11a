"""The fixed lists of an account: general ledger, types and states of transactions, countries, sales reps."""

from __future__ import annotations

ACCOUNTS = {
    "bank": (1, "1000", "Undeposited Funds", "UnDepFunds"),
    "receivable": (6, "1100", "Accounts Receivable", "AcctRec"),
    "deposits": (9, "2400", "Customer Deposits", "OthCurrLiab"),
    "payable": (11, "2000", "Accounts Payable", "AcctPay"),
    "prepaid": (13, "1400", "Vendor Prepayments", "OthCurrAsset"),
    "sales": (21, "4000", "Sales", "Income"),
    "costs": (22, "5000", "Purchases", "COGS"),
    "tax": (25, "2200", "Sales Taxes Payable", "OthCurrLiab"),
    "bad_debts": (31, "6100", "Bad Debt Expense", "Expense"),
    "currency_gains": (33, "7000", "Realized Gain/Loss", "OthExpense"),
}
"""Each account of the books: internal id, number, name, type."""

LINE_TYPES = {
    "receivable": "ACCOUNTSRECEIVABLE", "payable": "ACCOUNTSPAYABLE", "sales": "INCOME", "costs": "COGS", "tax": "TAX",
    "bank": "PAYMENT", "currency_gains": "FXGAINLOSS",
}  # fmt: skip

TYPES = {
    "CustInvc": ("Invoice", "invoice"), "CustChrg": ("Statement Charge", "statementcharge"),
    "CustCred": ("Credit Memo", "creditmemo"), "CustPymt": ("Payment", "customerpayment"),
    "CustDep": ("Customer Deposit", "customerdeposit"), "DepAppl": ("Deposit Application", "depositapplication"),
    "CustRfnd": ("Customer Refund", "customerrefund"), "Journal": ("Journal", "journalentry"),
    "VendBill": ("Bill", "vendorbill"), "VendCred": ("Bill Credit", "vendorcredit"),
    "VendPymt": ("Bill Payment", "vendorpayment"), "VPrep": ("Vendor Prepayment", "vendorprepayment"),
    "Deposit": ("Deposit", "deposit"), "Check": ("Check", "check"),
}  # fmt: skip
"""Each type's label, and the record's name."""

PERMISSIONS = {
    "CustInvc": "Invoice", "CustChrg": "Statement Charge", "CustCred": "Credit Memo", "CustPymt": "Customer Payment",
    "CustDep": "Customer Deposit", "DepAppl": "Customer Deposit", "CustRfnd": "Customer Refund",
    "Journal": "Make Journal Entry", "VendBill": "Bills", "VendCred": "Bill Credit", "VendPymt": "Pay Bills",
    "VPrep": "Vendor Prepayment", "Deposit": "Deposit", "Check": "Check",
}  # fmt: skip
"""The right without which a role does not see a type: its rows are simply not there."""

OPEN = {"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"}
STATUSES = {
    "CustInvc": OPEN, "VendBill": OPEN, "CustChrg": {"A": "Open", "B": "Paid In Full", "V": "Voided"},
    "CustCred": {"A": "Open", "B": "Fully Applied", "D": "Pending Approval", "V": "Voided"},
    "VendCred": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "CustPymt": {"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
    "CustDep": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied", "D": "Unapproved Payment", "V": "Voided"},
    "DepAppl": {"Y": "Undefined"}, "CustRfnd": {"Y": "Undefined", "V": "Voided"},
    "Journal": {"A": "Pending Approval", "B": "Approved for Posting", "V": "Voided"},
    "VendPymt": {"Y": "Undefined", "V": "Voided"}, "Deposit": {"Y": "Undefined", "V": "Voided"},
    "Check": {"Y": "Undefined", "V": "Voided"}, "VPrep": {"A": "Open", "B": "Paid", "V": "Voided"},
}  # fmt: skip
"""Each type's states by their letters; payments' letters are inferred."""

COUNTRIES = {
    "New Zealand": "NZ", "United Kingdom": "GB", "Germany": "DE", "Japan": "JP", "Kuwait": "KW", "Poland": "PL",
    "Greece": "GR", "United States": "US",
}  # fmt: skip
"""The codes of the countries where the books' parties are."""

REPS = (("Ines", "Okafor"), ("Tom", "Lindqvist"), ("Priya", "Raman"))
"""Who sells; the first three entities of every account."""

DELETED = {"transaction": -30, "customer": -2, "vendor": -3}
"""The ids of the kinds of records that deletedrecord names."""
