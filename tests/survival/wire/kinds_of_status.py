"""Answers whose status says that something is wrong."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

from tests.survival.wire.kinds import kind, refusal
from tests.survival.wire.proxy import ALWAYS, Exchange, now

ELSEWHERE = "http://127.0.0.1:9/elsewhere"
"""Nobody listens there; whoever followed a redirect to it would say that there is no answer."""


@kind(ends="success")
def rate_limited_for_seconds(exchange: Exchange) -> None:
    """429 with Retry-After in seconds."""
    refusal(exchange, 429, retry_after="7")


@kind(ends="success")
def rate_limited_until_a_date(exchange: Exchange) -> None:
    """429 with Retry-After as a date, by the system's own clock."""
    clock = parsedate_to_datetime(dict(exchange.answer.headers).get("Date") or dict(exchange.answer.headers)["date"])
    refusal(exchange, 429, retry_after=format_datetime(clock + timedelta(seconds=9), usegmt=True))


@kind(ends="success")
def rate_limited_without_a_word(exchange: Exchange) -> None:
    """429 that does not say for how long."""
    refusal(exchange, 429)


@kind(times=ALWAYS, ends="failure")
def rate_limited_for_ever(exchange: Exchange) -> None:
    """429 to every request."""
    refusal(exchange, 429, retry_after="2")


@kind(ends="failure")
def rate_limited_for_hours(exchange: Exchange) -> None:
    """429 that asks to wait longer than a task should."""
    refusal(exchange, 429, retry_after="66975")


@kind()
def retry_after_is_huge(exchange: Exchange) -> None:
    """429 that asks to wait longer than clocks can count."""
    refusal(exchange, 429, retry_after="9" * 400)


@kind()
def retry_after_is_an_age(exchange: Exchange) -> None:
    """429 that asks to wait for thirty thousand years."""
    refusal(exchange, 429, retry_after="999999999999")


@kind(ends="success")
def retry_after_is_negative(exchange: Exchange) -> None:
    """429 whose Retry-After lies in the past."""
    refusal(exchange, 429, retry_after="-30")


@kind(ends="success")
def retry_after_is_a_word(exchange: Exchange) -> None:
    """429 whose Retry-After is no number and no date."""
    refusal(exchange, 429, retry_after="soon, promised")


@kind(times=3, ends="success")
def burst_of_503(exchange: Exchange) -> None:
    """A few 503 in a row."""
    refusal(exchange, 503)


@kind(times=2, ends="success")
def burst_of_502_and_504(exchange: Exchange) -> None:
    """A gateway that reaches nobody, then nobody in time."""
    refusal(exchange, 502 if len(exchange.before) % 2 else 504)


@kind()
def error_500(exchange: Exchange) -> None:
    """500 with a stack trace that repeats the request."""
    refusal(exchange, 500)


@kind(times=ALWAYS, ends="failure")
def outage(exchange: Exchange) -> None:
    """503 to every request."""
    refusal(exchange, 503, retry_after="1")


@kind()
def unauthorized_in_mid_paging(exchange: Exchange) -> None:
    """401 to one request, as when a token ends while a list is read."""
    refusal(exchange, 401, www_authenticate='Bearer error="invalid_token"')


@kind(times=ALWAYS, ends="failure")
def unauthorized_for_good(exchange: Exchange) -> None:
    """401 to every request from now on: the grant was revoked, the password changed."""
    refusal(exchange, 401, www_authenticate='Bearer error="invalid_token"')


@kind(ends="failure")
def forbidden(exchange: Exchange) -> None:
    """403: a right was taken away."""
    refusal(exchange, 403)


@kind(ends="failure")
def not_found(exchange: Exchange) -> None:
    """404 where there was a list a moment ago."""
    refusal(exchange, 404)


@kind(ends="failure")
def bad_request(exchange: Exchange) -> None:
    """400 with a sentence about the request."""
    refusal(exchange, 400)


@kind(ends="failure")
def redirect_to_another_host(exchange: Exchange) -> None:
    """302 to somebody else, who must not get the credentials."""
    refusal(exchange, 302, location=ELSEWHERE)


@kind(ends="failure")
def redirect_to_a_login_page(exchange: Exchange) -> None:
    """307 to a page of the same host."""
    refusal(exchange, 307, location="/login?next=%2F")


@kind(ends="failure")
def not_modified(exchange: Exchange) -> None:
    """304 although nothing is cached here."""
    exchange.send(f"HTTP/1.1 304 Not Modified\r\nDate: {now()}\r\n\r\n".encode())


@kind(ends="failure")
def no_content(exchange: Exchange) -> None:
    """204 instead of a page."""
    exchange.send(f"HTTP/1.1 204 No Content\r\nDate: {now()}\r\n\r\n".encode())


@kind(ends="failure")
def partial_content(exchange: Exchange) -> None:
    """206 with the first half of the answer."""
    half = exchange.answer.body[: len(exchange.answer.body) // 2]
    head = f"HTTP/1.1 206 Partial\r\nDate: {now()}\r\nContent-Range: bytes 0-{len(half)}/*\r\n"
    exchange.send(f"{head}Content-Length: {len(half)}\r\n\r\n".encode() + half)
