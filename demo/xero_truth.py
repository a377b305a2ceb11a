"""Asks Xero's own client (xero-python) what its organisations hold, and prints it as JSON.

Runs in an environment of its own, which knows nothing of this project:

    XERO_ACCESS_TOKEN=... .xero/bin/python demo/xero_truth.py URL CLIENT_ID
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token
from xero_python.identity import IdentityApi

PAGE_SIZE = 100
DECIMALS = {"JPY": 0, "KWD": 3, "BHD": 3}
"""Currencies of the sandbox's books with other than two; an amount that is finer cannot be loaded."""


def main() -> None:
    """Print the figures of every organisation that the token can see."""
    url, client_id = sys.argv[1:]
    token = {"access_token": os.environ["XERO_ACCESS_TOKEN"], "expires_in": 1800, "token_type": "Bearer", "scope": []}
    client = ApiClient(
        Configuration(oauth2_token=OAuth2Token(client_id=client_id, client_secret="")),
        oauth2_token_getter=lambda: token,
        oauth2_token_saver=token.update,
    )
    tenants = IdentityApi(client, base_url=url).get_connections()
    api = AccountingApi(client, base_url=f"{url}/api.xro/2.0")
    print(json.dumps({"companies": [_company(api, tenant) for tenant in tenants]}))


def _company(api: AccountingApi, tenant: Any) -> dict[str, Any]:
    tenant_id = tenant.tenant_id

    def everything(ask: Callable[..., Any], name: str, **filters: Any) -> Iterator[Any]:
        page = 1
        while found := getattr(ask(tenant_id, page=page, page_size=PAGE_SIZE, **filters), name):
            yield from found
            page += 1

    invoices = [i for i in everything(api.get_invoices, "invoices", where='Type=="ACCREC"') if _is_loadable(i)]
    holders = {i.contact.contact_id for i in invoices}
    notes = everything(api.get_credit_notes, "credit_notes", where='Type=="ACCRECCREDIT"')
    holders |= {note.contact.contact_id for note in notes}
    for ask, name in ((api.get_overpayments, "overpayments"), (api.get_prepayments, "prepayments")):
        found = everything(ask, name)
        holders |= {credit.contact.contact_id for credit in found if credit.type.startswith("RECEIVE")}
    contacts = [
        contact
        for contact in everything(api.get_contacts, "contacts", include_archived=True)
        if contact.contact_id in holders
    ]
    outstanding: Counter[str] = Counter()
    for invoice in invoices:
        if invoice.status == "AUTHORISED":
            code = _code(invoice)
            outstanding[code] += int(Decimal(str(invoice.amount_due)).scaleb(DECIMALS.get(code, 2)))
    return {
        "company_id": tenant_id,
        "name": tenant.tenant_name,
        "counts": {
            "customers": len(contacts),
            "contacts": sum(map(_count_people, contacts)),
            "invoices": len(invoices),
        },
        "outstanding": {code: amount for code, amount in outstanding.items() if amount},
    }


def _code(invoice: Any) -> str:
    return str(getattr(invoice.currency_code, "value", invoice.currency_code))


def _is_loadable(invoice: Any) -> bool:
    total, code = Decimal(str(invoice.total)), _code(invoice)
    return total == round(total, DECIMALS.get(code, 2))


def _count_people(contact: Any) -> int:
    """The contact's own address, and every person of whom anything is known."""
    people = contact.contact_persons or ()
    return bool(contact.email_address) + sum(
        bool(person.email_address or person.first_name or person.last_name) for person in people
    )


if __name__ == "__main__":
    main()
