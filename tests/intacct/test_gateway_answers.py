"""What the XML gateway must not be able to do: expand an entity, open a file or an address, or answer without end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from include.connectors import http
from include.connectors.base import Page, Window
from include.connectors.intacct import xml
from include.errors import SourceUnavailable
from tests.intacct.conftest import Running

EVERYTHING = Window(history_from=date(2000, 1, 1))
SECRET = "what no answer may open"
Spoil = Callable[[bytes], bytes]


@pytest.fixture
def gateway(running: Running) -> Running:
    return running.over("gateway")


@pytest.fixture
def spoilt(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> Callable[[Spoil], None]:
    """Let the server spoil every list of invoices that it answers, after it wrote it."""
    answer = gateway.server.face.gateway.answer

    def by(spoil: Spoil) -> None:
        def other(body: bytes, *given: Any) -> Response:
            made = answer(body, *given)
            if b"<object>ARINVOICE</object>" not in body:
                return made
            return Response(spoil(bytes(made.body)), media_type="application/xml")

        monkeypatch.setattr(gateway.server.face.gateway, "answer", other)

    return by


def invoices(gateway: Running) -> Iterator[Page]:
    connector = gateway.connector(gateway.connection(id="spoilt"))
    return connector.read(connector.stream("invoices"), EVERYTHING)


def declaring(declared: str, used: str) -> Spoil:
    """Return what puts a document type before an answer, and a use of its entity into a text."""

    def spoil(body: bytes) -> bytes:
        head, _, rest = body.partition(b"<response>")
        rest = rest.replace(b"<function>", b"<function>" + used.encode(), 1)
        return head + declared.encode() + b"<response>" + rest

    return spoil


def test_what_an_answer_declares_is_neither_expanded_nor_opened(
    gateway: Running, spoilt: Callable[[Spoil], None], tmp_path: Path
) -> None:
    assert [*invoices(gateway)], "unspoilt it is read"
    file = tmp_path / "secret.txt"
    file.write_text(SECRET)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        here = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
        for declared, used in (
            ('<!DOCTYPE response [<!ENTITY a "INV">]>', "&a;"),
            (f'<!DOCTYPE response [<!ENTITY a SYSTEM "{file.as_uri()}">]>', "&a;"),
            (f'<!DOCTYPE response [<!ENTITY a SYSTEM "{here}">]>', "&a;"),
            (f'<!DOCTYPE response [<!ENTITY % a SYSTEM "{here}"> %a;]>', ""),
            (f'<!DOCTYPE response SYSTEM "{here}">', ""),
            (f'<!DOCTYPE response [<!ENTITY l0 "ha">{laughs}]>', "&l8;"),
        ):
            spoilt(declaring(declared, used))
            with pytest.raises(SourceUnavailable, match=r"document type|cut off or no XML") as refused:
                [*invoices(gateway)]
            assert SECRET not in str(refused.value), declared
            with pytest.raises(TimeoutError):
                listening.accept()


@pytest.mark.parametrize("bound", [(xml, "LARGEST_REPLY"), (http, "LARGEST_ANSWER")], ids=["reply", "answer"])
def test_an_answer_that_is_larger_than_a_page_can_be_is_not_read(
    gateway: Running, spoilt: Callable[[Spoil], None], monkeypatch: pytest.MonkeyPatch, bound: tuple[Any, str]
) -> None:
    spoilt(lambda body: body.replace(b"<function>", b"<function>" + b"9" * 3_000_000, 1))
    monkeypatch.setattr(*bound, 2_000_000)
    with pytest.raises(SourceUnavailable, match="larger than any page"):
        [*invoices(gateway)]


@pytest.mark.parametrize(
    "spoil",
    [lambda body: body[: len(body) // 2], lambda body: b"<html><body>login</body></html>", lambda body: b"",
     lambda body: body.replace(b"totalcount=", b"total="), lambda body: body.replace(b"ARINVOICE", b"ARADVANCE"),
     lambda body: body.replace(b"<RECORDNO>", b"<a>" * 400 + b"</a>" * 400 + b"<RECORDNO>", 1)[:-20]],
    ids=["cut", "html", "empty", "no total", "another list", "deep and cut"],
)  # fmt: skip
def test_what_is_no_list_of_invoices_is_waited_for(
    gateway: Running, spoilt: Callable[[Spoil], None], spoil: Spoil
) -> None:
    spoilt(spoil)
    with pytest.raises(SourceUnavailable):
        [*invoices(gateway)]


def test_what_one_invoice_has_wrong_rejects_it_alone(gateway: Running, spoilt: Callable[[Spoil], None]) -> None:
    connector = gateway.connector()
    stream = connector.stream("invoices")

    def read() -> tuple[set[str], int]:
        said = [connector.normalize(stream, connector.decode(stream, page.body)) for page in invoices(gateway)]
        keys = {
            key for each in said for table in ("invoices", "credit_notes") for key in each.tables[table]["external_id"]
        }
        return keys, sum(len(each.rejects) for each in said)

    whole, none = read()
    spoilt(lambda body: body.replace(b"<TRX_TOTALDUE>", b"<TRX_TOTALDUE>1e9", 1))
    kept, rejected = read()
    assert not none and rejected == 1 and len(whole - kept) == 1 and kept < whole
