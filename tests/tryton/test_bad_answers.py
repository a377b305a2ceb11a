"""Answers that no Tryton gives: one bad record is a reject and stops nobody, nonsense is sorted by what to do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from include.connectors.base import Connection, Page, Reject
from include.connectors.tryton import Tryton
from include.errors import ConfigurationError, GreenlightError, SourceUnavailable
from include.normalize import typed
from tests.tryton.books import EVERYTHING, HISTORY_FROM, Loaded, load
from tests.tryton.conftest import Running

Record = dict[str, Any]
MISSING = object()


def _amount(text: str) -> Any:
    return {"__class__": "Decimal", "decimal": text}


AMOUNTS = [
    _amount("NaN"), _amount("Infinity"), _amount("-Infinity"), _amount("0.001"), _amount("922337203685477580.80"),
    _amount("1E+400"), _amount("twelve"), "12.00", float("nan"), 12.5, None, [], MISSING,
]  # fmt: skip
"""What no amount in dollars can be: not finite, too fine, beyond 64 bits, in another shape, not there."""
DAY = {"__class__": "date", "year": 2026, "month": 13, "day": 1}


@pytest.fixture(scope="module")
def pages(tryton: Running) -> dict[str, Page]:
    """One page of each stream; all that there is fits."""
    connector = tryton.connector()
    return {stream.name: next(connector.read(stream, EVERYTHING)) for stream in connector.streams}


def _spoiled(page: Page, record_id: int, field: str, value: Any) -> bytes:
    """The page's body with another value (or none) in one record's field; `a/b` goes into the first of a list."""
    body = json.loads(page.body)
    records = [record for record in body["responses"][0]["result"] if record["id"] == record_id]
    assert len(records) == 1
    where: Any = records[0]
    *path, name = field.split("/")
    for step in path:
        where = where[step][0] if isinstance(where[step], list) else where[step]
    assert name in where
    if value is MISSING:
        del where[name]
    else:
        where[name] = value
    return json.dumps(body).encode()


def _rejected(tryton: Running, pages: dict[str, Page], stream: str, key: str, field: str, value: Any) -> list[Reject]:
    """What is rejected of the page with that record spoiled; every other row is as it was."""
    connector = tryton.connector()
    of, page = connector.stream(stream), pages[stream]
    body = _spoiled(page, int(key.partition(":")[2]), field, value)
    frames, rejects = typed(connector, of, connector.decode(of, body))
    sound, none = typed(connector, of, connector.decode(of, page.body))
    assert none == []
    for table, frame in sound.items():
        owner = "external_id" if of.tables[table] is None else "parent_external_id"
        kept = frame[~frame[owner].isin([key])].reset_index(drop=True)
        assert kept.equals(frames[table].reset_index(drop=True)), table
    return rejects


@pytest.mark.parametrize("field", ["total_amount", "amount_to_pay", "untaxed_amount", "lines_to_pay./debit"])
@pytest.mark.parametrize("value", AMOUNTS, ids=str)
def test_impossible_amount_rejects_its_invoice_alone(
    field: str, value: Any, tryton: Running, pages: dict[str, Page]
) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    (reject,) = _rejected(tryton, pages, "invoices", key, field, value)
    assert (reject.key, reject.is_open) == (key, True)
    assert reject.reason in ("impossible_amount", "malformed_record", "missing_value") and reject.message


@pytest.mark.parametrize("field", ["debit", "credit"])
@pytest.mark.parametrize("value", AMOUNTS, ids=str)
def test_impossible_amount_rejects_its_entry_alone(
    field: str, value: Any, tryton: Running, loaded: Loaded, pages: dict[str, Page]
) -> None:
    (payment,) = loaded.of("payments", tryton.cases["paid_on_account"]["customer"])
    key = payment["external_id"]
    (reject,) = _rejected(tryton, pages, "payments", key, field, value)
    assert (reject.key, reject.is_open) == (key, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency.", {"id": 9, "code": "ZZZ"}), ("currency.", {"id": 9, "code": None}), ("currency.", None),
        ("currency.", MISSING), ("currency./code", MISSING), ("state", "pro forma"), ("state", None),
        ("state", MISSING), ("party", MISSING), ("number", 7), ("number", MISSING),
        ("invoice_date", DAY), ("invoice_date", "yesterday"), ("lines_to_pay.", None), ("lines_to_pay.", MISSING),
        ("lines_to_pay.", "none"), ("lines_to_pay./maturity_date", MISSING), ("lines_to_pay./reconciliation.", MISSING),
        ("payment_lines.", MISSING), ("write_date", "now"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_field_rejects_its_invoice_alone(field: str, value: Any, tryton: Running, pages: dict[str, Page]) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    assert [reject.key for reject in _rejected(tryton, pages, "invoices", key, field, value)] == [key]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("second_currency.", {"id": 9, "code": "ZZZ"}), ("move.", None), ("move.", MISSING), ("party", None),
        ("move./state", MISSING), ("move./journal.", None), ("move./date", DAY), ("reconciliation.", MISSING),
        ("reconciliation.", {"id": 0}), ("invoice_payment", MISSING), ("invoice_payment", "none"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_field_rejects_its_entry_alone(
    field: str, value: Any, tryton: Running, loaded: Loaded, pages: dict[str, Page]
) -> None:
    (payment,) = loaded.of("payments", tryton.cases["paid_on_account"]["customer"])
    key = payment["external_id"]
    assert [reject.key for reject in _rejected(tryton, pages, "payments", key, field, value)] == [key]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 7), ("name", MISSING), ("active", MISSING), ("contact_mechanisms.", MISSING), ("addresses.", "none"),
        ("contact_mechanisms./value", ["a@b.example"]), ("contact_mechanisms./type", MISSING),
        ("contact_mechanisms./id", MISSING),
    ],
    ids=str,
)  # fmt: skip
def test_bad_field_rejects_its_customer_alone(field: str, value: Any, tryton: Running, pages: dict[str, Page]) -> None:
    key = tryton.cases["paid_on_account"]["customer"]
    assert [reject.key for reject in _rejected(tryton, pages, "customers", key, field, value)] == [key]


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


@pytest.mark.parametrize("field", ["id", "lines_to_pay.", "total_amount", "state"])
def test_invoice_without_a_field_stops_nobody_on_the_way(
    field: str, tryton: Running, loaded: Loaded, between: Callable[[Spoil], Tryton]
) -> None:
    key = tryton.cases["credit_unapplied"]["documents"][0]
    connector = between(_in("account.invoice", int(key.partition(":")[2]), lambda record: record.pop(field, None)))
    got = load(connector, {"invoices": connector.read(connector.stream("invoices"), EVERYTHING)})
    assert len(got.rejects) == 1 and (field == "id" or got.rejects[0].key == key)
    assert loaded.tables["invoices"].keys() - got.tables["invoices"].keys() == {key}


@pytest.mark.parametrize("field", ["id", "reconciliation.", "move.", "invoice_payment", "debit"])
def test_entry_without_a_field_stops_nobody_on_the_way(
    field: str, tryton: Running, loaded: Loaded, between: Callable[[Spoil], Tryton]
) -> None:
    (payment,) = loaded.of("payments", tryton.cases["paid_on_account"]["customer"])
    line = int(payment["external_id"].partition(":")[2])
    connector = between(_in("account.move.line", line, lambda record: record.pop(field, None)))
    got = load(connector, {"payments": connector.read(connector.stream("payments"), EVERYTHING)})
    assert len(got.rejects) == 1
    assert loaded.tables["payments"].keys() - got.tables["payments"].keys() == {payment["external_id"]}
    assert loaded.tables["allocations"].keys() == got.tables["allocations"].keys()


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
     b'{"error": "no"}', b'{"result": 7}', b'{"result": [7]}', b'{"result": {}}', b"<html>", b"[" * 100_000],
    ids=lambda answer: answer[:12].decode("latin-1"),
)  # fmt: skip
@pytest.mark.parametrize("method", ["common.db.login", "res.user.get_preferences", "search_read"])
def test_nonsense_is_something_to_wait_for(method: str, answer: bytes, between: Callable[[Spoil], Tryton]) -> None:
    connector = between(lambda asked, result: answer if asked.endswith(method) else result)
    with pytest.raises(GreenlightError) as caught:
        list(connector.read(connector.stream("invoices"), EVERYTHING))
    assert isinstance(caught.value, SourceUnavailable | ConfigurationError) and caught.value.next_step


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
