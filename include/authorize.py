"""The authorization-code flow of a person at this machine (RFC 8252): consent in a browser, back over loopback.

python -m include.connect CONNECTION --authorize [--port PORT]
"""

from __future__ import annotations

import hmac
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from include.connectors import redaction
from include.connectors.oauth import Bearer
from include.errors import ConfigurationError

PORT = 8765
PATH = "/callback"
SECONDS = 300.0
"""How long a person may take to consent."""
EXCHANGE_SECONDS, SHOWING_SECONDS = 120.0, 2.0
PAGE = "<!doctype html><meta charset=utf-8><title>Greenlight</title><p>{}</p><p>You may close this window.</p>"

Parameters = dict[str, str]


def authorize(bearer: Bearer, say: Callable[[str], None], port: int = PORT, seconds: float = SECONDS) -> None:
    """Have a person consent, and keep the pair that comes of it for all processes.

    Args:
        say: tells the person what to do.

    Raises:
        ConfigurationError: consent was refused or did not come, the port is taken, or the answer is of
            another authorization.
        SourceUnavailable: the vendor gives no token now.
    """
    connection, oauth = bearer.endpoint.connection.id, bearer.oauth
    if oauth.grant != "authorization_code":
        raise ConfigurationError(
            f"connection {connection!r} uses the grant {oauth.grant}, which nobody needs to authorize",
            next_step="leave out --authorize",
        )
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    redaction.hide((state, verifier))
    with _listening(port) as server:
        redirect_uri = f"http://{oauth.loopback}:{server.server_port}{PATH}"
        address = bearer.endpoint.consent_address(redirect_uri, state, verifier)
        say(f"Open this address in a browser on this machine and consent (redirect address {redirect_uri}):\n{address}")
        try:
            answer = server.answers.get(timeout=seconds)
        except queue.Empty:
            raise ConfigurationError(
                f"nobody consented within {seconds:.0f} seconds", next_step="run the command again"
            ) from None
        try:
            bearer.keep(bearer.endpoint.exchange(_code(bearer, answer, state), redirect_uri, verifier))
        except Exception:
            server.show("This did not work; the terminal says why.")
            raise
        server.show("Greenlight is authorized.")
    say(f"Connection {connection} is authorized.")


def _code(bearer: Bearer, answer: Parameters, state: str) -> str:
    if not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
        raise ConfigurationError(
            "the browser brought the answer to another authorization (its state differs)",
            next_step="run the command again and open the address it prints",
        )
    if "error" in answer:
        raise bearer.endpoint.refusal(answer["error"])
    if not answer.get("code"):
        raise ConfigurationError("the browser brought no code", next_step="run the command again")
    return answer["code"]


class _Server(ThreadingHTTPServer):
    """Hears the one answer; threads, because browsers open connections that they do not use."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.answers: queue.Queue[Parameters] = queue.Queue(1)
        self.outcome: queue.Queue[str] = queue.Queue(1)
        self.shown = threading.Event()

    def show(self, sentence: str) -> None:
        """Tell the person in the browser what came of it, and wait until it stands there."""
        self.outcome.put(sentence)
        self.shown.wait(SHOWING_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path != PATH:
            self._show(404, "There is nothing here.")
            return
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        try:
            self.server.answers.put_nowait(said)
            self._show(200, self.server.outcome.get(timeout=EXCHANGE_SECONDS))
            self.server.shown.set()
        except (queue.Full, queue.Empty):
            self._show(409, "Greenlight has had its answer.")

    def _show(self, status: int, sentence: str) -> None:
        body = PAGE.format(sentence).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the address holds the code."""


@contextmanager
def _listening(port: int) -> Iterator[_Server]:
    try:
        server = _Server(port)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} cannot be listened on ({error.strerror})",
            next_step="name another one with --port, and register its redirect address with the vendor",
        ) from None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
