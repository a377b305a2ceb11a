"""Logging in, rights, accounts and subsidiaries: a clear error for whatever is wrong, and others unharmed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from include.connectors.netsuite import NetSuite
from include.errors import ConfigurationError, MissingRights
from include.sandbox.ledger import Ledger
from include.sandbox.netsuite.server import serve
from include.sandbox.records import Kind
from tests.netsuite.conftest import SETTINGS, Running

INVOICES = NetSuite.stream("invoices")


@pytest.fixture(scope="module")
def own() -> Iterator[Running]:
    """A sandbox whose rights the tests change, each back to all of them."""
    ledger = Ledger(invoices=30, entities=2, now=datetime.now(UTC))
    with serve(ledger, SETTINGS) as server:
        yield Running(server, ledger)


@pytest.fixture(autouse=True)
def _granted(own: Running) -> Iterator[None]:
    yield
    own.server.restrict()


@pytest.mark.parametrize("way", ["certified", "signed"])
def test_either_login_sees_the_subsidiaries(running: Running, way: str) -> None:
    made = running.connector(getattr(running, way)())
    assert running.ledger.entity(0).entity.name in made.check()
    assert [entity.base_currency for entity in made.entities()] == [
        books.entity.currency for books in running.ledger.books.values()
    ]


def test_a_revoked_certificate_is_told_although_the_token_of_another_one_is_still_good(own: Running) -> None:
    own.connector(entity="1").check()
    with pytest.raises(ConfigurationError, match="refuses the certificate"):
        own.connector(own.certified(extra={"certificate_id": "gone"}), entity="1").check()


def test_another_account_is_told(own: Running) -> None:
    with pytest.raises(ConfigurationError, match="refuses the login"):
        own.connector(own.signed(extra={"account": "7654321"}), entity="1").check()


def test_a_wrong_time_zone_is_told(own: Running) -> None:
    own.ledger.now = datetime.now(UTC)
    books = own.ledger.entity(0)
    books.touch(next(invoice for invoice in books.kinds(Kind.INVOICE) if invoice.outstanding), own.ledger.now)
    with pytest.raises(ConfigurationError, match="another time zone"):
        own.connector(own.certified(extra={"timezone": "America/Los_Angeles"})).check()


def test_an_unknown_subsidiary_is_told_with_those_that_there_are(own: Running) -> None:
    with pytest.raises(ConfigurationError, match=r"does not see subsidiary 999.*it sees: .*\("):
        own.connector(entity="999").identity()


def test_several_subsidiaries_and_none_named_is_told(own: Running) -> None:
    with pytest.raises(ConfigurationError, match="none named"):
        own.connector(entity="").identity()


@pytest.mark.parametrize(
    ("right", "named"), [("Customers", "Lists › Customers"), ("Find Transaction", "Find Transaction")]
)
def test_check_names_what_the_role_lacks(own: Running, right: str, named: str) -> None:
    entity = own.entity
    own.server.restrict(right)
    with pytest.raises(MissingRights, match=named):
        own.connector(entity=entity).check()


def test_check_says_what_is_lost_without_rights_that_are_not_needed(own: Running) -> None:
    entity = own.entity
    own.server.restrict("Contacts", "Deleted Records")
    made = own.connector(entity=entity)
    said = made.check()
    assert "without Lists › Contacts" in said and "without Lists › Deleted Records" in said
    assert not made.lists_deletions() and list(made.deletions(own.ledger.now)) == []
    assert list(made.read_open(INVOICES))


def test_a_subsidiary_that_the_role_may_not_see_harms_no_other(own: Running) -> None:
    seen = own.connector(entity="").entities()
    own.server.restrict(subsidiaries=(int(seen[0].id),))
    assert list(own.connector(entity=seen[0].id).read_open(INVOICES))
    with pytest.raises(ConfigurationError, match="does not see subsidiary"):
        own.connector(entity=seen[1].id).identity()
