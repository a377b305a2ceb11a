"""A vendor of the tests: OAuth 2 with rotating refresh tokens, an API with limits; it writes down what it saw."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from include.connectors.oauth import OAuth

CLIENT_ID, CLIENT_SECRET = "client-of-the-tests", "client-secret-sesame"
OAUTH = OAuth(
    host="https://api.vendor.example",
    token_url="https://identity.vendor.example/connect/token",
    authorize_url="https://login.vendor.example/authorize",
    scopes=("offline_access", "invoices.read"),
)


class Vendor(ThreadingHTTPServer):
    """One vendor. Every attribute may be changed while it runs.

    Args:
        grace: seconds for which a refresh token that was used stays good.
        slow: seconds the token endpoint takes, after it has rotated.
        fault: (status, body, headers) that the API answers instead.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.grace, self.slow, self.lifetime = 1800.0, 0.0, 1800
        self.scope = "offline_access invoices.read"
        self.token_fault: tuple[int, Any] | None = None
        self.faults: list[tuple[int, Any, dict[str, str]]] = []
        self.call_seconds = 0.0
        self.refresh_tokens: dict[str, float] = {}  # token → until when it is good; 0 = for ever
        self.access_tokens: set[str] = set()
        self.codes: dict[str, str] = {}  # code → challenge
        self.token_requests: list[dict[str, str]] = []
        self.calls: list[tuple[float, str, dict[str, str]]] = []  # when, path, headers
        self.running, self.most_running = 0, 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def new_refresh_token(self) -> str:
        token = f"refresh-{secrets.token_hex(8)}"
        self.refresh_tokens[token] = 0
        return token

    def consent(self, address: str, **changes: str) -> str:
        """Consent as a person's browser would; return the address it is sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = secrets.token_hex(8)
        self.codes[code] = asked.get("code_challenge", "")
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], **changes})}"

    def give(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Answer the token endpoint."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        is_client = authorization == f"Basic {basic}" or form.get("client_secret") == CLIENT_SECRET
        if not is_client:
            return 401, {"error": "invalid_client", "error_description": f"é {form}"}
        with self.lock:
            kind = form.get("grant_type")
            if kind == "refresh_token":
                until = self.refresh_tokens.get(form["refresh_token"])
                if until is None or 0 < until < time.time():
                    return 400, {"error": "invalid_grant", "error_description": f"é {form}"}
                self.refresh_tokens[form["refresh_token"]] = until or time.time() + self.grace
            elif kind == "authorization_code":
                digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
                challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                if self.codes.pop(form["code"], None) != challenge:
                    return 400, {"error": "invalid_grant"}
            access = f"access-{secrets.token_hex(8)}"
            self.access_tokens.add(access)
            said = {"access_token": access, "expires_in": self.lifetime, "token_type": "Bearer", "scope": self.scope}
            if kind != "client_credentials":
                said["refresh_token"] = self.new_refresh_token()
            return 200, said


class _Handler(BaseHTTPRequestHandler):
    server: Vendor
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if urlsplit(self.path).path != "/connect/token":
            self.do_GET()
            return
        self.server.token_requests.append(form)
        answer = self.server.token_fault or self.server.give(form, self.headers.get("Authorization", ""))
        time.sleep(self.server.slow)
        self._answer(*answer, {})

    def do_GET(self) -> None:
        vendor = self.server
        with vendor.lock:
            vendor.calls.append((time.time(), self.path, dict(self.headers)))
            vendor.running += 1
            vendor.most_running = max(vendor.most_running, vendor.running)
            fault = vendor.faults.pop(0) if vendor.faults else None
        time.sleep(vendor.call_seconds)
        with vendor.lock:
            vendor.running -= 1
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if fault:
            self._answer(*fault)
        elif self.path.startswith("/open") or token in vendor.access_tokens:
            self._answer(200, {"path": self.path}, {})
        else:
            self._answer(401, {"detail": f"no {token}"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})

    def _answer(self, status: int, said: Any, headers: dict[str, str]) -> None:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the client was killed
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


@contextmanager
def vendor() -> Iterator[Vendor]:
    """Run a vendor until the block ends."""
    server = Vendor()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
