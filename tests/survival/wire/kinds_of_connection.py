"""What goes wrong below HTTP, or in how it frames an answer."""

from __future__ import annotations

from tests.survival.wire.kinds import KINDS, QUICK, Kind, kind
from tests.survival.wire.kinds_of_body import shifted
from tests.survival.wire.proxy import ALWAYS, Exchange

DRIPS = 400


@kind(times=ALWAYS, ends="success")
def date_is_hours_ahead(exchange: Exchange) -> None:
    """Every Date header is seven hours ahead."""
    exchange.send(shifted(exchange, 7 * 3600))


@kind(times=ALWAYS, ends="success")
def date_is_hours_behind(exchange: Exchange) -> None:
    """Every Date header is seven hours behind."""
    exchange.send(shifted(exchange, -7 * 3600))


@kind(ends="failure", bounds=QUICK)
def slow_drip(exchange: Exchange) -> None:
    """A body that comes a byte at a time, each in time."""
    body = exchange.answer.body.ljust(DRIPS)
    exchange.send(exchange.answer.head(len(body)), *(body[n : n + 1] for n in range(len(body))), every=0.02)
    exchange.hang_up()


@kind(bounds=QUICK)
def head_that_drips(exchange: Exchange) -> None:
    """Headers that come a few letters at a time, each in time."""
    exchange.send(b"HTTP/1.1 200 OK\r\n", *(f"X-Noise-{n}: and so on\r\n".encode() for n in range(90)), every=0.05)
    exchange.hang_up()


@kind(ends="success", bounds=QUICK)
def silence(exchange: Exchange) -> None:
    """The request is taken, and nothing comes."""
    exchange.ended.wait(2 * QUICK["READ_SECONDS"])
    exchange.hang_up()


@kind(ends="success")
def reset_before_the_answer(exchange: Exchange) -> None:
    """The connection breaks before the answer."""
    exchange.reset()


@kind(ends="success")
def reset_in_the_body(exchange: Exchange) -> None:
    """The connection breaks in the middle of the body."""
    whole = exchange.answer.whole()
    exchange.send(whole[: len(whole) - len(exchange.answer.body) // 2 - 1])
    exchange.reset()


@kind(times=ALWAYS, ends="failure")
def reset_for_ever(exchange: Exchange) -> None:
    """Every connection breaks."""
    exchange.reset()


@kind(ends="success")
def hang_up_before_the_answer(exchange: Exchange) -> None:
    """The connection ends without a word."""
    exchange.hang_up()


@kind(times=ALWAYS, ends="success")
def connection_closed_between_requests(exchange: Exchange) -> None:
    """A connection that was to be kept is closed after each answer."""
    exchange.send(exchange.answer.having(connection="keep-alive").whole())
    exchange.hang_up()


@kind(ends="success")
def continue_noise(exchange: Exchange) -> None:
    """Several 100 Continue before the answer, which nobody asked for."""
    exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + exchange.answer.whole())


@kind()
def early_hints(exchange: Exchange) -> None:
    """103 Early Hints before the answer."""
    exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\n\r\n" + exchange.answer.whole())


@kind()
def answered_twice(exchange: Exchange) -> None:
    """The answer, and behind it another one that belongs to no request."""
    exchange.send(exchange.answer.whole() + exchange.answer.head(2) + b"{}")


@kind(ends="success")
def chunked(exchange: Exchange) -> None:
    """In chunks, rightly."""
    exchange.send(_chunked(exchange, 7) + b"0\r\n\r\n")


@kind(ends="success")
def chunked_and_truncated(exchange: Exchange) -> None:
    """In chunks, and the connection ends before the last one."""
    exchange.send(_chunked(exchange, 5))
    exchange.hang_up()


@kind(ends="success")
def chunk_of_no_size(exchange: Exchange) -> None:
    """In chunks, one of which has a size that is no number."""
    exchange.send(_chunked(exchange, 2) + b"many\r\n")
    exchange.hang_up()


@kind(ends="success")
def header_bomb(exchange: Exchange) -> None:
    """Thousands of headers."""
    noise = "".join(f"X-Noise-{n}: {n}\r\n" for n in range(2_000)).encode()
    whole = exchange.answer.whole()
    exchange.send(whole.replace(b"\r\n", b"\r\n" + noise, 1))
    exchange.hang_up()


@kind(ends="success")
def header_without_end(exchange: Exchange) -> None:
    """One header of a megabyte."""
    exchange.send(exchange.answer.whole().replace(b"\r\n", b"\r\nX-Noise: " + b"n" * 2**20 + b"\r\n", 1))
    exchange.hang_up()


@kind(ends="success")
def no_http_at_all(exchange: Exchange) -> None:
    """Somebody else answers at this port."""
    exchange.send(b"220 mail.example.com ESMTP ready\r\n")
    exchange.hang_up()


@kind(ends="failure")
def http_1_0_that_is_cut(exchange: Exchange) -> None:
    """Without any length, so that nobody sees that half of it is missing."""
    body = exchange.answer.body
    exchange.send(exchange.answer.head(version="HTTP/1.0") + body[: len(body) // 2])
    exchange.hang_up()


def _answered(exchange: Exchange) -> None:
    """Answer as the system does."""
    exchange.send(exchange.answer.whole())


for _name, _what, _host in (
    ("connection_refused", "Nobody listens at the host.", "http://127.0.0.1:9"),
    ("host_without_a_name", "The host's name does not exist.", "http://no-such-host.invalid"),
    ("tls_to_a_plain_port", "The host speaks no TLS.", "https://{proxy}"),
    ("plain_to_another_port", "The host has a port that is none.", "http://127.0.0.1:99999"),
):
    KINDS[_name] = Kind(_name, _what, _answered, ends="failure", host=_host)


def _chunked(exchange: Exchange, chunks: int) -> bytes:
    """Return the head and the body in so many chunks, without the last, empty one."""
    body = exchange.answer.body
    size = max(1, -(-len(body) // chunks))
    parts = [body[n : n + size] for n in range(0, len(body), size)]
    head = exchange.answer.having(transfer_encoding="chunked").head()
    return head + b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts)
