"""What a spoiler must know of each system's answers: which are pages of a stream's list, and what stands where."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from tests.survival.wire.kinds import PERSON
from tests.survival.wire.proxy import Asked

Record = dict[str, Any]
NO_TOTAL = "an answer is a bare list: it claims nothing of what follows, so there is nothing to lie about"


class Vendor(ABC):
    """One system's answers.

    Args:
        cannot: content kind → why this system's answers cannot have it.
        first: which of a read's requests is the first that kinds of the wire may spoil.
        errors: bodies in which the system tells an error with status 200, with a person's name in them.
    """

    cannot: ClassVar[Mapping[str, str]] = {}
    errors: ClassVar[tuple[Any, ...]]
    first: ClassVar[int] = 0

    @abstractmethod
    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        """Return what a page of the stream's list was asked for, and which page; None for any other request."""

    @abstractmethod
    def records(self, said: Any, stream: str) -> list[Any]:
        """Return the list inside the answer, to be changed."""

    @abstractmethod
    def field(self, name: str, stream: str) -> str:
        """Return how the system calls the `key` or an `amount` of the stream's records."""

    def claim(self, said: Any, stream: str, more: bool) -> None:
        """Let the answer claim that more (or nothing) follows than does; who says so in `cannot` is not asked."""
        raise NotImplementedError

    @abstractmethod
    def stranger(self, stream: str) -> Record:
        """Return a record of another type."""

    def number(self, literal: float) -> Any:
        """Return an amount as the system writes it."""
        return literal


class SampleAnswers(Vendor):
    """`{"rws": […], "nxt": "B:7"}`."""

    errors = ({"oops": " ".join(PERSON)},)
    paths: ClassVar[Mapping[str, str]] = {"customers": "parties", "invoices": "documents", "payments": "movements"}

    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        address = urlsplit(asked.target)
        if not address.path.endswith(f"/rows/{self.paths[stream]}"):
            return None
        query = dict(parse_qsl(address.query))
        after = query.pop("after", "")
        return query, after

    def records(self, said: Any, stream: str) -> list[Any]:
        return said["rws"]

    def field(self, name: str, stream: str) -> str:
        return "ident" if name == "key" else {"customers": "arch", "invoices": "rest", "payments": "amt"}[stream]

    def claim(self, said: Any, stream: str, more: bool) -> None:
        last = said["rws"][-1] if said["rws"] else {"kynd": "B", "ident": 1}
        said["nxt"] = f"{last['kynd']}:{last['ident']}" if more else None

    def stranger(self, stream: str) -> Record:
        return {"kynd": "?", "ident": 991, "st": "S", "made": None, "mod": None, "num": "K-1"}


class XeroAnswers(Vendor):
    """`{"Status": "OK", "pagination": {…}, "Invoices": […]}`."""

    errors = (
        {"ErrorNumber": 10, "Type": "ValidationException", "Message": " ".join(PERSON),
         "Elements": [{"ValidationErrors": [{"Message": PERSON[1]}]}]},
        {"Title": "Unauthorized", "Status": 401, "Detail": f"AuthenticationUnsuccessful {PERSON[0]}"},
    )  # fmt: skip
    lists: ClassVar[Mapping[str, tuple[str, str, str]]] = {
        "customers": ("Contacts", "ContactID", "ContactStatus"),
        "invoices": ("Invoices", "InvoiceID", "AmountDue"),
        "credit_notes": ("CreditNotes", "CreditNoteID", "RemainingCredit"),
        "payments": ("Payments", "PaymentID", "Amount"),
        "overpayments": ("Overpayments", "OverpaymentID", "RemainingCredit"),
        "prepayments": ("Prepayments", "PrepaymentID", "RemainingCredit"),
    }

    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        address = urlsplit(asked.target)
        if not address.path.endswith(f"/{self.lists[stream][0]}"):
            return None
        query = dict(parse_qsl(address.query))
        page = query.pop("page", "")
        # A read of changes goes on from the last page's moment: that is its next page, too.
        return query, (page, dict(asked.headers).get("If-Modified-Since", ""))

    def records(self, said: Any, stream: str) -> list[Any]:
        return said[self.lists[stream][0]]

    def field(self, name: str, stream: str) -> str:
        return self.lists[stream][1 if name == "key" else 2]

    def claim(self, said: Any, stream: str, more: bool) -> None:
        pages, rows = said["pagination"], self.records(said, stream)
        if more:
            pages |= {"pageCount": pages["pageCount"] + 3, "itemCount": pages["itemCount"] + 3 * pages["pageSize"]}
        else:
            held = (pages["page"] - 1) * pages["pageSize"] + len(rows)
            pages |= {"pageCount": pages["page"], "itemCount": held}

    def stranger(self, stream: str) -> Record:
        return {"QuoteID": "2b1a6b8e-0000-4000-8000-000000000991", "QuoteNumber": "QU-1", "Status": "SENT"}


class TrytonAnswers(Vendor):
    """`{"id": 1, "result": […]}`."""

    first = 1  # a login is braked by Tryton itself: what it answers to that is not for a retry to get over
    cannot: ClassVar[Mapping[str, str]] = {"claims_less": NO_TOTAL, "claims_more": NO_TOTAL}
    errors = (
        {"id": 1, "error": ["UserError", [f"You cannot modify {' '.join(PERSON)}.", "", None]]},
        {"id": 1, "error": [f"'{PERSON[1]}'", ""]},
        {"id": 1, "error": ["ConcurrencyException", PERSON[0]]},
    )
    models: ClassVar[Mapping[str, str]] = {
        "customers": "party.party", "invoices": "account.invoice", "payments": "account.move.line",
    }  # fmt: skip

    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        said = json.loads(asked.body or b"{}")
        if said.get("method") != f"model.{self.models[stream]}.search_read" or said["params"][2] is None:
            return None
        *domain, last = said["params"][0]
        return (domain, last[2]) if last[:2] == ["id", ">"] else None

    def records(self, said: Any, stream: str) -> list[Any]:
        return said["result"]

    def field(self, name: str, stream: str) -> str:
        return "id" if name == "key" else {"customers": "name", "invoices": "total_amount", "payments": "debit"}[stream]

    def stranger(self, stream: str) -> Record:
        return {"id": 9_999_991, "rec_name": "a record of another model"}

    def number(self, literal: float) -> Any:
        return {"__class__": "Decimal", "decimal": str(literal)}


class OdooAnswers(Vendor):
    """`{"jsonrpc": "2.0", "id": 1, "result": […]}`."""

    cannot: ClassVar[Mapping[str, str]] = {"claims_less": NO_TOTAL, "claims_more": NO_TOTAL}
    errors = (
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": {
            "name": "odoo.exceptions.UserError", "debug": " ".join(PERSON), "message": PERSON[0],
            "arguments": [PERSON[1]]}}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": 200, "message": "Odoo Server Error", "data": {
            "name": "psycopg2.errors.SerializationFailure", "debug": PERSON[1], "message": PERSON[0]}}},
        {"jsonrpc": "2.0", "id": 1, "error": PERSON[1]},
    )  # fmt: skip
    models: ClassVar[Mapping[str, str]] = {
        "customers": "res.partner", "invoices": "account.move", "payments": "account.move.line",
    }  # fmt: skip

    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        match json.loads(asked.body or b"{}").get("params"):
            case {"service": "object", "args": [_, _, _, model, "search_read", [domain, _, _, int(), _], _]}:
                if model == self.models[stream] and domain and domain[0][:2] == ["id", ">"]:
                    return domain[1:], domain[0][2]
        return None

    def records(self, said: Any, stream: str) -> list[Any]:
        return said["result"]

    def field(self, name: str, stream: str) -> str:
        return (
            "id" if name == "key" else {"customers": "name", "invoices": "amount_total", "payments": "balance"}[stream]
        )

    def stranger(self, stream: str) -> Record:
        return {"id": 9_999_991, "display_name": "a record of another model"}


class IntacctAnswers(Vendor):
    """`{"ia::result": […], "ia::meta": {"totalCount": 7, "next": null, …}}`."""

    errors = (
        {"ia::error": {"code": "operationFailed", "message": " ".join(PERSON), "supportId": "63av", "details": [
            {"code": "BL01001973", "message": PERSON[1]}]}},
        {"ia::result": {"ia::error": {"code": "invalidRequest", "message": PERSON[0], "errorId": "REST-1106",
            "additionalInfo": {"placeholders": {"FIELD": PERSON[1]}}, "supportId": "63av"}},
         "ia::meta": {"totalCount": 1, "totalSuccess": 0, "totalError": 1}},
    )  # fmt: skip
    lists: ClassVar[Mapping[str, tuple[str, str]]] = {
        "customers": ("customer", "status"), "invoices": ("invoice", "totalTxnAmountDue"),
        "adjustments": ("adjustment", "txnCurrency.totalDue"), "payments": ("payment", "txnCurrency.totalAmount"),
        "advances": ("advance", "txnTotalEntered"),
    }  # fmt: skip

    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        if not asked.target.endswith("/services/core/query"):
            return None
        said = json.loads(asked.body)
        if said["object"] != f"accounts-receivable/{self.lists[stream][0]}" or len(said["fields"]) < 5:
            return None  # a list of keys, or what another stream looks up
        behind = [each for each in said["filters"] if list(each.get("$gt", ())) == ["key"]]
        filters = [each for each in said["filters"] if each not in behind]
        entity = dict(asked.headers).get("X-IA-API-Param-Entity", "")
        return (entity, filters), json.dumps(behind)

    def records(self, said: Any, stream: str) -> list[Any]:
        return said["ia::result"]

    def field(self, name: str, stream: str) -> str:
        return "key" if name == "key" else self.lists[stream][1]

    def claim(self, said: Any, stream: str, more: bool) -> None:
        meta, rows = said["ia::meta"], self.records(said, stream)
        if more:
            meta |= {"totalCount": meta["totalCount"] + 3 * meta["pageSize"], "next": meta["start"] + meta["pageSize"]}
        else:
            meta |= {"totalCount": meta["start"] - 1 + len(rows), "next": None}

    def stranger(self, stream: str) -> Record:
        return {"id": "991", "vendor.key": "7", "API_QUERY_ALIAS__25": "1"}

    def number(self, literal: float) -> Any:
        return str(literal)


class NetSuiteAnswers(Vendor):
    """`{"links": [], "count": 1, "hasMore": false, "items": […], "offset": 0, "totalResults": 1}`."""

    first = 1  # a token is bought first, and every query needs it
    errors = (
        {"type": "about:blank", "title": " ".join(PERSON), "status": 400, "o:errorDetails": [
            {"detail": f"{PERSON[0]} may not", "o:errorCode": "USER_ERROR"}]},
        {"error": "invalid_request", "error_description": PERSON[1]},
    )  # fmt: skip
    lists: ClassVar[Mapping[str, str]] = {
        "customers": "c.entityid", "invoices": "CustInvc", "credit_notes": "CustCred", "payments": "CustPymt",
    }  # fmt: skip

    def question(self, asked: Asked, stream: str) -> tuple[Any, Any] | None:
        if not asked.target.partition("?")[0].endswith("/suiteql"):
            return None
        said = json.loads(asked.body or b"{}")
        text, values, mine = said["q"].replace("(", "").replace(")", ""), said["params"], self.lists[stream]
        name = "c.id" if stream == "customers" else "t.id"
        is_list = mine in text if stream == "customers" else mine in values and text.startswith("SELECT t.id, t.type, ")
        if not is_list or not text.endswith(f" ORDER BY {name}"):
            return None
        before, is_next, _ = text.partition(f"{name} > ? ORDER BY")
        before = before.partition(" ORDER BY")[0].removesuffix(" AND ").removesuffix(" WHERE ")
        return (before, values[:-1] if is_next else values), values[-1] if is_next else 0

    def records(self, said: Any, stream: str) -> list[Any]:
        return said["items"]

    def field(self, name: str, stream: str) -> str:
        return "id" if name == "key" else "isinactive" if stream == "customers" else "foreigntotal"

    def claim(self, said: Any, stream: str, more: bool) -> None:
        said["hasMore"] = more

    def stranger(self, stream: str) -> Record:
        return {"id": "9999991", "type": "Estimate", "tranid": "EST-1", "links": []}

    def number(self, literal: float) -> Any:
        return str(literal)


VENDORS: Mapping[str, Vendor] = {
    "sample": SampleAnswers(), "xero": XeroAnswers(), "tryton": TrytonAnswers(), "odoo": OdooAnswers(),
    "intacct": IntacctAnswers(), "netsuite": NetSuiteAnswers(),
}  # fmt: skip
