"""The companies that a user sees, and what must be known of one before its records are read."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from include.connectors.odoo import fields
from include.connectors.odoo.body import BROKEN, About
from include.connectors.odoo.client import Client, ids_of
from include.connectors.odoo.values import parse
from include.connectors.odoo.wire import nonsense
from include.errors import ConfigurationError


def seen(client: Client) -> list[dict[str, Any]]:
    """Return the companies that the user works for, by ascending id.

    Raises:
        ConfigurationError: it works for none.
    """
    user = client.search_read("res.users", [["id", "=", client.transport.user()]], ["company_ids"]).result
    ids = ids_of(user, "company_ids")
    if set(ids) != set(client.companies):  # else one of them was chosen already, and stays the current one
        client.companies = tuple(ids)
    if not ids:
        raise ConfigurationError("the user works for no company", next_step="add the companies to the user in Odoo")
    names = client.fields(fields.COMPANY)
    found = client.search_read("res.company", [["id", "in", ids]], names).result
    try:
        companies = [parse(row, {name: fields.COMPANY.kinds[name] for name in names}) for row in found]
        if not all(company["currency_id"] and company["partner_id"] for company in companies):
            raise nonsense()
    except BROKEN:
        raise nonsense() from None
    return companies


def chosen(client: Client, companies: Sequence[dict[str, Any]], entity: str) -> dict[str, Any]:
    """Return this organization's company, and let the client ask for it first.

    The user's other companies stay visible behind it: a document may name a partner who is another company's own.

    Raises:
        ConfigurationError: the user does not see that company, or sees several and none was named, or it is archived,
            which companies can be from 17 on.
    """
    mine = [one for one in companies if str(one["id"]) == entity or (not entity and len(companies) == 1)]
    if not mine:
        listed = ", ".join(f"{one['id']} ({one['name']})" for one in companies) or "none"
        raise ConfigurationError(
            f"the user does not see company {entity or '(none named)'}; it sees: {listed}",
            next_step="correct entity in the YAML, or add the company to the user in Odoo",
        )
    if not mine[0].get("active", True):
        raise ConfigurationError(
            f"company {mine[0]['id']} ({mine[0]['name']}) is archived in Odoo",
            next_step="take it out of the archive to read it, or remove the organization's YAML",
        )
    others = [one for one in client.companies if one != mine[0]["id"]]
    client.companies = (mine[0]["id"], *others)
    return mine[0]


def about(client: Client, company: dict[str, Any]) -> About:
    """Return what is true for the company's every page."""
    kinds = fields.JOURNAL.kinds
    rows = client.search_read("account.journal", [], client.fields(fields.JOURNAL))  # a branch books in others' too
    try:
        journals = [parse(row, kinds) for row in rows.result]
    except BROKEN:
        raise nonsense() from None
    difference, opening = company.get("currency_exchange_journal_id"), company.get("account_opening_move_id")
    return About(
        base=company["currency_id"].name,
        company=company["id"],
        difference_journal=difference.id if difference else 0,
        opening_move=opening.id if opening else 0,
        journals={str(journal["id"]): journal["type"] or "" for journal in journals},
        web=client.web("account.move", "{id}"),
    )


def fingerprint(client: Client, company: dict[str, Any]) -> str:
    """Return a digest of what never changes: database, company, when it was made, and its partner."""
    facts = (client.database, company["id"], company["create_date"], company["partner_id"].id)
    return blake2b(repr(facts).encode(), digest_size=16).hexdigest()
