"""What NetSuite's sandbox says is what the ledger amounts to, to the minor unit; a foreign client reads it as well."""

from __future__ import annotations

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from include.sandbox.books import Books
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import Server, serve
from include.sandbox.netsuite.settings import Settings
from include.sandbox.records import Kind, Party, State
from tests.sandbox.netsuite_reader import Reader

FOREIGN = Path(__file__).resolve().parents[2] / ".netsuite" / "bin" / "python"
DOCUMENTS = """
    SELECT t.tranid, t.type, BUILTIN.CF(t.status) AS status, c.id AS customer, cu.symbol AS currency,
           t.foreigntotal AS total, t.foreignamountunpaid AS unpaid, t.foreignpaymentamountunused AS unused,
           TO_CHAR(t.duedate, 'YYYY-MM-DD') AS due, t.exchangerate AS rate, t.posting
    FROM transaction t, transactionline tl, customer c, currency cu
    WHERE tl.transaction = t.id AND tl.mainline = 'T' AND c.id = t.entity AND cu.id = t.currency
      AND tl.subsidiary = ? AND (t.type IN ('CustInvc', 'CustChrg', 'CustCred', 'CustDep') OR t.tranid LIKE 'OP-%')
    ORDER BY t.id
"""
LINKS = """
    SELECT p.tranid AS previous, l.previoustype, n.tranid AS next, l.nexttype, l.linktype, l.foreignamount AS amount,
           l.nextdoc
    FROM previoustransactionlinelink l
    JOIN transaction p ON p.id = l.previousdoc
    JOIN transaction n ON n.id = l.nextdoc
    JOIN transactionline tl ON tl.transaction = p.id AND tl.id = 0
    WHERE tl.subsidiary = ?
    ORDER BY l.previousdoc, l.previousline, l.nextdoc, l.nextline, l.linktype
"""
RECEIVABLE = """
    SELECT tl.subsidiary, SUM(tal.amount) AS amount
    FROM transactionaccountingline tal
    JOIN account a ON a.id = tal.account
    JOIN transactionline tl ON tl.transaction = tal.transaction AND tl.id = tal.transactionline
    WHERE a.accttype = 'AcctRec' AND tal.posting = 'T'
    GROUP BY tl.subsidiary ORDER BY tl.subsidiary
"""
STATES = {
    "CustInvc:A": State.POSTED, "CustInvc:B": State.POSTED, "CustInvc:V": State.VOIDED, "CustInvc:D": State.DRAFT,
    "CustChrg:A": State.POSTED, "CustChrg:B": State.POSTED, "CustChrg:V": State.VOIDED,
    "CustCred:A": State.POSTED, "CustCred:B": State.POSTED, "CustCred:V": State.VOIDED, "CustCred:D": State.DRAFT,
    "CustDep:B": State.POSTED, "CustDep:C": State.POSTED, "CustPymt:B": State.POSTED, "CustPymt:C": State.POSTED,
}  # fmt: skip
KINDS = {
    "CustInvc": Kind.INVOICE, "CustChrg": Kind.INVOICE, "CustCred": Kind.CREDIT_NOTE, "CustDep": Kind.PREPAYMENT,
    "CustPymt": Kind.OVERPAYMENT,
}  # fmt: skip


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(seed=11, entities=3, invoices=120, shared=3)


@pytest.fixture
def server(ledger: Ledger) -> Iterator[Server]:
    with serve(ledger) as running:
        yield running


@pytest.fixture
def reader(server: Server) -> Reader:
    return Reader(server)


def entity(server: Server, party: Party) -> str:
    return str(server.internal_id("entity", party.shared or party.id))


def documents(rows: list[dict[str, str]]) -> dict[tuple[Kind, str], tuple[Any, ...]]:
    found = {}
    for row in rows:
        state, kind = STATES[row["status"]], KINDS[row["type"]]
        rest = Decimal(row.get("unpaid") or row["unused"]) if state is State.POSTED else Decimal(0)
        found[kind, row["tranid"]] = (
            row["customer"], row["currency"], state, abs(Decimal(row["total"])), rest, row.get("due")
        )  # fmt: skip
    return found


def expected(server: Server, books: Books, ledger: Ledger, number: int) -> dict[tuple[Kind, str], tuple[Any, ...]]:
    found = {}
    for balance in ledger.truth(number).documents.values():
        if balance.state is State.DELETED:
            continue
        state = State.DRAFT if balance.state is State.SUBMITTED else balance.state
        gross = Decimal(0) if state is State.VOIDED else balance.gross
        found[balance.kind, balance.number] = (
            entity(server, books.parties[balance.party]), balance.currency, state, gross, balance.outstanding,
            str(balance.due_on) if balance.due_on else None,
        )  # fmt: skip
    return found


def settled(rows: list[dict[str, str]]) -> Counter[tuple[str, str, Decimal]]:
    """Return (what settles, what is settled, how much): a payment by its type, a credit by its number."""
    deposits = {row["nextdoc"]: row["previous"] for row in rows if row["linktype"] == "DepAppl"}
    found: Counter[tuple[str, str, Decimal]] = Counter()
    for row in rows:
        if row["linktype"] == "Payment" and row["previoustype"].startswith("Cust"):
            source = {"CustCred": row["next"], "DepAppl": deposits.get(row["nextdoc"], "")}.get(row["nexttype"])
            found[source or row["nexttype"], row["previous"], Decimal(row["amount"])] += 1
    return found


def links(books: Books, ledger: Ledger, number: int) -> Counter[tuple[str, str, Decimal]]:
    """Return the same of the truth; a credit that is used twice for an invoice is linked to it once."""
    found: Counter[tuple[str, str, Decimal]] = Counter()
    credits: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    names = {"payment": "CustPymt", "refund": "CustRfnd", "write_off": "Journal"}
    for link in ledger.truth(number).links:
        source, target = books.documents.get(link.source), books.documents[link.target].number
        if not source:
            found[names[link.kind], target, link.amount] += 1
        elif source.kind is Kind.PREPAYMENT:  # each use of a deposit is a transaction of its own
            found[source.number, target, link.amount] += 1
        else:
            credits["CustPymt" if source.kind is Kind.OVERPAYMENT else source.number, target] += link.amount
    found.update((by, target, amount) for (by, target), amount in credits.items())
    return found


@pytest.mark.parametrize("days", [0, 10])
def test_every_document_and_every_link_of_every_subsidiary_equals_the_truth(
    ledger: Ledger, server: Server, reader: Reader, days: int
) -> None:
    ledger.advance(days)
    for number, books in enumerate(ledger.books.values()):
        assert documents(reader.rows(DOCUMENTS, number + 1, limit=200)) == expected(server, books, ledger, number)
        assert settled(reader.rows(LINKS, number + 1)) == links(books, ledger, number)


def test_the_general_ledger_holds_what_is_owed_but_no_deposit_and_the_group_is_the_sum(
    ledger: Ledger, reader: Reader
) -> None:
    ledger.advance(5)
    told = {int(row["subsidiary"]): Decimal(row["amount"]) for row in reader.rows(RECEIVABLE)}
    for number, books in enumerate(ledger.books.values()):
        deposits = sum(books.in_base(d.outstanding, d.rate) for d in books.kinds(Kind.PREPAYMENT))
        assert told[number + 1] == ledger.truth(number).base_total + deposits
    total = "SELECT SUM(tal.amount) AS total FROM transactionaccountingline tal, account a " \
        "WHERE a.id = tal.account AND a.accttype = 'AcctRec' AND tal.posting = 'T'"  # fmt: skip
    assert Decimal(reader.rows(total)[0]["total"]) == sum(told.values())


def test_every_transaction_adds_up_to_nothing_in_both_currencies(reader: Reader) -> None:
    sums = "SELECT transaction FROM {} GROUP BY transaction HAVING SUM({}) <> 0"
    assert reader.rows(sums.format("transactionline", "foreignamount")) == []
    assert reader.rows(sums.format("transactionaccountingline", "amount")) == []
    assert reader.said("SELECT id FROM transactionline ORDER BY uniquekey")["totalResults"] > 1000


@pytest.mark.parametrize("count", [True, False])
def test_a_customers_balance_in_each_subsidiary_is_what_it_owes_there(ledger: Ledger, count: bool) -> None:
    with serve(ledger, Settings(balances_count_credits=count)) as server:
        rows = Reader(server).rows("SELECT * FROM customersubsidiaryrelationship ORDER BY id")
        for number, books in enumerate(ledger.books.values()):
            owed: Counter[str] = Counter()
            for document in books.kinds(Kind.INVOICE, *((Kind.CREDIT_NOTE, Kind.OVERPAYMENT) if count else ())):
                rest = books.in_base(document.outstanding, document.rate)
                party = entity(server, books.parties[books.survivor(document.party)])
                owed[party] += rest if document.kind is Kind.INVOICE else -rest
            told = {row["entity"]: Decimal(row["balance"]) for row in rows if row["subsidiary"] == str(number + 1)}
            assert {key: amount for key, amount in told.items() if amount} == {k: v for k, v in owed.items() if v}


def test_a_shared_customer_is_one_customer_with_its_own_invoices_in_each_subsidiary(
    ledger: Ledger, reader: Reader
) -> None:
    first, second, _ = ledger.books.values()
    shared = {party.number for party in second.parties.values() if party.shared}
    rows = reader.rows(
        "SELECT c.accountnumber, c.companyname, r.subsidiary, r.isprimarysub, COUNT(t.id) AS invoices "
        "FROM customersubsidiaryrelationship r JOIN customer c ON c.id = r.entity "
        "JOIN transaction t ON t.entity = c.id AND t.type = 'CustInvc' "
        "JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T' AND tl.subsidiary = r.subsidiary "
        "WHERE r.entity IN (SELECT entity FROM customersubsidiaryrelationship WHERE isprimarysub = 'F') "
        "GROUP BY c.accountnumber, c.companyname, r.subsidiary, r.isprimarysub ORDER BY 1, 3"
    )
    assert {row["accountnumber"] for row in rows} == shared and len(rows) == 2 * len(shared) == 6
    assert all(row["isprimarysub"] == ("T" if row["subsidiary"] == "1" else "F") for row in rows)
    names = {party.number: party.name for party in first.parties.values()}
    assert all(names[row["accountnumber"]] == row["companyname"] for row in rows)
    assert all(int(row["invoices"]) > 2 for row in rows if row["subsidiary"] == "2")
    ours = reader.rows("SELECT companyname FROM customer WHERE representingsubsidiary = 1")
    assert ours == [{"companyname": first.entity.name}]


def test_customers_and_contacts_are_as_in_the_ledger_and_merged_ones_are_gone(
    ledger: Ledger, server: Server, reader: Reader
) -> None:
    ledger.advance(3)
    rows = {row["id"]: row for row in reader.rows("SELECT * FROM customer ORDER BY id")}
    parties = [p for b in ledger.books.values() for p in b.parties.values()]
    mine = [p for p in parties if not p.merged_into and (p.is_customer or not p.is_supplier)]
    assert set(rows) == {entity(server, party) for party in mine}
    for party in mine:
        row = rows[entity(server, party)]
        assert (row["companyname"], row.get("email", "")) == (party.name, party.email)
        assert (row["accountnumber"], row["isinactive"]) == (party.number, "T" if party.archived else "F")
    people = Counter(p.email for party in mine for p in party.people if party.shared in ("", party.id))
    assert Counter(row.get("email", "") for row in reader.rows("SELECT id, email FROM contact ORDER BY id")) == people
    gone = reader.rows("SELECT recordid FROM deletedrecord WHERE recordtypeid = -2")
    merged = [p for p in parties if p.merged_into]
    assert len(gone) == len(merged) > 0 and not {g["recordid"] for g in gone} & set(rows)
    cities = reader.rows("SELECT a.city, a.country FROM customer c JOIN customeraddressbookentityaddress a "
                         "ON a.nkey = c.defaultbillingaddress ORDER BY c.id")  # fmt: skip
    assert len(cities) == len(rows) and all(len(each["country"]) == 2 for each in cities)


def test_statement_charges_and_open_journals_are_receivables_too(ledger: Ledger) -> None:
    with serve(ledger, Settings(debit_journals=8)) as server:
        reader = Reader(server)
        open_ = reader.rows(
            "SELECT t.id, tl.entity, tl.foreignamountunpaid AS rest FROM transaction t JOIN transactionline tl "
            "ON tl.transaction = t.id WHERE t.type = 'Journal' AND tl.foreignamountunpaid > 0 ORDER BY t.id"
        )
        assert open_ and all("entity" in row for row in open_)
        owed = sum(
            Decimal(row["rest"])
            for row in reader.rows(
                "SELECT t.foreignamountunpaid AS rest FROM transaction t WHERE t.posting = 'T' "
                "AND t.type IN ('CustInvc', 'CustChrg') AND t.foreignamountunpaid <> 0 ORDER BY t.id"
            )
        )
        truth = sum((sum(ledger.truth(number).owed.values()) for number in range(3)), Decimal(0))
        assert owed + sum(Decimal(row["rest"]) for row in open_) == truth
        assert int(reader.rows("SELECT COUNT(*) AS n FROM transaction WHERE type = 'CustChrg'")[0]["n"]) > 5


def test_an_exchange_rate_turns_a_total_into_what_is_posted(ledger: Ledger, reader: Reader) -> None:
    rows = reader.rows(
        "SELECT t.foreigntotal AS total, t.exchangerate AS rate, tal.amount FROM transaction t, "
        "transactionaccountingline tal WHERE tal.transaction = t.id AND tal.transactionline = 0 "
        "AND t.type = 'CustInvc' AND t.voided = 'F' AND t.exchangerate <> 1 ORDER BY t.id"
    )
    assert len(rows) > 50
    assert all(round(Decimal(row["total"]) * Decimal(row["rate"]), 2) == Decimal(row["amount"]) for row in rows)


@pytest.mark.skipif(not FOREIGN.exists(), reason="the foreign client's environment is made by: make env-netsuite")
def test_a_foreign_client_logs_in_with_its_own_signatures_and_reads_every_page(server: Server, reader: Reader) -> None:
    query = "SELECT id, tranid, foreigntotal FROM transaction WHERE type = 'CustInvc' ORDER BY id"
    told = subprocess.run(
        [FOREIGN, "-W", "ignore", Path(__file__).with_name("netsuite_client.py"), server.url, query, "100"],
        input=json.dumps(server.face.credentials()), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-2000:]
    assert json.loads(told.stdout) == reader.rows(query)
    assert server.face.audit == []
