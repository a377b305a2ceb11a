"""include/connectors/http.py against a local server that does what servers and proxies do on bad days."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from requests.auth import HTTPBasicAuth

from include import exact_json
from include.connectors import http, redaction
from include.connectors.http import Answer, Http
from include.connectors.resolutions import RESOLUTIONS, Resolution
from include.errors import ConfigurationError, GreenlightError, MissingRights, SourceUnavailable

SECRET = "no-sesame-4711"
Fault = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each request with the next fault of the server's list, the last one for ever."""

    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(dict(self.headers))
        faults = self.server.faults
        faults[min(len(self.server.seen), len(faults)) - 1](self)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    faults: tuple[Fault, ...]
    seen: list[dict[str, str]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers with these faults, in this order."""
    started: list[Server] = []

    def start(*faults: Fault) -> Server:
        server = Server(("127.0.0.1", 0), Handler)
        server.faults, server.seen = faults, []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(backoff_factor=0, backoff_jitter=0))


def answer(status: int = 200, body: bytes = b'{"ok": true}', length: int | None = None, **headers: str) -> Fault:
    def fault(handler: Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)
        handler.close_connection = True

    return fault


def reset(handler: Handler) -> None:
    """Close hard, so that the client sees a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.wfile = handler.rfile


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def drip(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


def ask(server: Server) -> tuple[Http, Any]:
    """Post with a secret in password, header and body, and return the client and the answer's JSON."""
    client = Http(server.url, secrets=(SECRET,))
    return client, _post(client)


def _post(client: Http) -> Any:
    return client.post("/rpc", json={"password": SECRET}, headers={"Authorization": f"Bearer {SECRET}"}).json()


def refused(client: Http) -> GreenlightError:
    """Return the error of asking, which says what to do and never the secret."""
    with pytest.raises(GreenlightError) as caught:
        _post(client)
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.next_step
    return caught.value


def test_answer_with_the_servers_clock(serve: Serve) -> None:
    client = Http(serve(answer()).url + "/")
    got = client.get("/x", params={"a": "b"})
    assert got.json() == {"ok": True} and abs(datetime.now(UTC) - got.at) < timedelta(seconds=5)
    assert client.request_count == 1


@pytest.mark.parametrize("headers", [{"Retry_After": "0"}, {"Retry_After": "1"}, {}], ids=["zero", "seconds", "none"])
def test_rate_limit_is_waited_for(headers: dict[str, str], serve: Serve) -> None:
    started = time.monotonic()
    client, got = ask(serve(answer(429, **headers), answer()))
    assert got == {"ok": True} and client.request_count == 2
    assert time.monotonic() - started >= int(headers.get("Retry_After", 0))


def test_retry_after_as_a_date_is_waited_for(serve: Serve) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    started = time.monotonic()
    client, got = ask(serve(answer(429, Retry_After=at), answer()))
    assert got == {"ok": True} and client.request_count == 2 and time.monotonic() - started >= 0.9


def test_rate_limit_that_stays_says_how_long(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(total=0, status=0))
    for header, expected in (("120", 120.0), ("soon", None), ("²", None)):
        error = refused(Http(serve(answer(429, Retry_After=header.encode().decode("latin-1"))).url))
        assert isinstance(error, SourceUnavailable) and error.retry_after == expected
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    error = refused(Http(serve(answer(429, Retry_After=at)).url))
    assert isinstance(error, SourceUnavailable) and error.retry_after and 80 < error.retry_after <= 91


def test_a_long_wait_is_left_to_airflow_at_once(serve: Serve) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(hours=18), usegmt=True)
    for status, header, seconds in ((429, "66975", 66_975), (503, "3600", 3600), (429, at, 18 * 3600)):
        client, started = Http(serve(answer(status, Retry_After=header)).url), time.monotonic()
        error = refused(client)
        assert isinstance(error, SourceUnavailable) and error.retry_after == pytest.approx(seconds, abs=2)
        assert client.request_count == 1 and time.monotonic() - started < 5


def test_a_retry_after_that_means_nothing_is_an_outage(serve: Serve) -> None:
    assert isinstance(refused(Http(serve(answer(429, Retry_After="soon")).url)), SourceUnavailable)


def test_burst_of_503_then_an_answer(serve: Serve) -> None:
    client, got = ask(serve(answer(503), answer(502), answer(504), answer()))
    assert got == {"ok": True} and client.request_count == 4


def test_retries_end(serve: Serve) -> None:
    server = serve(answer(503))
    client = Http(server.url)
    assert isinstance(refused(client), SourceUnavailable)
    assert client.request_count == len(server.seen) == 5


@pytest.mark.parametrize("fault", [reset, hang_up])
def test_broken_connection_is_tried_again(fault: Fault, serve: Serve) -> None:
    client, got = ask(serve(fault, answer()))
    assert got == {"ok": True} and client.request_count == 2


def test_broken_connections_that_stay_are_counted(serve: Serve) -> None:
    server = serve(hang_up)
    client = Http(server.url)
    assert isinstance(refused(client), SourceUnavailable)
    assert client.request_count == len(server.seen) == 3


def test_refused_connection_is_counted() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        client = Http(f"http://127.0.0.1:{free.getsockname()[1]}")
        assert isinstance(refused(client), SourceUnavailable)
    assert client.request_count == 4


def test_unknown_host_is_an_outage() -> None:
    assert isinstance(refused(Http("http://no-such-host.invalid")), SourceUnavailable)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (answer(body=b"<html>Please log in</html>"), "web page"),
        (answer(body=b'{"rows": [1, 2'), "cut off"),
        (answer(body=b"[" * 200_000), "cut off"),
        (answer(body=b'{"ok": true}', length=500), "no answer"),
        (answer(body=b"not gzip", Content_Encoding="gzip"), "no answer"),
    ],
    ids=["html", "truncated", "nested", "short", "garbled"],
)
def test_nonsense_is_an_outage(fault: Fault, words: str, serve: Serve) -> None:
    error = refused(Http(serve(fault).url))
    assert isinstance(error, SourceUnavailable) and words in str(error)


def test_compressed_answer_is_read(serve: Serve) -> None:
    body = gzip.compress(json.dumps(list(range(50_000))).encode())
    _, got = ask(serve(answer(body=body, Content_Encoding="gzip")))
    assert got == list(range(50_000))


def test_chunked_answer_is_read(serve: Serve) -> None:
    def chunked(handler: Handler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for part in (b"[1, 2", b", 3]"):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        handler.wfile.write(b"0\r\n\r\n")
        handler.close_connection = True

    assert ask(serve(chunked))[1] == [1, 2, 3]


def test_redirect_is_never_followed(serve: Serve) -> None:
    other = serve(answer())
    for status in (301, 302, 303, 307, 308):
        client = Http(serve(answer(status, Location=f"{other.url}/rpc")).url)
        assert isinstance(refused(client), ConfigurationError) and client.request_count == 1
    assert other.seen == [], "credentials went to another server"


def test_bomb_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 2**20)
    bomb = gzip.compress(b"0" * 2**26)
    error = refused(Http(serve(answer(body=bomb, Content_Encoding="gzip")).url))
    assert isinstance(error, SourceUnavailable) and "larger" in str(error)


def test_slow_drip_is_bounded(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.3)
    started = time.monotonic()
    error = refused(Http(serve(drip).url))
    assert isinstance(error, SourceUnavailable) and time.monotonic() - started < 5


def test_silence_is_bounded(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "READ_SECONDS", 0.2)
    client = Http(serve(lambda handler: time.sleep(3)).url)
    started = time.monotonic()
    assert isinstance(refused(client), SourceUnavailable)
    assert client.request_count == 3 and time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SourceUnavailable), (401, ConfigurationError), (403, MissingRights), (404, ConfigurationError),
        (418, SourceUnavailable), (500, SourceUnavailable),
    ],
)  # fmt: skip
def test_statuses_are_sorted(status: int, error: type[GreenlightError], serve: Serve) -> None:
    body = json.dumps({"echo": SECRET}).encode()
    client = Http(serve(answer(status, body)).url)
    assert type(refused(client)) is error and client.request_count == 1


def test_accepted_status_is_handed_on(serve: Serve) -> None:
    assert Http(serve(answer(404)).url).post("/x", accepts=(200, 404)).status == 404


def test_answer_without_clock() -> None:
    with pytest.raises(SourceUnavailable, match="clock"):
        _ = http.Answer(200, {}, b"").at


def test_address_must_be_http() -> None:
    with pytest.raises(ConfigurationError, match="http"):
        Http("ftp://erp.example.com")


def test_environment_proxies_and_netrc_are_ignored(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask(serve(answer()))[1] == {"ok": True}


def test_a_broken_answer_is_asked_for_again(serve: Serve) -> None:
    client, got = ask(serve(answer(body=b'{"ok": true}', length=500), answer()))
    assert got == {"ok": True} and client.request_count == 2


def test_json_is_asked_for_unless_something_else_is(serve: Serve) -> None:
    server = serve(answer())
    Http(server.url).get("/x")
    Http(server.url, headers={"Accept": "application/xml"}).get("/x")
    Http(server.url).get("/x", headers={"Accept": "text/csv"})
    assert [seen["Accept"] for seen in server.seen] == ["application/json", "application/xml", "text/csv"]


def test_a_form_is_posted(serve: Serve) -> None:
    server = serve(answer())
    Http(server.url).post("/x", data={"a": "1"})
    assert server.seen[0]["Content-Type"] == "application/x-www-form-urlencoded"


def test_amounts_can_stay_exact(serve: Serve) -> None:
    got = Http(serve(answer(body=b'{"amount": 1234567890.10}')).url).get("/x").json(exact_json.decode)
    assert got == {"amount": Decimal("1234567890.10")}


@pytest.mark.parametrize("link", ["http://127.0.0.1:9/x", "https://elsewhere.example.com/x", "file:///etc/passwd"])
def test_another_host_is_never_asked(link: str, serve: Serve) -> None:
    client = Http(serve(answer()).url, secrets=(SECRET,))
    with pytest.raises(SourceUnavailable, match="another host"):
        client.get(link, headers={"Authorization": SECRET})
    assert client.request_count == 0


def test_hosts_that_were_declared_are_asked_and_so_is_a_link_to_the_same_host(serve: Serve) -> None:
    home, other = serve(answer()), serve(answer())
    client = Http(f"{home.url}/api", hosts=(other.url,))
    assert client.get(f"{home.url}/next?page=2").json() == client.get(f"{other.url}/x").json() == {"ok": True}
    with pytest.raises(SourceUnavailable, match="another host"):
        client.get(f"{home.url}@{other.url.partition('//')[2].replace('127', '128')}/x")


def test_an_address_in_a_query_is_no_host(serve: Serve) -> None:
    assert Http(serve(answer()).url).get("/x?back=https://elsewhere.example.com").json() == {"ok": True}
    assert Http(serve(answer()).url).get("//elsewhere.example.com/x").json() == {"ok": True}


def test_a_user_name_in_a_link_is_no_host(serve: Serve) -> None:
    with pytest.raises(SourceUnavailable, match="another host"):
        Http(serve(answer()).url).get("http://127.0.0.1@evil.example.com/")


def test_requests_auth_goes_along(serve: Serve) -> None:
    server = serve(answer())
    Http(server.url, auth=HTTPBasicAuth("reader", SECRET)).get("/x")
    assert server.seen[0]["Authorization"].startswith("Basic ")


def test_a_connector_overrides_rows_of_the_table(serve: Serve) -> None:
    def by_body(got: Answer) -> Resolution:
        return Resolution(MissingRights if b"Authoriz" in got.body else ConfigurationError, "no", "do something")

    rows = {
        401: by_body,
        412: Resolution(SourceUnavailable, "the organisation is locked", "wait", retry_after=900.0),
        503: Resolution(ConfigurationError, "the organisation is closed", "choose another one"),
        500: Resolution(SourceUnavailable, "it stumbles", "wait", is_passing=True),
    }

    def error(status: int, body: bytes = b"{}") -> tuple[GreenlightError, int]:
        client = Http(serve(answer(status, body)).url, resolutions=rows)
        return refused(client), client.request_count

    assert type(error(401, b"AuthorizationUnsuccessful")[0]) is MissingRights
    assert type(error(401, b"AuthenticationUnsuccessful")[0]) is ConfigurationError
    locked, asked = error(412)
    assert isinstance(locked, SourceUnavailable) and locked.retry_after == 900 and asked == 1
    closed, asked = error(503)
    assert isinstance(closed, ConfigurationError) and "closed" in str(closed) and asked == 1
    assert error(500)[1] == 5
    assert 412 not in RESOLUTIONS, "the shared table stays as it is"


def test_nothing_secret_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    server = serve(answer(503), reset, answer())
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.util.retry"):
        caplog.set_level(logging.DEBUG, logger=name)
    client = Http(server.url, secrets=(SECRET,))
    client.get(f"/path/{SECRET}", params={"name": "Jane Roe", "access_token": SECRET})
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "connectionpool" in {record.module for record in caplog.records} and "/path/***" in said
    assert SECRET not in said and "Jane" not in said


def test_airflows_own_masker_learns_every_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[str] = []
    monkeypatch.setitem(sys.modules, "airflow.sdk.log", SimpleNamespace(mask_secret=learned.append))
    redaction.hide((SECRET + "-for-airflow", "", "abc"))
    redaction.hide((SECRET + "-for-airflow",))
    assert learned == [SECRET + "-for-airflow"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("GET /a?code=1&state=2 HTTP/1.1", "GET /a?*** HTTP/1.1"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("'basic dXNlcjpwYXNz'", "'basic ***'"),
        ("a token of two words", "a token of two words"),
        ("POST /connect/token HTTP/1.1", "POST /connect/token HTTP/1.1"),
    ],
)
def test_what_looks_like_a_secret_is_redacted(text: str, clean: str) -> None:
    assert redaction.redacted(text) == clean
