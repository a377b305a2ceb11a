"""Clients that others wrote for Sage Intacct read the sandbox and get the ledger's truth."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from include.sandbox.intacct.server import Server
from include.sandbox.ledger import Ledger
from include.sandbox.records import Kind, State


@pytest.fixture
def rest_client(company: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what makes a client of the REST API, in an entity or at the top level; its base is imported twice."""
    modules = [importlib.import_module(name) for name in ("intacctsdk.intacctsdk", "intacctsdk.apis.api_base")]
    for module in modules:
        monkeypatch.setattr(module, "BASE_URL", company.api)

    def make(entity: str | None = None, **more: Any) -> Any:
        app, user = company.app, f"reader@acme|{entity}" if entity else "reader@acme"
        given = {"username": user, "client_id": app.client_id, "client_secret": app.client_secret, "entity_id": entity}
        return modules[0].IntacctRESTSDK(**(given | more))

    return make


@pytest.fixture
def tolerant(company_with: Any) -> Iterator[Server]:
    """Serve a gateway that lets sessions in at the first address, too: the client goes nowhere else."""
    with company_with(endpoint="any") as server:
        yield server


@pytest.fixture
def gateway_client(tolerant: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what makes a client of the XML gateway; its address is set while it is made."""
    api_base = importlib.import_module("sageintacctsdk.apis.api_base")
    plain = api_base.ApiBase.__init__

    def here(self: Any, *arguments: Any, **more: Any) -> None:
        plain(self, *arguments, **more)
        self._ApiBase__api_url = tolerant.gateway

    monkeypatch.setattr(api_base.ApiBase, "__init__", here)
    known = tolerant.face.credentials()

    def make(entity: str | None = None, **more: Any) -> Any:
        given = {
            "sender_id": known["sender_id"], "sender_password": known["sender_password"], "user_id": known["user_id"],
            "company_id": known["company"], "user_password": known["user_password"], "entity_id": entity,
            "show_private": True,
        }  # fmt: skip
        return importlib.import_module("sageintacctsdk").SageIntacctSDK(**(given | more))

    return make


def rows(pages: Any) -> list[dict[str, Any]]:
    return [row for page in pages for row in page]


def test_the_rest_client_reads_customers_contacts_and_entities(rest_client: Any, company: Server) -> None:
    client, face = rest_client(), company.face
    private = {"includePrivate": True}
    customers = rows(client.customers.get_all_generator(fields=["key", "id", "name"], filter_parameters=private))
    assert {row["id"]: row["name"] for row in customers} == {
        face.company.customer_id(party): party.name for _, party in face.company.customers()
    }
    assert client.customers.count(filter_parameters=private) == len(customers)
    assert client.customers.count() < len(customers), "private customers are not counted unless asked for"
    contacts = rows(client.contacts.get_all_generator(fields=["id", "email1"]))
    assert {row["email1"] for row in contacts} >= {
        p.email for _, party in face.company.customers() for p in party.people if p.email
    }
    entities = rows(client.location_entities.get_all_generator(fields=["id", "baseCurrency.id"]))
    assert {row["id"]: row["baseCurrency.id"] for row in entities} == {"E100": "NZD", "E200": "GBP"}


def test_the_rest_client_reads_one_record_its_model_and_filters(rest_client: Any) -> None:
    client = rest_client("E200")
    only = client.customers.get_all_generator(fields=["key", "id"], filters=[{"$eq": {"status": "inactive"}}])
    inactive = rows(only)
    assert inactive
    one = client.customers.get_by_key(inactive[0]["key"])["ia::result"]
    assert (one["id"], one["status"]) == (inactive[0]["id"], "inactive") and one["contacts"]["default"]["printAs"]
    model = client.customers.get_model()["ia::result"]
    assert model["fields"]["status"]["writeOnly"] is False and model["refs"]["parent"]["apiObject"]


def test_the_rest_client_goes_on_with_its_refresh_token(rest_client: Any) -> None:
    first = rest_client()
    again = rest_client(refresh_token=first.refresh_token, use_client_credentials_auth=False)
    assert again.refresh_token not in ("", first.refresh_token)
    assert next(again.location_entities.get_all_generator(fields=["id"]))


def test_the_rest_client_knows_that_its_token_has_ended(rest_client: Any, company_with: Any) -> None:
    from intacctsdk.exceptions import InvalidTokenError

    client = rest_client(access_token="of.yesterday")
    with pytest.raises(Exception, match="401"):
        client.customers.count()
    with company_with(expired_token=400) as server, pytest.MonkeyPatch.context() as patch:
        for name in ("intacctsdk.intacctsdk", "intacctsdk.apis.api_base"):
            patch.setattr(importlib.import_module(name), "BASE_URL", server.api)
        with pytest.raises(InvalidTokenError):
            client.customers.count()


def test_the_gateways_client_reads_every_invoice_and_payment(
    gateway_client: Any, tolerant: Server, group: Ledger
) -> None:
    client = gateway_client()
    fields = ["RECORDNO", "RECORDID", "TRX_TOTALENTERED", "TRX_TOTALDUE", "STATE", "MEGAENTITYID"]
    found = [row for row in client.ar_invoices.get_by_query(fields=fields) if row["STATE"] not in ("Draft", "Reversal")]
    positive = [row for row in found if Decimal(row["TRX_TOTALENTERED"]) > 0 and row["STATE"] != "Reversed"]
    truth = sorted(
        (b.number, b.gross, b.outstanding)
        for n in range(2)
        for b in group.truth(n).documents.values()
        if b.kind is Kind.INVOICE and b.state is State.POSTED
    )
    read = [(row["RECORDID"], Decimal(row["TRX_TOTALENTERED"]), Decimal(row["TRX_TOTALDUE"])) for row in positive]
    assert sorted(read) == truth
    usual = client.ar_invoices.get_all()
    assert len(usual) == len(client.ar_invoices.get_all(fields=["RECORDNO"])) > len(positive)
    assert usual[0]["CONTACT.CONTACTNAME"], "all fields that this client knows can be asked for"
    assert len(client.ar_payments.get_all()) == client.ar_payments.count(None) > 50


def test_the_gateways_client_reads_customers_entities_and_the_aging(gateway_client: Any, group: Ledger) -> None:
    client = gateway_client("E200")
    customers = client.customers.get_all()
    assert {row["STATUS"] for row in customers} == {"active", "inactive"}
    assert {row["LOCATIONID"] for row in client.location_entities.get_all()} == {"E100", "E200"}
    by_name = client.contacts.get_all(fields=["CONTACTNAME", "EMAIL1"])
    assert len({row["CONTACTNAME"] for row in by_name}) == len(by_name) > 10
    one = client.customers.get("CUSTOMERID", customers[0]["CUSTOMERID"])["customer"]
    assert one["NAME"] == customers[0]["NAME"], "a single record is no list"
    report = client.ar_aging.get_araging(["0-30", "31-60", "61-"])["araging"]
    parts = [each for row in report for each in ([row["aging"]] if isinstance(row["aging"], dict) else row["aging"])]
    assert sum(Decimal(each["totalamount"]) for each in parts) == group.truth(1).base_total


def test_the_gateways_client_tells_wrong_credentials_from_a_missing_permission(
    gateway_client: Any, company_with: Any
) -> None:
    from sageintacctsdk.exceptions import InvalidTokenError, WrongParamsError

    with pytest.raises(InvalidTokenError):
        gateway_client(user_password="wrong")
    with pytest.raises(WrongParamsError):
        gateway_client(sender_password="wrong")
