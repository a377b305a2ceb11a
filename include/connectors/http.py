"""The one way connectors speak HTTP: time-outs, pacing, bounded retries, bounded answers, nothing secret said.

A connector makes one `Http` per connection and entity, and asks for everything through it:

    Http(connection.host, auth=bearer, pacer=Pacer(connection.id, LIMITS), resolutions=RESOLUTIONS)

Retries happen here and nowhere else (connection errors, and the statuses that resolutions.py calls
passing); what is still wrong afterwards, or would take longer than a minute, is raised, sorted by what
the reader must do, and Airflow retries the task.
"""

from __future__ import annotations

import codecs
import json as json_module
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from include.access.pacing import Pacer, Slot
from include.connectors import redaction, resolutions
from include.connectors.resolutions import Row
from include.errors import ConfigurationError, SourceUnavailable

CONNECT_SECONDS, READ_SECONDS = 10, 120
ANSWER_SECONDS = 600
"""Bounds a body that drips in, which the time-out of a single read never ends."""
RENEW_SECONDS = 60
"""How often a call that goes on says that its slot is still taken."""
LARGEST_ANSWER = 256 * 2**20
"""Bytes after decompression: more is no page but a fault (or a bomb)."""
LONGEST_WAIT = 61.0
"""Seconds; a Retry-After that is longer is not slept in the task but handed to Airflow."""
RETRIES = Retry(total=4, connect=3, read=2, status=4, other=2, backoff_factor=0.5, backoff_jitter=0.2,
                allowed_methods=None)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, read whole: status, headers, body and the server's clock (UTC)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def at(self) -> datetime:
        """The Date header, UTC; falls back to no clock at all, which is an error.

        Raises:
            SourceUnavailable: there is no Date header, so the vendor's clock is unknown.
        """
        try:
            return parsedate_to_datetime(self.headers["Date"]).astimezone(UTC)
        except (KeyError, ValueError):
            raise SourceUnavailable(
                "the answer carries no Date header, so the system's clock is unknown",
                next_step="let the proxy in between pass it through",
            ) from None

    def json(self, decode: Callable[[bytes], Any] = json_module.loads) -> Any:
        """Return the body as JSON, read by the json module or, say, by `exact_json.decode`.

        Raises:
            SourceUnavailable: it is HTML or cut off.
        """
        try:
            return decode(self.body)
        except (ValueError, RecursionError):
            is_html = self.body.lstrip()[:1] == b"<"
            raise SourceUnavailable(
                "the answer is a web page, not data" if is_html else "the answer is cut off or no JSON",
                next_step="check the connection's host, and what a proxy or login page in between may answer",
            ) from None


class Auth(AuthBase):
    """How a request proves who asks: `__call__` adds it. A token that can be refreshed overrides the rest."""

    @property
    def request_count(self) -> int:
        """Requests it made itself, to get or refresh a token."""
        return 0

    def prepare(self) -> None:
        """Be ready before a call takes its slot below the limits."""

    def renew(self, answer: Answer) -> bool:
        """Get other credentials after a 401; return whether asking once more makes sense."""
        return False

    def worked(self) -> None:
        """Learn that the system accepted the credentials."""


class Http:
    """A session with one system: its own host and those declared, never along a redirect.

    Args:
        base_url: the connection's host; paths are below it.
        secrets: what must never be said; tokens register themselves.
        auth: adds the credentials to every request, only for the allowed hosts.
        hosts: base addresses besides base_url that a full address may go to.
        headers: sent with every request; `Accept: application/json` unless it says otherwise.
        resolutions: status → what it means, where it differs from the table of resolutions.py.
        pacer: keeps all processes below the vendor's limits.
        retries: how often what; a token endpoint wants less.
        read_seconds: how long to wait for an answer to begin, READ_SECONDS unless it says otherwise.
    """

    def __init__(
        self, base_url: str, *, secrets: Collection[str] = (), auth: AuthBase | None = None,
        hosts: Collection[str] = (), headers: Mapping[str, str] | None = None,
        resolutions: Mapping[int, Row] | None = None, pacer: Pacer | None = None, retries: Retry | None = None,
        read_seconds: float | None = None,
    ) -> None:  # fmt: skip
        self.base_url = base_url.rstrip("/")
        if urlsplit(self.base_url).scheme not in ("http", "https"):
            raise ConfigurationError(
                "the connection's host is no http(s) address", next_step="write it like https://erp.example.com"
            )
        redaction.guard_logs()
        redaction.hide(secrets)
        self._auth = auth
        self._origins = {_origin(address) for address in (self.base_url, *hosts)}
        self._resolutions = resolutions or {}
        self._pacer = pacer
        self._retries = retries
        self._read_seconds = read_seconds
        self._asked = 0
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"Accept": "application/json", **(headers or {})})
        adapter = HTTPAdapter(max_retries=Retry(0, read=False, redirect=0))
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    @property
    def request_count(self) -> int:
        """What really went out, retries and requests for tokens included."""
        return self._asked + (self._auth.request_count if isinstance(self._auth, Auth) else 0)

    def get(self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
            accepts: Collection[int] = (200,), tenant: str = "") -> Answer:  # fmt: skip
        """GET a path below the base address; statuses not accepted are raised, sorted.

        Args:
            path: or a full address of an allowed host, such as the link to a next page.
            tenant: whose limits the call counts towards, besides the connection's.
        """
        return self._send("GET", path, accepts, tenant, params=params, headers=headers)

    def post(self, path: str, *, json: Any = None, data: Any = None, headers: Mapping[str, str] | None = None,
             accepts: Collection[int] = (200,), tenant: str = "") -> Answer:  # fmt: skip
        """POST JSON, or `data` as a form or as it is; otherwise like `get`."""
        return self._send("POST", path, accepts, tenant, json=json, data=data, headers=headers)

    def _send(self, method: str, path: str, accepts: Collection[int], tenant: str, **options: Any) -> Answer:
        address = self._address(path)
        policy = (self._retries or RETRIES).new()
        auth = self._auth if isinstance(self._auth, Auth) else None
        has_renewed = False
        while True:
            if auth:
                auth.prepare()
            try:
                answer, raw = self._ask(method, address, tenant, options)
            except (requests.RequestException, HTTPError, OSError) as error:
                policy = self._after_failure(policy, method, error)
                continue
            if answer.status in accepts:
                if auth and answer.status < 400:
                    auth.worked()
                return answer
            if answer.status == 401 and auth and not has_renewed and auth.renew(answer):
                has_renewed = True
                continue
            policy = self._after_refusal(policy, method, answer, raw)

    def _ask(self, method: str, address: str, tenant: str, options: dict[str, Any]) -> tuple[Answer, Any]:
        """Ask once, in a slot below the limits."""
        slot: AbstractContextManager[Slot | None] = self._pacer.slot(tenant) if self._pacer else nullcontext()
        with slot as taken:
            self._asked += 1
            with self._session.request(
                method, address, auth=self._auth, timeout=(CONNECT_SECONDS, self._read_seconds or READ_SECONDS),
                allow_redirects=False, stream=True, **options,
            ) as response:  # fmt: skip
                body = _body(response, taken).removeprefix(codecs.BOM_UTF8)  # bodies are put together later on
                answer = Answer(response.status_code, response.headers, body)
        if self._pacer:
            self._pacer.heed(tenant, answer.headers)
            if answer.status == 429:
                row = resolutions.resolve(answer, self._resolutions)
                if wait := resolutions.retry_after(answer) or row.retry_after:
                    self._pacer.hold("" if row.is_shared else tenant, wait)
        return answer, response.raw

    def _after_failure(self, policy: Retry, method: str, error: Exception) -> Retry:
        """Wait and return what is left of the policy.

        Raises:
            SourceUnavailable: it was the last attempt.
        """
        try:
            policy = policy.increment(method, error=_cause(error))
        except (HTTPError, OSError):
            raise SourceUnavailable(
                f"no answer from {urlsplit(self.base_url).hostname} ({type(error).__name__})",
                next_step="check that the system is up and the connection's host is right; the task retries",
            ) from None
        time.sleep(policy.get_backoff_time())
        return policy

    def _after_refusal(self, policy: Retry, method: str, answer: Answer, raw: Any) -> Retry:
        """Wait and return what is left of the policy.

        Raises:
            ConfigurationError, SourceUnavailable: the status is not passing, or takes too long.
        """
        row = resolutions.resolve(answer, self._resolutions)
        wait = resolutions.retry_after(answer)
        if not row.is_passing or (wait or 0) > LONGEST_WAIT:
            raise resolutions.error(answer, row)
        try:
            policy = policy.increment(method, response=raw)
        except HTTPError:
            raise resolutions.error(answer, row) from None
        time.sleep(policy.get_backoff_time() if wait is None else wait)
        return policy

    def _address(self, path: str) -> str:
        address = f"{self.base_url}{path}" if path[:1] in ("", "/", "?") else path
        if _origin(address) not in self._origins:
            raise SourceUnavailable(
                "the system names an address of another host, where no credentials are sent",
                next_step="check the connection's host; if it is right, file a bug against the connector",
            )
        return address


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    try:
        return parts.scheme, parts.hostname, parts.port or default
    except ValueError:
        return parts.scheme, None, None


def _body(response: requests.Response, slot: Slot | None) -> bytes:
    started = renewed = time.monotonic()
    parts, size = [], 0
    while part := response.raw.read1(2**16, decode_content=True):
        size += len(part)
        now = time.monotonic()
        if size > LARGEST_ANSWER:
            raise SourceUnavailable("the answer is larger than any page can be", next_step="look at the system")
        if now > started + ANSWER_SECONDS:
            raise SourceUnavailable("the answer takes too long", next_step="look at the system; the task retries")
        if slot and now > renewed + RENEW_SECONDS:
            slot.renew()
            renewed = now
        parts.append(part)
    return b"".join(parts)


def _cause(error: Exception) -> Exception:
    """Return urllib3's error inside that of requests, by which connecting is told from reading."""
    cause = error.args[0] if error.args else error
    if isinstance(cause, MaxRetryError) and cause.reason:
        cause = cause.reason
    return cause if isinstance(cause, Exception) else error
