"""README.md's tables of connectors, made from their classes: `python -m include.connector_tables`; a test holds them.

What a stream is compared with follows from the figure: a balance speaks of customers, a total of whatever
adds up to it, a count of every table that has rows of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from include.connectors import base
from include.connectors.base import Connector, FigureName, Proof, Stream
from include.warehouse.queries import OPEN_RESTS

PROJECT = Path(__file__).resolve().parent.parent
README = PROJECT / "README.md"
BEGIN = "<!-- made from include/connectors/ by `make docs`; do not edit by hand -->"
END = "<!-- end of what is made -->"

FIGURES: Mapping[FigureName, str] = {
    "open_total": "open total",
    "customer_balance": "each balance",
    "closed_world": "total by type",
    "open_document": "each open one",
    "count": "count",
}
"""Every control figure, in the words of the table."""
PROOFS = {Proof.SANDBOX: "own sandbox", Proof.CLIENT: "vendor's own client", Proof.SERVER: "real server"}
NOT_PROVEN, NOT_NEEDED = "not yet", "not needed"


def render() -> str:
    """Return the tables: how far each connector was proven, then what each reads and is compared with."""
    connectors = own()
    parts = _table(("system", *PROOFS.values()), (_proven(c) for c in connectors))
    for connector in connectors:
        parts += ["", f"**{connector.title}**, allocations {connector.allocations}:", ""]
        header = ("stream", "fills", "key", "cursor", "strategy", "control figures")
        parts += _table(header, (_read(connector, stream) for stream in connector.streams))
        if connector.not_offered:
            parts += ["", "Not offered: " + "; ".join(f"*{what}*: {why}" for what, why in _lacking(connector)) + "."]
    return "\n".join(parts)


def put_into(page: str) -> str:
    """Return the page with today's tables between its markers.

    Raises:
        ValueError: the page has no such markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks a line {BEGIN!r} or, after it, {END!r}")
    return f"{before}{BEGIN}\n\n{render()}\n\n{END}{after}"


def own() -> list[type[Connector]]:
    """Return the project's own connectors by name; a test may have registered others."""
    found = (base.get(name) for name in base.known())
    return [connector for connector in found if connector.__module__.startswith("include.connectors.")]


def _proven(connector: type[Connector]) -> tuple[str, ...]:
    lacking = NOT_NEEDED if Proof.SERVER in connector.proven else NOT_PROVEN  # beside the vendor's own software
    return (_guide(connector), *(connector.proven.get(proof, lacking) for proof in PROOFS))


def _read(connector: type[Connector], stream: Stream) -> tuple[str, ...]:
    return (
        stream.name,
        ", ".join(table.replace("_", " ") for table in stream.tables),
        ", ".join(f"`{record_type}`" for record_type in stream.record_types),
        f"`{stream.cursor}` − {_span(stream.overlap)}" if stream.cursor else "none",
        "; ".join(_strategy(connector, stream)),
        ", ".join(f"{FIGURES[name]} **{connector.grades[name]}**" for name in _figures(connector, stream)),
    )


def _strategy(connector: type[Connector], stream: Stream) -> Iterable[str]:
    has_filter = stream.cursor is not None and "read.since" not in connector.not_offered
    keeps_deleted = not (stream.swept or stream.fed)
    yield f"changes{', deletions among them' if keeps_deleted else ''}" if has_filter else "whole list"
    if OPEN_RESTS.keys() & stream.tables.keys():
        yield "open again"
    if stream.fed:
        yield "list of deletions"
    if stream.swept:
        yield "all again" if stream.reread else "all keys"


def _figures(connector: type[Connector], stream: Stream) -> Iterable[FigureName]:
    own = {table for table, parent in stream.tables.items() if parent is None}
    speaks_of: Mapping[FigureName, bool] = {
        "open_total": bool(own & OPEN_RESTS.keys()),
        "customer_balance": "customers" in own,
        "closed_world": bool(own & OPEN_RESTS.keys()),
        "open_document": bool(own & OPEN_RESTS.keys()),
        "count": bool(own),
    }
    return (name for name, speaks in speaks_of.items() if speaks and name in connector.grades)


def _lacking(connector: type[Connector]) -> Iterable[tuple[str, str]]:
    words = {str(name): text for name, text in FIGURES.items()} | {
        "deletions": "a list of deletions",
        "read.since": "changes since a moment",
        "read.until": "changes until a moment",
        "read.customers": "the documents of one customer",
    }
    return ((words[what], why) for what, why in connector.not_offered.items())


def _guide(connector: type[Connector]) -> str:
    return f"[{connector.title}](docs/connect/{connector.name}.md)"


def _span(overlap: timedelta) -> str:
    minutes = overlap / timedelta(minutes=1)
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(header)} |", "|---" * len(header) + "|", *(f"| {' | '.join(row)} |" for row in rows)]


if __name__ == "__main__":
    README.write_text(put_into(README.read_text(encoding="utf-8")), encoding="utf-8")
