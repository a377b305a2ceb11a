"""Posting into the sample system's books: every posting keeps balances and general ledger in step.

A ledger is plain JSON in the system's own words. `bal` on a party (per currency) and `gl` (base
currency, per kind of record) are written at posting and never added up from the records, so a
record that is altered afterwards disagrees with them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from include import money

Row = dict[str, Any]

EURO_PER_UNIT = {"EUR": Decimal(1), "JPY": Decimal("0.0061"), "KWD": Decimal("2.9713")}
RECEIVABLES, LIABILITIES = "1200", "2710"
RAISES_DEBT = {"B": 1, "N": -1, "R": -1, "P": 1}
"""Kind of record (bill, note, receipt, payout) → the sign its rest has in what a customer owes."""


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return the amount as its currency can have it."""
    return amount.quantize(Decimal(1).scaleb(-(money.exponent(currency) or 0)), ROUND_HALF_EVEN)


def written(day: date) -> str:
    """Return a date as the system writes it, 31.01.2025."""
    return day.strftime("%d.%m.%Y")


class Books:
    """Posts into one ledger; `at` of every posting is the moment it happens, UTC."""

    def __init__(self, ledger: Row) -> None:
        self.ledger = ledger
        self.base: str = ledger["base"]

    def party(self, at: datetime | None, **facts: Any) -> Row:
        """Add a customer; one without `at` has no timestamps at all."""
        row = {"kynd": "C", **facts, "bal": {}, "made": at and at.isoformat(), "mod": None}
        return self._added("parties", row)

    def bill(self, party: Row, currency: str, gross: Decimal, at: datetime, parts: int = 1) -> Row:
        """Post an invoice, due in `parts` installments 30 days apart."""
        row = self._document("B", party, currency, gross, at)
        row["plan"] = self._plan(gross, currency, at.date(), parts)
        self._owes(row, gross, Decimal(row["bTot"]))
        return row

    def note(self, party: Row, currency: str, gross: Decimal, at: datetime, corrects: Row | None = None) -> Row:
        """Post a credit note."""
        row = self._document("N", party, currency, gross, at)
        row["fix"] = corrects["ident"] if corrects else None
        self._owes(row, gross, Decimal(row["bTot"]))
        return row

    def draft(self, party: Row, currency: str, gross: Decimal, at: datetime, state: str = "E") -> Row:
        """Add an invoice that is not posted: no number, no date, no plan."""
        row = self._document("B", party, currency, gross, at)
        row |= {"num": None, "dat": None, "bkd": None, "st": state, "sent": False, "rest": "0", "bRest": "0"}
        return row

    def receipt(self, party: Row, currency: str, amount: Decimal, at: datetime, way: str = "SEPA") -> Row:
        """Post money that came in."""
        row = self._movement("R", party, currency, amount, at, way)
        self._owes(row, amount, Decimal(row["bAmt"]))
        return row

    def deposit(self, party: Row, currency: str, amount: Decimal, at: datetime) -> Row:
        """Post a deposit, kept on a liability account and so in no receivables balance."""
        row = self._movement("R", party, currency, amount, at, "SEPA")
        row["acct"] = LIABILITIES
        return row

    def unbooked(self, party: Row, currency: str, amount: Decimal, at: datetime, state: str) -> Row:
        """Announce money that is pending (`P`) or has failed (`F`)."""
        row = self._movement("R", party, currency, amount, at, "Lastschrift")
        row["st"] = state
        return row

    def payout(self, party: Row, currency: str, amount: Decimal, at: datetime) -> Row:
        """Post money that went back to a customer."""
        row = self._movement("P", party, currency, amount, at, "SEPA")
        self._owes(row, amount, Decimal(row["bAmt"]))
        return row

    def settle(self, source: Row, target: Row, amount: Decimal, at: datetime, taken: Decimal | None = None) -> None:
        """Let a receipt or payout settle so much of the target; `taken` is its own share in another currency."""
        self._lists(source, target, amount, "P", at)
        if taken is not None:
            source["appl"][-1]["src"] = str(taken)
        self._reduce(source, amount if taken is None else taken, at)
        self._reduce(target, amount, at)

    def discount(self, receipt: Row, target: Row, amount: Decimal, at: datetime) -> None:
        """Take a cash discount off a bill along with the receipt that pays it."""
        self._lists(receipt, target, amount, "D", at)
        receipt["mod"] = at.isoformat()
        self._reduce(target, amount, at)

    def offset(self, note: Row, bill: Row, amount: Decimal, at: datetime) -> None:
        """Use a credit note on a bill."""
        entry = self._entry(bill, at)
        entry["frm"] = note["ident"]
        self._lists(entry, bill, amount, "C", at)
        self._reduce(note, amount, at)
        self._reduce(bill, amount, at)

    def write_off(self, bill: Row, at: datetime) -> None:
        """Give up what is left of a bill."""
        rest = Decimal(bill["rest"])
        self._lists(self._entry(bill, at), bill, rest, "W", at)
        self._reduce(bill, rest, at)
        bill |= {"st": "L", "lost": str(rest)}

    def void(self, bill: Row, at: datetime) -> None:
        """Void a bill that nobody paid; its total stays on the record."""
        self._owes(bill, -Decimal(bill["rest"]), -Decimal(bill["bRest"]))
        bill |= {"st": "X", "rest": "0", "bRest": "0", "dead": written(at.date()), "mod": at.isoformat()}

    def delete(self, row: Row) -> None:
        """Remove a draft for good, without a trace."""
        self.ledger["documents"].remove(row)

    def _document(self, kind: str, party: Row, currency: str, gross: Decimal, at: datetime) -> Row:
        net = rounded(gross / Decimal("1.19"), currency)
        base = rounded(gross * self._rate(currency), self.base)
        row = {
            "kynd": kind, "st": "O", "prty": party["ident"], "cur": currency, "bcur": self.base,
            "tot": str(gross), "net": str(net), "tax": str(gross - net), "rest": str(gross),
            "bTot": str(base), "bRest": str(base), "rate": str(self._rate(currency)),
            "dat": written(at.date()), "bkd": written(at.date()), "plan": [], "ttl": "Leistung – サービス",
            "po": None, "trms": "30 Tage", "sent": True, "disp": False, "fix": None, "shut": None, "dead": None,
            "lost": None, "xtra": {"Kostenstelle": "4711"}, "made": at.isoformat(), "mod": None,
        }  # fmt: skip
        row = self._added("documents", row)
        row["num"] = f"{'RE' if kind == 'B' else 'GS'}-{at.year}-{row['ident']:05d}"
        return row

    def _movement(self, kind: str, party: Row, currency: str, amount: Decimal, at: datetime, way: str) -> Row:
        base = str(rounded(amount * self._rate(currency), self.base))
        row = {
            "kynd": kind, "st": "B", "prty": party["ident"], "cur": currency, "bcur": self.base, "acct": RECEIVABLES,
            "amt": str(amount), "rest": str(amount), "bAmt": base, "bRest": base, "dat": written(at.date()),
            "way": way, "appl": [], "made": at.isoformat(), "mod": None,
        }  # fmt: skip
        row = self._added("movements", row)
        row["num"] = f"{kind}{row['ident']:06d}"
        return row

    def _entry(self, bill: Row, at: datetime) -> Row:
        """Add an entry that only links: it moves no money of its own."""
        row = {"kynd": "X", "st": "B", "prty": bill["prty"], "cur": bill["cur"], "dat": written(at.date()),
               "frm": None, "appl": [], "made": at.isoformat(), "mod": None}  # fmt: skip
        return self._added("movements", row)

    def _added(self, stream: str, row: Row) -> Row:
        """Number the row within its kind, so that every kind has the same numbers."""
        rows: list[Row] = self.ledger[stream]
        last = max((other["ident"] for other in rows if other["kynd"] == row["kynd"]), default=0)
        rows.append(row)
        row["ident"] = last + 1
        return row

    def _rate(self, currency: str) -> Decimal:
        return (EURO_PER_UNIT[currency] / EURO_PER_UNIT[self.base]).quantize(Decimal("0.000001"))

    @staticmethod
    def _plan(gross: Decimal, currency: str, day: date, parts: int) -> list[Row]:
        part = rounded(gross / parts, currency)
        amounts = [part] * (parts - 1) + [gross - part * (parts - 1)]
        return [
            {"ln": n, "due": written(day + timedelta(days=30 * n)), "amt": str(amount), "rest": str(amount)}
            for n, amount in enumerate(amounts, 1)
        ]

    @staticmethod
    def _lists(entry: Row, target: Row, amount: Decimal, why: str, at: datetime) -> None:
        entry["appl"].append({
            "ln": len(entry["appl"]) + 1, "on": target["kynd"], "no": target["ident"], "wy": why,
            "amt": str(amount), "cur": target["cur"], "dat": written(at.date()),
        })  # fmt: skip

    def _reduce(self, row: Row, amount: Decimal, at: datetime) -> None:
        """Take so much off the rest; the last share takes what rounding left in base currency."""
        rest, base_rest = Decimal(row["rest"]), Decimal(row["bRest"])
        share = base_rest if amount == rest else rounded(base_rest * amount / rest, self.base)
        row |= {"rest": str(rest - amount), "bRest": str(base_rest - share), "mod": at.isoformat()}
        left = amount
        for part in row.get("plan") or []:
            taken = min(left, Decimal(part["rest"]))
            part["rest"] = str(Decimal(part["rest"]) - taken)
            left -= taken
        if row["kynd"] in "BN" and amount == rest:
            row |= {"st": "S", "shut": written(at.date())}
        self._owes(row, -amount, -share)

    def _owes(self, row: Row, amount: Decimal, base: Decimal) -> None:
        """Move the customer's balance and the general ledger by what the row's rest moves."""
        if row.get("acct") == LIABILITIES:
            return
        sign, gl = RAISES_DEBT[row["kynd"]], self.ledger["gl"]
        balances = next(p for p in self.ledger["parties"] if p["ident"] == row["prty"])["bal"]
        balances[row["cur"]] = str(Decimal(balances.get(row["cur"], "0")) + sign * amount)
        gl[row["kynd"]] = str(Decimal(gl.get(row["kynd"], "0")) + sign * base)
