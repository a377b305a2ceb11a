"""What the sample system answers: pages of records, keys, and figures from what was kept at posting."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal

from tests.conformance.books import RAISES_DEBT, Row, rounded

ALIVE = ("E", "W", "O")
"""States of a document that is not done with: draft, waiting for approval, open."""
AMOUNTS = ("tot", "net", "tax", "rest", "bTot", "bRest", "amt", "bAmt", "src")


def rows(ledger: Row, stream: str, query: dict[str, str], page_size: int, fault: str) -> Row:
    """Return one page by ascending (kind, number); `nxt` is null on the last one."""
    found = _listed(ledger, stream, query)
    if fault == "drop_page":
        del found[page_size : 2 * page_size]
    found = [row for row in found if _is_after(row, query.get("after", ""))]
    page = [deepcopy({k: v for k, v in row.items() if k != "bal"}) for row in found[:page_size]]
    if fault == "halve":
        page = [_halved(row) for row in page]
    if fault == "malformed":
        for row in page:
            if row["ident"] == 1:
                row |= {"arch": "perhaps", "cur": "EURO"}
    return {"rws": page, "nxt": name(page[-1]) if len(found) > page_size else None}


def keys(ledger: Row, stream: str, query: dict[str, str]) -> list[str]:
    """Return the names of every record in range."""
    return [name(row) for row in _listed(ledger, stream, query)]


def tell(ledger: Row, figure: str, query: dict[str, str], fault: str) -> Row:
    """Return a figure; balances and general ledger come from what was written at posting."""
    said = _FIGURES[figure](ledger, query)
    return {"tell": [_halved(row) | ({"n": row["n"] // 2} if "n" in row else {}) for row in said]
            if fault == "halve" else said}  # fmt: skip


def name(row: Row) -> str:
    """Return how the system names a record, B:7."""
    return f"{row['kynd']}:{row['ident']}"


def _listed(ledger: Row, stream: str, query: dict[str, str]) -> list[Row]:
    """Return what the filters leave, in order; a record without any timestamp passes no time filter."""
    found: list[Row] = sorted(ledger[stream], key=lambda row: (row["kynd"], row["ident"]))
    if "von" in query or "open" in query:
        scope = in_range(ledger, date.fromisoformat(query["von"]) if "von" in query else None)
        found = [row for row in found if name(row) in scope]
    if "ids" in query:
        wanted = set(query["ids"].split(","))
        found = [row for row in found if name(row) in wanted]
    if "since" in query:
        since = datetime.fromisoformat(query["since"])
        found = [row for row in found if (at := _changed(row)) and at >= since]
    if "until" in query:
        until = datetime.fromisoformat(query["until"])
        found = [row for row in found if (at := _changed(row)) and at < until]
    if "party" in query:
        parties = {int(number) for number in query["party"].split(",") if number}
        found = [row for row in found if row["ident" if stream == "parties" else "prty"] in parties]
    return found


def in_range(ledger: Row, since: date | None) -> set[str]:
    """Return the names of open records and, with `since`, later ones, all they are linked to, and their customers."""
    records = {name(row): row for row in (*ledger["documents"], *ledger["movements"])}
    links: dict[str, set[str]] = defaultdict(set)
    for row in records.values():
        others = [f"{a['on']}:{a['no']}" for a in row.get("appl", ())]
        others += [f"N:{row['frm']}"] if row.get("frm") else []
        others += [f"B:{row['fix']}"] if row.get("fix") else []
        for other in others:
            links[name(row)].add(other)
            links[other].add(name(row))
    if since is None:
        still = {key: row for key, row in records.items() if _is_open(row)}
        return still.keys() | _parties(ledger, still.values())
    waiting = [key for key, row in records.items() if _is_open(row) or row["dat"] is None or _day(row["dat"]) >= since]
    scope: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in scope and key in records:
            scope.add(key)
            waiting += links[key]
    return scope | _parties(ledger, (records[key] for key in scope))


def _parties(ledger: Row, records: Iterable[Row]) -> set[str]:
    """Return the customers of these records, with their parents."""
    parents = {party["ident"]: party["boss"] for party in ledger["parties"]}
    found: set[int] = set()
    for row in records:
        party = row["prty"]
        while party and party not in found:
            found.add(party)
            party = parents.get(party)
    return {f"C:{party}" for party in found}


def _is_open(row: Row) -> bool:
    return row["st"] in ALIVE or row["st"] == "P" or any(Decimal(row.get(field, "0")) for field in ("rest", "bRest"))


def _is_after(row: Row, after: str) -> bool:
    kind, _, number = after.partition(":")
    return not after or (row["kynd"], row["ident"]) > (kind, int(number))


def _changed(row: Row) -> datetime | None:
    stamp = row["mod"] or row["made"]
    return datetime.fromisoformat(stamp) if stamp else None


def _day(text: str) -> date:
    day, month, year = map(int, text.split("."))
    return date(year, month, day)


def _halved(row: Row) -> Row:
    """Return the row with half of every amount, in it and in its lines."""
    currency = row.get("cur") or "KWD"
    halved: Row = {
        field: str(rounded(Decimal(row[field]) / 2, row.get("bcur", "KWD") if field[0] == "b" else currency))
        for field in AMOUNTS
        if row.get(field)
    }
    for lines in ("plan", "appl"):
        if lines in row:
            halved[lines] = [_halved({"cur": currency, **line}) for line in row[lines]]
    return row | halved


def _total(ledger: Row, query: dict[str, str]) -> list[Row]:
    return [{"cur": ledger["base"], "amt": str(sum(map(Decimal, ledger["gl"].values())))}]


def _types(ledger: Row, query: dict[str, str]) -> list[Row]:
    posted = _receivables(ledger)
    return [
        {"kynd": kind, "cur": ledger["base"], "amt": amount, "n": sum(row["kynd"] == kind for row in posted)}
        for kind, amount in sorted(ledger["gl"].items())
    ]


def _balances(ledger: Row, query: dict[str, str]) -> list[Row]:
    return [
        {"prty": party["ident"], "cur": currency, "amt": amount}
        for party in ledger["parties"] for currency, amount in sorted(party["bal"].items()) if Decimal(amount)
    ]  # fmt: skip


def _open(ledger: Row, query: dict[str, str]) -> list[Row]:
    return [
        {
            "kynd": row["kynd"], "ident": row["ident"], "prty": row["prty"], "num": row["num"], "cur": row["cur"],
            "bcur": row["bcur"], "rest": str(RAISES_DEBT[row["kynd"]] * Decimal(row["rest"])),
            "bRest": str(RAISES_DEBT[row["kynd"]] * Decimal(row["bRest"])),
            "due": _earliest_due(row),
        }
        for row in _receivables(ledger)
    ]  # fmt: skip


def _earliest_due(row: Row) -> str | None:
    unpaid = [_day(part["due"]) for part in row.get("plan", ()) if Decimal(part["rest"])]
    return min(unpaid).isoformat() if unpaid else None


def _counts(ledger: Row, query: dict[str, str]) -> list[Row]:
    """Count what is undated, open or dated in range by its own date, and the customers who hold it."""
    since = date.fromisoformat(query["von"])
    rows = [
        row for row in (*ledger["documents"], *ledger["movements"]) if row["kynd"] != "X" and _counts_from(row, since)
    ]
    numbers: dict[str, int] = dict.fromkeys("CBNRP", 0) | Counter(row["kynd"] for row in rows)
    numbers["C"] = len({row["prty"] for row in rows})
    return [{"kynd": kind, "n": n} for kind, n in numbers.items()]


def _counts_from(row: Row, since: date) -> bool:
    return _is_open(row) or row["dat"] is None or _day(row["dat"]) >= since


def _receivables(ledger: Row) -> list[Row]:
    """Return posted records with an open rest on the receivable account."""
    posted = [row for row in ledger["documents"] if row["st"] == "O"]
    posted += [row for row in ledger["movements"] if row["st"] == "B" and row.get("acct") == "1200"]
    return [row for row in posted if Decimal(row["rest"]) or Decimal(row["bRest"])]


_FIGURES = {"total": _total, "types": _types, "balances": _balances, "open": _open, "counts": _counts}
