"""Plain readers of the sandbox's Sage Intacct: one of REST, one of the XML gateway."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import requests

from include.sandbox.books import Books
from include.sandbox.intacct.documents import current
from include.sandbox.intacct.server import Server
from include.sandbox.records import Document

AR = "accounts-receivable"
CUSTOMER, INVOICE, ADJUSTMENT = f"{AR}/customer", f"{AR}/invoice", f"{AR}/adjustment"
PAYMENT, DETAIL, ADVANCE, DEPOSIT = f"{AR}/payment", f"{AR}/payment-detail", f"{AR}/advance", f"{AR}/manual-deposit"
CONTACT, ENTITY, AUDIT = "company-config/contact", "company-config/entity", "company-config/audit-history"

Row = dict[str, Any]


class Reader:
    """Asks REST, at the top level unless an entity is named; each call has a connection of its own.

    A server that is to end waits a second for connections that were kept.
    """

    def __init__(self, server: Server, entity: str = "") -> None:
        self.server = server
        self.access, self.refresh = server.grant(entity)

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        mine = {"Authorization": f"Bearer {self.access}"} | (headers or {})
        return requests.request(method, self.server.api + path, headers=mine, timeout=10, **more)

    def query(self, path: str, *fields: str, headers: dict[str, str] | None = None, **more: Any) -> requests.Response:
        body = {"object": path, "fields": list(fields)} | more
        return self.ask("POST", "/services/core/query", headers, json=body)

    def rows(self, path: str, *fields: str, private: bool = True, size: int = 1000, **more: Any) -> list[Row]:
        """Return a whole list, page by page, the rows of entities too."""
        found: list[Row] = []
        start: int | None = 1
        while start:
            said = self.query(
                path, *fields, filterParameters={"includePrivate": private}, start=start, size=size, **more
            )
            assert said.status_code == 200, said.text
            found += said.json()["ia::result"]
            start = said.json()["ia::meta"]["next"]
        return found

    def one(self, path: str, key: str) -> Row:
        """Return a single record."""
        said = self.ask("GET", f"/objects/{path}/{key}")
        assert said.status_code == 200, said.text
        return said.json()["ia::result"]

    def token(self, **form: str) -> requests.Response:
        app = self.server.app
        own = {"client_id": app.client_id, "client_secret": app.client_secret}
        return requests.post(f"{self.server.api}/oauth2/token", data=own | form, timeout=10)


class Gateway:
    """Asks the XML gateway: in a session, or with a login in every request."""

    def __init__(self, server: Server, entity: str = "", *, session: bool = True) -> None:
        self.server, self.address, self.session_id = server, server.gateway, ""
        credentials = server.face.credentials()
        self.login = (
            f"<login><userid>{credentials['user_id']}</userid><companyid>{credentials['company']}</companyid>"
            f"<password>{credentials['user_password']}</password>"
            + (f"<locationid>{entity}</locationid>" if entity else "") + "</login>"
        )  # fmt: skip
        if session:
            api = self.data("<getAPISession/>").find("api")
            self.session_id, self.address = api.findtext("sessionid"), api.findtext("endpoint")

    def request(self, *functions: str, login: str = "", control: str = "", operation: str = "<operation>") -> str:
        """Return a request with these functions."""
        app = self.server.app
        who = login or (f"<sessionid>{self.session_id}</sessionid>" if self.session_id else self.login)
        content = "".join(f'<function controlid="f{n}">{each}</function>' for n, each in enumerate(functions))
        control = control or (
            f"<senderid>{app.sender_id}</senderid><password>{app.sender_password}</password><controlid>c1</controlid>"
            "<uniqueid>false</uniqueid><dtdversion>3.0</dtdversion><includewhitespace>false</includewhitespace>"
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><request><control>{control}</control>{operation}'
            f"<authentication>{who}</authentication><content>{content}</content></operation></request>"
        )

    def post(self, body: str | bytes, address: str = "") -> requests.Response:
        data = body.encode() if isinstance(body, str) else body
        head = {"Content-Type": "application/xml"}
        return requests.post(address or self.address, data=data, headers=head, timeout=10)

    def call(self, *functions: str, **more: str) -> ElementTree.Element:
        """Return the reply to functions, which may have an error inside."""
        said = self.post(self.request(*functions, **more))
        assert said.status_code == 200, said.text
        return ElementTree.fromstring(said.content)

    def data(self, function: str) -> ElementTree.Element:
        """Return the data of one function."""
        said = self.call(function)
        data = said.find("operation/result/data")
        assert data is not None, ElementTree.tostring(said)
        return data

    def rows(self, name: str, *fields: str, inside: str = "", size: int = 2000, private: bool = True) -> list[Row]:
        """Return a whole list, page by page; what is empty is None."""
        found: list[Row] = []
        while True:
            data = self.data(query(name, *fields, inside=inside, size=size, offset=len(found), private=private))
            found += [{each.tag: each.text for each in one} for one in data]
            if data.get("numremaining") == "0":
                return found


def query(name: str, *fields: str, inside: str = "", size: int = 100, offset: int = 0, private: bool = True) -> str:
    """Return a query function."""
    selected = "".join(f"<field>{each}</field>" for each in fields)
    options = "<options><showprivate>true</showprivate></options>" if private and "<options>" not in inside else ""
    return (
        f"<query><object>{name}</object><select>{selected}</select>{inside}{options}"
        f"<pagesize>{size}</pagesize><offset>{offset}</offset></query>"
    )


def condition(sign: str, name: str, *values: object) -> str:
    """Return one condition of a filter."""
    return f"<{sign}><field>{name}</field>{''.join(f'<value>{escape(str(v))}</value>' for v in values)}</{sign}>"


def errors(reply: ElementTree.Element) -> list[tuple[str | None, str]]:
    """Return number and text of every error of a reply."""
    return [(e.findtext("errorno"), e.findtext("description2") or "") for e in reply.iter("error")]


def amount(text: str | None) -> Decimal:
    """Return an amount; none is zero."""
    return Decimal(text or 0)


def key(server: Server, books: Books, document: Document) -> str:
    """Return the number that a document has now."""
    source = server.face.views.now().source
    return str(source.record(*current(books, document, source.settings)[0]))
