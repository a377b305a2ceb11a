"""Both of Odoo's protocols against literal answers: what is sent, which is chosen, how refusals are sorted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from include.connectors.base import Connection
from include.connectors.odoo import Odoo, companies
from include.connectors.odoo.client import Client, ids_of
from include.connectors.odoo.fields import JOURNAL, LINE, due_lines, receivable
from include.connectors.odoo.json2 import Json2
from include.connectors.odoo.jsonrpc import JsonRpc
from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable

KEY = "no-sesame-4711"
Answer = tuple[int, bytes]
PAGE = b"<!DOCTYPE HTML><title>500 Internal Server Error</title>"


def rpc(result: Any) -> Answer:
    return 200, json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


def failed(name: str, message: str = "Anna Muster") -> Answer:
    """Odoo 14 to 18: errors come with HTTP 200."""
    data = {"name": name, "message": message, "debug": f"Traceback … {message}", "arguments": [message]}
    error = {"code": 200, "message": "Odoo Server Error", "data": data}
    return 200, json.dumps({"jsonrpc": "2.0", "id": 1, "error": error}).encode()


def described(status: int, name: str, message: str = "Anna Muster") -> Answer:
    """Odoo 19: errors have their own status."""
    return status, json.dumps({"name": name, "message": message, "arguments": [], "context": {}, "debug": ""}).encode()


def fault(code: int, text: str) -> Answer:
    """XML-RPC, as Odoo 14 sends it."""
    return (
        200,
        f"""<?xml version='1.0'?><methodResponse><fault><value><struct>
<member><name>faultCode</name><value><int>{code}</int></value></member>
<member><name>faultString</name><value><string>{text}</string></value></member>
</struct></value></fault></methodResponse>""".encode(),
    )


class Said:
    """A server that answers each address with what it was told, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[Any], Answer]] = {}
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        said = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said.sent.append((self.path, dict(self.headers), body))
                status, answer = said.answers[self.path](body) if self.path in said.answers else (404, PAGE)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_: Any) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def version(self, *info: Any) -> None:
        self.answers["/web/webclient/version_info"] = lambda _: rpc({"server_version_info": list(info)})

    def object(self, answer: Answer, user: Answer | None = None) -> None:
        """Say what the older protocol answers to a login and to everything else."""
        is_login = b'"authenticate"'
        self.answers["/jsonrpc"] = lambda body: (user or rpc(7)) if is_login in body else answer

    def client(self, **extra: str) -> Client:
        host = f"http://127.0.0.1:{self.server.server_address[1]}"
        return Client(Connection("erp", host, "reader", KEY, {"database": "erp"} | extra))


@pytest.fixture
def said() -> Iterator[Said]:
    server = Said()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.mark.parametrize(
    ("info", "kind"),
    [((14, 0), JsonRpc), ((18, 0), JsonRpc), (("saas~18", 4), JsonRpc), ((19, 0), Json2), (("saas~19", 1), Json2)],
)
def test_the_servers_version_chooses_the_protocol(said: Said, info: tuple[Any, ...], kind: type) -> None:
    said.version(*info, 0, "final", 0, "")
    assert isinstance(said.client().transport, kind)


def test_a_server_without_the_older_address_says_its_version_at_the_newer_one(said: Said) -> None:
    said.answers["/web/version"] = lambda _: (200, b'{"version": "20.0", "version_info": [20, 0, 0, "final", 0, ""]}')
    assert said.client().version == 20


def test_a_version_before_14_is_refused_by_name(said: Said) -> None:
    said.version(13, 0)
    with pytest.raises(ConfigurationError, match="Odoo 13 is too old"):
        _ = said.client().transport


def test_json2_sends_named_arguments_the_key_as_bearer_and_the_database(said: Said) -> None:
    said.version(19, 0)
    said.answers["/json/2/account.move/search_read"] = lambda _: (200, b'[{"id": 1, "amount_total": 0.1}]')
    client = said.client()
    client.companies = (2, 1)
    (row,) = client.search_read("account.move", [["state", "=", "posted"]], ["amount_total"], limit=5).result
    assert row["amount_total"] == Decimal("0.1")
    _, headers, body = said.sent[-1]
    assert (headers["Authorization"], headers["X-Odoo-Database"]) == (f"bearer {KEY}", "erp")
    assert json.loads(body) == {
        "domain": [["state", "=", "posted"]], "fields": ["amount_total"], "offset": 0, "limit": 5, "order": "id asc",
        "context": {"active_test": False, "allowed_company_ids": [2, 1]},
    }  # fmt: skip


def test_json_rpc_sends_arguments_by_place_because_their_names_differ_between_versions(said: Said) -> None:
    said.version(14, 0)
    said.object(rpc(3))
    assert said.client().count("account.move", [["id", ">", 0]]) == 3
    params = json.loads(said.sent[-1][2])["params"]
    assert params["args"] == ["erp", 7, KEY, "account.move", "search_count", [[["id", ">", 0]]],
                              {"context": {"active_test": False}}]  # fmt: skip


REFUSALS: list[tuple[str, type[GreenlightError], str]] = [
    ("odoo.exceptions.AccessDenied", ConfigurationError, "a key may have expired"),
    ("odoo.exceptions.AccessError", MissingRights, "may not read account.move"),
    ("odoo.exceptions.UserError", ConfigurationError, "knows no account.move"),
    ("builtins.KeyError", ConfigurationError, "knows no account.move"),
    ("psycopg2.errors.SerializationFailure", SourceUnavailable, "SerializationFailure"),
    ("", SourceUnavailable, "Odoo failed on account.move.search_count"),
]


def _raised(client: Client) -> GreenlightError:
    with pytest.raises(GreenlightError) as raised:
        client.count("account.move", [])
    assert "Anna" not in str(raised.value) and KEY not in str(raised.value) and raised.value.next_step
    return raised.value


@pytest.mark.parametrize(("name", "kind", "sentence"), REFUSALS)
def test_an_error_with_http_200_is_an_error_sorted_by_its_class(
    said: Said, name: str, kind: type[GreenlightError], sentence: str
) -> None:
    said.version(14, 0)
    said.object(failed(name))
    error = _raised(said.client())
    assert type(error) is kind and sentence in str(error)


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (described(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey"), ConfigurationError, "have expired"),
        (described(403, "odoo.exceptions.AccessError"), MissingRights, "may not read account.move"),
        (described(404, "werkzeug.exceptions.NotFound"), ConfigurationError, "knows no account.move"),
        ((404, PAGE), ConfigurationError, "no database 'erp'"),
        (described(422, "builtins.TypeError"), SourceUnavailable, "TypeError"),
        (described(500, "psycopg2.OperationalError"), SourceUnavailable, "OperationalError"),
        ((500, PAGE), SourceUnavailable, "Odoo failed on account.move.search_count"),
    ],
)
def test_json2s_statuses_are_sorted_by_what_the_reader_must_do(
    said: Said, answer: Answer, kind: type[GreenlightError], sentence: str
) -> None:
    said.version(19, 0)
    said.answers["/json/2/account.move/search_count"] = lambda _: answer
    error = _raised(said.client())
    assert type(error) is kind and sentence in str(error)


@pytest.mark.parametrize(
    ("code", "text", "kind", "sentence"),
    [
        (3, "Access Denied", ConfigurationError, "a key may have expired"),
        (4, "Anna Muster may not", MissingRights, "may not read account.move"),
        (2, "Object doesn't exist", ConfigurationError, "knows no account.move"),
        (1, "Traceback\n  File\npsycopg2.errors.LockNotAvailable: Anna", SourceUnavailable, "LockNotAvailable"),
    ],
)
def test_a_bare_page_of_odoo_14_is_asked_again_for_what_went_wrong(
    said: Said, code: int, text: str, kind: type[GreenlightError], sentence: str
) -> None:
    """With several databases Odoo 14 does not turn the errors of /jsonrpc into JSON."""
    said.version(14, 0)
    said.object((500, PAGE))
    said.answers["/xmlrpc/2/object"] = lambda _: fault(code, text)
    error = _raised(said.client())
    assert type(error) is kind and sentence in str(error)


def test_a_call_that_goes_well_when_it_is_asked_again_is_no_answer_and_the_task_retries(said: Said) -> None:
    said.version(14, 0)
    said.object((500, PAGE))
    well = b"<?xml version='1.0'?><methodResponse><params><param><value><int>3</int></value></param></params>"
    said.answers["/xmlrpc/2/object"] = lambda _: (200, well + b"</methodResponse>")
    error = _raised(said.client())
    assert type(error) is SourceUnavailable and "Odoo failed on account.move.search_count" in str(error)


def test_a_database_that_does_not_exist_is_told_from_one_that_is_busy(said: Said) -> None:
    said.version(14, 0)
    said.object(rpc(0), failed("psycopg2.OperationalError", 'FATAL:  database "erp" does not exist'))
    assert "there is no database 'erp'" in str(_raised(said.client()))
    said.object(rpc(0), failed("psycopg2.OperationalError", "FATAL:  sorry, too many clients already"))
    assert isinstance(_raised(said.client()), SourceUnavailable)


def test_a_refused_login_and_a_missing_database_are_matters_of_configuration(said: Said) -> None:
    said.version(14, 0)
    said.object(rpc(0), rpc(False))
    assert "refuses the user or the API key" in str(_raised(said.client()))
    assert "names no database" in str(_raised(said.client(database="")))


@pytest.mark.parametrize("result", [True, "3", None, [3], 3.5])
def test_a_count_that_is_no_number_is_no_answer(said: Said, result: Any) -> None:
    said.version(14, 0)
    said.object(rpc(result))
    assert "not one that Odoo gives" in str(_raised(said.client()))


def test_fields_are_those_that_the_database_has_and_a_hidden_one_is_named(said: Said) -> None:
    said.version(14, 0)
    has = {name: {"type": "char"} for name in (*LINE.required, "display_type")}
    said.object(rpc(has))
    assert said.client().fields(LINE) == [*LINE.required, "display_type"]
    said.object(rpc({"name": {"type": "char"}}))
    with pytest.raises(MissingRights, match=r"sees no type of account\.journal"):
        said.client().require(JOURNAL)


def test_versions_words_for_the_same_are_told_by_the_fields_there_are() -> None:
    assert receivable({"internal_type": "selection"}) == [["account_id.internal_type", "=", "receivable"]]
    assert receivable({"account_type": "selection"}) == [["account_id.account_type", "=", "asset_receivable"]]
    assert due_lines({"exclude_from_invoice_tab": "boolean"}) == [["exclude_from_invoice_tab", "=", True]]
    assert due_lines({"display_type": "selection"}) == [["display_type", "=", "payment_term"]]


def test_ids_are_read_from_either_shape_and_nothing_else() -> None:
    rows = [{"a": [5, "Five"]}, {"a": [7, 8]}, {"a": False}, {"a": True}, {"a": 3}, {"a": "9"}, {}]
    assert ids_of(rows, "a") == [3, 5, 7, 8]


def test_a_company_that_is_archived_is_not_listed_and_its_organization_is_told(said: Said) -> None:
    """From 17 on a company can be archived; the others of the connection are read as ever."""
    said.version(18, 0)
    listed = [{"id": n, "name": f"C{n}", "currency_id": [2, "USD"], "partner_id": [n, f"C{n}"], "active": n == 1,
               "create_date": "2026-01-01 00:00:00"} for n in (1, 2)]  # fmt: skip
    said.answers["/jsonrpc"] = _of_companies(listed)
    client = said.client()
    seen = companies.seen(client)
    assert companies.chosen(client, seen, "1")["id"] == 1
    with pytest.raises(ConfigurationError, match=r"company 2 \(C2\) is archived in Odoo"):
        companies.chosen(client, seen, "2")
    host = f"http://127.0.0.1:{said.server.server_address[1]}"
    connector = Odoo(Connection("erp", host, "reader", KEY, {"database": "erp"}))
    assert [entity.id for entity in connector.entities()] == ["1"]


def _of_companies(listed: list[dict[str, Any]]) -> Callable[[bytes], Answer]:
    """Answer to a log-in, what fields a company has, what companies the user has, and those."""
    fields_of_company = {name: {"type": "char"} for name in listed[0] if name != "id"}

    def answer(body: bytes) -> Answer:
        args = json.loads(body)["params"]["args"]
        if len(args) < 7:
            return rpc(7)
        if args[4] == "fields_get":
            return rpc(fields_of_company)
        return rpc([{"id": 7, "company_ids": [one["id"] for one in listed]}] if args[3] == "res.users" else listed)

    return answer


def test_listing_the_companies_again_leaves_the_chosen_one_the_current_one(said: Said) -> None:
    """A partner's receivable is that in the current company: the first of those asked for."""
    said.version(14, 0)
    listed = [{"id": n, "name": f"C{n}", "currency_id": [2, "USD"], "partner_id": [n, f"C{n}"],
               "create_date": "2026-01-01 00:00:00"} for n in (1, 2)]  # fmt: skip
    said.answers["/jsonrpc"] = _of_companies(listed)
    client = said.client()
    companies.chosen(client, companies.seen(client), "2")
    assert client.companies == (2, 1)
    assert [one["id"] for one in companies.seen(client)] == [1, 2] and client.companies == (2, 1)
