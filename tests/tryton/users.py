"""Makes two users that cannot do the connector's work: one without rights, one who sees the current company only.

    python users.py --url http://127.0.0.1:8000 --password-file admin.password PASSWORD

Runs in Tryton's own environment against a running server.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "demo"))

from tryton_books import company_named, create, find_one
from tryton_client import answer, connect, parser


def main() -> None:
    """Make them, and two who miss nothing but the fields of balances, or one model."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("password")
    arguments = options.parse_args()
    with connect(arguments):
        company = company_named("Northwind Traders").id
        group = find_one("res.group", ("name", "=", "Receivables reader"))
        models = _readable(group)
        balances = _group("No balances", models, [])
        most = _group("No reconciliations", [m for m in models if "reconcil" not in m], group.field_access)
        for login, of, sees in (
            ("nobody", [], "all"),
            ("current", [group.id], "one"),
            ("no-balance", [balances.id], "all"),
            ("no-reconciliation", [most.id], "all"),
        ):
            user = {"name": login, "login": login, "password": arguments.password, "company_filter": sees}
            groups = {"groups": [("add", of)]} if of else {}
            create("res.user", [user | groups | {"company": company, "companies": [("add", [company])]}])
        answer(arguments, {})


def _group(name: str, models: list[str], of: Any) -> Any:
    """A group that may read these models, and the fields that `of` may."""
    (group,) = create("res.group", [{"name": name}])
    no = {"perm_write": False, "perm_create": False, "perm_delete": False, "perm_read": True, "group": group.id}
    create("ir.model.access", [{**no, "model": model} for model in models])
    create("ir.model.field.access", [{**no, "model": row.model, "field": row.field} for row in of])
    return group


def _readable(group: Any) -> list[str]:
    return [row.model for row in group.model_access if row.perm_read]


if __name__ == "__main__":
    main()
