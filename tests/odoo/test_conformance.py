"""The conformance suite on a real Odoo, with all cases in its books."""

from __future__ import annotations

import itertools

import pytest

from demo.tryton_files import free_port
from tests.conformance import subject as conformance
from tests.conformance.suite import CHECKS
from tests.odoo.conftest import Running, copied
from tests.odoo.subject import make
from tests.tryton.books import HISTORY_FROM

pytestmark = [pytest.mark.e2e, pytest.mark.proves("odoo", "server")]


@pytest.fixture(scope="module")
def subject(odoo: Running) -> conformance.Subject:
    """A database of its own: the suite changes a customer in it."""
    own, numbers = copied(odoo), itertools.count(1)
    clerk = own.clerk()
    owed = [["account_id", "=", clerk.receivable], ["partner_id", "!=", False]]
    (line,) = clerk.do("account.move.line", "search", owed, limit=1)
    partner = clerk.read("account.move.line", line, "partner_id")["partner_id"][0]
    (customer, _) = clerk.read("res.partner", partner, "commercial_partner_id")["commercial_partner_id"]

    def touch() -> str:
        clerk.write("res.partner", customer, email=f"changed{next(numbers)}@cases.example")
        return f"res.partner:{customer}"

    return make(own.connector, f"http://127.0.0.1:{free_port()}", HISTORY_FROM, touch)


@pytest.mark.parametrize("check", CHECKS)
def test_odoo(check: str, subject: conformance.Subject) -> None:
    CHECKS[check](subject)
