"""What is asked for: columns and tables, per stream and for what is looked up beside it."""

from __future__ import annotations

from collections.abc import Sequence

from include.connectors.netsuite import scope
from include.connectors.netsuite.scope import Scope
from include.connectors.netsuite.suiteql import Condition, Query, any_of, day, is_equal, moment, one_of

TRANSACTION = (
    "t.id", "t.type", "t.tranid", "t.transactionnumber", "t.status", "t.approvalstatus", "t.posting", "t.voided",
    "t.void", "t.entity", "t.currency", "t.exchangerate", "t.foreigntotal", "t.foreignamountunpaid",
    "t.foreignpaymentamountunused", "t.memo", "t.otherrefnum", "BUILTIN.DF(t.terms) AS terms",
    "BUILTIN.DF(t.paymentmethod) AS paymentmethod", day("t.trandate"), day("t.duedate"), day("t.closedate"),
    moment("t.createddate"), moment("t.lastmodifieddate"),
)  # fmt: skip
LINE = (
    "l.transaction", "l.id", "l.entity", "l.foreignamount", "l.foreignamountunpaid",
    "l.fxamountlinked", "a.amount", "a.amountunpaid", "a.paymentamountunused", moment("l.linelastmodifieddate"),
)  # fmt: skip
LINK = (
    "k.previousdoc", "k.previousline", "k.previoustype", "k.nextdoc", "k.nextline", "k.nexttype", "k.linktype",
    "k.foreignamount", day("k.nextdate"), moment("k.lastmodifieddate"),
    moment("p.lastmodifieddate", "previouslastmodifieddate"), moment("n.lastmodifieddate", "nextlastmodifieddate"),
)  # fmt: skip
LINK_KEY = ("k.previousdoc", "k.previousline", "k.nextdoc", "k.nextline", "k.linktype")
CUSTOMER = (
    "c.id", "c.entityid", "c.companyname", "c.altname", "c.isperson", "c.firstname", "c.lastname", "c.email",
    "c.phone", "c.currency", "c.parent", "c.oncredithold", "c.accountnumber", "c.resalenumber",
    "c.representingsubsidiary", "c.isinactive", "c.defaultbillingaddress", "c.salesrep",
    "BUILTIN.DF(c.terms) AS terms", "BUILTIN.DF(c.category) AS category", "BUILTIN.DF(c.salesrep) AS salesrepname",
    moment("c.datecreated"), moment("c.lastmodifieddate"),
)  # fmt: skip
CONTACT = (
    "o.id", "o.company", "o.firstname", "o.lastname", "o.entityid", "o.title", "o.email", "o.phone", "o.officephone",
    "o.mobilephone", "o.isinactive", moment("o.datecreated"), moment("o.lastmodifieddate"),
)  # fmt: skip
ADDRESS = ("e.nkey", "e.addr1", "e.addr2", "e.addr3", "e.city", "e.state", "e.zip", "e.country")


def transactions(where: Sequence[Condition], custom: Sequence[str] = ()) -> Query:
    """Transactions for which the conditions hold, with custom fields of theirs."""
    return Query((*TRANSACTION, *(f"t.{name}" for name in custom)), "transaction t", tuple(where), ("t.id",))


def lines(of: Scope, ids: Sequence[int]) -> Query:
    """The lines on receivable accounts of some transactions, with their amounts in base currency."""
    where = (*of.on_receivables(), one_of("l.transaction", ids))
    return Query(LINE, scope.ACCOUNTED, where, ("l.transaction", "l.id"))


def taxes(ids: Sequence[int]) -> Query:
    """The tax of some transactions, in their own currency."""
    where = (is_equal("l.taxline", "T"), one_of("l.transaction", ids))
    columns = ("l.transaction", "SUM(l.foreignamount) AS tax")
    return Query(columns, "transactionline l", where, ("l.transaction",), ("l.transaction",))


def links(ids: Sequence[int]) -> Query:
    """What settles, or is settled by, some transactions, whichever end of the links they are at."""
    where = (
        Condition("p.id = k.previousdoc"), Condition("n.id = k.nextdoc"), one_of("k.linktype", scope.APPLIED),
        any_of(one_of("k.nextdoc", ids), one_of("k.previousdoc", ids)),
    )  # fmt: skip
    return Query(LINK, f"{scope.LINKS}, transaction p, transaction n", where, LINK_KEY)


def customers(where: Sequence[Condition], subsidiary: str, is_shared: bool, custom: Sequence[str] = ()) -> Query:
    """Customers of a subsidiary, each once: by the relationship where a customer may have several of them."""
    columns, tables, mine = (*CUSTOMER, *(f"c.{name}" for name in custom)), "customer c", []
    if subsidiary and is_shared:
        tables += ", customersubsidiaryrelationship r"
        mine = [Condition("r.entity = c.id"), is_equal("r.subsidiary", int(subsidiary))]
    elif subsidiary:
        mine = [is_equal("c.subsidiary", int(subsidiary))]
    return Query(columns, tables, (*mine, *where), ("c.id",))


def contacts(ids: Sequence[int]) -> Query:
    """The contacts of some customers."""
    return Query(CONTACT, "contact o", (one_of("o.company", ids),), ("o.company", "o.id"))


def addresses(ids: Sequence[int]) -> Query:
    """Addresses by their key."""
    return Query(ADDRESS, "customeraddressbookentityaddress e", (one_of("e.nkey", ids),), ("e.nkey",))


def subsidiaries() -> Query:
    """The subsidiaries that the role sees."""
    return Query(("s.id", "s.name", "s.currency", "s.isinactive", "s.iselimination"), "subsidiary s", (), ("s.id",))


def currencies() -> Query:
    """The currencies of the account; their symbol is the ISO 4217 code."""
    return Query(("y.id", "y.symbol"), "currency y", (), ("y.id",))
