"""The least that a user needs to read receivables, and nothing that it could change.

What a Tryton administrator does in the client to get the same:

1. Administration > Users > Groups, new group "Receivables reader". On its page "Access
   Permissions", under model access: one row per model of READ with only "Read Access" ticked.
   A right for a model also holds for what hangs on it: addresses, contact mechanisms and
   identifiers on the party, lines on the move, taxes on the invoice. Companies, currencies,
   countries, accounts, journals, fiscal years and payment terms are readable by everyone.
2. There too: one row with nothing ticked per model of LOCKED. Where no row speaks of a model,
   Tryton lets every user read, write, create and delete; these are the models of the modules
   used here in which the user could otherwise change something.
3. There too, under field access: one row per field of READ_FIELDS with "Read Access" ticked.
   Tryton shows these balances only to its group Accounting, whose members may also write.
4. Administration > User Interface > Actions > Wizards: give every wizard whose groups are empty
   to a group, "Accounting" for those of accounting and for the rest one that has no members
   (administrators need none). Inside a wizard Tryton checks no rights of models, and one
   without groups is open to every user, among them those that set up users and companies.
5. Administration > Users > Users, new user with a password, not an administrator, in this
   group only. On the page "Preferences": under companies those to be read, one of them as
   current company, and the company filter "All". With the filter "Current" the user sees
   nothing but the current company, whatever company a request names.

What is left to the user are its own preferences and notifications, and records of e-mails.
"""

from __future__ import annotations

from typing import Any

from proteus import Model, config
from tryton_books import create, find_one

GROUP = "Receivables reader"
ACCOUNTING, NOBODY = "Accounting", "Administrators only"
READ = (
    "party.party",
    "account.invoice",
    "account.invoice.line",
    "account.move",
    "account.move.reconciliation",
)
READ_FIELDS = (
    ("account.account", "balance"),
    ("account.account", "debit"),
    ("account.account", "credit"),
    ("account.account", "amount_second_currency"),
    ("company.company", "receivable"),
    ("company.company", "receivable_today"),
)
LOCKED = (
    "account.account.deferral",
    "account.account.type.template",
    "ir.attachment",
    "ir.avatar",
    "ir.module.config_wizard.item",
    "ir.note",
    "ir.sequence",
    "ir.sequence.strict",
    "ir.ui.view_tree_optional",
    "ir.ui.view_tree_width",
    "res.user.application",
)
# Granted to everybody by rows without a group, which no group can take back.
GRANTED_TO_ALL = {"ir.email", "res.notification"}
NOTHING = {"perm_read": False, "perm_write": False, "perm_create": False, "perm_delete": False}


def create_group() -> Any:
    """The group with the rows described above."""
    (group,) = create("res.group", [{"name": GROUP}])
    create(
        "ir.model.access",
        [{**NOTHING, "perm_read": model in READ, "group": group.id, "model": model} for model in READ + LOCKED],
    )
    create(
        "ir.model.field.access",
        [
            {**NOTHING, "perm_read": True, "group": group.id, "model": model, "field": field}
            for model, field in READ_FIELDS
        ],
    )
    return group


def reserve_wizards() -> None:
    """Give the wizards that are open to all to those who work with them."""
    Action = Model.get("ir.action.wizard")
    owners = {True: find_one("res.group", ("name", "=", ACCOUNTING)), False: create("res.group", [{"name": NOBODY}])[0]}
    current = config.get_config()
    for of_accounting, owner in owners.items():
        ids = [
            action.id
            for action in Action.find([("groups", "=", None)])
            if action.wiz_name.startswith("account.") == of_accounting
        ]
        current.get_proxy("ir.action.wizard").write(ids, {"groups": [("add", [owner.id])]}, current.context)


def create_reader(login: str, password: str, group: Any, companies: list[Any]) -> Any:
    """A user of the group who sees these companies and is no administrator."""
    (user,) = create(
        "res.user",
        [
            {
                "name": login,
                "login": login,
                "password": password,
                "company_filter": "all",
                "groups": [("add", [group.id])],
                "company": companies[0].id,
                "companies": [("add", [company.id for company in companies])],
            }
        ],
    )
    return user


def check_that_nothing_is_writable(user: Any) -> None:
    """Ask Tryton itself, for every model that can be reached from outside."""
    current = config.get_config()
    reachable = [
        model.name for model in Model.get("ir.model").find([]) if "write" in current.get_proxy_methods(model.name)
    ]
    administrator, current.user = current.user, user.id
    try:
        rights = current.get_proxy("ir.model.access").get_access(reachable, {})
    finally:
        current.user = administrator
    left = [
        model
        for model in reachable
        if model not in GRANTED_TO_ALL and any(rights[model][right] for right in ("write", "create", "delete"))
    ]
    if left:
        raise RuntimeError(f"the reading user may still change {', '.join(left)}")
