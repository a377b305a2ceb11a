"""Writes the figures of a run into docs/performance.md, between its marks, so that none is typed by hand."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import report
from bench.speed import ONE_TABLE, SAME_ROWS, SEQUENCE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
MARKED = re.compile(r"(<!-- bench:(\w+) -->\n).*?(<!-- bench:end -->)", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Replace every marked block that the run has figures for."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("figures", type=Path, help="what --json wrote")
    said = json.loads(parser.parse_args(arguments).figures.read_text())
    PAGE.write_text(filled(PAGE.read_text(), said))
    return 0


def filled(page: str, said: Mapping[str, Any]) -> str:
    """Return the page with the run's figures; blocks of parts that were not run stay as they are."""
    blocks = _blocks(said)

    def block(found: re.Match[str]) -> str:
        name = found[2]
        return f"{found[1]}{blocks[name]}\n{found[3]}" if name in blocks else found[0]

    return MARKED.sub(block, page)


def _blocks(said: Mapping[str, Any]) -> dict[str, str]:
    versions = ", ".join(f"{name} {number}" for name, number in said["versions"].items())
    blocks = {
        "run": f"Measured on {said['at'][:10]} on {said['cores']} cores with {versions}, "
        f"PostgreSQL {said.get('postgresql', '-')}; the whole run took {said['seconds'] / 60:.0f} minutes."
    }
    if figures := said.get("figures"):
        same, one = (report.ratio(figures, floor) for floor in (SAME_ROWS, ONE_TABLE))
        blocks["speed"] = (
            f"{said['invoices']:,} invoices, median of {said['rounds']} rounds:\n\n{_table(report.rows(figures))}\n\n"
            f"In sequence the stages reach **{same:.0%}** of the bare script that writes the same rows "
            f"(bound: {said['bounds']['ratio']:g} %) and {one:.0%} of the one that fills a single table. "
            f"Loading the same again wrote {said['again']} rows."
        )
    if sizes := said.get("sizes"):
        head = ("invoices", "extract MB", "normalize MB", "load MB", "invoices/s in all", "µs CPU in all")
        lines = [
            (
                f"{int(size):,}",
                *(f"{stages[name]['peak'] / report.MEGABYTE:.0f}" for name in ("extract", "normalize", "load")),
                f"{stages[SEQUENCE]['rate']:,.0f}",
                f"{stages[SEQUENCE]['client_cpu'] + stages[SEQUENCE]['server_cpu']:.0f}",
            )
            for size, stages in sorted(sizes.items(), key=lambda each: int(each[0]))
        ]
        blocks["growth"] = _table([head, *lines])
    for name in ("organizations", "night", "dag"):
        if measured := said.get(name):
            blocks[name] = _table([("", ""), *((what, f"{value:,}") for what, value in measured.items())])
    if said["broken"]:
        blocks["run"] += " Bounds that did not hold: " + "; ".join(said["broken"]) + "."
    return blocks


def _table(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([head, f"|{'---|' + '--:|' * (len(lines[0]) - 1)}", *rest])


if __name__ == "__main__":
    sys.exit(main())
