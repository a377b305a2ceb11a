"""Odoo 19's JSON-2, by the stand-in: the same rows, the same figures and the same errors as over the older protocol."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import pytest

from include.connectors.base import Connector, ControlFigures
from include.errors import ConfigurationError, MissingRights
from tests.odoo.books import NOBODY, READER, SECRET
from tests.odoo.conftest import Running
from tests.odoo.json2 import Json2Server
from tests.tryton.books import HISTORY_FROM, Loaded, Row, load

pytestmark = pytest.mark.e2e

KEYS = {"key-of-the-reader": (READER, SECRET), "key-of-nobody": (NOBODY, SECRET)}


@pytest.fixture(scope="module")
def newer(odoo: Running) -> Iterator[partial[Connector]]:
    """Makes connectors for the stand-in, with the reader's key unless said otherwise."""
    with Json2Server(odoo.server.url, odoo.database, KEYS) as server:
        yield partial(odoo.connector, url=server.url, login="", password="key-of-the-reader")


def _without_links(loaded: Loaded) -> dict[str, dict[str, Row]]:
    """Return all rows; what links to the server is another address each."""
    return {
        table: {key: {name: value for name, value in row.items() if name != "source_url"} for key, row in rows.items()}
        for table, rows in loaded.tables.items()
    }


def test_both_protocols_read_the_same_records_to_the_same_rows(
    odoo: Running, newer: partial[Connector], loaded: Loaded
) -> None:
    theirs = load(newer())
    assert _without_links(theirs) == _without_links(loaded) and len(loaded.tables["invoices"]) > 1


def test_both_protocols_answer_the_same_figures(odoo: Running, newer: partial[Connector]) -> None:
    def ask(connector: Connector) -> ControlFigures:
        return connector.control_figures(datetime.now(UTC).date(), HISTORY_FROM)

    said = ask(newer())
    assert said == ask(odoo.connector()) and not said.unanswered


def test_the_version_decides_where_the_older_address_is_gone(odoo: Running) -> None:
    with Json2Server(odoo.server.url, odoo.database, KEYS, older_address=False) as server:
        said = odoo.connector(url=server.url, password="key-of-the-reader").check()
    assert said.startswith("logged in to Odoo 19 as")


def test_a_key_that_is_wrong_or_expired_is_told_as_such(newer: partial[Connector]) -> None:
    with pytest.raises(ConfigurationError, match="a key may have expired"):
        newer(password="expired").check()


def test_a_database_that_does_not_exist_is_named(newer: partial[Connector]) -> None:
    with pytest.raises(ConfigurationError, match="no database 'elsewhere'"):
        newer(database="elsewhere").check()


def test_a_company_that_the_user_does_not_see_is_named_with_those_it_sees(newer: partial[Connector]) -> None:
    with pytest.raises(ConfigurationError, match=r"does not see company 4711; it sees: \d+ \("):
        newer(entity="4711").identity()


def test_a_user_without_rights_is_told_which_model_it_may_not_read(newer: partial[Connector]) -> None:
    with pytest.raises(MissingRights, match=r"(account|res)\.[a-z.]+"):
        newer(password="key-of-nobody").check()
