"""What a clerk does in a running Odoo, through odoorpc, in the books of one company."""

from __future__ import annotations

import datetime as dt
from typing import Any

import odoorpc

from tests.odoo.server import ADMIN, PASSWORD, Odoo

OTHER_RATE = 65  # days ago currencies had other rates than today
CALL_SECONDS = 300


def today() -> dt.date:
    """Return Odoo's day, which is UTC's for users without a time zone."""
    return dt.datetime.now(dt.UTC).date()


def rpc(odoo: Odoo, database: str, login: str = ADMIN, password: str = PASSWORD) -> odoorpc.ODOO:
    """Return Odoo's older protocol, logged in."""
    made = odoorpc.ODOO("127.0.0.1", port=odoo.port, protocol="jsonrpc", timeout=CALL_SECONDS, version="14.0")
    made.login(database, login, password)
    return made


class Clerk:
    """Works in a company's books, in its own currency unless said otherwise. Records are Odoo's ids."""

    def __init__(self, odoo: odoorpc.ODOO, company: int, day: dt.date | None = None) -> None:
        self.odoo = odoo
        self.company = company
        self.today = day or today()
        self.receivable, self.income, self.payable, self.expense = (
            self.account(kind) for kind in ("Receivable", "Income", "Payable", "Expenses")
        )
        self.bank, self.general = self.journal("bank"), self.journal("general")

    def do(self, model: str, method: str, *arguments: Any, context: dict[str, Any] | None = None, **named: Any) -> Any:
        """Call a method of a model as the company's clerk."""
        within = {"allowed_company_ids": [self.company], **(context or {})}
        return self.odoo.execute_kw(model, method, list(arguments), {**named, "context": within})

    def create(self, model: str, **values: Any) -> int:
        return int(self.do(model, "create", values))

    def write(self, model: str, record: int, **values: Any) -> None:
        self.do(model, "write", [record], values)

    def find(self, model: str, *domain: Any, archived: bool = False) -> list[int]:
        """Return ids, the oldest first."""
        found: list[int] = self.do(model, "search", list(domain), order="id", context={"active_test": not archived})
        return found

    def read(self, model: str, record: int, *fields: str) -> dict[str, Any]:
        (row,) = self.do(model, "read", [record], list(fields))
        return dict(row)

    def account(self, kind: str) -> int:
        """Return the company's first account of a type."""
        return self.find("account.account", ("user_type_id.name", "=", kind), ("company_id", "=", self.company))[0]

    def journal(self, kind: str) -> int:
        return self.find("account.journal", ("type", "=", kind), ("company_id", "=", self.company))[0]

    def currency(self, code: str) -> int:
        return self.find("res.currency", ("name", "=", code))[0]

    def day(self, age: int) -> str:
        return (self.today - dt.timedelta(days=age)).isoformat()

    def customer(self, name: str, **more: Any) -> int:
        """A new company with one address and an e-mail, shared by all companies."""
        email = f"{name.replace(' ', '.').lower()}@cases.example"
        known = {"name": name, "is_company": True, "company_id": False, "email": email, "city": "Reno",
                 "country_id": self.find("res.country", ("code", "=", "US"))[0], "customer_rank": 1}  # fmt: skip
        return self.create("res.partner", **(known | more))

    def bill(
        self, who: int, amount: float, age: int = 0, kind: str = "out_invoice", currency: str = "", term: str = "",
        post: bool = True, **more: Any,
    ) -> int:  # fmt: skip
        """A document of `kind` of `age` days ago, due the same day unless it has a payment term."""
        day = self.day(age)
        account = self.expense if kind.startswith("in_") else self.income
        line = {"name": "Goods", "quantity": 1, "price_unit": amount, "account_id": account, "tax_ids": [(6, 0, [])]}
        values = {"move_type": kind, "partner_id": who, "invoice_date": day, "invoice_date_due": day,
                  "date": day, "invoice_line_ids": [(0, 0, line)]}  # fmt: skip
        if currency:
            values["currency_id"] = self.currency(currency)
        if term:
            del values["invoice_date_due"]
            values["invoice_payment_term_id"] = self.find("account.payment.term", ("name", "=", term))[0]
        made = self.create("account.move", **(values | more))
        if post:
            self.post(made)
        return made

    def post(self, *moves: int) -> None:
        self.do("account.move", "action_post", list(moves))

    def pay(
        self, moves: int | list[int], amount: float | None = None, age: int = 0, currency: str = "",
        write_off: bool = False,
    ) -> int:  # fmt: skip
        """Register one payment of documents (of all that is open, unless `amount` says otherwise); its id.

        `write_off` books what is short as an expense and closes the documents.
        """
        about = {"active_model": "account.move", "active_ids": moves if isinstance(moves, list) else [moves]}
        values: dict[str, Any] = {"payment_date": self.day(age), "journal_id": self.bank, "group_payment": True}
        if currency:
            values["currency_id"] = self.currency(currency)
        if amount is not None:
            values["amount"] = amount
        if write_off:
            values |= {"payment_difference_handling": "reconcile", "writeoff_account_id": self.expense}
        wizard = self.do("account.payment.register", "create", values, context=about)
        made = self.do("account.payment.register", "action_create_payments", [wizard], context=about)
        return int(made["res_id"])

    def on_account(self, who: int, amount: float, age: int = 0, currency: str = "", post: bool = True) -> int:
        """A payment that settles nothing yet; a negative one is paid back to the customer. Its id."""
        values: dict[str, Any] = {
            "payment_type": "inbound" if amount > 0 else "outbound", "partner_type": "customer", "partner_id": who,
            "amount": abs(amount), "date": self.day(age), "journal_id": self.bank,
        }  # fmt: skip
        if currency:
            values["currency_id"] = self.currency(currency)
        made = self.create("account.payment", **values)
        if post:
            self.do("account.payment", "action_post", [made])
        return made

    def enter(
        self, who: int | None, *amounts: float, age: int = 0, post: bool = True, currency: str = "",
        in_currency: float = 0, account: int = 0,
    ) -> int:  # fmt: skip
        """An entry by hand with a receivable line per amount (negative: credit); its id."""
        lines = [
            {"account_id": account or self.receivable, "partner_id": who or False, "name": f"Part {number}",
             "debit": max(amount, 0), "credit": max(-amount, 0), "date_maturity": self.day(age)}
            for number, amount in enumerate(amounts, 1)
        ]  # fmt: skip
        total = round(sum(amounts), 2)
        lines.append({"account_id": self.expense, "name": "Counterpart", "debit": max(-total, 0),
                      "credit": max(total, 0)})  # fmt: skip
        if currency:
            for line, amount in zip(lines, (in_currency, -in_currency), strict=True):
                line |= {"currency_id": self.currency(currency), "amount_currency": amount}
        values = {"move_type": "entry", "date": self.day(age), "journal_id": self.general, "ref": "By hand",
                  "line_ids": [(0, 0, line) for line in lines]}  # fmt: skip
        made = self.create("account.move", **values)
        if post:
            self.post(made)
        return made

    def received(self, who: int, amount: float, moves: list[int], age: int = 0) -> int:
        """Money of a bank statement, matched with documents' open lines; the statement line's id."""
        line = {"payment_ref": "Transfer", "partner_id": who, "amount": amount, "date": self.day(age)}
        statement = self.create(
            "account.bank.statement", name=f"Statement {who}", journal_id=self.bank, date=self.day(age),
            balance_end_real=amount, line_ids=[(0, 0, line)],
        )  # fmt: skip
        self.do("account.bank.statement", "button_post", [statement])
        (received,) = self.find("account.bank.statement.line", ("statement_id", "=", statement))
        matched = [{"id": line} for line in self.open_lines(*moves)]
        self.do("account.bank.statement.line", "reconcile", [received], matched)
        return received

    def refund(self, move: int, how: str = "refund", amount: float | None = None) -> int:
        """A credit note by the wizard: `cancel` also settles the invoice, `refund` leaves a draft, posted here."""
        about = {"active_model": "account.move", "active_ids": [move]}
        values = {"refund_method": how, "date": self.day(0), "reason": "Returned"}
        wizard = self.do("account.move.reversal", "create", values, context=about)
        self.do("account.move.reversal", "reverse_moves", [wizard], context=about)
        (made,) = self.find("account.move", ("reversed_entry_id", "=", move))
        if how == "refund":
            if amount is not None:
                (line,) = self.read("account.move", made, "invoice_line_ids")["invoice_line_ids"]
                self.write("account.move", made, invoice_line_ids=[(1, line, {"price_unit": amount})])
            self.post(made)
        return made

    def open_lines(self, *moves: int) -> list[int]:
        """Return the receivable lines of entries that are not settled."""
        return self.find(
            "account.move.line", ("move_id", "in", list(moves)), ("account_id.internal_type", "=", "receivable"),
            ("reconciled", "=", False),
        )  # fmt: skip

    def move_of(self, payment: int) -> int:
        return int(self.read("account.payment", payment, "move_id")["move_id"][0])

    def reconcile(self, *moves: int) -> None:
        """Settle what is open of entries against each other, as far as it goes."""
        self.do("account.move.line", "reconcile", self.open_lines(*moves))

    def unreconcile(self, move: int) -> None:
        """Take every settlement of a document back."""
        lines = self.find("account.move.line", ("move_id", "=", move))
        self.do("account.move.line", "remove_move_reconcile", lines)

    def draft(self, move: int) -> None:
        """Reset to draft."""
        self.do("account.move", "button_draft", [move])

    def cancel(self, move: int) -> None:
        """Reset to draft and cancel."""
        self.draft(move)
        self.do("account.move", "button_cancel", [move])

    def delete(self, model: str, record: int) -> None:
        self.do(model, "unlink", [record])
