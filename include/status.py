"""How every organization stands: `python -m include.status [--json FILE]`.

Counts are rows the warehouse holds now; checks and reasons come from the newest evidence.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, exists, func, or_, select

from include import environment, money, organizations, test_mode, warehouse
from include.connectors import base
from include.errors import GreenlightError
from include.organizations import Organization
from include.run import now

DOCUMENTS = ("invoices", "credit_notes", "payments", "refunds")


def status(engine: Engine, organization: Organization) -> dict[str, Any]:
    """Return one organization's figures; amounts in minor units per currency, its Data Docs as path or bucket's URL."""
    readiness = test_mode.readiness(engine, organization, base.get(organization.connector), now())
    evidence = test_mode.newest_evidence(engine, organization.id)
    with engine.connect() as connection:
        figures = _figures(connection, organization.id)
        requests = _requests(connection, organization.id, evidence.run_id) if evidence else 0
    return {
        "id": organization.id,
        "name": organization.name,
        "connector": organization.connector,
        "entity": organization.entity,
        "mode": readiness.mode,
        **figures,
        "requests": requests,
        "checks": evidence.checks if evidence else {},
        "why": evidence.failures if evidence else [],
        "reason": readiness.why,
        "data_docs": evidence.docs.removeprefix("file://") if evidence else "",
    }


def _figures(connection: Connection, organization_id: str) -> dict[str, Any]:
    """Count customers that hold at least one document, their contacts, and invoices; sum what is open."""
    customers, contacts = warehouse.table("customers"), warehouse.table("contacts")
    invoices = warehouse.table("invoices")
    documents = [warehouse.table(name) for name in DOCUMENTS]
    holds_a_document = or_(
        *(
            exists().where(
                d.c.organization_id == customers.c.organization_id,
                d.c.customer_external_id == customers.c.external_id,
                d.c.deleted_at.is_(None),
            )
            for d in documents
        )
    )
    live = (customers.c.organization_id == organization_id, customers.c.deleted_at.is_(None), holds_a_document)
    owner = (contacts.c.organization_id == customers.c.organization_id) & (
        contacts.c.customer_external_id == customers.c.external_id
    )
    open_sums = (
        select(invoices.c.currency, func.sum(invoices.c.outstanding_amount))
        .where(
            invoices.c.organization_id == organization_id,
            invoices.c.deleted_at.is_(None),
            invoices.c.status == "open",
        )
        .group_by(invoices.c.currency)
        .order_by(invoices.c.currency)
    )
    count_invoices = select(func.count()).where(
        invoices.c.organization_id == organization_id, invoices.c.deleted_at.is_(None)
    )
    count_contacts = select(func.count()).select_from(contacts.join(customers, owner)).where(
        contacts.c.deleted_at.is_(None), *live
    )  # fmt: skip
    return {
        "customers": connection.execute(select(func.count()).select_from(customers).where(*live)).scalar_one(),
        "contacts": connection.execute(count_contacts).scalar_one(),
        "invoices": connection.execute(count_invoices).scalar_one(),
        "outstanding": {currency: int(amount) for currency, amount in connection.execute(open_sums)},
    }


def _requests(connection: Connection, organization_id: str, run_id: str) -> int:
    """Sum the requests of a run, those of its complete and reconcile rounds included."""
    runs = warehouse.table("sync_runs")
    asked = select(func.coalesce(func.sum(runs.c.requests), 0)).where(
        runs.c.organization_id == organization_id,
        or_(runs.c.run_id == run_id, runs.c.run_id.startswith(f"{run_id}~", autoescape=True)),
    )
    return int(connection.execute(asked).scalar_one())


def main() -> int:
    """Print a line per organization and, where asked, write everything as JSON; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.status", description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures, with every reason, to FILE")
    arguments = parser.parse_args()
    environment.for_command()
    try:
        engine = warehouse.engine()
        warehouse.check_schema(engine)
        loaded = organizations.load_all()
        found = [status(engine, organization) for organization in loaded.organizations]
    except GreenlightError as error:
        print(f"status: {error}", file=sys.stderr)
        return 1
    for mistake in loaded.errors:  # else an organization would be missing without a word
        print(f"status: {mistake}", file=sys.stderr)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print("\n".join(map(_line, found)) or "no organization is configured; `make connect` writes their files")
    return 0


def _line(figures: dict[str, Any]) -> str:
    open_amounts = ", ".join(money.display(a, c) for c, a in figures["outstanding"].items()) or "nothing"
    return (
        f"{figures['id']}: {figures['mode']} · {figures['customers']} customers, {figures['contacts']} contacts, "
        f"{figures['invoices']} invoices, {open_amounts} outstanding · {figures['requests']} requests\n"
        f"    {figures['reason']}"
    )


if __name__ == "__main__":
    sys.exit(main())
