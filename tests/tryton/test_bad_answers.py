"""A server that answers what no Tryton does: a bad record stops nobody, nonsense is sorted by what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from include.connectors.base import Connection
from include.connectors.tryton import Tryton
from include.errors import ConfigurationError, SourceUnavailable
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded, load
from tests.tryton.conftest import Running

Record = dict[str, Any]
MISSING = ...  # the field is not there
Spoil = Callable[[str, Any], Any]
"""RPC method, its result → the result to give instead; bytes go out as they are."""


@pytest.fixture
def between(tryton: Running) -> Iterator[Callable[[Spoil], Tryton]]:
    """Stand between Greenlight and Tryton and change what Tryton answers."""
    spoil: list[Spoil] = []

    class Between(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name: self.headers[name] for name in ("Content-Type", "Authorization") if name in self.headers}
            answer = requests.post(f"{tryton.server.url}{self.path}", asked, headers=headers, timeout=60)
            said = answer.json()
            given = spoil[0](json.loads(asked)["method"], said.get("result"))
            body = given if isinstance(given, bytes) else json.dumps(said | {"result": given}).encode()
            self.send_response(answer.status_code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def connect(how: Spoil) -> Tryton:
        spoil[:] = [how]
        return tryton.connector(host=f"http://127.0.0.1:{server.server_address[1]}")

    yield connect
    server.shutdown()
    server.server_close()


def _in(model: str, record_id: int, change: Callable[[Record], object]) -> Spoil:
    """Change one record of a model wherever it is answered as such."""

    def spoil(method: str, result: Any) -> Any:
        if method == f"model.{model}.search_read":
            for record in result:
                if record.get("id") == record_id:
                    change(record)
        return result

    return spoil


def _change(field: str, value: Any) -> Callable[[Record], object]:
    return lambda record: record.pop(field, None) if value is MISSING else record.update({field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", MISSING), ("lines_to_pay.", MISSING), ("lines_to_pay.", None), ("lines_to_pay.", [{}]),
     ("total_amount", MISSING), ("state", None)],
    ids=str,
)  # fmt: skip
def test_bad_invoice_stops_nobody_on_the_way(
    field: str, value: Any, tryton: Running, loaded: Loaded, between: Callable[[Spoil], Tryton]
) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    connector = between(_in("account.invoice", int(key.partition(":")[2]), _change(field, value)))
    got = load(connector, {"invoices": connector.read(connector.stream("invoices"), EVERYTHING)})
    assert len(got.rejects) == 1 and (field == "id" or got.rejects[0].key == key)
    assert loaded.tables["invoices"].keys() - got.tables["invoices"].keys() == {key}


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", MISSING), ("reconciliation.", MISSING), ("reconciliation.", {"id": "none"}), ("move.", None),
     ("move.", {"id": None}), ("invoice_payment", MISSING), ("invoice_payment", "none"), ("debit", MISSING)],
    ids=str,
)  # fmt: skip
def test_bad_entry_stops_nobody_on_the_way(
    field: str, value: Any, tryton: Running, loaded: Loaded, between: Callable[[Spoil], Tryton]
) -> None:
    (payment,) = loaded.of("payments", tryton.cases["paid_on_account"]["customer"])
    line = int(payment["external_id"].partition(":")[2])
    connector = between(_in("account.move.line", line, _change(field, value)))
    got = load(connector, {"payments": connector.read(connector.stream("payments"), EVERYTHING)})
    assert len(got.rejects) == 1
    assert loaded.tables["payments"].keys() - got.tables["payments"].keys() == {payment["external_id"]}
    assert loaded.tables["allocations"].keys() == got.tables["allocations"].keys()


@pytest.mark.parametrize(("field", "value"), [("id", MISSING), ("name", MISSING), ("addresses.", None)], ids=str)
def test_bad_customer_stops_nobody_on_the_way(
    field: str, value: Any, tryton: Running, loaded: Loaded, between: Callable[[Spoil], Tryton]
) -> None:
    key = tryton.cases["paid_on_account"]["customer"]
    connector = between(_in("party.party", int(key.partition(":")[2]), _change(field, value)))
    got = load(connector, {"customers": connector.read(connector.stream("customers"), EVERYTHING)})
    assert len(got.rejects) == (0 if value is None else 1), "no addresses are an answer"
    gone = loaded.tables["customers"].keys() - got.tables["customers"].keys()
    assert gone == (set() if value is None else {key})


def test_figure_that_cannot_be_read_is_unanswered_and_the_others_are_asked(
    tryton: Running, between: Callable[[Spoil], Tryton]
) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    spoil = _in("account.invoice", int(key.partition(":")[2]), lambda record: record.pop("amount_to_pay", None))
    said = between(spoil).control_figures(datetime.now(UTC).date(), HISTORY_FROM)
    assert set(said.unanswered) == {"open_document"} and "open_document" not in said.asked
    assert {figure.name for figure in said.figures} == {"open_total", "customer_balance", "closed_world", "count"}


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"null", b'"ok"', b"{}", b'{"id": 1}', b'{"result": nul', b"\xff\xfe", b'{"error": null}',
     b'{"error": "no"}', b'{"result": 7}', b'{"result": [7]}', b'{"result": "no"}', b"<html>", b"[" * 100_000],
    ids=lambda answer: answer[:12].decode("latin-1"),
)  # fmt: skip
@pytest.mark.parametrize("method", ["common.db.login", "res.user.get_preferences", "search_read"])
def test_nonsense_is_something_to_wait_for(method: str, answer: bytes, between: Callable[[Spoil], Tryton]) -> None:
    connector = between(lambda asked, result: answer if asked.endswith(method) else result)
    with pytest.raises(SourceUnavailable) as caught:
        list(connector.read(connector.stream("invoices"), EVERYTHING))
    assert caught.value.next_step


def test_records_that_all_lack_ids_are_nonsense(between: Callable[[Spoil], Tryton]) -> None:
    def spoil(method: str, result: Any) -> Any:
        return [{"number": 1}] if method == "model.account.invoice.search_read" else result

    connector = between(spoil)
    with pytest.raises(SourceUnavailable, match="no ids"):
        list(connector.read(connector.stream("invoices"), EVERYTHING))


def test_entity_that_is_no_number_is_not_seen(tryton: Running) -> None:
    for entity in ("Northwind Traders", "99", "-1", "1.0"):
        connector = Tryton(tryton.connection(), entity)
        with pytest.raises(ConfigurationError, match="does not see company"):
            list(connector.read(connector.stream("invoices"), EVERYTHING))


def test_host_that_is_no_address() -> None:
    with pytest.raises(ConfigurationError, match="host"):
        Tryton(Connection("tryton", "erp.example.com", "greenlight", "secret", {"database": "erp"}), "1")
