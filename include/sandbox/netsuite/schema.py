"""The tables that queries may name, and what each column holds.

A column is `name:kind` or `name:kind>what`: kind n is a number, t text or 'T'/'F', d a day, m a moment in the
account's time zone; `what` is the table whose name BUILTIN.DF shows for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

AFFINITY = {"n": "NUMERIC", "t": "TEXT", "d": "TEXT", "m": "TEXT"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns' kinds, what they point at, the right that it needs, and columns to index."""

    name: str
    kinds: Mapping[str, str]
    points: Mapping[str, str]
    permission: str
    indexed: tuple[str, ...]


def _table(name: str, permission: str, indexed: str, columns: str) -> Table:
    kinds, points = {}, {}
    for column in columns.split():
        field, _, kind = column.partition(":")
        kinds[field], _, what = kind.partition(">")
        if what:
            points[field] = what
    return Table(name, kinds, points, permission, tuple(indexed.split()))


TABLES = {
    table.name: table
    for table in (
        _table("dual", "", "", "dummy:t"),
        _table(
            "transaction", "Find Transaction", "id lastmodifieddate entity",
            "id:n tranid:t transactionnumber:t trandisplayname:t type:t>type recordtype:t status:t>status "
            "approvalstatus:n>approval trandate:d duedate:d closedate:d createddate:m lastmodifieddate:m "
            "entity:n>entity subsidiary:n>subsidiary currency:n>currency exchangerate:n foreigntotal:n "
            "foreignamountpaid:n foreignamountunpaid:n foreignpaymentamountused:n foreignpaymentamountunused:n "
            "terms:n>term postingperiod:n>accountingperiod posting:t void:t voided:t memo:t otherrefnum:t externalid:t "
            "billingaddress:n shippingaddress:n paymentmethod:n email:t daysopen:n daysoverduesearch:n source:t "
            "reversal:n custbody_expected_on:d",
        ),
        _table(
            "transactionline", "Find Transaction", "transaction uniquekey linelastmodifieddate",
            "transaction:n>transaction id:n uniquekey:n linesequencenumber:n mainline:t taxline:t iscogs:t item:n "
            "quantity:n rate:n foreignamount:n netamount:n creditforeignamount:n debitforeignamount:n "
            "foreignamountpaid:n foreignamountunpaid:n foreignpaymentamountused:n foreignpaymentamountunused:n "
            "entity:n>entity subsidiary:n>subsidiary createdfrom:n>transaction department:n class:n location:n memo:t "
            "expenseaccount:n>account accountinglinetype:t linelastmodifieddate:m fxamountlinked:n",
        ),
        _table(
            "transactionaccountingline", "Find Transaction", "transaction account",
            "transaction:n>transaction transactionline:n accountingbook:n account:n>account posting:t amount:n debit:n "
            "credit:n netamount:n amountlinked:n amountpaid:n amountunpaid:n paymentamountused:n "
            "paymentamountunused:n exchangerate:n lastmodifieddate:m",
        ),
        *(
            _table(
                name, "Find Transaction", "previousdoc nextdoc lastmodifieddate",
                "previousdoc:n>transaction previousline:n previoustype:t>type nextdoc:n>transaction nextline:n "
                "nexttype:t>type linktype:t foreignamount:n nextdate:d lastmodifieddate:m",
            )
            for name in ("previoustransactionlinelink", "nexttransactionlinelink")
        ),
        *(
            _table(
                name, "Find Transaction", "previousdoc nextdoc",
                "previousdoc:n>transaction previoustype:t nextdoc:n>transaction nexttype:t linktype:t",
            )
            for name in ("previoustransactionlink", "nexttransactionlink")
        ),
        _table(
            "customer", "Customers", "id lastmodifieddate",
            "id:n entityid:t entitynumber:n companyname:t altname:t isperson:t firstname:t middlename:t lastname:t "
            "salutation:t title:t email:t altemail:t phone:t altphone:t mobilephone:t homephone:t fax:t url:t "
            "currency:n>currency terms:n>term creditlimit:n oncredithold:t creditholdoverride:t parent:n>entity "
            "salesrep:n>entity category:n defaultbillingaddress:n defaultshippingaddress:n language:t isinactive:t "
            "datecreated:m lastmodifieddate:m externalid:t accountnumber:t receivablesaccount:n>account resalenumber:t "
            "balancesearch:n overduebalancesearch:n contact:n>entity searchstage:t entitystatus:n "
            "subsidiary:n>subsidiary representingsubsidiary:n>subsidiary custentity_vat_number:t",
        ),
        _table(
            "vendor", "Vendors", "id",
            "id:n entityid:t companyname:t isinactive:t datecreated:m lastmodifieddate:m",
        ),
        _table(
            "contact", "Contacts", "id company",
            "id:n entityid:t externalid:t salutation:t firstname:t middlename:t lastname:t title:t email:t altemail:t "
            "phone:t officephone:t mobilephone:t homephone:t fax:t isinactive:t isprivate:t company:n>entity "
            "subsidiary:n>subsidiary datecreated:m lastmodifieddate:m comments:t",
        ),
        _table(
            "employee", "Employee Record", "id",
            "id:n entityid:t firstname:t lastname:t email:t issalesrep:t isinactive:t",
        ),
        _table(
            "customersubsidiaryrelationship", "Customers", "id entity",
            "id:n entity:n>entity subsidiary:n>subsidiary isprimarysub:t primarycurrency:n>currency balance:n "
            "depositbalance:n unbilledorders:n externalid:t",
        ),
        _table(
            "customeraddressbook", "Customers", "entity",
            "internalid:n entity:n>entity addressbookaddress:n label:t defaultbilling:t defaultshipping:t",
        ),
        *(
            _table(
                name, permission, "nkey",
                "nkey:n recordowner:n addressee:t attention:t addr1:t addr2:t addr3:t city:t state:t zip:t "
                "country:t>country addrphone:t lastmodifieddate:m",
            )
            for name, permission in (
                ("customeraddressbookentityaddress", "Customers"), ("entityaddress", "Customers"),
                ("transactionbillingaddress", "Find Transaction"), ("transactionshippingaddress", "Find Transaction"),
            )
        ),
        _table(
            "subsidiary", "Subsidiaries", "id",
            "id:n name:t fullname:t currency:n>currency isinactive:t parent:n>subsidiary country:t>country "
            "iselimination:t lastmodifieddate:m",
        ),
        _table("currency", "Currency", "id", "id:n symbol:t name:t isinactive:t exchangerate:n currencyprecision:n"),
        _table("term", "Accounting Lists", "id", "id:n name:t daysuntilnetdue:n isinactive:t"),
        _table(
            "account", "Accounts", "id",
            "id:n acctnumber:t fullname:t accountsearchdisplayname:t accttype:t isinactive:t",
        ),
        _table(
            "accountingperiod", "Manage Accounting Periods", "id",
            "id:n periodname:t startdate:d enddate:d closed:t isyear:t isquarter:t",
        ),
        _table("transactionstatus", "Find Transaction", "", "id:t trantype:t name:t fullname:t"),
        _table(
            "deletedrecord", "Deleted Records", "deleteddate",
            "name:t recordid:n recordtypeid:n scriptid:t type:t deleteddate:m deletedby:n>entity context:t "
            "iscustomlist:t iscustomrecord:t iscustomtransaction:t",
        ),
    )
}  # fmt: skip


def visible(off: str, without: frozenset[str]) -> dict[str, Table]:
    """Return the tables with their columns that an account and a role have.

    Args:
        off: tables and table.columns that the account does not have, split by commas.
        without: permissions that the role lacks.
    """
    gone = {name.strip().lower() for name in off.split(",")}
    found = {}
    for name, table in TABLES.items():
        if name in gone or table.permission in without:
            continue
        kinds = {column: kind for column, kind in table.kinds.items() if f"{name}.{column}" not in gone}
        found[name] = Table(name, kinds, table.points, table.permission, table.indexed)
    return found
