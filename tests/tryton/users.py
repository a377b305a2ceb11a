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
    """Make them, and a third who misses nothing but the fields of balances."""
    options = parser(__doc__.splitlines()[0])
    options.add_argument("password")
    arguments = options.parse_args()
    with connect(arguments):
        company = company_named("Northwind Traders").id
        group = find_one("res.group", ("name", "=", "Receivables reader"))
        (fields,) = create("res.group", [{"name": "No balances"}])
        rights = [{"group": fields.id, "model": m, "perm_read": True} for m in _readable(group)]
        create(
            "ir.model.access",
            [{**row, "perm_write": False, "perm_create": False, "perm_delete": False} for row in rights],
        )
        for login, of, sees in (
            ("nobody", [], "all"),
            ("current", [group.id], "one"),
            ("no-balance", [fields.id], "all"),
        ):
            user = {"name": login, "login": login, "password": arguments.password, "company_filter": sees}
            groups = {"groups": [("add", of)]} if of else {}
            create("res.user", [user | groups | {"company": company, "companies": [("add", [company])]}])
        answer(arguments, {})


def _readable(group: Any) -> list[str]:
    return [row.model for row in group.model_access if row.perm_read]


if __name__ == "__main__":
    main()
