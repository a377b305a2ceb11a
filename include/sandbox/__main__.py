"""Serves a ledger made from a seed in a vendor's protocol, until it is ended.

    python -m include.sandbox FACE [--seed 7] [--entities 2] [--invoices 200] [--defects second] [--port 0]

Prints its address. Below /sandbox it answers this machine alone (see control.py).
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from include.sandbox import control, serving
from include.sandbox.defects import DEFECTS
from include.sandbox.ledger import NOW, Ledger
from include.sandbox.options import chosen

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal, or until the standard input ends if that was asked for."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        ledger = _ledger(options)
        module = import_module(f"include.sandbox.{options.face}.server")
        settings = chosen(module.Settings(), dict(_pair(text) for text in options.set))
        face: control.Face = module.face(ledger, settings)
    except (KeyError, ValueError, IndexError) as error:
        parser.error(str(error))
    if options.render:
        face.render()
    listening = serving.listen(options.port, options.host)
    url = serving.address(listening)
    if options.credentials:
        _write(options.credentials, {"url": url, **face.credentials(), **face.consent([])})
    server = serving.server(control.around(face))
    if options.until_eof:
        threading.Thread(target=_wait_for_end, args=(server,), daemon=True).start()
    print(url, flush=True)
    server.run([listening])
    return 0


def faces() -> list[str]:
    """Return the vendors whose protocol the sandbox speaks: the packages beside this file."""
    return sorted(found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]) if found.ispkg)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.sandbox", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("face", choices=faces())
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--entities", "--tenants", type=int, default=1, help="companies in the ledger")
    parser.add_argument("--first", type=int, default=0, help="which of the companies it knows comes first, from 0")
    parser.add_argument("--invoices", type=int, default=200, help="per entity")
    parser.add_argument("--customers", type=int, default=0, help="per entity; an eighth of the invoices if not given")
    parser.add_argument("--shared", type=int, default=0, help="customers whom the first two entities share")
    parser.add_argument("--months", type=int, default=24, help="how far the history goes back")
    parser.add_argument("--now", type=_moment, default=NOW, help="the ledger's clock: an ISO moment, or `today`")
    parser.add_argument(
        "--defects", action="append", default=[], metavar="WHICH[:NAME,...]",
        help=f"plant defects in one entity (first, second ...): all, or some of {', '.join(DEFECTS)}",
    )  # fmt: skip
    parser.add_argument("--host", default=serving.LOOPBACK, help="the address to listen at; 0.0.0.0 in a container")
    parser.add_argument("--port", type=int, default=0, help="any free one if not given")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the face")
    parser.add_argument("--credentials", type=Path, metavar="FILE", help="write what a client needs to FILE")
    parser.add_argument("--render", action="store_true", help="render every page before serving")
    parser.add_argument("--until-eof", action="store_true", help="end when the standard input ends")
    return parser


def _ledger(options: argparse.Namespace) -> Ledger:
    ledger = Ledger(
        seed=options.seed, entities=options.entities, invoices=options.invoices, customers=options.customers,
        months=options.months, now=options.now, shared=options.shared, first=options.first,
    )  # fmt: skip
    for text in options.defects:
        which, _, names = text.partition(":")
        if which not in ORDINALS[: options.entities]:
            raise ValueError(f"--defects {which}: this ledger has {', '.join(ORDINALS[: options.entities])}")
        ledger.plant(ORDINALS.index(which), *[name for name in names.split(",") if name])
    return ledger


def _moment(text: str) -> datetime:
    moment = datetime.now(UTC).replace(microsecond=0) if text == "today" else datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise ValueError(f"--set {text}: NAME=VALUE is expected")
    return name, value


def _write(path: Path, said: dict[str, Any]) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        json.dump(said, file, indent=1)


def _wait_for_end(server: Any) -> None:
    while sys.stdin.buffer.read(1):
        pass
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
