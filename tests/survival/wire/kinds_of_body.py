"""Answers with status 200 whose body is not what the system meant."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace

from tests.survival.wire.kinds import instead, kind, page
from tests.survival.wire.proxy import Exchange

BOMB = 48 * 2**20
"""Bytes that a bomb unpacks to; what an answer may hold is made smaller meanwhile."""
UNPACKED = {"LARGEST_ANSWER": 8 * 2**20}


@kind(ends="failure")
def html_with_200(exchange: Exchange) -> None:
    """A page for people: maintenance, a login, a captive portal."""
    page(exchange, "Please log in")


@kind(ends="failure")
def empty_body(exchange: Exchange) -> None:
    """200 and nothing."""
    instead(exchange, b"")


@kind(ends="failure")
def json_of_another_kind(exchange: Exchange) -> None:
    """200 with JSON that is a word."""
    instead(exchange, b'"ok"')


@kind(ends="failure")
def json_null(exchange: Exchange) -> None:
    """200 with null."""
    instead(exchange, b"null")


@kind(ends="failure")
def json_list(exchange: Exchange) -> None:
    """200 with an empty list where there should be an envelope."""
    instead(exchange, b"[]" if exchange.answer.body[:1] == b"{" else b"{}")


@kind(ends="failure")
def json_is_cut(exchange: Exchange) -> None:
    """The first half of the answer, said to be all of it."""
    instead(exchange, exchange.answer.body[: len(exchange.answer.body) // 2])


@kind(ends="success")
def body_is_truncated(exchange: Exchange) -> None:
    """The connection ends in the middle of the body that was announced."""
    whole = exchange.answer.whole()
    exchange.send(whole[: len(whole) - len(exchange.answer.body) // 2 - 1])
    exchange.hang_up()


@kind(ends="failure")
def length_is_too_short(exchange: Exchange) -> None:
    """Content-Length counts less than there is."""
    body = exchange.answer.body
    exchange.send(exchange.answer.head(max(1, len(body) - 7)) + body)
    exchange.hang_up()


@kind(ends="success")
def length_is_too_long(exchange: Exchange) -> None:
    """Content-Length counts more than comes before the connection ends."""
    exchange.send(exchange.answer.head(len(exchange.answer.body) + 9) + exchange.answer.body)
    exchange.hang_up()


@kind()
def length_is_a_word(exchange: Exchange) -> None:
    """Content-Length is no number."""
    exchange.send(exchange.answer.head("many") + exchange.answer.body)
    exchange.hang_up()


@kind(ends="failure", bounds=UNPACKED)
def decompression_bomb(exchange: Exchange) -> None:
    """A few kilobytes that unpack to many megabytes."""
    instead(exchange, _bomb(), content_encoding="gzip")


@kind(ends="failure", bounds=UNPACKED)
def bomb_in_a_bomb(exchange: Exchange) -> None:
    """A few bytes that unpack to a bomb."""
    instead(exchange, gzip.compress(_bomb()), content_encoding="gzip, gzip")


@kind()
def gzip_that_is_plain(exchange: Exchange) -> None:
    """Said to be compressed, but is not."""
    instead(exchange, exchange.answer.body, content_encoding="gzip")


@kind()
def gzip_that_is_cut(exchange: Exchange) -> None:
    """Compressed, and only the first half of it."""
    packed = gzip.compress(exchange.answer.body)
    instead(exchange, packed[: len(packed) // 2], content_encoding="gzip")


@kind(ends="success")
def gzip_nobody_asked_for(exchange: Exchange) -> None:
    """Compressed by a proxy in between, rightly."""
    instead(exchange, gzip.compress(exchange.answer.body), content_encoding="gzip")


@kind()
def latin_1(exchange: Exchange) -> None:
    """Written in another charset than it says."""
    text = _with_umlaut(exchange.answer.body.decode())
    instead(exchange, text.encode("latin-1", "replace"), content_type="application/json; charset=utf-8")


@kind()
def utf_16(exchange: Exchange) -> None:
    """Written in UTF-16, with its mark."""
    instead(exchange, exchange.answer.body.decode().encode("utf-16"))


@kind()
def byte_order_mark(exchange: Exchange) -> None:
    """UTF-8 with a mark before it, as some web servers write it."""
    instead(exchange, b"\xef\xbb\xbf" + exchange.answer.body)


@kind()
def nan_and_infinity(exchange: Exchange) -> None:
    """Numbers that JSON does not have, beside the answer's own."""
    instead(exchange, _beside(exchange.answer.body, b'"notes": [NaN, Infinity, -Infinity]'))


@kind(ends="failure")
def nested_without_end(exchange: Exchange) -> None:
    """Brackets, and nothing in them."""
    instead(exchange, b"[" * 200_000)


@kind()
def nested_deeply_beside(exchange: Exchange) -> None:
    """An unknown field nested as deep as a parser just bears."""
    deep = b'"notes": ' + b'{"a": [' * 400 + b"1" + b"]}" * 400
    instead(exchange, _beside(exchange.answer.body, deep))


@kind()
def every_number_is_huge(exchange: Exchange) -> None:
    """Whole numbers with more digits than anything has."""
    instead(exchange, re.sub(rb"(?<=[:\[ ])-?\d+(?=[,}\]])", b"9" * 5000, exchange.answer.body))


@kind()
def every_number_has_a_huge_exponent(exchange: Exchange) -> None:
    """Numbers that are short to write and too large for any memory."""
    instead(exchange, re.sub(rb"(?<=[:\[ ])-?\d+(?=[,}\]])", b"1e999999999", exchange.answer.body))


@kind()
def names_come_twice(exchange: Exchange) -> None:
    """Every name of the envelope stands there twice, the second time with nothing."""
    said = json.loads(exchange.answer.body)
    if not isinstance(said, dict):
        instead(exchange, b'[{"id": 1, "id": 2}]')
        return
    empty = {list: [], dict: {}, str: "", int: 0}
    again = {name: empty.get(type(value)) for name, value in said.items()}
    instead(exchange, exchange.answer.body.rstrip()[:-1] + b"," + json.dumps(again).encode()[1:])


@kind()
def date_is_missing(exchange: Exchange) -> None:
    """No Date header: the system's clock is not known."""
    exchange.send(exchange.answer.having(date=None).whole())


@kind()
def date_is_a_word(exchange: Exchange) -> None:
    """A Date header that is no date."""
    exchange.send(exchange.answer.having(date="today").whole())


@kind(ends="success")
def charset_is_unknown(exchange: Exchange) -> None:
    """A charset that nobody knows, declared of plain UTF-8."""
    exchange.send(exchange.answer.having(content_type="application/json; charset=klingon").whole())


def _beside(body: bytes, field: bytes) -> bytes:
    """Put a field into the envelope; an answer that is a list gets it as another element."""
    if body.lstrip()[:1] == b"{":
        return b"{" + field + b", " + body.lstrip()[1:]
    return b"[{" + field + b"}, " + body.lstrip()[1:]


def _with_umlaut(text: str) -> str:
    """Make sure that the charset matters: beside the answer's own text stands an umlaut."""
    return _beside(text.encode(), '"notes": "Müller"'.encode()).decode()


def _bomb() -> bytes:
    return gzip.compress(b" " * BOMB, 9)


def shifted(exchange: Exchange, seconds: float) -> bytes:
    """Return the answer with its Date so many seconds off."""
    from datetime import timedelta
    from email.utils import format_datetime, parsedate_to_datetime

    found = next(value for name, value in exchange.answer.headers if name.lower() == "date")
    at = parsedate_to_datetime(found) + timedelta(seconds=seconds)
    return replace(exchange.answer).having(date=format_datetime(at, usegmt=True)).whole()
