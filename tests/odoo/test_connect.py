"""`python -m include.connect` on a real Odoo: what a person reads who has set something up wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo.tryton_files import free_port
from include import connect, environment
from include.errors import ConfigurationError
from tests.odoo.books import CONTOSO, NOBODY, NORTHWIND, ONE, READER, SECRET
from tests.odoo.clerk import Clerk
from tests.odoo.conftest import Running, copied
from tests.tryton.books import load

pytestmark = pytest.mark.e2e

Said = tuple[int, str]
MISTAKEN = 2


@pytest.fixture
def said(
    odoo: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Run the command on a connection of the environment; return its status and all that it printed."""
    monkeypatch.setenv("GREENLIGHT_ORGANIZATIONS", str(tmp_path))
    monkeypatch.setattr(environment, "load", lambda: None)

    def run(*words: str, database: str = odoo.database, **changes: Any) -> Said:
        told = {"conn_type": "odoo", "host": odoo.server.url, "login": READER, "password": SECRET}
        made = told | changes | {"extra": {"database": database} if database else {}}
        monkeypatch.setenv("AIRFLOW_CONN_ODOO_GROUP", json.dumps(made))
        status = connect.main(["odoo_group", *words])
        printed = capsys.readouterr()
        everything = printed.out + printed.err
        assert made["password"] not in everything and "Traceback" not in everything
        return status, everything

    return run


@pytest.fixture(scope="module")
def changing(odoo: Running) -> Running:
    """A database of its own, whose users lose what they may."""
    return copied(odoo)


def test_it_lists_the_companies_and_writes_a_file_for_each(said: Callable[..., Said], tmp_path: Path) -> None:
    status, words = said("--all")
    assert status == 0 and f"as {READER}, sees {NORTHWIND}, {CONTOSO}" in words
    written = [path.read_text() for path in tmp_path.glob("*.yaml")]
    assert len(written) == 2 and all("connector: odoo" in each for each in written)


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "another user": ({"login": "somebody"}, "refuses the user or the API key", "make a new key"),
    "a wrong key": ({"password": "no-sesame-4711"}, "a key may have expired", "make a new key"),
    "another database": ({"database": "elsewhere"}, "there is no database 'elsewhere'", '{"database": "…"}'),
    "no database": ({"database": ""}, "names no database", '{"database": "…"}'),
    "a user without the group": ({"login": NOBODY}, "the user", "groups"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_connection_is_said_with_what_to_do(said: Callable[..., Said], what: str) -> None:
    changes, reason, step = WRONG[what]
    status, words = said(**changes)
    assert status == MISTAKEN and reason in words and step in words, words


def test_a_host_at_which_nobody_answers_is_waited_for(
    said: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    status, words = said(host=f"http://127.0.0.1:{free_port()}")
    assert status == connect.WAIT and "no answer" in words, words


def test_a_key_that_is_taken_back_is_told_the_next_time(changing: Running, said: Callable[..., Said]) -> None:
    name = {"database": changing.database, "login": ONE}
    assert said(**name)[0] == 0
    admin = changing.clerk()
    admin.write("res.users", _user(admin, ONE), password="another-4711")
    status, words = said(**name)
    assert status == MISTAKEN and "a key may have expired" in words


def test_a_company_taken_from_the_user_fails_alone_and_is_named(changing: Running) -> None:
    """The other company of the same connection is read as before."""
    admin = changing.clerk()
    northwind, contoso = changing.companies.northwind, changing.companies.contoso
    before = load(changing.connector(northwind))
    admin.write("res.users", _user(admin, READER), company_ids=[(6, 0, [northwind])])
    missing = rf"does not see company {contoso}; it sees: {northwind} \({NORTHWIND}"
    with pytest.raises(ConfigurationError, match=missing):
        changing.connector(contoso).identity()
    assert load(changing.connector(northwind)).items.keys() == before.items.keys()


def _user(admin: Clerk, login: str) -> int:
    (user,) = admin.find("res.users", ("login", "=", login))
    return user
