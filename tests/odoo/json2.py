"""A stand-in for Odoo 19: JSON-2 as its source has it, over the records of a real Odoo 14.

It turns every call into one of Odoo 14's and every fault into the status and description that Odoo 19 gives. What
it says is Odoo's own: `false` for what is empty, `[id, name]`, whole seconds, hidden archived records, companies
kept apart. Source: facts on Odoo; `addons/rpc/controllers/json2.py`, `addons/web/models/models.py` of Odoo 19.
"""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from xmlrpc.client import Fault, ServerProxy

VERSION = {"server_version": "19.0", "server_version_info": [19, 0, 0, "final", 0, ""], "server_serie": "19.0",
           "protocol_version": 1}  # fmt: skip
FAULTS = {2: (422, "odoo.exceptions.UserError"), 3: (401, "werkzeug.exceptions.Unauthorized"),
          4: (403, "odoo.exceptions.AccessError")}  # fmt: skip
NOT_FOUND = (404, "werkzeug.exceptions.NotFound")
RENAMED = {"search_count": {"domain": "args"}}
"""Arguments that had another name in Odoo 14."""


class Refused(Exception):
    """The call failed: status and the error's description, None for a page that no database answers."""

    def __init__(self, status: int, name: str = "", message: str = "") -> None:
        super().__init__(name)
        self.status = status
        self.description = {"name": name, "message": message, "arguments": [message], "context": {}, "debug": ""}
        self.is_page = not name


class Json2Server:
    """Serves one database of a running Odoo 14 as Odoo 19 would; a context manager.

    Args:
        upstream: address of the Odoo 14.
        keys: API key → login and password of the user whose key it is.
        older_address: whether the version is still told at `/web/webclient/version_info`.
    """

    def __init__(
        self, upstream: str, database: str, keys: Mapping[str, tuple[str, str]], *, older_address: bool = True
    ) -> None:
        self.database = database
        self.older_address = older_address
        self._upstream = upstream
        self._keys = keys
        self._users: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, model: str, method: str, key: str, database: str, named: dict[str, Any]) -> Any:
        """Return what the method returns.

        Raises:
            Refused: as Odoo 19 refuses it.
        """
        if database != self.database:
            raise Refused(404)
        if key not in self._keys:
            raise Refused(401, "werkzeug.exceptions.Unauthorized", "Invalid apikey")
        if method.startswith("_"):
            raise Refused(*NOT_FOUND, f"Private methods (such as '{model}.{method}') cannot be called remotely.")
        if method == "formatted_read_group":
            return self._grouped(model, key, **named)
        context = named.pop("context", {})
        ids = named.pop("ids", None)
        named = {RENAMED.get(method, {}).get(name, name): value for name, value in named.items()}
        result = self._execute(key, model, method, [] if ids is None else [ids], {**named, "context": context})
        return result | {"uid": self._user(key)} if method == "context_get" else result

    def _grouped(
        self, model: str, key: str, domain: list[Any], groupby: list[str], aggregates: list[str],
        context: Mapping[str, Any],
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Group as Odoo 19 words it, asked as Odoo 14 does."""
        fields = [one.removesuffix(":sum") for one in aggregates if one != "__count"]
        rows = self._execute(key, model, "read_group", [domain, fields, groupby], {"lazy": False, "context": context})
        return [
            {**{name: row[name] for name in groupby}, **{f"{name}:sum": row[name] for name in fields},
             "__count": row["__count"], "__extra_domain": row.get("__domain", [])}
            for row in rows
        ]  # fmt: skip

    def _execute(self, key: str, model: str, method: str, args: list[Any], named: Mapping[str, Any]) -> Any:
        """Call over JSON-RPC, which can say everything, and once more over XML-RPC to learn what went wrong."""
        _, password = self._keys[key]
        call = [self.database, self._user(key), password, model, method, args, dict(named)]
        params = {"service": "object", "method": "execute_kw", "args": call}
        request = urllib.request.Request(
            f"{self._upstream}/jsonrpc", data=json.dumps({"jsonrpc": "2.0", "id": 1, "params": params}).encode(),
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                said = json.load(response)
            if "result" in said:
                return said["result"]
        except urllib.error.HTTPError:
            pass
        try:
            with ServerProxy(f"{self._upstream}/xmlrpc/2/object", allow_none=True) as proxy:
                return proxy.execute_kw(*call)
        except Fault as fault:
            raise self._refused(fault) from None

    def _refused(self, fault: Fault) -> Refused:
        if fault.faultCode == 2 and "doesn't exist" in fault.faultString:
            return Refused(*NOT_FOUND, "the model does not exist")
        if "TypeError" in fault.faultString:
            return Refused(422, "werkzeug.exceptions.UnprocessableEntity", "wrong arguments")
        if fault.faultCode in FAULTS:
            return Refused(*FAULTS[fault.faultCode], fault.faultString)
        return Refused(500, "builtins.ValueError", fault.faultString)

    def _user(self, key: str) -> int:
        if key not in self._users:
            login, password = self._keys[key]
            with ServerProxy(f"{self._upstream}/xmlrpc/2/common") as proxy:
                user = proxy.authenticate(self.database, login, password, {})
            assert isinstance(user, int) and user
            self._users[key] = user
        return self._users[key]


class _Handler(BaseHTTPRequestHandler):
    stand_in: Json2Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The version, for whoever asks without a body."""
        if urlsplit(self.path).path == "/web/version":
            said = {"version": VERSION["server_version"], "version_info": VERSION["server_version_info"]}
            return self._send(200, json.dumps(said).encode())
        return self._send(404, b"<!DOCTYPE html><title>404 Not Found</title>", "text/html; charset=utf-8")

    def do_POST(self) -> None:
        """The version, the list of databases, and methods."""
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        path = urlsplit(self.path).path
        if path == "/web/webclient/version_info" and self.stand_in.older_address:
            return self._rpc(sent, VERSION)
        if path == "/web/database/list":
            return self._rpc(sent, [self.stand_in.database])
        scheme, _, key = self.headers.get("Authorization", "").partition(" ")
        database = self.headers.get("X-Odoo-Database", self.stand_in.database)
        try:
            match path.split("/"):
                case ["", "json", "2", model, method]:
                    key = key if scheme.lower() == "bearer" else ""
                    result = self.stand_in.answer(model, method, key, database, sent)
                    return self._send(200, json.dumps(result).encode())
            raise Refused(404)
        except Refused as refused:
            if refused.is_page:
                return self._send(404, b"<!DOCTYPE html><title>404 Not Found</title>", "text/html; charset=utf-8")
            return self._send(refused.status, json.dumps(refused.description).encode())

    def _rpc(self, sent: Mapping[str, Any], result: Any) -> None:
        self._send(200, json.dumps({"jsonrpc": "2.0", "id": sent.get("id"), "result": result}).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
