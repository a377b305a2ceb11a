"""What the connector makes of a real Odoo's books, held against what Odoo itself says of them, per company."""

from __future__ import annotations

import pytest

from tests.odoo import holding
from tests.odoo.conftest import Running
from tests.tryton.books import Loaded, load

pytestmark = [pytest.mark.e2e, pytest.mark.proves("odoo", "client"), pytest.mark.proves("odoo", "server")]

CURRENCIES = {"northwind": "USD", "contoso": "EUR"}


@pytest.fixture(scope="module", params=CURRENCIES)
def company(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def loaded(company: str, odoo: Running) -> Loaded:
    """Everything there is in the company, read and typed."""
    return load(odoo.connector(getattr(odoo.companies, company)))


@pytest.fixture(scope="module")
def books(company: str, odoo: Running, loaded: Loaded) -> holding.Books:
    """And what Odoo says at the same time."""
    identifier = getattr(odoo.companies, company)
    today = odoo.clerk(identifier).today
    return holding.Books(loaded.tables, odoo.truth(identifier), CURRENCIES[company], today)


def test_sound_books_give_no_rejects(loaded: Loaded) -> None:
    assert loaded.rejects == []


def test_every_document_is_there_with_its_facts(books: holding.Books) -> None:
    books.hold_documents()


def test_due_dates_and_their_rests_are_odoos(books: holding.Books) -> None:
    books.hold_due_dates()


def test_partner_ledger_is_odoos(books: holding.Books) -> None:
    books.hold_partner_ledger()


def test_partner_forms_say_the_same(books: holding.Books) -> None:
    books.hold_partner_forms()


def test_aged_receivable_is_odoos(books: holding.Books) -> None:
    books.hold_aging()


def test_what_settles_a_document_is_what_its_form_lists(books: holding.Books) -> None:
    books.hold_settlements()


def test_every_row_is_explained(books: holding.Books) -> None:
    books.hold_explanations()


def test_customers_are_whole(books: holding.Books) -> None:
    books.hold_customers()
