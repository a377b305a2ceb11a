"""The one way connectors speak HTTP: time-outs, bounded retries, bounded answers, nothing secret said.

Retries happen here and nowhere else (connection errors and 502, 503, 504, 429 with Retry-After);
what is still wrong afterwards is sorted by what the reader must do, and Airflow retries the task.
"""

from __future__ import annotations

import json as json_module
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from include.errors import ConfigurationError, GreenlightError, SourceUnavailable

CONNECT_SECONDS, READ_SECONDS = 10, 120
ANSWER_SECONDS = 600
"""Bounds a body that drips in, which the time-out of a single read never ends."""
LARGEST_ANSWER = 256 * 2**20
"""Bytes after decompression: more is no page but a fault (or a bomb)."""


class Policy(Retry):
    """Retries that note every failed attempt: the error of the last one tells nothing of those before."""

    failed: list[None]

    def fresh(self) -> Policy:
        """Return the same policy with nothing noted yet."""
        policy = self.new()
        policy.failed = []
        return policy

    def new(self, **changes: Any) -> Policy:
        """Return a policy that goes on noting where this one does."""
        policy = super().new(**changes)
        policy.failed = getattr(self, "failed", [])
        return policy

    def increment(self, *args: Any, **options: Any) -> Policy:
        """Note the attempt, then decide as ever."""
        self.failed.append(None)
        return super().increment(*args, **options)


RETRIES = Policy(
    total=4,
    connect=3,
    read=2,
    status=4,
    backoff_factor=0.5,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,
    respect_retry_after_header=True,
    retry_after_max=60,
    redirect=0,
    raise_on_status=False,
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a status means for the person who reads the error."""

    error: type[ConfigurationError | SourceUnavailable]
    message: str
    next_step: str


RESOLUTIONS: dict[int, Resolution] = {
    400: Resolution(SourceUnavailable, "the system refuses the request as malformed", "file a bug with the task's log"),
    401: Resolution(ConfigurationError, "the system refuses the credentials", "correct them on the Airflow connection"),
    403: Resolution(ConfigurationError, "the user may not read this", "give the rights of the set-up guide"),
    404: Resolution(
        ConfigurationError, "there is nothing at this address", "check host and database of the connection"
    ),
    429: Resolution(SourceUnavailable, "the system's rate limit is reached", "wait; the task retries"),
}
UNAVAILABLE = Resolution(SourceUnavailable, "the system is not available", "wait; the task retries")


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

    def json(self, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
        """Return the body as JSON.

        Raises:
            SourceUnavailable: it is HTML or cut off.
        """
        try:
            return json_module.loads(self.body, object_hook=object_hook)
        except (ValueError, RecursionError):
            is_html = self.body.lstrip()[:1] == b"<"
            raise SourceUnavailable(
                "the answer is a web page, not data" if is_html else "the answer is cut off or no JSON",
                next_step="check the connection's host, and what a proxy or login page in between may answer",
            ) from None


class Http:
    """A session with one system: only its own host, never along a redirect."""

    def __init__(self, base_url: str, *, secrets: Collection[str] = ()) -> None:
        self.base_url = base_url.rstrip("/")
        self.request_count = 0
        self._secrets = tuple(secret for secret in secrets if secret)
        self._session = requests.Session()
        self._session.trust_env = False
        adapter = _CountingAdapter(self)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        if urlsplit(self.base_url).scheme not in ("http", "https"):
            raise ConfigurationError(
                "the connection's host is no http(s) address", next_step="write it like https://erp.example.com"
            )

    def get(self, path: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None,
            accepts: Collection[int] = (200,)) -> Answer:  # fmt: skip
        """GET a path below the base address; statuses not accepted are raised, sorted."""
        return self._send("GET", path, accepts, params=params, headers=headers)

    def post(self, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None,
             accepts: Collection[int] = (200,)) -> Answer:  # fmt: skip
        """POST JSON to a path below the base address; statuses not accepted are raised, sorted."""
        return self._send("POST", path, accepts, json=json, headers=headers)

    def _send(self, method: str, path: str, accepts: Collection[int], **options: Any) -> Answer:
        try:
            with self._session.request(
                method, f"{self.base_url}{path}", timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False, stream=True, **options,
            ) as response:  # fmt: skip
                body = self._body(response)
        except (requests.RequestException, HTTPError, MaxRetryError, OSError) as error:
            raise SourceUnavailable(
                f"no answer from {urlsplit(self.base_url).hostname} ({self._redacted(type(error).__name__)})",
                next_step="check that the system is up and the connection's host is right; the task retries",
            ) from None
        answer = Answer(response.status_code, response.headers, body)
        if answer.status not in accepts:
            raise _resolved(answer)
        return answer

    def _body(self, response: requests.Response) -> bytes:
        parts, size, deadline = [], 0, time.monotonic() + ANSWER_SECONDS
        while part := response.raw.read1(2**16, decode_content=True):
            size += len(part)
            if size > LARGEST_ANSWER:
                raise SourceUnavailable("the answer is larger than any page can be", next_step="look at the system")
            if time.monotonic() > deadline:
                raise SourceUnavailable("the answer takes too long", next_step="look at the system; the task retries")
            parts.append(part)
        return b"".join(parts)

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


class _CountingAdapter(HTTPAdapter):
    """Counts what really goes out; urllib3's own retries included."""

    max_retries: Policy

    def __init__(self, http: Http, **options: Any) -> None:
        self._http = http
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        self.max_retries = RETRIES.fresh()
        try:
            response = super().send(request, *args, **options)
        except requests.RequestException:
            self._http.request_count += len(self.max_retries.failed)
            raise
        self._http.request_count += 1 + len(response.raw.retries.history if response.raw.retries else ())
        return response


def _resolved(answer: Answer) -> GreenlightError:
    if 300 <= answer.status < 400:
        return ConfigurationError(
            "the system answers with a redirect, which is never followed with credentials",
            next_step="put the final address into the connection's host",
        )
    row = RESOLUTIONS.get(answer.status, UNAVAILABLE)
    if row.error is SourceUnavailable:
        return SourceUnavailable(
            f"{row.message} (status {answer.status})", next_step=row.next_step, retry_after=_retry_after(answer)
        )
    return row.error(f"{row.message} (status {answer.status})", next_step=row.next_step)


def _retry_after(answer: Answer) -> float | None:
    """Return the Retry-After header in seconds, given as seconds or as a date."""
    value = answer.headers.get("Retry-After", "")
    try:
        if value.isdigit():
            return float(value)
        return max(0.0, (parsedate_to_datetime(value) - answer.at).total_seconds())
    except (ValueError, SourceUnavailable):
        return None
